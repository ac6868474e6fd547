"""Cysteines beyond the pair of every V domain (IMGT 23 and 104), and the disulfides they probably form.

A sequence does not prove a disulfide. The pairs here are the patterns known from structures of VHHs,
taken in the order of how often they are seen; a cysteine that fits none is reported as free, because
a free thiol matters for expression and for conjugation.

References:
    Muyldermans 2013, Annu. Rev. Biochem. 82:775; Govaert et al. 2012, J. Biol. Chem. 287:1970
    (55 with CDR3); Hagihara et al. 2007, J. Biol. Chem. 282:36489 (54 with 78).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

CANONICAL = ("23", "104")


@dataclass(frozen=True, slots=True)
class Disulfides:
    """Probable disulfides of a domain.

    Args:
        pairs: IMGT labels of each probable pair beyond 23–104, with the regions they join. Where CDR3
            has several cysteines that could be the partner, they are given together, joined by '|'.
        free: IMGT labels of cysteines without a probable partner; 23 and 104 are among them when the
            other one of the pair is missing.
    """

    pairs: tuple[tuple[str, str, str], ...]
    free: tuple[str, ...]

    def describe_pairs(self) -> str:
        """Write the pairs as `55–111A (FR2–CDR3); 54–78 (FR2–FR3)`."""
        return "; ".join(f"{first}–{second} ({regions})" for first, second, regions in self.pairs)


def pair_cysteines(labels: Sequence[str], residues: str) -> Disulfides:
    """Pair the extra cysteines of a domain by the patterns known from VHHs.

    Args:
        labels: IMGT label of each residue, such as '111A'.
        residues: The domain, one letter per label.

    Returns:
        Probable pairs and free cysteines.

    Examples:
        >>> pair_cysteines(["23", "55", "104", "109"], "CCCC").describe_pairs()
        '55–109 (FR2–CDR3)'
    """
    extra = [
        label
        for label, residue in zip(labels, residues, strict=True)
        if residue == "C" and label not in CANONICAL
    ]
    present = {label for label, residue in zip(labels, residues, strict=True) if residue == "C"}
    pairs: list[tuple[str, str, str]] = []
    engineered = "54" in extra and "78" in extra
    if engineered:
        pairs.append(("54", "78", "FR2–FR3"))
        extra = [label for label in extra if label not in {"54", "78"}]
    loop = [label for label in extra if 105 <= _position(label) <= 117]
    others = [label for label in extra if label not in loop]
    unpaired_loop = len(loop)
    for region, candidates in (
        ("FR2", [label for label in others if label == "55"]),
        ("CDR1", [label for label in others if 27 <= _position(label) <= 38]),
        ("CDR2", [label for label in others if 56 <= _position(label) <= 65]),
        ("FR2", [label for label in others if label == "50"]),
    ):
        for label in candidates:
            if unpaired_loop:
                pairs.append((label, "|".join(loop), f"{region}–CDR3"))
                others.remove(label)
                unpaired_loop -= 1
    free = others
    if unpaired_loop == len(loop):
        while len(loop) >= 2:
            pairs.append((loop[0], loop[-1], "CDR3–CDR3"))
            loop = loop[1:-1]
        free = others + loop
    elif unpaired_loop % 2:
        free = [*others, "|".join(loop)]
    elif unpaired_loop:
        pairs.append(("|".join(loop), "|".join(loop), "CDR3–CDR3"))
    canonical = [label for label in CANONICAL if label in present]
    if len(canonical) == 1:
        other = CANONICAL[1 - CANONICAL.index(canonical[0])]
        if other in labels:
            free = [*free, canonical[0]]
    return Disulfides(tuple(pairs), tuple(sorted(free, key=_sort_key)))


def _position(label: str) -> int:
    return int("".join(letter for letter in label if letter.isdigit()))


def _sort_key(label: str) -> tuple[int, str]:
    first = label.split("|", maxsplit=1)[0]
    return _position(first), label
