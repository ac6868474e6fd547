"""From a finished selection to its leads: picks, files and page, where `screen`, `select` and `leads` end."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, Final

import numpy
import polars as pl
import scipy

from bactrian import __version__
from bactrian.discovery.figures.leads import LeadsResults, build_leads_report
from bactrian.discovery.lead_files import LEAD_FILES, Campaign, write_leads
from bactrian.discovery.leads.clonotype_choice import choose_clonotypes
from bactrian.discovery.leads.nomination import nominate
from bactrian.discovery.leads.triage import find_liabilities, triage_methods
from bactrian.discovery.selection_files import FILES as SELECTION_FILES
from bactrian.report import write_report
from bactrian.run.digests import digest_values

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from bactrian.assays.liabilities import LiabilityTable
    from bactrian.discovery.leads.completion import Reference
    from bactrian.discovery.leads.known import KnownClonotype
    from bactrian.discovery.leads.nomination import Nominations
    from bactrian.discovery.leads.settings import PickSettings
    from bactrian.discovery.selection.campaign import Selection
    from bactrian.discovery.selection.settings import SelectionSettings

PAGE: Final = "leads.html"


def write_nominations(
    selection: Selection,
    out: Path,
    *,
    limits: SelectionSettings,
    picks: PickSettings,
    title: str,
    clonotypes: pl.DataFrame | None = None,
    known: tuple[KnownClonotype, ...] = (),
    reference: Reference | None = None,
    antigens: Sequence[str] = (),
    amber: bool = False,
    liabilities: LiabilityTable | None = None,
    simulated: bool = False,
    notes: tuple[str, ...] = (),
) -> Nominations:
    """Pick the leads of a selection, write their files and draw their page.

    Args:
        selection: What the statistics found.
        out: Folder of the results.
        limits: Limits that made the tiers.
        picks: How many leads, how diverse.
        title: Name of the campaign.
        clonotypes: `clonotypes.parquet`; None where only keys were counted.
        known: Clonotypes of earlier campaigns.
        reference: VHH from which unread residues are filled; None to fill nothing.
        antigens: Antigens to pick for; all without any.
        amber: Whether TAG was read as glutamine.
        liabilities: What the triage looks for; the table of the package without one.
        simulated: Whether the campaign is simulated.
        notes: Further notes for the page.

    Returns:
        What was nominated.
    """
    nominations = nominate(
        selection.table,
        picks,
        limits=limits,
        clonotypes=clonotypes,
        contrasts=selection.contrasts,
        designs=selection.designs,
        known=known,
        reference=reference,
        antigens=antigens,
        amber=amber,
        liabilities=liabilities,
    )
    selection = _take_antigens(selection, antigens)
    campaign = Campaign(title, simulated=simulated, amber=amber, notes=notes)
    write_leads(nominations, out, campaign=campaign)
    if selection.designs.is_empty():
        (out / PAGE).unlink(missing_ok=True)
        return nominations
    relatives = pl.DataFrame(
        schema={"library": pl.String, "antigen": pl.String, "key": pl.String, "cdr3": pl.String}
    )
    if clonotypes is not None:
        relatives = selection.table.select("library", "antigen", "key").join(
            choose_clonotypes(clonotypes, selection.unit).select("library", "key", "cdr3"),
            on=["library", "key"],
        )
    results = LeadsResults(
        title=title,
        code=digest_values(_rows_digest(selection.table), _rows_digest(nominations.leads))[:12],
        unit=selection.unit,
        table=selection.table,
        contrasts=selection.contrasts,
        columns=selection.columns,
        replicates=selection.replicates,
        trajectories=selection.trajectories,
        designs=selection.designs,
        floors=selection.floors,
        leads=nominations.leads,
        near_misses=nominations.near_misses,
        liabilities=find_liabilities(nominations.leads, liabilities=liabilities),
        relatives=relatives,
        simulated=simulated,
        min_reads=limits.min_reads,
        fdr=limits.fdr,
        log2fc=limits.log2fc,
        notes=tuple(dict.fromkeys((*notes, *selection.notes, *nominations.notes))),
        settings=settings_in_words(limits, picks),
        methods=triage_methods(liabilities),
        versions={
            "Bactrian": __version__,
            "NumPy": numpy.__version__,
            "SciPy": scipy.__version__,
            "Polars": pl.__version__,
        },
        files=SELECTION_FILES | LEAD_FILES,
    )
    write_report(build_leads_report(results), out / PAGE)
    return nominations


def _take_antigens(selection: Selection, antigens: Sequence[str]) -> Selection:
    """Keep the rows of some antigens in every frame; of all without any."""
    if not antigens:
        return selection
    taken: dict[str, Any] = {}
    for field in fields(selection):
        frame = getattr(selection, field.name)
        if isinstance(frame, pl.DataFrame):
            taken[field.name] = frame.filter(pl.col("antigen").is_in(list(antigens)))
    return replace(selection, **taken)


def settings_in_words(limits: SelectionSettings, picks: PickSettings) -> Mapping[str, Any]:
    """Give the settings as a reader of the report understands them."""
    rounds = (
        "the last, or the last two of four" if limits.rounds is None else ", ".join(map(str, limits.rounds))
    )
    return {
        "tested unit": limits.unit,
        "decisive rounds": rounds,
        "least reads of a tested unit": str(limits.min_reads),
        "false discovery rate of a contrast": f"{limits.fdr:g}",
        "least fold change": f"{2**limits.log2fc:g}×",
        "veto by an enriched comparator": "on" if limits.veto else "lifted",
        "samples flagged as takeover": "kept" if limits.keep_takeovers else "left out",
        "most leads per antigen": str(picks.top),
        "least tier of a lead": str(picks.tier),
        "most leads per lineage": str(picks.per_lineage),
        "least CDR3 distance between lineages": f"{picks.min_distance:g}",
    }


def _rows_digest(frame: pl.DataFrame) -> str:
    return digest_values(frame.write_csv())
