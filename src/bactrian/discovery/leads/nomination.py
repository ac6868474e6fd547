"""The leads of a campaign: picks with their clonotypes, sequences and reasons, and the near misses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from bactrian.discovery.leads.candidates import describe_candidates
from bactrian.discovery.leads.known import mark_known
from bactrian.discovery.leads.lead_table import arrange_leads
from bactrian.discovery.leads.near_misses import list_near_misses
from bactrian.discovery.leads.orders import add_orders, say_cut_orders
from bactrian.discovery.leads.picking import pick_leads
from bactrian.discovery.leads.reasons import say_pick
from bactrian.discovery.leads.settings import PickSettings
from bactrian.discovery.leads.triage import triage_leads
from bactrian.discovery.leads.triage_table import triage_columns
from bactrian.discovery.selection.settings import SelectionSettings

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from bactrian.assays.liabilities import LiabilityTable
    from bactrian.discovery.leads.completion import Reference
    from bactrian.discovery.leads.known import KnownClonotype


@dataclass(frozen=True, slots=True, eq=False)
class Nominations:
    """The leads of a campaign.

    Args:
        leads: One row per pick, antigen by antigen in the order of the picks; columns of `lead_table`.
        near_misses: Units that were nearly picked, each with the reason; columns of `near_misses`.
        notes: What a person must know beside them, one sentence each.
        settings: How they were picked.
        limits: Limits that made the tiers.
        known: Clonotypes of earlier campaigns that were looked for.
    """

    leads: pl.DataFrame
    near_misses: pl.DataFrame
    notes: tuple[str, ...]
    settings: PickSettings
    limits: SelectionSettings
    known: tuple[KnownClonotype, ...] = ()


def nominate(
    table: pl.DataFrame,
    settings: PickSettings | None = None,
    *,
    limits: SelectionSettings | None = None,
    clonotypes: pl.DataFrame | None = None,
    contrasts: pl.DataFrame | None = None,
    designs: pl.DataFrame | None = None,
    known: Sequence[KnownClonotype] = (),
    reference: Reference | None = None,
    antigens: Collection[str] = (),
    amber: bool = False,
    liabilities: LiabilityTable | None = None,
) -> Nominations:
    """Pick leads and list near misses.

    Args:
        table: `Selection.table`.
        settings: How many, how diverse.
        limits: Limits that made the tiers, for the words about near misses.
        clonotypes: `clonotypes.parquet`; None where only keys were counted.
        contrasts: `Selection.contrasts`.
        designs: `Selection.designs`.
        known: Clonotypes of earlier campaigns.
        reference: VHH from which unread framework residues are filled; None to fill nothing.
        antigens: Antigens to pick for; all without any.
        amber: Whether the screen read TAG as Q.
        liabilities: What the triage looks for; the table of the package without one.

    Returns:
        Leads, near misses and notes.
    """
    settings, limits = settings or PickSettings(), limits or SelectionSettings()
    units, notes = describe_candidates(table, clonotypes, designs=designs)
    if antigens:
        # Only now: what is cross-reactive shows in the rows of the other antigens.
        units = units.filter(pl.col("antigen").is_in(list(antigens)))
    units = mark_known(units, known)
    held = pick_leads(_eligible(units, limits, settings), settings)
    picked = held.filter(pl.col("pick").is_not_null()).sort("pick", maintain_order=True)
    order = {antigen: place for place, antigen in enumerate(units["antigen"].unique(maintain_order=True))}
    place = pl.col("antigen").replace_strict(order, default=0, return_dtype=pl.Int32)
    picked = picked.sort(place, "pick").with_columns(lead=_name_leads(picked.sort(place, "pick")))
    leads = triage_leads(add_orders(picked, reference=reference, amber=amber), liabilities=liabilities)
    tiered = units.filter(pl.col("tier") > 0).group_by("antigen").len().rows()
    nominated = dict(tiered)
    reasons = [
        say_pick(row, nominated=nominated.get(row["antigen"], 0)) for row in leads.iter_rows(named=True)
    ]
    leads = leads.with_columns(reason=pl.Series(reasons, dtype=pl.String))
    missed = list_near_misses(units, held, contrasts=contrasts, limits=limits, settings=settings)
    notes += say_cut_orders(leads)
    notes += _notes(units, held, clonotypes=clonotypes, settings=settings)
    return Nominations(
        leads=arrange_leads(leads, list(triage_columns())),
        near_misses=missed,
        notes=tuple(notes),
        settings=settings,
        limits=limits,
        known=tuple(known),
    )


def _eligible(units: pl.DataFrame, limits: SelectionSettings, settings: PickSettings) -> pl.DataFrame:
    """Give the units that may be picked: of the tier, or above the fold changes where no tier is possible."""
    above = pl.lit(value=True)
    for name in ("log2fc_e", "log2fc_s"):
        above &= (pl.col(name) > limits.log2fc).fill_null(value=True)
    some = pl.col("log2fc_e").is_not_null() | pl.col("log2fc_s").is_not_null()
    return units.filter(
        pl.when(pl.col("label") == "").then(pl.col("tier") >= settings.tier).otherwise(above & some)
    )


def _name_leads(picked: pl.DataFrame) -> pl.Series:
    """Name each lead by its antigen and pick, in letters that every file format takes."""
    slugs: dict[str, str] = {}
    for antigen in picked["antigen"].unique(maintain_order=True):
        slug = re.sub(r"[^A-Za-z0-9.]+", "-", antigen).strip("-") or "lead"
        taken = set(slugs.values())
        slugs[antigen] = slug if slug not in taken else next(
            f"{slug}-{number}" for number in range(2, len(taken) + 3) if f"{slug}-{number}" not in taken
        )  # fmt: skip
    names = [f"{slugs[antigen]}_{pick:03d}" for antigen, pick in picked.select("antigen", "pick").iter_rows()]
    return pl.Series("lead", names, dtype=pl.String)


def _notes(
    units: pl.DataFrame, held: pl.DataFrame, *, clonotypes: pl.DataFrame | None, settings: PickSettings
) -> list[str]:
    """Say what a person must know beside the list."""
    notes = []
    if clonotypes is None and units.height:
        notes.append(
            "Only keys were counted: no sequences are known, so there is no FASTA of leads or orders."
        )
    for antigen in units["antigen"].unique(maintain_order=True):
        own = held.filter(pl.col("antigen") == antigen)
        picks = own.filter(pl.col("pick").is_not_null()).height
        label = units.filter(pl.col("antigen") == antigen)["label"][0]
        if label:
            notes.append(
                f"'{antigen}': {label}. Its list is the top of the ranking and carries no error rate."
            )
        elif not own.height:
            notes.append(f"'{antigen}': no unit is at Tier {settings.tier} or better, so no lead is picked.")
        counts = dict(own.filter(pl.col("pick").is_null()).group_by("held_by").len().rows())
        close, full = counts.get("distance", 0), counts.get("lineage", 0)
        if picks < settings.top and (close or full):
            notes.append(
                f"'{antigen}': {picks} of {settings.top} wells are filled. Held back: {close} by the CDR3 "
                f"distance, {full} by a full lineage. A smaller --min-distance or a larger --per-lineage "
                "picks more."
            )
    return notes
