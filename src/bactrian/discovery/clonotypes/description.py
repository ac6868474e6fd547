"""What is said about each clonotype and each sample beside its counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from bactrian.discovery.clonotypes.assignment import CHIMERIC, OWN
from bactrian.discovery.clonotypes.neighbours import list_neighbours

if TYPE_CHECKING:
    from bactrian.discovery.clonotypes.assignment import Assignment
    from bactrian.discovery.clonotypes.chimeras import Recombination
    from bactrian.discovery.clonotypes.evidence import Evidence, Occurrences
    from bactrian.discovery.clonotypes.links import Index, Links
    from bactrian.discovery.clonotypes.settings import ClonotypeSettings

CLONOTYPE_COLUMNS = (
    "clonotype", "cdr1", "cdr2", "cdr3", "lineage", "count", "n_samples", "n_chimeric", "n_cdr12_read",
    "n_cdr12_own", "cdr12_support", "cdr12_posterior", "cdr1_best", "cdr2_best", "n_vhhs", "vhh", "rung",
    "nt",
    "cdr3_nt",
)  # fmt: skip
CDR12_SHARES = ("cdr12_support", "cdr12_posterior")
SAMPLE_COLUMNS = (
    "sample", "productive", "cdr12_read", "chimeric", "chimera_share", "recombination", "recombination_fr2",
    "recombination_fr3", "recombination_molecules", "cdr3s", "clonotypes", "cdr12_unknown",
)  # fmt: skip


def name_clonotypes(assignment: Assignment, pairs: pl.DataFrame, cdr3s: pl.Series) -> pl.DataFrame:
    """Name every clonotype.

    Args:
        assignment: The clonotypes, as numbers.
        pairs: CDR1–2 by pair number.
        cdr3s: CDR3 by CDR3 number.

    Returns:
        `cdr1, cdr2` (null where unknown), `cdr3, clonotype, clonotype_number`, in the order of the numbers.
    """
    known = pl.Series(np.where(assignment.pair >= 0, assignment.pair, 0))
    unknown = pl.Series(assignment.pair < 0)
    cdr12 = (
        pairs.select("cdr1", "cdr2")[known]
        if pairs.height
        else pl.DataFrame({"cdr1": [""], "cdr2": [""]})[known]
    )
    return (
        cdr12.with_columns(unknown=unknown)
        .select(
            pl.when("unknown").then(None).otherwise("cdr1").alias("cdr1"),
            pl.when("unknown").then(None).otherwise("cdr2").alias("cdr2"),
        )
        .with_columns(cdr3=cdr3s.gather(assignment.cdr3))
        .with_columns(
            clonotype=pl.concat_str(
                [pl.col("cdr1").fill_null("?"), pl.col("cdr2").fill_null("?"), pl.col("cdr3")], separator="_"
            ),
            clonotype_number=pl.int_range(pl.len(), dtype=pl.Int64),
        )
    )


def describe(
    names: pl.DataFrame, counted: pl.DataFrame, top: pl.DataFrame, lineages: pl.DataFrame
) -> pl.DataFrame:
    """Bring together what was counted of each clonotype.

    Args:
        names: Of `name_clonotypes`.
        counted: `sample_number, clonotype_number, kind, count`.
        top: By clonotype its most abundant VHH and representative molecule.
        lineages: By CDR3 its lineage.

    Returns:
        One row per clonotype.
    """
    seen = counted.group_by("clonotype_number").agg(
        count=pl.col("count").sum(),
        n_samples=pl.col("sample_number").n_unique().cast(pl.Int64),
        n_chimeric=pl.col("count").filter(pl.col("kind") == CHIMERIC).sum(),
    )
    return (
        names.join(lineages, on="cdr3", how="left")
        .join(seen, on="clonotype_number", how="left")
        .join(top, on="clonotype_number", how="left")
        .sort("clonotype_number")
    )


def add_support(
    clonotypes: pl.DataFrame,
    assignment: Assignment,
    *,
    model: Recombination,
    links: Links,
    rows: pl.DataFrame,
    pairs: pl.DataFrame,
) -> pl.DataFrame:
    """Add what speaks for each clonotype's CDR1–2.

    Args:
        clonotypes: Of `describe`.
        assignment: The clonotypes, as numbers.
        model: The recombination model.
        links: What it was fitted to.
        rows: Molecule rows with `clonotype_number` and `kind`.
        pairs: CDR1–2 by pair number.

    Returns:
        The columns `CLONOTYPE_COLUMNS`, the most abundant first.
    """
    cdr3, pair = assignment.cdr3, assignment.pair
    read = np.zeros(model.parents.pair.size, np.int64)
    read[: links.cdr3_counts.size] = links.cdr3_counts
    own = (
        rows.filter((pl.col("kind") == OWN) & (pl.col("clonotype_number") >= 0))
        .group_by("clonotype_number")
        .agg(n_cdr12_own=pl.col("count").sum())
    )
    posterior = model.parents.posterior[cdr3]
    key = cdr3 * (links.width + 1) + pair
    second = model.seconds.cdr3 * (links.width + 1) + model.seconds.pair
    place = np.minimum(np.searchsorted(second, key), max(0, second.size - 1))
    if second.size:
        posterior = np.where(second[place] == key, 1.0 - model.seconds.p_value[place], posterior)
    best = np.where(pair >= 0, pair, model.parents.pair[cdr3])
    guess = (
        pairs[np.maximum(best, 0)]
        if pairs.height
        else pl.DataFrame({"cdr1": [""], "cdr2": [""]})[np.zeros(best.size, int)]
    )
    known = pl.Series(best >= 0)
    return (
        clonotypes.join(own, on="clonotype_number", how="left", maintain_order="left")
        .with_columns(
            pl.col("n_cdr12_own").fill_null(0),
            n_cdr12_read=pl.Series(read[cdr3]),
            cdr12_posterior=pl.Series(np.round(posterior, 6)),
            cdr1_best=guess["cdr1"],
            cdr2_best=guess["cdr2"],
            known=known,
        )
        .with_columns(
            cdr12_support=pl.when(pl.col("n_cdr12_read") > 0).then(
                pl.col("n_cdr12_own") / pl.col("n_cdr12_read")
            ),
            cdr12_posterior=pl.when("known").then("cdr12_posterior"),
            cdr1_best=pl.when("known").then("cdr1_best"),
            cdr2_best=pl.when("known").then("cdr2_best"),
        )
        .sort(["count", "clonotype"], descending=[True, False])
        .select(*CLONOTYPE_COLUMNS, "clonotype_number")
    )


def describe_neighbours(
    clonotypes: pl.DataFrame,
    sequences: pl.Series,
    *,
    centroid: Index,
    residues_of: pl.Series,
    occurrences: Occurrences,
    tests: Evidence,
    settings: ClonotypeSettings,
) -> pl.DataFrame:
    """List what stays beside the large CDR3s.

    Args:
        clonotypes: Of `describe`, the most abundant first.
        sequences: CDR3 nucleotide sequences by number.
        centroid: The one that each folds into.
        residues_of: CDR3 by sequence number.
        occurrences: Where the sequences stand, as read.
        tests: What the collapse tested.
        settings: The constants.

    Returns:
        The table of `list_neighbours`.
    """
    counts = np.bincount(occurrences.sequence, weights=occurrences.count, minlength=len(sequences))
    counts = counts.astype(np.int64)
    kept = np.unique(centroid)
    main = (
        pl.DataFrame({"cdr3": residues_of.gather(kept), "main": kept, "main_count": counts[kept]})
        .sort(["cdr3", "main_count", "main"], descending=[False, True, False])
        .unique("cdr3", keep="first", maintain_order=True)
    )
    cdr3s = (
        clonotypes.group_by("cdr3", maintain_order=True)
        .agg(
            pl.col("count").sum(),
            cdr12=pl.concat_str("cdr1", "cdr2", separator="_").first(),
        )
        .join(main, on="cdr3", how="left")
        .sort("cdr3")
    )
    return list_neighbours(cdr3s, occurrences, tests, sequences=sequences, settings=settings)


def describe_samples(
    samples: pl.Series, rows: pl.DataFrame, counted: pl.DataFrame, model: Recombination
) -> pl.DataFrame:
    """Describe every sample.

    Args:
        samples: Names by sample number.
        rows: Molecule rows with `sample_number` and `kind`.
        counted: `sample_number, clonotype_number, clonotype, cdr3, kind, count`.
        model: The recombination model.

    Returns:
        The columns `SAMPLE_COLUMNS`, sorted by sample.
    """
    read = pl.col("cdr1").is_not_null() & pl.col("cdr2").is_not_null()
    tallies = rows.group_by("sample_number").agg(
        productive=pl.col("count").sum(),
        cdr12_read=pl.col("count").filter(read).sum(),
        own=pl.col("count").filter(pl.col("kind") == OWN).sum(),
        chimeric=pl.col("count").filter(pl.col("kind") == CHIMERIC).sum(),
    )
    found = counted.group_by("sample_number").agg(
        cdr3s=pl.col("cdr3").n_unique().cast(pl.Int64),
        clonotypes=pl.col("clonotype").n_unique().cast(pl.Int64),
        cdr12_unknown=pl.col("count").filter(pl.col("clonotype").str.starts_with("?_")).sum(),
    )
    rates = pl.DataFrame(
        {
            "sample_number": np.arange(len(samples), dtype=np.int64),
            "sample": samples,
            "recombination": np.round(model.rates.fr2 + model.rates.fr3, 6),
            "recombination_fr2": np.round(model.rates.fr2, 6),
            "recombination_fr3": np.round(model.rates.fr3, 6),
            "recombination_molecules": np.round(model.rates.informative, 1),
        }
    )
    seen = pl.col("own") + pl.col("chimeric")
    return (
        rates.join(tallies, on="sample_number", how="left")
        .join(found, on="sample_number", how="left")
        .with_columns(chimera_share=pl.when(seen > 0).then(pl.col("chimeric") / seen))
        .sort("sample")
        .select(*SAMPLE_COLUMNS)
    )
