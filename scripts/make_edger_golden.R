# Writes the golden tables of tests/discovery/selection: simulated counts and what edgeR makes of them.
#
#   Rscript scripts/make_edger_golden.R tests/discovery/selection/golden
#
# Needs R with edgeR 3.40.2 (Debian package r-bioc-edger). edgeR is run as it is; none of its code is used.

suppressMessages(library(edgeR))
stopifnot(packageVersion("edgeR") == "3.40.2")
options(warn = 1)

shape <- function(n, groups, depth, bcv, prior_df, abundance_sd, changed, fold) {
  m <- length(groups)
  level <- rlnorm(n, 0, abundance_sd)
  k <- max(groups) + 1
  effect <- matrix(0, n, k)
  for (g in seq_len(k)[-1]) {
    hit <- sample(n, changed)
    effect[hit, g] <- rnorm(changed, fold, 1)
  }
  mean <- level * 2^effect[, groups + 1]
  mean <- sweep(mean, 2, depth / colSums(mean), "*")
  phi <- bcv^2 * (1 + 2 / sqrt(1 + rowMeans(mean))) / 2 * prior_df / rchisq(n, prior_df)
  matrix(rnbinom(n * m, mu = mean, size = 1 / phi), n, m)
}

tables <- list()

set.seed(1)
g <- rep(0:2, each = 3)
tables$standard <- list(groups = g, method = "TMM", counts =
  shape(400, g, rep(c(9e4, 6e4, 12e4), 3), 0.25, 20, 1.2, 40, 2.5))

set.seed(2)
g <- rep(0:2, each = 3)
x <- shape(600, g, rep(c(1500, 900, 2500), 3), 0.6, 8, 1.5, 60, 3)
tables$sparse <- list(groups = g, method = "TMMwsp", counts = x[rowSums(x) >= 2, ])

set.seed(3)
g <- rep(0:2, each = 2)
tables$pairs <- list(groups = g, method = "TMMwsp", counts =
  shape(400, g, c(3e4, 2e4, 4e4, 1e4, 2e4, 2e4), 0.35, 10, 1.3, 40, 3))

set.seed(4)
g <- c(0, 0, 0, 0, 1, 1, 2, 2, 2)
x <- shape(400, g, rep(2e4, 9), 0.3, 12, 1.3, 40, 3)
x[7, 2] <- round(1.5 * sum(x[, 2]))  # one clone takes 60 % of a column
tables$takeover <- list(groups = g, method = "TMMwsp", counts = x)

set.seed(5)
g <- c(0, 0, 1, 2, 2)
tables$single <- list(groups = g, method = "TMMwsp", counts =
  shape(300, g, c(2e4, 3e4, 1e4, 2e4, 4e4), 0.3, 10, 1.2, 30, 3))

out <- commandArgs(TRUE)[1]
for (name in names(tables)) {
  t <- tables[[name]]
  rows <- data.frame(t$counts)
  colnames(rows) <- paste0("c", seq_len(ncol(t$counts)), "_g", t$groups)
  design <- model.matrix(~ 0 + factor(t$groups))
  columns <- data.frame(group = t$groups)
  for (method in c("TMM", "TMMwsp")) columns[[method]] <- calcNormFactors(t$counts, method = method)
  y <- DGEList(t$counts, norm.factors = columns[[t$method]])
  columns$used <- columns[[t$method]]
  scalars <- data.frame()
  for (robust in c(TRUE, FALSE)) {
    tag <- if (robust) "robust" else "plain"
    d <- estimateDisp(y, design, robust = robust)
    f <- glmQLFit(d, design, robust = robust)
    rows$log2cpm <- f$AveLogCPM
    rows[[paste0("trended_", tag)]] <- d$trended.dispersion
    rows[[paste0("tagwise_", tag)]] <- d$tagwise.dispersion
    rows[[paste0("s2prior_", tag)]] <- rep_len(f$var.prior, nrow(rows))
    rows[[paste0("s2post_", tag)]] <- f$var.post
    rows[[paste0("dfprior_", tag)]] <- rep_len(f$df.prior, nrow(rows))
    rows$dfresidual <- f$df.residual.zeros
    for (pair in if (robust) list(c(2, 1), c(3, 1), c(3, 2)) else list(c(2, 1))) {
      contrast <- numeric(3)
      contrast[pair] <- c(1, -1)
      key <- paste0(pair[1] - 1, "v", pair[2] - 1, "_", tag)
      test <- glmQLFTest(f, contrast = contrast)$table
      rows[[paste0("log2fc_", key)]] <- test$logFC
      rows[[paste0("f_", key)]] <- test$F
      rows[[paste0("p_", key)]] <- test$PValue
      rows[[paste0("treat_", key)]] <- glmTreat(f, contrast = contrast, lfc = 1)$table$PValue
      rows[[paste0("edge_", key)]] <- glmTreat(f, contrast = contrast, lfc = 1, null = "worst.case")$table$PValue
    }
    scalars <- rbind(scalars, data.frame(fit = tag, common = d$common.dispersion))
  }
  write <- function(frame, suffix) {
    handle <- gzfile(file.path(out, paste0(name, suffix)), "w")
    write.csv(format(frame, digits = 8, trim = TRUE), handle, row.names = FALSE, quote = FALSE)
    close(handle)
  }
  write(rows, ".csv.gz")
  write(columns, "_columns.csv.gz")
  write(scalars, "_scalars.csv.gz")
}
