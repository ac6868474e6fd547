"""What a leads report is made of: the frames of a selection and of its leads, cut by library and antigen."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

import polars as pl

from bactrian.report.words import anchor

if TYPE_CHECKING:
    from collections.abc import Mapping

TABLE_COLUMNS = ("library", "antigen", "key", "tier", "rank", "log2fc_e", "log2fc_s", "fdr_e", "fdr_s")
DESIGN_COLUMNS = ("library", "antigen", "replicates", "n_tested", "tier1", "tier2", "exploratory", "claim")
UNITS = {"cdr3": "CDR3", "clonotype": "clonotype", "lineage": "lineage"}
"""What one counts as, in the words of a page."""


RESERVED = ("answer", "overview", "design", "methods")
"""Places of the page that no antigen may be called by."""


def _no_rows() -> pl.DataFrame:
    return pl.DataFrame()


@dataclass(frozen=True, slots=True, eq=False)
class LeadsResults:
    """The frames of a finished selection and of the leads picked from it.

    Every frame has `library` and `antigen`, with which it is cut. Columns in brackets may be absent.

    Args:
        title: Name of the campaign.
        table: One row per tested unit and target antigen: the columns of selection.parquet.
        designs: One row per library and antigen: what was tested and what can be claimed.
        code: Id of the campaign.
        unit: What is tested: `cdr3`, `clonotype` or `lineage`.
        contrasts: One row per unit and comparator: key, comparator, log2fc, p, fdr, [log2fc_e, fdr_e,
            cpm].
        columns: One row per column of the test: column, role, comparator, selection, replicate, samples,
            reads, norm_factor.
        replicates: Counts per column of the units worth showing: key, column, role, count, cpm.
        trajectories: Counts over all rounds of the same units: key, sample, selection, arm, panned_on,
            round, cpm.
        floors: Nominations of each label-swap run: kind, run, tier1, tier2.
        leads: One row per pick, best first, as `discovery.leads.nomination.nominate` gives them.
        near_misses: One row per near miss, best first, likewise: key, reason and what decides.
        liabilities: One row per liability of a lead, as `discovery.leads.triage.find_liabilities` gives
            them.
        relatives: CDR3 of units whose key does not show it: key, cdr3.
        simulated: Whether the campaign is simulated, which every claim then says.
        min_reads: Least reads of a tested unit.
        fdr: False discovery rate of each contrast.
        log2fc: Least log2 fold change.
        identity: Least share of equal residues between two CDR3s of one lineage.
        notes: What a person should know beside the results, one sentence each; they stand under design.
        settings: Setting and value, in plain words.
        methods: How each column of triage is computed, as `triage_methods` gives it: column, method,
            version.
        versions: Program and version.
        files: File beside the report and what it holds.

    Raises:
        ValueError: If `table` or `designs` lacks a column, or `designs` has no rows.
    """

    title: str
    table: pl.DataFrame
    designs: pl.DataFrame
    code: str = ""
    unit: str = "cdr3"
    contrasts: pl.DataFrame = field(default_factory=_no_rows)
    columns: pl.DataFrame = field(default_factory=_no_rows)
    replicates: pl.DataFrame = field(default_factory=_no_rows)
    trajectories: pl.DataFrame = field(default_factory=_no_rows)
    floors: pl.DataFrame = field(default_factory=_no_rows)
    leads: pl.DataFrame = field(default_factory=_no_rows)
    near_misses: pl.DataFrame = field(default_factory=_no_rows)
    liabilities: pl.DataFrame = field(default_factory=_no_rows)
    relatives: pl.DataFrame = field(default_factory=_no_rows)
    simulated: bool = False
    min_reads: int = 8
    fdr: float = 0.05
    log2fc: float = 1.0
    identity: float = 0.8
    notes: tuple[str, ...] = ()
    settings: Mapping[str, object] = field(default_factory=dict)
    methods: pl.DataFrame = field(default_factory=_no_rows)
    versions: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        absent = [name for name in TABLE_COLUMNS if name not in self.table.columns]
        absent += [name for name in DESIGN_COLUMNS if name not in self.designs.columns]
        if absent or self.designs.is_empty():
            lacks = ", ".join(absent) or "all designs"
            msg = f"a leads report needs a selection table and its designs; absent: {lacks}"
            raise ValueError(msg)

    def targets(self) -> list[TargetResults]:
        """Give the results of each library and antigen, in the order of the designs."""
        several = self.designs["library"].n_unique() > 1
        taken = set(RESERVED)
        targets = []
        for design in self.designs.iter_rows(named=True):
            name = f"{design['antigen']}, {design['library']}" if several else str(design["antigen"])
            # Names that differ in signs alone, such as α and β, would share an address.
            number = next(n for n in count(1) if anchor(name if n == 1 else f"{name} ({n})") not in taken)
            name = name if number == 1 else f"{name} ({number})"
            taken.add(anchor(name))
            targets.append(TargetResults(self, design["library"], design["antigen"], name, design))
        return targets


@dataclass(frozen=True, slots=True, eq=False)
class TargetResults:
    """The part of a campaign that is about one target antigen panned from one library.

    Args:
        whole: The campaign.
        library: Library.
        antigen: Target antigen.
        name: How the page calls it: the antigen, with the library where there are several.
        design: Its row of `designs`.
    """

    whole: LeadsResults
    library: str
    antigen: str
    name: str
    design: Mapping[str, Any]

    def of(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Give the rows of a frame that belong to this library and antigen."""
        if frame.is_empty():
            return frame
        return frame.filter(pl.col("library") == self.library, pl.col("antigen") == self.antigen)

    @property
    def table(self) -> pl.DataFrame:
        """Tested units, best rank first."""
        return self.of(self.whole.table).sort("rank", nulls_last=True, maintain_order=True)

    @property
    def leads(self) -> pl.DataFrame:
        """Picks with their `pick` from 1 and all that the selection says of them."""
        picks = self.of(self.whole.leads)
        if picks.is_empty():
            return picks
        picks = picks.rename({"reason": "picked"})
        known = [name for name in self.whole.table.columns if name == "key" or name not in picks.columns]
        return picks.sort("pick").join(self.table.select(known), on="key", how="left", maintain_order="left")

    @property
    def near_misses(self) -> pl.DataFrame:
        """Near misses with all that the selection says of them."""
        missed = self.of(self.whole.near_misses)
        if missed.is_empty():
            return missed
        missed = missed.rename({"reason": "missed"})
        known = [name for name in self.whole.table.columns if name == "key" or name not in missed.columns]
        return missed.join(self.table.select(known), on="key", how="left", maintain_order="left")

    @property
    def comparators(self) -> list[str]:
        """Comparators in the order of the design."""
        return [name for name in str(self.design.get("comparators") or "").split(";") if name]

    @property
    def left_out(self) -> list[str]:
        """Samples that were left out as takeovers."""
        return [name for name in str(self.design.get("left_out") or "").split(";") if name]

    @property
    def replicates(self) -> int:
        """Independent selections on the antigen."""
        return int(self.design["replicates"])

    @property
    def exploratory(self) -> bool:
        """Whether the design has no error control."""
        return bool(self.design["exploratory"])

    @property
    def nominated(self) -> int:
        """Units at Tier 1 or 2."""
        return int(self.design["tier1"])

    @property
    def certain(self) -> int:
        """Units at Tier 2."""
        return int(self.design["tier2"])

    @property
    def has_input(self) -> bool:
        """Whether enrichment over input was tested."""
        return bool(self.table["log2fc_e"].is_not_null().any())

    def count_units(self, number: int) -> str:
        """Give a number of units with their noun: `24 CDR3s`."""
        noun = UNITS[self.whole.unit]
        return f"{number:,} {noun}{'' if number == 1 else 's'}"

    @property
    def over(self) -> str:
        """What enrichment is tested against, in words."""
        parts = ["input"] if self.has_input else []
        return " and ".join([*parts, *(["every comparator"] if self.comparators else [])])


def lead_key(target: TargetResults, pick: int) -> str:
    """Give the id of a lead's dossier in the page."""
    return f"lead {target.name} {pick}"
