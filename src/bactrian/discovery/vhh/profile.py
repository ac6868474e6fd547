"""The VHH profile: how often each residue stands in each IMGT column, and how long CDRs are.

The counts come from sequences alone (`scripts/derive_vhh_profile.py` makes `profile.json`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from bactrian.discovery.vhh.labels import N_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Mapping

RESIDUES: Final = "ACDEFGHIKLMNPQRSTVWY"


@dataclass(frozen=True, slots=True)
class VhhProfile:
    """Counts of residues and CDR lengths in a set of VHHs.

    Args:
        counts: Residue counts, 128 IMGT columns × 20 residues in the order of `RESIDUES`.
        cdr_lengths: For CDR 1, 2 and 3 the number of sequences by CDR length, indexed by length.
        n: Sequences counted.
        source: Where the sequences come from.

    Raises:
        ValueError: If a shape is wrong or a count is negative.
    """

    counts: npt.NDArray[np.float64]
    cdr_lengths: Mapping[int, npt.NDArray[np.float64]]
    n: int
    source: str

    def __post_init__(self) -> None:
        if self.counts.shape != (N_COLUMNS, len(RESIDUES)):
            msg = f"profile counts have the shape {self.counts.shape}; expected (128, 20)"
            raise ValueError(msg)
        if set(self.cdr_lengths) != {1, 2, 3}:
            msg = f"profile has CDR lengths for {sorted(self.cdr_lengths)}; expected 1, 2 and 3"
            raise ValueError(msg)
        if (self.counts < 0).any() or any((lengths < 0).any() for lengths in self.cdr_lengths.values()):
            msg = "profile holds a negative count; counts are 0 or more"
            raise ValueError(msg)
        self.counts.setflags(write=False)
        for lengths in self.cdr_lengths.values():
            lengths.setflags(write=False)


def read_profile(document: Mapping[str, Any]) -> VhhProfile:
    """Give the profile that a document in the form of `profile.json` describes."""
    counts = np.zeros((N_COLUMNS, len(RESIDUES)))
    for column, residues in document["counts"].items():
        for residue, count in residues.items():
            counts[int(column) - 1, RESIDUES.index(residue)] = count
    lengths: dict[int, npt.NDArray[np.float64]] = {}
    for cdr in (1, 2, 3):
        table = document[f"cdr{cdr}_lengths"]
        histogram = np.zeros(1 + max(map(int, table), default=0))
        for length, count in table.items():
            histogram[int(length)] = count
        lengths[cdr] = histogram
    return VhhProfile(counts, MappingProxyType(lengths), n=document["n"], source=document["source"])


def write_profile(profile: VhhProfile) -> dict[str, Any]:
    """Give a profile as the document that `read_profile` reads; zeros are left out."""
    document: dict[str, Any] = {"n": profile.n, "source": profile.source}
    for cdr in (1, 2, 3):
        histogram = profile.cdr_lengths[cdr]
        document[f"cdr{cdr}_lengths"] = {str(k): int(count) for k, count in enumerate(histogram) if count}
    document["counts"] = {
        str(column + 1): {
            residue: float(count) for residue, count in zip(RESIDUES, row, strict=True) if count
        }
        for column, row in enumerate(profile.counts)
    }
    return document


@cache
def load_profile() -> VhhProfile:
    """Load the profile that comes with the package.

    Examples:
        >>> profile = load_profile()
        >>> RESIDUES[int(profile.counts[104 - 1].argmax())]
        'C'
    """
    text = resources.files("bactrian.discovery.vhh").joinpath("profile.json").read_text(encoding="utf-8")
    return read_profile(json.loads(text))
