"""What a finished screen is held to: figures measured on its files, against tables or simulated truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from bactrian.discovery.library.lengths import kolmogorov_distance

if TYPE_CHECKING:
    from pathlib import Path

ABUNDANT = 20
REPORTED = 3
SPACES = ("cdr3", "clonotype", "vhh")
SEPARATOR = "_"


@dataclass(frozen=True, slots=True)
class Target:
    """One figure and what it must reach.

    Args:
        name: What is measured.
        value: What was found.
        least: Lower bound, or None.
        most: Upper bound, or None.
        percent: Whether the figure is a share, shown in percent.
    """

    name: str
    value: float
    least: float | None = None
    most: float | None = None
    percent: bool = True

    @property
    def met(self) -> bool:
        """Whether the figure is a number within its bounds."""
        low = self.least is None or self.value >= self.least
        high = self.most is None or self.value <= self.most
        return bool(np.isfinite(self.value)) and low and high

    def row(self) -> str:
        """Give the figure as a row of a Markdown table."""
        bounds = [f"≥ {self._text(self.least)}" if self.least is not None else "",
                  f"≤ {self._text(self.most)}" if self.most is not None else ""]  # fmt: skip
        target = " ".join(filter(None, bounds)) or "–"
        verdict = "met" if self.met else "**missed**"
        if self.least is None and self.most is None:
            verdict = "–"
        return f"| {self.name} | {self._text(self.value)} | {target} | {verdict} |"

    def _text(self, value: float | None) -> str:
        if value is None:
            return "–"
        return f"{100 * value:.3f} %" if self.percent else f"{value:.5g}"


def table(targets: list[Target]) -> str:
    """Give figures as a Markdown table."""
    return "\n".join(
        ["| figure | found | target | |", "|---|---|---|---|", *(target.row() for target in targets)]
    )


def measure_balance(folder: Path) -> list[Target]:
    """Check that every pair is accounted for and every table sums to the productive molecules."""
    samples = pl.read_csv(folder / "samples.csv")
    used = pl.col("primers_found") - pl.col("filtered")
    rungs = used - pl.sum_horizontal("merged", "joined", "single")
    statuses = used - pl.sum_horizontal("productive", "stop", "frameshift", "truncated", "not_vhh")
    gaps = samples.select(rungs.abs().sum() + statuses.abs().sum()).item()
    for space in SPACES:
        counts = pl.read_parquet(folder / f"counts_{space}.parquet")
        sums = counts.group_by("sample").agg(pl.col("count").sum().cast(pl.Int64))
        joined = samples.join(sums, on="sample", how="left").with_columns(pl.col("count").fill_null(0))
        gaps += joined.select((pl.col("productive") - pl.col("count")).abs().sum()).item()
    return [Target("pairs and counts that do not add up", float(gaps), most=0.0, percent=False)]


def measure_retention(folder: Path) -> list[Target]:
    """Measure what becomes of the pairs that have both primers and pass the filter."""
    total = pl.read_csv(folder / "samples.csv").sum()
    used = total["primers_found"][0] - total["filtered"][0]
    with_answer = sum(total[name][0] for name in ("productive", "stop", "frameshift", "truncated"))
    return [
        Target("pairs with a CDR3 or a named defect", with_answer / used, least=0.95),
        *(
            Target(f"of these {words}", total[name][0] / used)
            for name, words in (
                ("productive", "productive, CDR3 read"),
                ("stop", "with a stop codon"),
                ("frameshift", "out of frame"),
                ("truncated", "a VHH whose CDR3 is unread"),
            )
        ),
        Target("pairs that are no VHH", total["not_vhh"][0] / used, most=0.05),
    ]


def measure_mate2(folder: Path) -> list[Target]:
    """Measure whether the in-frame CDR3 of mate 2 alone stays on the pair's record; needs pair records."""
    kept = seen = seen_used = 0
    alone: dict[int, int] = {}
    record: dict[int, int] = {}
    for path in sorted((folder / "pairs").glob("*.parquet")):
        pairs = pl.read_parquet(path).filter(pl.col("molecule") != -1)
        with_cdr3 = pairs.filter(pl.col("mate2_cdr3").is_not_null())
        seen += with_cdr3.height
        passed = with_cdr3.filter(pl.col("molecule") >= 0)
        seen_used += passed.height
        kept += passed.filter(pl.col("cdr3") == pl.col("mate2_cdr3")).height
        used = pairs.filter((pl.col("molecule") >= 0) & (pl.col("status") != "frameshift"))
        for lengths, column in ((alone, "mate2_cdr3"), (record, "cdr3")):
            counts = used.select(pl.col(column).str.len_chars().alias("n")).drop_nulls().group_by("n").len()
            for length, count in counts.iter_rows():
                lengths[length] = lengths.get(length, 0) + count
    distance = kolmogorov_distance(list(alone), list(alone.values()), list(record), list(record.values()))
    return [
        Target("mate-2 CDR3s kept on the record, pairs that pass the filter", kept / seen_used, least=0.995),
        Target("the same of all pairs with primers, filtered ones included", kept / seen),
        Target(
            "Kolmogorov distance of the two CDR3 length distributions", distance, most=0.01, percent=False
        ),
    ]


def measure_neighbours(folder: Path, *, large: int = 1000) -> list[Target]:
    """Measure what the one-substitution neighbours of large CDR3s hold, and whether the larger are listed."""
    counts = (
        pl.read_parquet(folder / "counts_cdr3.parquet")
        .group_by("cdr3")
        .agg(pl.col("count").cast(pl.Int64).sum())
        .with_columns(n=pl.col("cdr3").str.len_chars())
    )
    listed = set(pl.read_csv(folder / "neighbours.csv").select("parent", "child").iter_rows())
    shares, unlisted = [], 0
    for parent, total, n in counts.filter(pl.col("count") > large).sort("cdr3").iter_rows():
        same = counts.filter((pl.col("n") == n) & (pl.col("cdr3") != parent))
        letters = np.array([list(cdr3) for cdr3 in same["cdr3"]]).reshape(-1, n)
        near = same.filter(pl.Series((letters != np.array(list(parent))).sum(axis=1) == 1))
        shares.append(near["count"].sum() / total)
        big = near.filter(pl.col("count") > 0.01 * total)["cdr3"]
        unlisted += sum((parent, child) not in listed for child in big)
    return [
        Target(
            f"reads of one-substitution neighbours of CDR3s over {large:,}, median",
            float(np.median(shares)),
            most=0.01,
        ),
        Target("neighbours above 1 % that are not listed", float(unlisted), most=0.0, percent=False),
    ]


@dataclass(frozen=True, slots=True)
class Recovery:
    """What a screen of simulated reads gave back.

    Args:
        recovered: Share of the molecules free of PCR errors that the tables count for their clone's
            clonotype; per sample and clone no more than there are.
        exact: Share of the unrecombined molecules without any error, in the molecule or its reads, whose own
            record spells the clone's clonotype.
        error_free: How many molecules are free of PCR errors.
        false_clonotypes: Share of the clonotypes reported at abundance ≥ 3 that are no clone.
        reported: How many are reported at that abundance.
        abundant: Clones with ≥ 20 molecules, summed over the samples.
        abundant_within: Share of these that are counted within 5 %.
        worst: Largest relative error of their counts.
        named: Share of the clonotypes with ≥ 20 molecules whose CDR1–2 is named.
        parents_right: Share of the named CDR1–2 that are right, whatever their abundance.
        chimeric_true: Visible share of recombined molecules, in truth.
        chimeric_found: The share that the screen reports.
    """

    recovered: float
    exact: float
    error_free: int
    false_clonotypes: float
    reported: int
    abundant: int
    abundant_within: float
    worst: float
    named: float
    parents_right: float
    chimeric_true: float
    chimeric_found: float


def measure_truth(folder: Path, truth: Path) -> Recovery:
    """Hold a screen of simulated reads to their truth.

    Args:
        folder: Finished screen with `pairs/`.
        truth: The simulation's folder `truth` with `reads/`.

    Returns:
        The figures.
    """
    name = pl.concat_str("cdr1", "cdr2", "cdr3", separator=SEPARATOR)
    clones = pl.read_parquet(truth / "clones.parquet").filter(pl.col("productive"))
    clones = clones.select("clone", "cdr3", key=name)
    counts = pl.read_parquet(folder / "counts_clonotype.parquet").with_columns(pl.col("count").cast(pl.Int64))
    pooled = counts.group_by("clonotype").agg(pl.col("count").sum())
    reported = pooled.filter(pl.col("count") >= REPORTED)
    known, cdr3s = clones["key"].implode(), clones["cdr3"].implode()
    unnamed = pl.col("clonotype").str.starts_with("?")
    cdr3 = pl.col("clonotype").str.split(SEPARATOR).list.last()
    wrong = pl.when(unnamed).then(~cdr3.is_in(cdr3s)).otherwise(~pl.col("clonotype").is_in(known))
    named = pooled.filter(~unnamed).with_columns(cdr3=cdr3).filter(pl.col("cdr3").is_in(cdr3s))
    big = pooled.filter(pl.col("count") >= ABUNDANT).with_columns(unnamed=unnamed)

    reads = _read_truth(truth).join(clones.drop("cdr3"), on="clone")
    records = _read_records(folder)
    both = reads.join(records, on=["sample", "pair"], how="left")
    free = both.filter(pl.col("error_free") & (pl.col("molecule") != -1))
    clean = free.filter(~pl.col("chimeric") & (pl.col("errors_1") == 0) & (pl.col("errors_2") == 0))
    exact = clean.filter(pl.col("clonotype") == pl.col("key")).height
    found = (
        free.group_by("sample", "key")
        .agg(pl.len().cast(pl.Int64).alias("free"))
        .join(counts.rename({"clonotype": "key"}), on=["sample", "key"], how="left")
        .select(pl.min_horizontal("free", pl.col("count").fill_null(0)).sum())
        .item()
    )
    true = (
        both.filter(pl.col("molecule") >= 0)
        .filter(pl.col("status") == "productive")
        .group_by("sample", "key")
        .agg(pl.len().cast(pl.Int64).alias("true"))
        .filter(pl.col("true") >= ABUNDANT)
    )
    held = true.join(counts.rename({"clonotype": "key"}), on=["sample", "key"], how="left").with_columns(
        off=(pl.col("count").fill_null(0) - pl.col("true")).abs()
    )
    relative = held.select(pl.col("off") / pl.col("true")).to_series()
    samples = pl.read_csv(folder / "samples.csv").sum()
    productive = both.filter(pl.col("status") == "productive")
    return Recovery(
        recovered=found / free.height,
        exact=exact / clean.height,
        error_free=free.height,
        false_clonotypes=reported.filter(wrong).height / reported.height,
        reported=reported.height,
        abundant=held.height,
        abundant_within=relative.le(0.05).sum() / held.height,
        worst=float(relative.to_numpy().max()),
        named=1 - big["unnamed"].sum() / big.height,
        parents_right=named.filter(pl.col("clonotype").is_in(known)).height / named.height,
        chimeric_true=productive["chimeric"].sum() / productive.height,
        chimeric_found=samples["chimeric"][0] / samples["productive"][0],
    )


def _read_truth(truth: Path) -> pl.DataFrame:
    """Give the truth of every read pair with its sample and place in the file."""
    return pl.concat(
        [
            pl.read_parquet(path)
            .drop("pair", strict=False)
            .with_row_index("pair")
            .with_columns(sample=pl.lit(path.stem))
            for path in sorted((truth / "reads").glob("*.parquet"))
        ]
    )


def _read_records(folder: Path) -> pl.DataFrame:
    """Give what became of every pair, with the clonotype that its own record spells."""
    return pl.concat(
        [
            pl.read_parquet(path)
            .with_row_index("pair")
            .select(
                "pair",
                "molecule",
                "status",
                clonotype=pl.concat_str("cdr1", "cdr2", "cdr3", separator=SEPARATOR),
                sample=pl.lit(path.stem),
            )
            for path in sorted((folder / "pairs").glob("*.parquet"))
        ]
    )
