"""VHH or conventional VH, by the four hallmark positions of framework 2: IMGT 42, 49, 50 and 52.

A conventional VH turns these residues (V G L W) towards its light chain. A VHH has none, and carries
others there that keep the surface soluble. Humanised VHHs take some of them back, so a mixed set is
called ambiguous and never settled silently.

References:
    Muyldermans et al. 1994, Protein Eng. 7:1129; Vincke et al. 2009, J. Biol. Chem. 284:3273.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Call = Literal["vhh", "vh", "ambiguous"]

HALLMARK_POSITIONS = (42, 49, 50, 52)
"""Kabat 37, 44, 45 and 47."""

VH_RESIDUES = {42: "VI", 49: "G", 50: "L", 52: "W"}
VHH_RESIDUES = {42: "FY", 49: "EQDKA", 50: "RC", 52: "FGLAS"}
"""Residues that the literature names as typical; others count for neither side."""

CLEAR_MARGIN = 2
"""Positions by which one side must lead: more than one, so that a single mutation cannot turn a call
into its opposite without passing through 'ambiguous'."""


@dataclass(frozen=True, slots=True)
class Hallmarks:
    """The four hallmark residues and what they say.

    Args:
        call: vhh, vh or ambiguous; None when fewer than three of the positions were read.
        residues: The four residues in the order 42, 49, 50, 52; '.' where there is none.
        margin: Positions that speak for VHH less those that speak for VH, -4 to 4.
    """

    call: Call | None
    residues: str
    margin: int


def read_hallmarks(numbered: Mapping[int, str]) -> Hallmarks:
    """Call VHH or conventional VH.

    Args:
        numbered: Residue by IMGT position; positions that the molecule lacks or that were not read
            are absent.

    Returns:
        The call with its evidence.

    Examples:
        >>> read_hallmarks({42: "F", 49: "E", 50: "R", 52: "F"})
        Hallmarks(call='vhh', residues='FERF', margin=4)
        >>> read_hallmarks({42: "F", 49: "G", 50: "L", 52: "A"}).call
        'ambiguous'
    """
    residues = "".join(numbered.get(position, ".") for position in HALLMARK_POSITIONS)
    margin = 0
    for position, residue in zip(HALLMARK_POSITIONS, residues, strict=True):
        margin += (residue in VHH_RESIDUES[position]) - (residue in VH_RESIDUES[position])
    if sum(residue not in ".X" for residue in residues) < 3:
        return Hallmarks(None, residues, margin)
    if margin >= CLEAR_MARGIN:
        return Hallmarks("vhh", residues, margin)
    if margin <= -CLEAR_MARGIN:
        return Hallmarks("vh", residues, margin)
    return Hallmarks("ambiguous", residues, margin)
