"""What a person may choose about the selection statistics, checked when it is said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bactrian.core.errors import InputError

UNITS: Final = ("cdr3", "clonotype", "lineage")


@dataclass(frozen=True, slots=True)
class SelectionSettings:
    """How units are tested and nominated.

    Args:
        unit: What is tested: `cdr3`, `clonotype` or `lineage`.
        rounds: Decisive rounds; None for the last one, summed with the one before it where the target
            selections have four distinct rounds or more.
        min_reads: Least reads over target, comparator and input columns together.
        fdr: False discovery rate of each contrast (Benjamini-Hochberg).
        log2fc: Least log2 fold change over input and over every comparator; TREAT tests against it.
        veto: Whether a unit that is enriched on a comparator too is kept from nomination.
        keep_takeovers: Whether samples flagged as takeover are counted.

    Raises:
        InputError: If a value is out of its range.

    Examples:
        >>> SelectionSettings().min_reads
        8
    """

    unit: str = "cdr3"
    rounds: tuple[int, ...] | None = None
    min_reads: int = 8
    fdr: float = 0.05
    log2fc: float = 1.0
    veto: bool = True
    keep_takeovers: bool = False

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            msg = f"'{self.unit}' is no unit. Write {UNITS[0]}, {UNITS[1]} or {UNITS[2]}."
            raise InputError(msg)
        if self.rounds is not None and (not self.rounds or min(self.rounds) < 1):
            rounds = ",".join(str(number) for number in self.rounds)
            msg = f"'{rounds}' are no decisive rounds. Write whole numbers from 1, joined by commas."
            raise InputError(msg)
        if self.min_reads < 1:
            msg = f"'{self.min_reads}' is no least number of reads. Write a whole number from 1."
            raise InputError(msg)
        if not 0 < self.fdr < 1:
            msg = f"'{self.fdr:g}' is no false discovery rate. Write a number between 0 and 1."
            raise InputError(msg)
        if not 0 <= self.log2fc < float("inf"):
            msg = f"'{self.log2fc:g}' is no log2 fold change. Write a number from 0; 1 is the default."
            raise InputError(msg)
