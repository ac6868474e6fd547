"""Leads picked again from a finished selection, without counting or testing anything anew."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bactrian.core.errors import InputError
from bactrian.core.tables import read_table
from bactrian.discovery.lead_files import Campaign, read_record
from bactrian.discovery.lead_run import write_nominations
from bactrian.discovery.selection_files import read_selection

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import polars as pl

    from bactrian.assays.liabilities import LiabilityTable
    from bactrian.discovery.leads.completion import Reference
    from bactrian.discovery.leads.known import KnownClonotype
    from bactrian.discovery.leads.nomination import Nominations
    from bactrian.discovery.leads.settings import PickSettings
    from bactrian.discovery.selection.campaign import Selection

CLONOTYPES = "clonotypes.parquet"
_SIMULATED = " are simulated: "


def repick(
    folder: Path,
    settings: PickSettings,
    *,
    antigens: Sequence[str] = (),
    known: tuple[KnownClonotype, ...] | None = None,
    reference: Reference | None = None,
    liabilities: LiabilityTable | None = None,
) -> Nominations:
    """Pick leads from the files of a screen or selection, and write theirs.

    Args:
        folder: Where `bactrian screen` or `bactrian select` wrote its results.
        settings: How many, how diverse.
        antigens: Antigens to pick for; all without any.
        known: Clonotypes of earlier campaigns; None for those of the last pick.
        reference: VHH that unread residues are filled from.
        liabilities: What the triage looks for; the table of the package without one.

    Returns:
        The nominations, as written.

    Raises:
        InputError: A file is missing, or an antigen is not one of the targets.
    """
    selection = read_selection(folder)
    _check_antigens(selection, antigens)
    record = read_record(folder)
    campaign = record.campaign or _describe_campaign(folder)
    return write_nominations(
        selection,
        folder,
        limits=record.limits,
        picks=settings,
        title=campaign.title,
        clonotypes=read_clonotypes(folder),
        known=record.known if known is None else known,
        reference=reference,
        antigens=antigens,
        amber=campaign.amber,
        liabilities=liabilities,
        simulated=campaign.simulated,
        notes=campaign.notes,
    )


def read_clonotypes(folder: Path) -> pl.DataFrame | None:
    """Give the clonotypes of a screen; None where only keys were counted.

    Args:
        folder: Folder of the results.

    Returns:
        The table.

    Raises:
        InputError: The file cannot be read.
    """
    path = folder / CLONOTYPES
    return read_table(path) if path.is_file() else None


def _check_antigens(selection: Selection, antigens: Sequence[str]) -> None:
    """Refuse an antigen that is no target of a selection."""
    targets = selection.designs["antigen"].unique(maintain_order=True).to_list()
    for antigen in antigens:
        if antigen not in targets:
            msg = f"'{antigen}' is no target antigen here. Write one of {', '.join(targets)}."
            raise InputError(msg)


def _describe_campaign(folder: Path) -> Campaign:
    """Give what the summary of a run tells of its campaign, where no pick recorded it."""
    path = folder / "summary.json"
    summary = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    told = [note for note in summary.get("notes") or [] if _SIMULATED in note]
    return Campaign(
        title=folder.resolve().name,
        simulated=bool(told),
        amber=bool((summary.get("settings") or {}).get("amber", False)),
        notes=tuple(told),
    )
