"""What a person may choose about picking, checked when it is said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bactrian.core.errors import InputError

TIERS: Final = (0, 1, 2)
# A CDR3 that differs in fewer than 40 % of its residues from a pick is likely to bind as that one does; the
# same distance is the default of NanobodyMiner's diversity-aware selection.
MIN_DISTANCE: Final = 0.4
# Long enough to hold what a person would ask about, short enough to be read.
MOST_NEAR_MISSES: Final = 200


@dataclass(frozen=True, slots=True)
class PickSettings:
    """How leads are picked from the units that a tier nominates.

    Args:
        top: Most picks per antigen: 96 is a plate, 48 and 24 are parts of one.
        tier: Least tier of a pick. With 0 the units without error control are picked too, by rank.
        per_lineage: Most picks of one lineage. The best of every lineage comes first; second members fill
            the plate after that.
        min_distance: Least share of the CDR3's residues by which a pick differs from every pick of another
            lineage (edit distance over the longer CDR3's length).
        allow_known: Whether clonotypes marked as parasite or polyreactive are picked.
        near_misses: Most near misses per antigen.

    Raises:
        InputError: If a value is out of its range.

    Examples:
        >>> PickSettings().top
        96
    """

    top: int = 96
    tier: int = 1
    per_lineage: int = 2
    min_distance: float = MIN_DISTANCE
    allow_known: bool = False
    near_misses: int = MOST_NEAR_MISSES

    def __post_init__(self) -> None:
        if self.top < 1:
            msg = f"'{self.top}' is no number of picks. Write a whole number from 1; 96 is a plate."
            raise InputError(msg)
        if self.tier not in TIERS:
            msg = f"'{self.tier}' is no tier. Write 1 (nominated), 2 (high confidence) or 0 (every unit)."
            raise InputError(msg)
        if self.per_lineage < 1:
            msg = f"'{self.per_lineage}' is no number of picks per lineage. Write a whole number from 1."
            raise InputError(msg)
        if not 0 <= self.min_distance <= 1:
            msg = (
                f"'{self.min_distance:g}' is no share of the CDR3. Write a number from 0 to 1; "
                f"{MIN_DISTANCE:g} is the default."
            )
            raise InputError(msg)
        if self.near_misses < 0:
            msg = f"'{self.near_misses}' is no number of near misses. Write a whole number from 0."
            raise InputError(msg)
