"""One word for a lead's sequence, and why: ok, look or caution.

The rule is a proposal of this project. It says where to look first; it says nothing of whether the molecule
will fail.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from bactrian.assays.ranges import CLINICAL
from bactrian.discovery.leads.lead_sites import describe_site

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bactrian.assays.sites import LiabilitySite
    from bactrian.discovery.leads.domains import LeadDomain

VERSION: Final = "1"
"""Version of the rule: it changes whenever the same sequence may be judged differently."""

MOST_MEDIUM: Final = 3
"""Medium liabilities that call for no look: 95 % of the 36 clinical-stage VHHs of the Therapeutic Nanobody
Profiler have as many or fewer by the package's table."""

Triage = Literal["ok", "look", "caution"]

_LENGTHS: Final = {"cdr_length_verdict": "cdr_length", "cdr3_length_verdict": "cdr3_length"}


def judge_lead(
    domain: LeadDomain, sites: Sequence[LiabilitySite], figures: Mapping[str, Any]
) -> tuple[Triage, str]:
    """Judge one lead.

    Args:
        domain: Its domain.
        sites: Its liabilities.
        figures: Its CDR lengths, verdicts and hallmarks by column name; what is unknown may be absent.

    Returns:
        `caution` for a liability of high severity or a CDR length that no clinical-stage VHH has; `look` for
        more than `MOST_MEDIUM` of medium severity, a high one that depends on unread residues, a CDR length
        at the edge of the clinical ranges, charge or hydrophobicity outside them, hallmarks that are not
        those of a VHH, a CDR that was not read, or a sequence that is not as expected; else `ok`. And all
        reasons in words, the gravest first, then what was not read.
    """
    grave = [describe_site(site, domain) for site in sites if _is(site, "read", "high")]
    grave += _words_of_lengths(figures, "red", "as no clinical-stage VHH has")
    mild = [describe_site(site, domain) for site in sites if _is(site, "possible", "high")]
    medium = sum(_is(site, "read", "medium") for site in sites)
    if medium > MOST_MEDIUM:
        mild.append(f"{medium} liabilities of medium severity, above {MOST_MEDIUM}")
    mild += _words_of_lengths(figures, "amber", "at the edge of clinical-stage VHHs")
    values = {"charge": "charge_74", "hydrophobicity": "hydrophobicity"}
    for column in values:
        if figures.get(f"{column}_verdict") == "red":
            limits = CLINICAL[column]
            span = f"{limits.least:g} to {limits.most:g}"
            mild.append(f"{limits.name} {figures[values[column]]:.2f}, outside clinical-stage VHHs ({span})")
    if figures.get("hallmark_call") in {"vh", "ambiguous"}:
        call = "those of a VH" if figures["hallmark_call"] == "vh" else "mixed"
        mild.append(f"hallmarks {figures['hallmarks']} at IMGT 42, 49, 50 and 52 are {call}")
    unread = dict(domain.unread_regions())
    lost = [name for name in ("CDR1", "CDR2", "CDR3") if name in unread]
    if lost:
        mild.append(f"{', '.join(lost)} not read or not completely")
    mild += [domain.note] if domain.note else []
    reasons = [*grave, *mild] or ["nothing flagged in the residues read" if unread else "nothing flagged"]
    if unread:
        where = ", ".join(f"{name} {count}" for name, count in unread.items())
        noun = "residue" if domain.n_unread == 1 else "residues"
        reasons.append(f"{domain.n_unread} {noun} not read ({where}): liabilities there are unknown")
        if figures.get("pi") is not None:
            reasons.append("pI, charge and hydrophobicity are of the residues read")
    if domain.filled:
        noun = "residue" if len(domain.filled) == 1 else "residues"
        reasons.append(f"{len(domain.filled)} {noun} filled in, not read")
    return "caution" if grave else "look" if mild else "ok", "; ".join(reasons)


def _is(site: LiabilitySite, standing: str, severity: str) -> bool:
    return site.standing == standing and site.severity == severity


def _words_of_lengths(figures: Mapping[str, Any], verdict: str, words: str) -> list[str]:
    found = []
    for column, name in _LENGTHS.items():
        if figures.get(column) == verdict:
            limits = CLINICAL[name]
            span = f"{limits.least:g} to {limits.most:g}, usually {limits.low:g} to {limits.high:g}"
            found.append(f"{limits.name} {figures[name]}, {words} ({span})")
    return found
