"""The genetic code, how often each codon is used, and codons drawn from it."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

RESIDUES: Final = "ACDEFGHIKLMNPQRSTVWY"
_ORDER: Final = "TCAG"
CODONS: Final = tuple(a + b + c for a in _ORDER for b in _ORDER for c in _ORDER)
_CODE: Final = "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"
STOP_CODONS: Final = ("TAA", "TAG", "TGA")

# Codons per thousand of human coding sequences (93,487 sequences, Kazusa Codon Usage Database,
# Nakamura, Gojobori and Ikemura 2000, Nucleic Acids Res 28:292), in the order of `CODONS`.
# A naive library is cloned from camelid cDNA: mammalian usage is the nearest documented one.
_USAGE: Final = (
    "17.6 20.3 7.7 12.9 15.2 17.7 12.2 4.4 12.2 15.3 0 0 10.6 12.6 0 13.2 "
    "13.2 19.6 7.2 39.6 17.5 19.8 16.9 6.9 10.9 15.1 12.3 34.2 4.5 10.4 6.2 11.4 "
    "16.0 20.8 7.5 22.0 13.1 18.9 15.1 6.1 17.0 19.1 24.4 31.9 12.1 19.5 12.2 12.0 "
    "11.0 14.5 7.1 28.1 18.4 27.7 15.8 7.4 21.8 25.1 29.0 39.6 10.8 22.2 16.5 16.5"
)
# A mutated residue mostly takes a codon one nucleotide away; each further change is this much rarer.
_FURTHER_CHANGE: Final = 0.02

_TRANSLATION: Final = dict(zip(CODONS, _CODE, strict=True))


def translate(nt: str) -> str:
    """Translate nucleotides in frame 0; a last incomplete codon is left out.

    Args:
        nt: Nucleotides, A, C, G and T only.

    Returns:
        Residues, `*` for a stop.

    Examples:
        >>> translate("TGTGCATAGC")
        'CA*'
    """
    return "".join(_TRANSLATION[nt[k : k + 3]] for k in range(0, len(nt) - 2, 3))


def _ladder(weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Give the cumulated shares of weights along the last axis, ending in 1 exactly."""
    ladder = np.cumsum(weights, axis=-1)
    ladder /= ladder[..., -1:]
    return ladder


def _fresh_weights() -> npt.NDArray[np.float64]:
    usage = [float(number) for number in _USAGE.split()]
    weights = np.zeros((len(RESIDUES), len(CODONS)))
    for k, letter in enumerate(_CODE):
        if letter != "*":
            weights[RESIDUES.index(letter), k] = usage[k]
    return weights


def _distances() -> npt.NDArray[np.int64]:
    letters = np.array([list(codon) for codon in CODONS])
    return np.asarray((letters[:, None, :] != letters[None, :, :]).sum(axis=2), dtype=np.int64)


_FRESH: Final = _ladder(_fresh_weights())
# One row for each old codon and new residue.
_NEAREST: Final = _ladder(
    _fresh_weights()[None, :, :] * (_FURTHER_CHANGE ** np.maximum(_distances() - 1.0, 0.0))[:, None, :]
).reshape(-1, len(CODONS))


def _pick(
    ladders: npt.NDArray[np.float64], rows: npt.NDArray[np.int64], rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Draw a column by the ladder of each row named; the ladders are searched as one long one."""
    width = ladders.shape[1]
    long = (ladders + np.arange(ladders.shape[0])[:, None]).ravel()
    # The factor keeps row + draw below row + 1 when it is rounded.
    draws = rows + rng.random(rows.shape) * (1.0 - 1e-12)
    return np.asarray(np.searchsorted(long, draws, side="right") - rows * width, dtype=np.int64)


def draw_codons(residues: npt.NDArray[np.int64], rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Draw a codon for each residue by codon usage.

    Args:
        residues: Indices into `RESIDUES`, any shape.
        rng: Source of all chance.

    Returns:
        Indices into `CODONS`, of the same shape.
    """
    return _pick(_FRESH, residues, rng)


def mutate_codons(
    codons: npt.NDArray[np.int64], residues: npt.NDArray[np.int64], rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Draw codons for new residues, mostly as few nucleotides away from the old codons as can be.

    Args:
        codons: Indices of the old codons.
        residues: Indices of the new residues, of the same shape.
        rng: Source of all chance.

    Returns:
        Indices of the new codons.
    """
    return _pick(_NEAREST, codons * len(RESIDUES) + residues, rng)
