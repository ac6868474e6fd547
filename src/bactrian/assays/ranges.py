"""Where a figure lies among the VHHs that reached the clinic: green, amber or red.

The 36 clinical-stage VHHs of the Therapeutic Nanobody Profiler (TNP) are the yardstick. Few of them failed
for the reasons that such figures measure, and the profiler's authors found its figures to agree weakly with
measurements: outside these ranges means unusual, not bad.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal

from bactrian.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

Verdict = Literal["green", "amber", "red"]


@dataclass(frozen=True, slots=True)
class Range:
    """The range of a figure in a reference set.

    Args:
        name: What the figure is.
        least: Smallest value that is not red.
        low: Smallest value that is green.
        high: Largest value that is green.
        most: Largest value that is not red.
        source: Where the limits come from.
        version: Version of the limits.

    Raises:
        InputError: The limits do not ascend.
    """

    name: str
    least: float
    low: float
    high: float
    most: float
    source: str
    version: str

    def __post_init__(self) -> None:
        if not self.least <= self.low <= self.high <= self.most:
            limits = f"{self.least:g}, {self.low:g}, {self.high:g}, {self.most:g}"
            message = f"the limits {limits} of {self.name} do not ascend. Sort them."
            raise InputError(message)

    def judge(self, value: float) -> Verdict:
        """Say where a value lies: green inside, amber at the edge, red outside."""
        if not self.least <= value <= self.most:
            return "red"
        return "green" if self.low <= value <= self.high else "amber"


_OWN: Final = (
    "sequences of the Therapeutic Nanobody Profiler's 36 clinical-stage VHHs, computed with this package"
)
_TNP: Final = "Therapeutic Nanobody Profiler, 36 clinical-stage VHHs (doi 10.1101/2025.08.11.669635)"

CLINICAL: Final[Mapping[str, Range]] = MappingProxyType(
    {
        "cdr_length": Range("total CDR length", 20, 25, 36, 39, source=_TNP, version="tnp-2025-08"),
        "cdr3_length": Range("CDR3 length", 5, 9, 20, 23, source=_TNP, version="tnp-2025-08"),
        "charge": Range(
            "net charge at pH 7.4", -9.46, -4.68, 3.86, 4.65, source=_OWN, version="tnp-sequences-1"
        ),
        "hydrophobicity": Range(
            "mean hydropathy (GRAVY)", -0.484, -0.431, -0.085, -0.002, source=_OWN, version="tnp-sequences-1"
        ),
    }
)
"""The limits by name. TNP calls amber what the outer 5 % of its clinical VHHs have, red what none has; charge
and hydrophobicity are treated alike."""
