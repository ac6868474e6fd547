"""Sequence triage of leads: what to look at before one is ordered, from residues alone.

A flag says that something is unusual or known to cause trouble in other molecules. It is no verdict: most
flagged VHHs work, and a clean sequence proves nothing. Severities are a proposal of this project.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from bactrian.assays.chemistry import (
    UNREAD,
    Estimate,
    extinction,
    hydrophobic_run,
    hydrophobicity,
    isoelectric_point,
    mass,
    net_charge,
)
from bactrian.assays.liabilities import load_liabilities
from bactrian.assays.ranges import CLINICAL
from bactrian.discovery.leads.domains import LeadDomain, lay_domains
from bactrian.discovery.leads.lead_sites import describe_site, find_lead_sites, tell_standing
from bactrian.discovery.leads.triage_table import PH, charge_column, triage_columns
from bactrian.discovery.leads.verdicts import VERSION, judge_lead

if TYPE_CHECKING:
    from bactrian.assays.liabilities import LiabilityTable
    from bactrian.assays.sites import LiabilitySite

MOST_UNREAD: Final = 40
"""Unread residues up to which figures of the whole domain are given. The ends that usual primers hide are 25
to 30, and a gap between the reads adds some; docs/reference/triage.md shows how far figures move."""

IDENTITY: Final = ("lead", "library", "antigen", "key", "clonotype")
"""Columns that say which lead a row is of."""

SITE_COLUMNS: Final[dict[str, Any]] = {
    "row": pl.Int64,
    "position": pl.String,
    "residues": pl.String,
    "name": pl.String,
    "kind": pl.String,
    "motif": pl.String,
    "region": pl.String,
    "side": pl.String,
    "severity": pl.String,
    "standing": pl.String,
    "note": pl.String,
    "source": pl.String,
    "version": pl.String,
}
"""Columns of the liabilities; those of `IDENTITY` that the leads have stand before them."""

_ORDER: Final = {"high": 0, "medium": 1, "low": 2}


def triage_leads(
    leads: pl.DataFrame, *, liabilities: LiabilityTable | None = None, ph: float = PH
) -> pl.DataFrame:
    """Add to each lead what its sequence says.

    Args:
        leads: One row per lead with those of the columns vhh (X for unread, lower case for filled), cdr1,
            cdr2, cdr3 ('?' or null for unknown) that are known.
        liabilities: What to look for; the table of the package without one.
        ph: pH of the charge.

    Returns:
        The leads in their order with the columns of `triage_columns`, in place of any of these names. What
        cannot be said is null: figures of the whole domain where a CDR or more than `MOST_UNREAD`
        residues were not read; mass, extinction and the verdicts on charge and hydrophobicity where any
        residue was not. pI and charge take cysteines with a
        probable partner as paired.

    Raises:
        InputError: The pH is impossible.
    """
    table = liabilities or load_liabilities()
    version = f"{VERSION}+{table.version}"
    rows = []
    for domain in lay_domains(leads):
        sites = find_lead_sites(domain, table)
        described = _describe_domain(domain, ph) | _describe_sites(domain, sites)
        judged, why = judge_lead(domain, sites, described)
        rows.append(described | {"triage": judged, "triage_reason": why, "triage_version": version})
    schema = triage_columns(ph)
    added = pl.DataFrame(rows, schema=schema)
    return pl.concat([leads.drop(schema, strict=False), added], how="horizontal")


def find_liabilities(leads: pl.DataFrame, *, liabilities: LiabilityTable | None = None) -> pl.DataFrame:
    """Give the liabilities of all leads, one row each.

    Args:
        leads: As for `triage_leads`.
        liabilities: What to look for; the table of the package without one.

    Returns:
        `row` (of the lead, from 0), the columns of `IDENTITY` that the leads have, and the others of
        `SITE_COLUMNS`, in the order of the leads and of their residues. `standing` is `read`, `filled`
        where a residue was filled in, or `possible` where it depends on residues that were not read.
    """
    table = liabilities or load_liabilities()
    rows = []
    for row, domain in enumerate(lay_domains(leads)):
        for site in find_lead_sites(domain, table):
            liability = site.liability
            values = (
                row,
                site.position,
                site.residues,
                liability.name,
                liability.kind,
                liability.motif.text,
                site.region,
                site.side,
                site.severity,
                tell_standing(site, domain),
                liability.note or None,
                liability.source,
                table.version,
            )
            rows.append(dict(zip(SITE_COLUMNS, values, strict=True)))
    found = pl.DataFrame(rows, schema=SITE_COLUMNS)
    known = [name for name in IDENTITY if name in leads.columns]
    identity = leads.select(known).with_row_index("row").cast({"row": pl.Int64})
    return found.join(identity, on="row", how="left", maintain_order="left").select(
        "row", *known, *list(SITE_COLUMNS)[1:]
    )


def triage_methods(liabilities: LiabilityTable | None = None, *, ph: float = PH) -> pl.DataFrame:
    """List what the columns of a triage were computed with.

    Args:
        liabilities: The table that was looked for; that of the package without one.
        ph: pH of the charge.

    Returns:
        Columns column, method, version.
    """
    table = liabilities or load_liabilities()
    probe = "ACDEFGHIKLMNPQRSTVWY"
    estimates = {
        "pi": isoelectric_point(probe),
        "pi_lehninger": isoelectric_point(probe, pka="lehninger"),
        charge_column(ph): net_charge(probe, ph),
        "hydrophobicity, hydrophobicity_cdr3": hydrophobicity(probe),
        "cdr3_hydrophobic_run": hydrophobic_run(probe),
        "extinction": extinction(probe),
        "mass": mass(probe),
    }
    rows = [(column, estimate.method, estimate.version) for column, estimate in estimates.items()]
    rows += [
        (f"{name}_verdict", f"{limits.name} against the {limits.source}", limits.version)
        for name, limits in CLINICAL.items()
    ]
    rows += [
        ("liabilities", f"motifs by IMGT region, {table.file}", table.version),
        ("cysteines", "disulfides by the patterns known from VHHs; a sequence does not prove one", "1"),
        ("hallmarks, hallmark_call", "residues at IMGT 42, 49, 50 and 52", "1"),
        ("triage, triage_reason", "the rule of docs/reference/triage.md", VERSION),
    ]
    return pl.DataFrame(rows, schema=["column", "method", "version"], orient="row")


def _describe_domain(domain: LeadDomain, ph: float) -> dict[str, Any]:
    """Give the figures of one domain that do not depend on the table of liabilities."""
    disulfides, hallmarks = domain.pair_cysteines(), domain.read_hallmarks()
    lengths = domain.cdr_lengths
    total = sum(length for length in lengths if length is not None) if None not in lengths else None
    cdr3 = domain.cut_region("CDR3")
    cdr3_read = bool(cdr3.strip(UNREAD))
    cdrs_read = UNREAD not in "".join(domain.cut_region(name) for name in ("CDR1", "CDR2", "CDR3"))
    figures: dict[str, Estimate] = {}
    if cdr3_read:
        figures["hydrophobicity_cdr3"] = hydrophobicity(cdr3)
        figures["cdr3_hydrophobic_run"] = hydrophobic_run(cdr3)
    residues, paired = domain.residues, domain.residues.count("C") - len(disulfides.free)
    paired -= 0 if domain.n_unread else paired % 2  # the rare lone cysteine where another stands for 23
    verdicts: dict[str, str | None] = {
        "cdr3_length_verdict": None if lengths[2] is None else CLINICAL["cdr3_length"].judge(lengths[2]),
        "cdr_length_verdict": None if total is None else CLINICAL["cdr_length"].judge(total),
    }
    if cdrs_read and domain.n_unread <= MOST_UNREAD:
        figures["pi"] = isoelectric_point(residues, paired_cysteines=paired)
        figures["pi_lehninger"] = isoelectric_point(residues, pka="lehninger", paired_cysteines=paired)
        figures[charge_column(ph)] = net_charge(residues, ph, paired_cysteines=paired)
        figures["hydrophobicity"] = hydrophobicity(residues)
    if not domain.n_unread:
        figures["extinction"] = extinction(residues, paired_cysteines=paired)
        figures["mass"] = mass(residues, paired_cysteines=paired)
        verdicts["hydrophobicity_verdict"] = CLINICAL["hydrophobicity"].judge(figures["hydrophobicity"].value)
        if ph == PH:
            verdicts["charge_verdict"] = CLINICAL["charge"].judge(figures[charge_column(ph)].value)
    free = [f"free {label.replace('|', ' or ')}" for label in disulfides.free]
    described = {
        "cdr1_length": lengths[0],
        "cdr2_length": lengths[1],
        "cdr3_length": lengths[2],
        "cdr_length": total,
        "hallmarks": hallmarks.residues if hallmarks.residues.strip(".") else None,
        "hallmark_call": hallmarks.call,
        "cysteines": "; ".join([*free, *filter(None, [disulfides.describe_pairs()])]) or None,
        "n_unread": domain.n_unread,
        "unread": ", ".join(f"{name} {count}" for name, count in domain.unread_regions()) or None,
        "n_filled": len(domain.filled),
    }
    return described | verdicts | {name: estimate.value for name, estimate in figures.items()}


def _describe_sites(domain: LeadDomain, sites: list[LiabilitySite]) -> dict[str, Any]:
    """Count the liabilities and write them, the gravest first, without those that weigh little."""
    sure = [site for site in sites if site.standing == "read"]
    possible = [site for site in sites if site.standing == "possible" and site.severity != "low"]
    counts = {
        f"n_liabilities_{severity}": sum(site.severity == severity for site in sure) for severity in _ORDER
    }
    shown = sorted((s for s in sure if s.severity != "low"), key=lambda site: _ORDER[site.severity])
    words = [describe_site(site, domain) for site in [*shown, *possible]]
    return {
        "liabilities": "; ".join(words) or None,
        "n_liabilities_possible": len(possible),
        **counts,
    }
