"""What a screen report is made of: plain frames, each with the columns its figure reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping

RUNGS = ("merged", "joined", "single")
STATUSES = ("productive", "stop", "frameshift", "truncated", "not_vhh")
TALLIES = ("pairs", "primers_found", "filtered", *RUNGS, *STATUSES, "chimeric", "cdr3s", "clonotypes")
SAMPLE_COLUMNS = ("sample", *TALLIES, "top_share", "flags")


def _no_rows() -> pl.DataFrame:
    return pl.DataFrame()


@dataclass(frozen=True, slots=True, eq=False)
class ScreenResults:
    """The frames of a finished screen. Only `samples` must have rows; columns in brackets may be absent.

    Args:
        title: Name of the screen.
        samples: One row per sample in sheet order: the columns of samples.csv (sample, pairs,
            primers_found, filtered, merged, joined, single, productive, stop, frameshift, truncated,
            not_vhh, chimeric, cdr3s, clonotypes, top_share, flags) with the sheet's (selection, replicate,
            round, arm, antigen, library). A sample that failed has missing tallies.
        code: Id of the screen.
        n_cdr3s: Distinct CDR3s over all samples.
        n_clonotypes: Distinct clonotypes over all samples.
        lengths: CDR lengths of productive molecules, [sample, cdr], rung, length (residues), count; the
            rows of CDR3 and of the rungs merged, joined and single are summed over the samples.
        mate_lengths: CDR3 lengths that mate 2 shows when it is read alone: [sample], length, count; empty
            without a second mate.
        diversity: sample, [space], reads (molecules), observed, chao1, [chao1_low, chao1_high, coverage,
            depth_for_coverage, hill1, hill1_low, hill1_high, hill2, hill2_low, hill2_high]; of the spaces,
            cdr3 is shown.
        coverage_target: Share of the pool that `depth_for_coverage` reaches.
        rarefaction: Curves of CDR3s: sample (or scope and name, of which the scope `sample` is drawn),
            reads, kind (rarefied | observed | extrapolated), expected, [low, high].
        libraries: One row per library: library, inputs, [productive_share, reads, observed, chao1,
            chao1_low, chao1_high, coverage, depth_for_coverage, transformants, observed_share,
            expected_share, chao1_share, depth_if_even].
        empty_vector: Molecules that look like empty vector: sample, share.
        residues: Residue use of productive molecules: [sample], position (IMGT 1 to 128), residue, count,
            of (molecules of that sample which read the position).
        agreement: Pairs of replicates: kind (selection | technical), sample_a, sample_b, bray_curtis, [arm,
            antigen, round, library, jaccard, spearman, pearson_log, shared].
        takeovers: The top CDR3 of each sample and what it means: sample, cdr3, share, group_share, verdict,
            reason.
        jackpots: Units that exploded in one replicate alone: sample, cdr3, share, replicate_share, fold,
            reason.
        contamination: Pairs of samples: donor, recipient, status, rate, low, high, flagged, [sure_above].
        neighbours: One-substitution neighbours that stay, with their evidence.
        clonotypes: The commonest clonotypes, commonest first.
        abundance: Share of the commonest CDR3s or clonotypes in each sample: sample, cdr3, share.
        lineages: The largest lineages.
        primers: One sentence per library: which primers, and where they come from.
        notes: Further notes for the top of the page, one sentence each.
        nominated: What was nominated for each target, one line each.
        errors: Sentence of each sample that failed.
        settings: Setting and value, in plain words.
        versions: Program and version.
        files: File beside the report and what it holds.

    Raises:
        ValueError: If `samples` has no rows or lacks a column.
    """

    title: str
    samples: pl.DataFrame
    code: str = ""
    n_cdr3s: int | None = None
    n_clonotypes: int | None = None
    lengths: pl.DataFrame = field(default_factory=_no_rows)
    mate_lengths: pl.DataFrame = field(default_factory=_no_rows)
    diversity: pl.DataFrame = field(default_factory=_no_rows)
    coverage_target: float = 0.9
    rarefaction: pl.DataFrame = field(default_factory=_no_rows)
    libraries: pl.DataFrame = field(default_factory=_no_rows)
    empty_vector: pl.DataFrame = field(default_factory=_no_rows)
    residues: pl.DataFrame = field(default_factory=_no_rows)
    agreement: pl.DataFrame = field(default_factory=_no_rows)
    takeovers: pl.DataFrame = field(default_factory=_no_rows)
    jackpots: pl.DataFrame = field(default_factory=_no_rows)
    contamination: pl.DataFrame = field(default_factory=_no_rows)
    neighbours: pl.DataFrame = field(default_factory=_no_rows)
    clonotypes: pl.DataFrame = field(default_factory=_no_rows)
    abundance: pl.DataFrame = field(default_factory=_no_rows)
    lineages: pl.DataFrame = field(default_factory=_no_rows)
    primers: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    nominated: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    settings: Mapping[str, object] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        absent = [name for name in SAMPLE_COLUMNS if name not in self.samples.columns]
        if absent or self.samples.is_empty():
            wanted, lacks = ", ".join(SAMPLE_COLUMNS), ", ".join(absent) or "all rows"
            msg = f"a screen report needs samples with the columns {wanted}; absent: {lacks}"
            raise ValueError(msg)

    @property
    def paired(self) -> bool:
        """Whether any pair was merged or joined, so that there were two mates."""
        return self.total("merged") + self.total("joined") > 0

    def total(self, tally: str) -> int:
        """Give a tally summed over the samples."""
        return int(self.samples[tally].sum() or 0)

    def used(self) -> int:
        """Give the molecules that have a CDR3 or a named defect."""
        return sum(self.total(rung) for rung in RUNGS)

    def flagged(self, word: str) -> list[str]:
        """Give the samples that carry a flag."""
        flags = self.samples["flags"].fill_null("").str.split(";")
        return self.samples.filter(flags.list.contains(word))["sample"].to_list()

    def values(self, column: str) -> list[str]:
        """Give the distinct values of a column of the sheet, in order, without the empty ones."""
        if column not in self.samples.columns:
            return []
        texts = self.samples[column].cast(pl.String)
        return [text for text in texts.unique(maintain_order=True).to_list() if text]


def ratio(part: float, whole: float) -> float:
    """Give part of whole; of nothing it is nought."""
    return part / whole if whole else 0.0
