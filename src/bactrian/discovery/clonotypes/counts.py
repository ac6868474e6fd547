"""Count tables of a library: CDR3, clonotype and full VHH, from the molecules of its samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from bactrian.core.errors import InputError
from bactrian.discovery.clonotypes.assignment import (
    CHIMERIC,
    OWN,
    UNREAD,
    Assignment,
    assign_molecules,
    share_out,
)
from bactrian.discovery.clonotypes.chimeras import Recombination, fit_recombination
from bactrian.discovery.clonotypes.collapse import find_error_pairs, fold_errors
from bactrian.discovery.clonotypes.evidence import Evidence, Occurrences, weigh_evidence
from bactrian.discovery.clonotypes.frameworks import blank_unsure, find_haplotypes, residue_matrix, spell_vhhs
from bactrian.discovery.clonotypes.hamming import Packed, paired_distances
from bactrian.discovery.clonotypes.lineages import group_lineages
from bactrian.discovery.clonotypes.links import Index, Links
from bactrian.discovery.clonotypes.neighbours import SCHEMA as NEIGHBOUR_SCHEMA
from bactrian.discovery.clonotypes.neighbours import list_neighbours
from bactrian.discovery.clonotypes.settings import ClonotypeSettings

COLUMNS = (
    "sample", "rung", "cdr1", "cdr2", "cdr3", "cdr1_nt", "cdr2_nt", "cdr3_nt", "aligned", "fr_insertions", "nt", "count",
)  # fmt: skip
CLONOTYPE_COLUMNS = (
    "clonotype", "cdr1", "cdr2", "cdr3", "lineage", "count", "n_samples", "n_chimeric", "n_cdr12_read", "n_cdr12_own",
    "cdr12_support", "cdr12_posterior", "cdr1_best", "cdr2_best", "n_vhhs", "vhh", "rung", "nt",
)  # fmt: skip
CDR12_SHARES = ("cdr12_support", "cdr12_posterior")
SAMPLE_COLUMNS = (
    "sample", "productive", "cdr12_read", "chimeric", "chimera_share", "recombination", "recombination_fr2",
    "recombination_fr3", "recombination_molecules", "cdr3s", "clonotypes", "cdr12_unknown",
)  # fmt: skip
RUNGS = {"merged": 0, "joined": 1, "single": 2}


@dataclass(frozen=True, slots=True)
class Clonotypes:
    """Everything counted in one library.

    Args:
        counts_cdr3: `sample, cdr3, count`; each table sums to the sample's molecules.
        counts_clonotype: `sample, clonotype, count`; "?_?_CDR3" where CDR1–2 is unknown.
        counts_vhh: `sample, vhh, count`; X for residues not read.
        clonotypes: One row per clonotype, see `count_clonotypes`.
        neighbours: One-residue neighbours of large CDR3s that stay, with the evidence.
        samples: `sample, productive, cdr12_read, chimeric, chimera_share, recombination, recombination_fr2,
            recombination_fr3, recombination_molecules, cdr3s, clonotypes, cdr12_unknown`.
        settings: The constants used.
    """

    counts_cdr3: pl.DataFrame
    counts_clonotype: pl.DataFrame
    counts_vhh: pl.DataFrame
    clonotypes: pl.DataFrame
    neighbours: pl.DataFrame
    samples: pl.DataFrame
    settings: ClonotypeSettings


def count_clonotypes(molecules: pl.DataFrame, *, settings: ClonotypeSettings | None = None) -> Clonotypes:
    """Count the clonotypes of one library.

    Args:
        molecules: Productive molecules of all samples of the library: `sample, rung, cdr1, cdr2, cdr3` (amino
            acids; CDR1, CDR2 null where unread), their nucleotides `cdr1_nt, cdr2_nt, cdr3_nt`, `aligned`
            (128 characters), `fr_insertions, nt, count`. Rows may repeat and stand in any order.
        settings: Constants; the defaults if absent.

    Returns:
        Count tables and what was found. `clonotypes` has the columns `clonotype, cdr1, cdr2, cdr3, lineage, count,
        n_samples, n_chimeric` (molecules folded into it as recombinants), `n_cdr12_read` (molecules of its
        CDR3 whose CDR1 and CDR2 are read), `n_cdr12_own` (those that carry its CDR1–2), `cdr12_support`
        (their ratio), `cdr12_posterior` (that the CDR1–2 is the parent's and not recombination's),
        `cdr1_best, cdr2_best` (the best guess where unknown), `n_vhhs, vhh` (most abundant), `rung, nt` (the most
        abundant molecule that carries exactly this clonotype; exact framework first, then merged, joined).

    Raises:
        InputError: A column is missing, or a molecule has no CDR3.
    """
    chosen = settings or ClonotypeSettings()
    rows = _take_rows(molecules)
    if not rows.height:
        return _nothing(chosen)
    samples = rows["sample"].unique().sort()
    sample = _number(rows["sample"], samples)
    count = rows["count"].to_numpy()

    sequences = rows["cdr3_nt"].unique().sort()
    sequence = _number(rows["cdr3_nt"], sequences)
    raw_pairs = pl.DataFrame({"cdr1": rows["cdr1"], "cdr2": rows["cdr2"]})
    pairs = raw_pairs.drop_nulls().unique().sort("cdr1", "cdr2")
    raw_pair = _number_pairs(raw_pairs, pairs)
    occurrences = Occurrences(sequence, sample, raw_pair, count)
    centroid, tests = _collapse_cdr3(occurrences, sequences, settings=chosen)
    residues_of = (
        rows.select("cdr3_nt", "cdr3").group_by("cdr3_nt").agg(pl.col("cdr3").min()).sort("cdr3_nt")["cdr3"]
    )
    cdr3s = residues_of.gather(np.unique(centroid)).unique().sort()
    cdr3 = _number(residues_of, cdr3s)[centroid][sequence]

    pair, error = _collapse_cdr12(rows, cdr3, pairs, settings=chosen)
    links = _link(sample, cdr3, pair, error, count, pairs)
    model = fit_recombination(links, samples=len(samples), cdr3s=len(cdr3s), settings=chosen)
    assignment = assign_molecules(model, cdr3=cdr3, pair=pair, error=error)

    shared = _share_rows(assignment, sample=sample, cdr3=cdr3, count=count)
    names = _name_clonotypes(assignment, pairs, cdr3s)
    rows = rows.with_columns(
        sample_number=pl.Series(sample),
        clonotype_number=pl.Series(assignment.clonotype),
        kind=pl.Series(assignment.kind),
    )
    own = (
        rows.filter(pl.col("clonotype_number") >= 0)
        .group_by("sample_number", "clonotype_number")
        .agg(count=pl.col("count").sum())
        .with_columns(kind=pl.lit(OWN, pl.Int8))
    )
    counted = pl.concat([own.select(shared.columns), shared])
    vhhs, top = _count_vhhs(rows, shared, names, assignment, settings=chosen)

    def table(frame: pl.DataFrame, key: str) -> pl.DataFrame:
        return (
            frame.with_columns(sample=samples.gather(frame["sample_number"]))
            .group_by("sample", key)
            .agg(count=pl.col("count").sum())
            .filter(pl.col("count") > 0)
            .sort("sample", key)
        )

    counted = counted.with_columns(
        clonotype=names["clonotype"].gather(counted["clonotype_number"]),
        cdr3=names["cdr3"].gather(counted["clonotype_number"]),
    )
    counts_cdr3 = table(counted, "cdr3")
    totals = counts_cdr3.group_by("cdr3").agg(pl.col("count").sum())
    clonotypes = _describe(names, counted, top, group_lineages(totals, identity=chosen.lineage_identity))
    clonotypes = _support(clonotypes, assignment, model, links, rows, pairs).drop("clonotype_number")
    return Clonotypes(
        counts_cdr3=counts_cdr3,
        counts_clonotype=table(counted, "clonotype"),
        counts_vhh=table(vhhs, "vhh"),
        clonotypes=clonotypes,
        neighbours=_neighbours(clonotypes, sequences, centroid, residues_of, occurrences, tests, chosen),
        samples=_describe_samples(samples, rows, counted, model),
        settings=chosen,
    )


def _nothing(settings: ClonotypeSettings) -> Clonotypes:
    """The tables of a library without a productive molecule."""
    text, whole, real = pl.String, pl.Int64, pl.Float64
    counts = {
        key: pl.DataFrame(schema={"sample": text, key: text, "count": whole})
        for key in ("cdr3", "clonotype", "vhh")
    }
    return Clonotypes(
        counts_cdr3=counts["cdr3"],
        counts_clonotype=counts["clonotype"],
        counts_vhh=counts["vhh"],
        clonotypes=pl.DataFrame(
            schema={
                name: whole
                if name.startswith("n_") or name == "count"
                else real
                if name in CDR12_SHARES
                else text
                for name in CLONOTYPE_COLUMNS
            }
        ),
        neighbours=pl.DataFrame(schema=NEIGHBOUR_SCHEMA),
        samples=pl.DataFrame(
            schema={
                name: text
                if name == "sample"
                else real
                if name.startswith(("chimera_", "recombination"))
                else whole
                for name in SAMPLE_COLUMNS
            }
        ),
        settings=settings,
    )


def _take_rows(molecules: pl.DataFrame) -> pl.DataFrame:
    """Check the columns; add up equal rows; sort."""
    missing = [name for name in COLUMNS if name not in molecules.columns]
    if missing:
        message = f"The molecules lack the column '{missing[0]}'. They need {', '.join(COLUMNS)}."
        raise InputError(message)
    without = molecules.filter(pl.col("cdr3").is_null() | pl.col("cdr3_nt").is_null()).height
    if without:
        message = f"{without} molecules have no CDR3. Give productive molecules only, with cdr3 and cdr3_nt."
        raise InputError(message)
    keys = [name for name in COLUMNS if name != "count"]
    return (
        molecules.select(COLUMNS)
        .with_columns(pl.col("count").cast(pl.Int64), pl.col("fr_insertions").fill_null(""))
        .filter(pl.col("count") > 0)
        .group_by(keys)
        .agg(pl.col("count").sum())
        .sort(keys)
    )


def _number(values: pl.Series, names: pl.Series) -> Index:
    """Number of each value in a sorted series of distinct names, -1 for a value that is none of them."""
    numbers = names.to_frame("name").with_row_index("number")
    found = values.to_frame("name").join(numbers, on="name", how="left", maintain_order="left")["number"]
    return found.cast(pl.Int64).fill_null(-1).to_numpy()


def _number_pairs(read: pl.DataFrame, pairs: pl.DataFrame) -> Index:
    """Number of each CDR1–2, -1 where one of the two is null."""
    numbered = pairs.with_row_index("number")
    found = read.join(numbered, on=["cdr1", "cdr2"], how="left", maintain_order="left")["number"]
    return found.cast(pl.Int64).fill_null(-1).to_numpy()


def _collapse_cdr3(
    occurrences: Occurrences, sequences: pl.Series, *, settings: ClonotypeSettings
) -> tuple[Index, Evidence]:
    """Give the centroid of every CDR3 nucleotide sequence of the library, and the tests that kept some apart."""
    counts = np.bincount(occurrences.sequence, weights=occurrences.count, minlength=len(sequences)).astype(
        np.int64
    )
    groups = np.zeros(len(sequences), np.int64)
    found = find_error_pairs(sequences, counts, groups=groups, settings=settings)
    tested = np.flatnonzero((counts[found.child] >= settings.evidence_reads) & (found.distance > 0))
    evidence = weigh_evidence(
        occurrences,
        found.child[tested],
        found.parent[tested],
        allowed=found.allowed[tested],
        least=settings.evidence_reads,
    )
    keep = np.zeros(found.child.size, np.bool_)
    keep[tested] = evidence.keeps(settings.evidence_error_rate)
    return fold_errors(sequences, counts, pairs=found, keep=keep), evidence


def _collapse_cdr12(
    rows: pl.DataFrame, cdr3: Index, pairs: pl.DataFrame, *, settings: ClonotypeSettings
) -> tuple[Index, np.ndarray]:
    """Fold errors of CDR1–2 within each CDR3; give the pair of every row and whether it is a likely error.

    Never across CDR3s: clones of one germline have CDR1–2 that truly differ by one base.
    """
    read = (
        rows.select("cdr1", "cdr2", "cdr1_nt", "cdr2_nt", "count")
        .with_columns(cdr3=pl.Series(cdr3))
        .with_row_index()
    )
    read = read.filter(pl.col("cdr1").is_not_null() & pl.col("cdr2").is_not_null())
    pair = np.full(rows.height, -1, np.int64)
    error = np.zeros(rows.height, np.bool_)
    if not read.height:
        return pair, error
    keys = ["cdr3", "cdr1_nt", "cdr2_nt"]
    entries = (
        read.group_by(keys)
        .agg(pl.col("cdr1").min(), pl.col("cdr2").min(), pl.col("count").sum())
        .sort(keys)
        .with_columns(
            nt=pl.col("cdr1_nt") + pl.col("cdr2_nt"),
            shape=pl.struct("cdr3", length=pl.col("cdr1_nt").str.len_bytes()),
        )
        .with_columns(group=pl.col("shape").rank("dense").cast(pl.Int64))
    )
    counts = entries["count"].to_numpy()
    found = find_error_pairs(entries["nt"], counts, groups=entries["group"].to_numpy(), settings=settings)
    centroid = fold_errors(entries["nt"], counts, pairs=found, keep=np.zeros(found.child.size, np.bool_))
    entry_pair = _number_pairs(entries.select("cdr1", "cdr2"), pairs)[centroid]
    entry_error = _likely_errors(entries, centroid, settings=settings)
    place = (
        read.join(entries.select(*keys).with_row_index("entry"), on=keys, how="left", maintain_order="left")[
            "entry"
        ]
        .to_numpy()
        .astype(np.int64)
    )
    index = read["index"].to_numpy()
    pair[index] = entry_pair[place]
    error[index] = entry_error[place]
    return pair, error


def _likely_errors(entries: pl.DataFrame, centroid: Index, *, settings: ClonotypeSettings) -> np.ndarray:
    """Mark CDR1–2 seen once, as close as an error to the most abundant one of the CDR3.

    Too few molecules for the skew to fold them, and no evidence of recombination either.
    """
    counts = np.bincount(centroid, weights=entries["count"].to_numpy(), minlength=entries.height)
    cdr3 = entries["cdr3"].to_numpy()
    order = np.lexsort((np.arange(entries.height), -counts, cdr3))
    first = order[np.flatnonzero(np.diff(cdr3[order], prepend=-1))]
    top = np.zeros(int(cdr3.max()) + 1, np.int64)
    top[cdr3[first]] = first
    nearest = top[cdr3]
    group = entries["group"].to_numpy()
    distance = paired_distances(Packed.of(entries["nt"]), np.arange(entries.height), nearest)
    own = np.arange(entries.height)
    return (
        (counts == 1)
        & (centroid == own)
        & (nearest != own)
        & (group == group[nearest])
        & (distance <= settings.max_distance)
    )


def _link(
    sample: Index, cdr3: Index, pair: Index, error: np.ndarray, count: Index, pairs: pl.DataFrame
) -> Links:
    """Add up what was read beside what."""
    frame = pl.DataFrame({"cdr3": cdr3, "pair": pair, "sample": sample, "error": error, "count": count})
    keys = ["cdr3", "pair", "sample"]
    summed = (
        frame.filter(pl.col("pair") >= 0)
        .group_by(keys)
        .agg(pl.col("count").sum(), pl.col("error").all())
        .sort(keys)
    )
    numbers = summed["pair"].to_numpy()
    cdr1 = pairs["cdr1"].rank("dense").cast(pl.Int64).to_numpy() - 1
    cdr2 = pairs["cdr2"].rank("dense").cast(pl.Int64).to_numpy() - 1
    return Links(
        sample=summed["sample"].to_numpy(),
        cdr3=summed["cdr3"].to_numpy(),
        pair=numbers,
        cdr1=cdr1[numbers],
        cdr2=cdr2[numbers],
        count=summed["count"].to_numpy(),
        error=summed["error"].to_numpy(),
    )


def _share_rows(assignment: Assignment, *, sample: Index, cdr3: Index, count: Index) -> pl.DataFrame:
    """Share chimeric and CDR3-only molecules out to the clonotypes of their CDR3, by sample.

    In proportion to the molecules that carry each clonotype's own CDR1–2 in that sample; where none does, in
    the whole library.
    """
    rows = pl.DataFrame(
        {
            "sample_number": sample,
            "cdr3": cdr3,
            "clonotype_number": assignment.clonotype,
            "kind": assignment.kind,
            "count": count,
        }
    )
    groups = (
        rows.filter(pl.col("kind").is_in([CHIMERIC, UNREAD]))
        .group_by("sample_number", "cdr3", "kind")
        .agg(total=pl.col("count").sum())
        .sort("sample_number", "cdr3", "kind")
        .with_row_index("group")
    )
    own = rows.filter(pl.col("kind") == OWN)
    here = own.group_by("sample_number", "clonotype_number").agg(here=pl.col("count").sum())
    anywhere = own.group_by("clonotype_number").agg(anywhere=pl.col("count").sum())
    receivers = (
        groups.join(
            pl.DataFrame({"cdr3": assignment.cdr3}).with_columns(
                clonotype_number=pl.int_range(pl.len(), dtype=pl.Int64)
            ),
            on="cdr3",
        )
        .join(here, on=["sample_number", "clonotype_number"], how="left")
        .join(anywhere, on="clonotype_number", how="left")
        .sort("group", "clonotype_number")
        .with_columns(pl.col("here", "anywhere").fill_null(0))
        .with_columns(
            weight=pl.when(pl.col("here").sum().over("group") > 0)
            .then("here")
            .otherwise("anywhere")
            .cast(pl.Int64)
        )
    )
    given = share_out(
        groups["total"].to_numpy(),
        receivers["group"].to_numpy().astype(np.int64),
        receivers["weight"].to_numpy(),
    )
    return (
        receivers.with_columns(count=pl.Series(given, dtype=pl.Int64))
        .filter(pl.col("count") > 0)
        .select("sample_number", "clonotype_number", "count", "kind")
    )


def _name_clonotypes(assignment: Assignment, pairs: pl.DataFrame, cdr3s: pl.Series) -> pl.DataFrame:
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


def _count_vhhs(
    rows: pl.DataFrame,
    shared: pl.DataFrame,
    names: pl.DataFrame,
    assignment: Assignment,
    *,
    settings: ClonotypeSettings,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Give the counts of every VHH, and each clonotype's most abundant VHH with its representative molecule."""
    unsure = assignment.pair[np.maximum(assignment.clonotype, 0)] < 0
    residues = blank_unsure(residue_matrix(rows["aligned"]), unsure & (assignment.clonotype >= 0))
    haplotypes = find_haplotypes(
        residues,
        rows["count"].to_numpy(),
        assignment.clonotype,
        clonotypes=names.height,
        least=settings.framework_reads,
        share=settings.skew(1),
    )
    insertions = (
        rows.filter(pl.col("clonotype_number") >= 0)
        .group_by("clonotype_number", "fr_insertions")
        .agg(pl.col("count").sum())
        .sort(["clonotype_number", "count", "fr_insertions"], descending=[False, True, False])
        .unique("clonotype_number", keep="first", maintain_order=True)
        .select("clonotype_number", "fr_insertions")
    )
    spelled = (
        pl.DataFrame({"clonotype_number": haplotypes.clonotype})
        .with_row_index("haplotype")
        .join(names, on="clonotype_number", how="left", maintain_order="left")
        .join(insertions, on="clonotype_number", how="left", maintain_order="left")
    )
    spelled = spelled.with_columns(
        vhh=spell_vhhs(
            haplotypes.residues,
            cdr1=spelled["cdr1"],
            cdr2=spelled["cdr2"],
            cdr3=spelled["cdr3"],
            insertions=spelled["fr_insertions"],
        )
    )
    own = rows.with_columns(haplotype=pl.Series(haplotypes.of_row), exact=pl.Series(haplotypes.exact))
    own = own.filter(pl.col("haplotype") >= 0)
    own = own.with_columns(vhh=spelled["vhh"].gather(own["haplotype"]))
    by_vhh = own.group_by("clonotype_number", "vhh").agg(pl.col("count").sum())
    top = (
        by_vhh.sort(["clonotype_number", "count", "vhh"], descending=[False, True, False])
        .group_by("clonotype_number", maintain_order=True)
        .agg(n_vhhs=pl.len().cast(pl.Int64), vhh=pl.col("vhh").first())
        .join(_representatives(own, names), on="clonotype_number", how="left")
    )
    folded = shared.join(top.select("clonotype_number", "vhh"), on="clonotype_number", how="left")
    vhhs = pl.concat([frame.select("sample_number", "vhh", "count") for frame in (own, folded)])
    return vhhs, top


def _representatives(own: pl.DataFrame, names: pl.DataFrame) -> pl.DataFrame:
    """Give the molecule that stands for each clonotype: it carries exactly its CDRs."""
    carried = names.select("clonotype_number", c1="cdr1", c2="cdr2", c3="cdr3")
    best = pl.col("haplotype").min().over("clonotype_number") == pl.col("haplotype")
    return (
        own.with_columns(exact=pl.col("exact") & best)
        .join(carried, on="clonotype_number")
        .filter(
            (pl.col("cdr3") == pl.col("c3"))
            & (pl.col("cdr1") == pl.col("c1"))
            & (pl.col("cdr2") == pl.col("c2"))
        )
        .group_by("clonotype_number", "exact", "rung", "nt")
        .agg(pl.col("count").sum())
        .with_columns(
            preference=pl.col("rung").replace_strict(RUNGS, default=len(RUNGS), return_dtype=pl.Int64)
        )
        .sort(
            ["clonotype_number", "exact", "preference", "count", "nt"],
            descending=[False, True, False, True, False],
        )
        .unique("clonotype_number", keep="first", maintain_order=True)
        .select("clonotype_number", "rung", "nt")
    )


def _describe(
    names: pl.DataFrame, counted: pl.DataFrame, top: pl.DataFrame, lineages: pl.DataFrame
) -> pl.DataFrame:
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


def _support(
    clonotypes: pl.DataFrame,
    assignment: Assignment,
    model: Recombination,
    links: Links,
    rows: pl.DataFrame,
    pairs: pl.DataFrame,
) -> pl.DataFrame:
    """Add what speaks for each clonotype's CDR1–2."""
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


def _neighbours(
    clonotypes: pl.DataFrame,
    sequences: pl.Series,
    centroid: Index,
    residues_of: pl.Series,
    occurrences: Occurrences,
    tests: Evidence,
    settings: ClonotypeSettings,
) -> pl.DataFrame:
    counts = np.bincount(
        centroid[occurrences.sequence], weights=occurrences.count, minlength=len(sequences)
    ).astype(np.int64)
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


def _describe_samples(
    samples: pl.Series, rows: pl.DataFrame, counted: pl.DataFrame, model: Recombination
) -> pl.DataFrame:
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
