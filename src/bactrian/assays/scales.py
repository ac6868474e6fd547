"""Constants that sequence chemistry is computed with, by name: pKa sets and scales of hydrophobicity."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from Bio.SeqUtils.ProtParamData import kd as _kyte_doolittle

from bactrian.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping


def fingerprint(constants: object) -> str:
    """Give eight letters that change with the constants."""
    return hashlib.sha256(repr(constants).encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class PkaSet:
    """The pKa values of one author.

    Args:
        name: Word by which the set is asked for.
        side_chains: pKa of the side chains of C, D, E, H, K, R and Y.
        n_terminus: pKa of the amino end.
        c_terminus: pKa of the carboxyl end.
        n_terminus_of: pKa of the amino end by first residue, where it differs.
        c_terminus_of: pKa of the carboxyl end by last residue, where it differs.
        source: Where the values stand.
    """

    name: str
    side_chains: Mapping[str, float]
    n_terminus: float
    c_terminus: float
    source: str
    n_terminus_of: Mapping[str, float] = field(default_factory=dict)
    c_terminus_of: Mapping[str, float] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """Name and fingerprint of the constants."""
        constants = (
            sorted(self.side_chains.items()),
            self.n_terminus,
            self.c_terminus,
            sorted(self.n_terminus_of.items()),
            sorted(self.c_terminus_of.items()),
        )
        return f"{self.name}-{fingerprint(constants)}"


@dataclass(frozen=True, slots=True)
class HydrophobicityScale:
    """A hydropathy value for each amino acid.

    Args:
        name: Word by which the scale is asked for.
        values: Value by residue, larger is more hydrophobic.
        source: Where the values stand.
    """

    name: str
    values: Mapping[str, float]
    source: str

    @property
    def version(self) -> str:
        """Name and fingerprint of the constants."""
        return f"{self.name}-{fingerprint(sorted(self.values.items()))}"


PKA_SETS: Final[Mapping[str, PkaSet]] = MappingProxyType(
    {
        "bjellqvist": PkaSet(
            name="bjellqvist",
            side_chains={"C": 9.0, "D": 4.05, "E": 4.45, "H": 5.98, "K": 10.0, "R": 12.0, "Y": 10.0},
            n_terminus=7.5,
            c_terminus=3.55,
            n_terminus_of={"A": 7.59, "E": 7.7, "M": 7.0, "P": 8.36, "S": 6.93, "T": 6.82, "V": 7.44},
            c_terminus_of={"D": 4.55, "E": 4.75},
            source="Bjellqvist et al. 1993, Electrophoresis 14:1023; 1994, Electrophoresis 15:529",
        ),
        "lehninger": PkaSet(
            name="lehninger",
            side_chains={"C": 8.18, "D": 3.65, "E": 4.25, "H": 6.0, "K": 10.53, "R": 12.48, "Y": 10.07},
            n_terminus=9.69,
            c_terminus=2.34,
            source="Nelson & Cox, Lehninger Principles of Biochemistry, table 3-1 (ends: those of alanine)",
        ),
        "emboss": PkaSet(
            name="emboss",
            side_chains={"C": 8.5, "D": 3.9, "E": 4.1, "H": 6.5, "K": 10.8, "R": 12.5, "Y": 10.1},
            n_terminus=8.6,
            c_terminus=3.6,
            source="EMBOSS iep, Epk.dat (Rice et al. 2000, Trends Genet. 16:276)",
        ),
    }
)
"""The pKa sets known by name. The Lehninger set is the one behind the figures of the Therapeutic Nanobody
Profiler (doi 10.1101/2025.08.11.669635)."""

SCALES: Final[Mapping[str, HydrophobicityScale]] = MappingProxyType(
    {
        "kyte-doolittle": HydrophobicityScale(
            name="kyte-doolittle",
            values=MappingProxyType(dict(_kyte_doolittle)),
            source="Kyte & Doolittle 1982, J. Mol. Biol. 157:105",
        )
    }
)


def choose_pka(pka: PkaSet | str) -> PkaSet:
    """Give a set of pKa values by its name, or as it is.

    Raises:
        InputError: There is no such set.
    """
    if isinstance(pka, PkaSet):
        return pka
    if pka not in PKA_SETS:
        message = f"'{pka}' is no set of pKa values. Choose one of {', '.join(PKA_SETS)}."
        raise InputError(message)
    return PKA_SETS[pka]


def choose_scale(scale: HydrophobicityScale | str) -> HydrophobicityScale:
    """Give a scale of hydrophobicity by its name, or as it is.

    Raises:
        InputError: There is no such scale.
    """
    if isinstance(scale, HydrophobicityScale):
        return scale
    if scale not in SCALES:
        message = f"'{scale}' is no scale of hydrophobicity. Choose one of {', '.join(SCALES)}."
        raise InputError(message)
    return SCALES[scale]
