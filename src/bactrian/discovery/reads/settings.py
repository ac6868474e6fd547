"""What a user may choose about reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bactrian.core.errors import InputError

if TYPE_CHECKING:
    from bactrian.discovery.reads.primers import PrimerPair


@dataclass(frozen=True, slots=True)
class ReadSettings:
    """How reads become molecules.

    Args:
        max_ee: Most expected errors in what is used of a pair. Three is what the phage-display pipelines that
            handle 2x151 nt VHH reads filter at; it is a setting of `bactrian screen`.
        primers: The primer pair; None lets the reads tell.
        find_primers: Whether to look for primers when none are given; False takes every mate from its first
            base.
        primer_mismatches: Most mismatches in each primer.
        primer_window: A primer starts within this many bases of a mate.
        min_overlap: Fewest bases that both mates of a merged pair read.
        amber: Whether TAG is read as glutamine (amber suppressor hosts).
        keep_pairs: Whether to keep a record of every pair.
        keep_mate2: Whether to annotate the reverse mates alone as well, for the comparison of CDR3 lengths.

    Raises:
        InputError: If a number is out of its range.
    """

    max_ee: float = 3.0
    primers: PrimerPair | None = None
    find_primers: bool = True
    primer_mismatches: int = 2
    primer_window: int = 40
    min_overlap: int = 10
    amber: bool = False
    keep_pairs: bool = False
    keep_mate2: bool = True

    def __post_init__(self) -> None:
        if not self.max_ee > 0:
            msg = f"max_ee is {self.max_ee:g}. Expected errors must be above 0; 3 is the default."
            raise InputError(msg)
        if not 0 <= self.primer_mismatches <= 5:
            msg = f"primer_mismatches is {self.primer_mismatches}. Expected 0 to 5; 2 is the default."
            raise InputError(msg)
        if self.primer_window < 0:
            msg = f"primer_window is {self.primer_window}. Expected a whole number from 0; 40 is the default."
            raise InputError(msg)
        if self.min_overlap < 8:
            msg = f"min_overlap is {self.min_overlap}. Expected 8 or more bases; 10 is the default."
            raise InputError(msg)
