"""Chemistry of a protein from its sequence alone: charge, pI, hydrophobicity, extinction, mass.

Every result carries its method and the version of the constants behind it: the version is derived from the
constants, so that it cannot stay when they change. Residues that were not read (X) take no part.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from Bio.SeqUtils import molecular_weight

from bactrian.assays.scales import choose_pka, choose_scale, fingerprint
from bactrian.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bactrian.assays.scales import HydrophobicityScale, PkaSet

AMINO_ACIDS: Final = "ACDEFGHIKLMNPQRSTVWY"
UNREAD: Final = "X"

_POSITIVE: Final = "HKR"
_NEGATIVE: Final = "CDEY"


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with what gave it.

    Args:
        value: The figure.
        method: The method in words, with the name of its constants.
        version: Version of method and constants.
    """

    value: float
    method: str
    version: str


EXTINCTION: Final[Mapping[str, int]] = MappingProxyType({"W": 5500, "Y": 1490, "cystine": 125})
"""Molar extinction at 280 nm, per M and cm (Pace et al. 1995, Protein Sci. 4:2411)."""

HYDROGEN: Final = 1.00794
"""Average mass of hydrogen, in Da; each cysteine of a disulfide has lost one (IUPAC 2007)."""

PRECISION: Final = 1e-6
"""pH units to which an isoelectric point is found: far below what any pKa set can claim."""


def net_charge(
    residues: str, ph: float, *, pka: PkaSet | str = "bjellqvist", paired_cysteines: int = 0
) -> Estimate:
    """Give the net charge of an unfolded chain at a pH.

    Args:
        residues: One-letter codes of either case; X was not read and carries no charge here.
        ph: pH, 0 to 14.
        pka: A set of pKa values or its name.
        paired_cysteines: Cysteines in disulfides: they do not titrate.

    Returns:
        The charge in elementary charges. Both ends are free. Where the first or last residue is X, the
        end takes the pKa that the set gives for no residue in particular.

    Raises:
        InputError: A letter is no amino acid, nothing was read, the pH or the number of paired cysteines
            is impossible, or the set is unknown.

    References:
        Henderson–Hasselbalch for independent groups; the pKa values name their source.

    Examples:
        >>> round(net_charge("INGAR", 7.0).value, 2)
        0.76
    """
    if not 0 <= ph <= 14:
        message = f"'{ph}' is not a pH. Give a number from 0 to 14."
        raise InputError(message)
    chosen = choose_pka(pka)
    chain = _check_residues(residues)
    groups = _ionisable_groups(chain, chosen, _check_paired(chain, paired_cysteines))
    return Estimate(
        _charge_at(groups, ph), f"net charge at pH {ph:g}, pKa of {chosen.name}", f"1+{chosen.version}"
    )


def isoelectric_point(
    residues: str, *, pka: PkaSet | str = "bjellqvist", paired_cysteines: int = 0
) -> Estimate:
    """Give the pH at which an unfolded chain carries no net charge.

    Args:
        residues: As for `net_charge`.
        pka: A set of pKa values or its name.
        paired_cysteines: Cysteines in disulfides: they do not titrate.

    Returns:
        The isoelectric point, within `PRECISION`.

    Raises:
        InputError: As for `net_charge`.

    Examples:
        >>> round(isoelectric_point("INGAR").value, 2)
        9.75
    """
    chosen = choose_pka(pka)
    chain = _check_residues(residues)
    groups = _ionisable_groups(chain, chosen, _check_paired(chain, paired_cysteines))
    low, high = 0.0, 14.0
    while high - low > PRECISION:
        middle = (low + high) / 2
        if _charge_at(groups, middle) > 0:
            low = middle
        else:
            high = middle
    return Estimate((low + high) / 2, f"isoelectric point, pKa of {chosen.name}", f"1+{chosen.version}")


def hydrophobicity(residues: str, *, scale: HydrophobicityScale | str = "kyte-doolittle") -> Estimate:
    """Give the mean hydropathy of the residues read (GRAVY with the scale of Kyte and Doolittle).

    Args:
        residues: One-letter codes of a chain or of one region of it.
        scale: A scale or its name.

    Returns:
        The mean; larger is more hydrophobic.

    Raises:
        InputError: A letter is no amino acid, nothing was read, or the scale is unknown.

    References:
        Kyte & Doolittle 1982, J. Mol. Biol. 157:105.
    """
    chosen = choose_scale(scale)
    values = [chosen.values[residue] for residue in _check_residues(residues) if residue != UNREAD]
    method = f"mean hydropathy by {chosen.name}" + (" (GRAVY)" if chosen.name == "kyte-doolittle" else "")
    return Estimate(sum(values) / len(values), method, f"1+{chosen.version}")


def hydrophobic_run(residues: str, *, scale: HydrophobicityScale | str = "kyte-doolittle") -> Estimate:
    """Give the length of the longest unbroken run of hydrophobic residues.

    Args:
        residues: One-letter codes of a chain or of one region of it; an X ends a run.
        scale: A scale or its name; a residue counts as hydrophobic where its value is above 0 (A, C, F,
            I, L, M and V by Kyte and Doolittle, not W and Y).

    Returns:
        The length in residues, 0 without any.

    Raises:
        InputError: A letter is no amino acid, nothing was read, or the scale is unknown.
    """
    chosen = choose_scale(scale)
    marks = [chosen.values.get(residue, 0.0) > 0 for residue in _check_residues(residues)]
    longest = max((len(list(run)) for hydrophobic, run in groupby(marks) if hydrophobic), default=0)
    return Estimate(longest, f"longest run of residues above 0 by {chosen.name}", f"1+{chosen.version}")


def extinction(residues: str, *, paired_cysteines: int = 0) -> Estimate:
    """Give the molar extinction coefficient at 280 nm of the residues read.

    Args:
        residues: One-letter codes; a W or Y that was not read is missing from the figure.
        paired_cysteines: Cysteines in disulfides.

    Returns:
        5500 W + 1490 Y + 125 cystine, per M and cm.

    Raises:
        InputError: A letter is no amino acid, nothing was read, or the number of paired cysteines is
            impossible.

    References:
        Pace et al. 1995, Protein Sci. 4:2411.

    Examples:
        >>> extinction("WYCC", paired_cysteines=2).value
        7115.0
    """
    chain = _check_residues(residues)
    cystines = _check_paired(chain, paired_cysteines) // 2
    value = EXTINCTION["W"] * chain.count("W") + EXTINCTION["Y"] * chain.count("Y")
    value += EXTINCTION["cystine"] * cystines
    version = f"1+pace-{fingerprint(sorted(EXTINCTION.items()))}"
    return Estimate(float(value), "molar extinction at 280 nm by Pace", version)


def mass(residues: str, *, paired_cysteines: int = 0) -> Estimate:
    """Give the average mass of the residues read, as one chain with both ends free.

    Args:
        residues: One-letter codes; what was not read is missing from the figure.
        paired_cysteines: Cysteines in disulfides: each has lost a hydrogen.

    Returns:
        The mass in Da, by the residue masses of Biopython.

    Raises:
        InputError: As for `extinction`.
    """
    chain = _check_residues(residues)
    paired = _check_paired(chain, paired_cysteines)
    value = float(molecular_weight(chain.replace(UNREAD, ""), seq_type="protein"))  # type: ignore[no-untyped-call]  # Biopython
    return Estimate(value - HYDROGEN * paired, "average mass by Biopython", "1")


def _check_residues(residues: str) -> str:
    chain = residues.upper()
    for place, letter in enumerate(chain, start=1):
        if letter not in AMINO_ACIDS and letter != UNREAD:
            message = (
                f"'{residues[place - 1]}' at residue {place} is not an amino acid. "
                "Write the 20 one-letter codes, and X for a residue that was not read."
            )
            raise InputError(message)
    if not chain.strip(UNREAD):
        message = f"'{residues}' holds no residue that was read. Give at least one."
        raise InputError(message)
    return chain


def _check_paired(chain: str, paired: int) -> int:
    cysteines = chain.count("C")
    if paired < 0 or paired > cysteines or (paired % 2 and UNREAD not in chain):
        message = (
            f"{paired} paired cysteines cannot be: the sequence has {cysteines}. Give an even number from 0 "
            "to as many as it has; an odd one only where the partner may be among unread residues."
        )
        raise InputError(message)
    return paired


def _ionisable_groups(chain: str, pka: PkaSet, paired: int) -> list[tuple[int, int, float]]:
    """Give sign, number and pKa of each kind of group in a chain."""
    counts = {residue: chain.count(residue) for residue in _POSITIVE + _NEGATIVE}
    counts["C"] -= paired
    groups = [
        (1 if residue in _POSITIVE else -1, number, pka.side_chains[residue])
        for residue, number in counts.items()
    ]
    groups.append((1, 1, pka.n_terminus_of.get(chain[0], pka.n_terminus)))
    groups.append((-1, 1, pka.c_terminus_of.get(chain[-1], pka.c_terminus)))
    return groups


def _charge_at(groups: list[tuple[int, int, float]], ph: float) -> float:
    return sum(sign * number / (1 + 10 ** (sign * (ph - pka))) for sign, number, pka in groups)
