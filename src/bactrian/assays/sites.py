"""Where the liabilities of a numbered V domain stand, weighed by region."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bactrian.assays.motifs import Standing, find_motif
from bactrian.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from bactrian.assays.liabilities import Liability, LiabilityTable, Severity, Side

REGIONS: Final = (
    ("FR1", 1, 26),
    ("CDR1", 27, 38),
    ("FR2", 39, 55),
    ("CDR2", 56, 65),
    ("FR3", 66, 104),
    ("CDR3", 105, 117),
    ("FR4", 118, 128),
)
"""Regions by first and last IMGT position (Lefranc et al. 2003, Dev. Comp. Immunol. 27:55)."""

_REGION_OF: Final = {position: name for name, first, last in REGIONS for position in range(first, last + 1)}

VERNIERS: Final = (2, 28, 29, 54, 55, 78, 88, 105, 106, 118)
"""IMGT positions that carry the CDRs, as the Therapeutic Nanobody Profiler counts them; four lie in CDRs."""


@dataclass(frozen=True, slots=True)
class LiabilitySite:
    """A liability at its place.

    Args:
        liability: What stands there.
        residues: The residues, X for what was not read.
        first: IMGT label of the first; of the cysteines that may be meant, joined by '|', where the
            sequence cannot say which.
        last: IMGT label of the last.
        region: FR1 to FR4 or CDR1 to CDR3.
        side: What the place counts as: cdr, vernier or fr.
        severity: high, medium or low.
        standing: read; or possible, where it depends on residues that were not read.
    """

    liability: Liability
    residues: str
    first: str
    last: str
    region: str
    side: Side
    severity: Severity
    standing: Standing

    @property
    def position(self) -> str:
        """First and last label, as `62-63`."""
        return self.first if self.first == self.last else f"{self.first}-{self.last}"


def find_sites(
    labels: Sequence[str],
    residues: str,
    table: LiabilityTable,
    *,
    free_cysteines: Collection[str] = (),
    paired_cysteines: Collection[str] = (),
    cysteines_known: bool = True,
) -> list[LiabilitySite]:
    """Find the liabilities of one domain.

    Args:
        labels: IMGT label of each residue, such as '111A'.
        residues: One letter per label in capitals, X for what was not read.
        table: What to look for.
        free_cysteines: IMGT labels of cysteines without a probable partner; '109|111' where one of
            these has none.
        paired_cysteines: IMGT labels of cysteines in probable disulfides beyond 23–104.
        cysteines_known: Whether all places were read where a partner may stand; without it a free
            cysteine is only possible.

    Returns:
        The sites in the order of the domain, those that start together in the order of the table.
        Whatever stands among unread residues alone is unknown and is not among them.

    Raises:
        InputError: Labels and residues differ in number.
    """
    if len(labels) != len(residues):
        message = f"{len(labels)} labels came with {len(residues)} residues. Give one label per residue."
        raise InputError(message)
    positions = [int("".join(letter for letter in label if letter.isdigit())) for label in labels]
    found: list[tuple[int, LiabilitySite]] = []
    places = {label: place for place, label in enumerate(labels)}
    for liability in table.liabilities:
        spans: Iterator[tuple[int, int, Standing, str | None]]
        if liability.where == "free cysteine":
            spans = _span_cysteines(free_cysteines, places, "read" if cysteines_known else "possible")
        elif liability.where == "paired cysteine":
            spans = _span_cysteines(paired_cysteines, places, "read")
        else:
            spans = (
                (start, end, standing, None)
                for start, end, standing in find_motif(liability.motif, residues)
                if liability.where == "anywhere" or labels[start] == "1"
            )
        for start, end, standing, label in spans:
            side = _side(positions[start:end])
            severity = liability.weigh(side)
            if severity == "none" or liability.exceptions.intersection(labels[start:end]):
                continue
            site = LiabilitySite(
                liability=liability,
                residues=residues[start:end],
                first=label or labels[start],
                last=label or labels[end - 1],
                region=_region(positions[start:end]),
                side=side,
                severity=severity,
                standing=standing,
            )
            found.append((start, site))
    return [site for _, site in sorted(found, key=lambda pair: pair[0])]


def name_region(position: int) -> str:
    """Give the region of an IMGT position.

    Examples:
        >>> name_region(56)
        'CDR2'
    """
    return _REGION_OF[position]


def _span_cysteines(
    named: Collection[str], places: Mapping[str, int], standing: Standing
) -> Iterator[tuple[int, int, Standing, str | None]]:
    for label in named:
        start = places[label.split("|", maxsplit=1)[0]]
        yield start, start + 1, standing, label


def _region(positions: Sequence[int]) -> str:
    """Give the first CDR that the positions touch, or the framework where they begin."""
    names = [name_region(position) for position in positions]
    return next((name for name in names if name.startswith("CDR")), names[0])


def _side(positions: Sequence[int]) -> Side:
    if _region(positions).startswith("CDR"):
        return "cdr"
    return "vernier" if any(position in VERNIERS for position in positions) else "fr"
