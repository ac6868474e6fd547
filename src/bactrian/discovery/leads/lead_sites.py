"""The liabilities of a lead's domain, and how they are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from bactrian.assays.sites import find_sites

if TYPE_CHECKING:
    from bactrian.assays.liabilities import LiabilityTable
    from bactrian.assays.sites import LiabilitySite
    from bactrian.discovery.leads.domains import LeadDomain


def find_lead_sites(domain: LeadDomain, table: LiabilityTable) -> list[LiabilitySite]:
    """Find the liabilities of a lead, with its cysteines paired by the patterns known from VHHs."""
    disulfides = domain.pair_cysteines()
    paired = [label for first, second, _ in disulfides.pairs for label in (first, second)]
    return find_sites(
        domain.labels,
        domain.residues,
        table,
        free_cysteines=disulfides.free,
        paired_cysteines=list(dict.fromkeys(paired)),
        cysteines_known=domain.partners_read(),
    )


def tell_standing(site: LiabilitySite, domain: LeadDomain) -> Literal["read", "filled", "possible"]:
    """Say what a site rests on: residues read, one that was filled in, or one that nobody read."""
    if site.standing == "possible":
        return "possible"
    first = domain.labels.index(site.first.split("|", maxsplit=1)[0])
    return "filled" if domain.filled.intersection(range(first, first + len(site.residues))) else "read"


def describe_site(site: LiabilitySite, domain: LeadDomain) -> str:
    """Write a site as `NG 62-63 CDR2 deamidation high`."""
    place = site.position.replace("|", " or ")
    standing = tell_standing(site, domain)
    words = f"{site.residues} {place} {site.region} {site.liability.kind} {site.severity}"
    return words if standing == "read" else f"{words} ({standing})"
