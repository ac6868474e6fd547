"""IMGT numbering of many proteins: packed sequences in, frozen arrays of labels out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
from numba import njit

from bactrian.discovery.vhh.align import Labels, Workspace, make_workspace
from bactrian.discovery.vhh.frames import MIN_SCORE, measure_domain, number_one
from bactrian.discovery.vhh.labels import FRAMEWORKS, LOOPS, format_label
from bactrian.discovery.vhh.profile import RESIDUES, VhhProfile
from bactrian.discovery.vhh.scores import STOP, UNKNOWN, ScoreTables, load_scores, make_scores

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["MIN_SCORE", "REGIONS", "Numbering", "number_packed", "number_proteins", "pack_sequences"]

REGIONS: Final = {
    **{f"fwr{k}": span for k, span in enumerate(FRAMEWORKS, start=1)},
    **{f"cdr{k}": span for k, span in enumerate(LOOPS, start=1)},
}


def _make_codes() -> npt.NDArray[np.uint8]:
    codes = np.full(256, UNKNOWN, dtype=np.uint8)
    for code, residue in enumerate(RESIDUES):
        codes[ord(residue)] = codes[ord(residue.lower())] = code
    codes[ord("*")] = STOP
    return codes


CODES: Final = _make_codes()


@dataclass(frozen=True, slots=True)
class Numbering:
    """IMGT numbering of a set of proteins, residues packed one sequence after the other.

    Args:
        letters: Residues as ASCII bytes, all sequences joined.
        offsets: Start of each sequence in `letters`, and the end of the last (n + 1).
        score: Alignment score of each sequence, in units of ten times natural log odds.
        is_vhh: Whether the score is that of a VHH or VH domain, or of a part of one.
        position: IMGT column of each residue, 0 outside the domain.
        insertion: Insertion ordinal of each residue: 0 none, 1 = A, 2 = B, ….
        start: First residue of the domain, counted from 0 in its sequence.
        end: Residue after the last of the domain.
        first_column: First IMGT column read, 0 without a domain.
        last_column: Last IMGT column read, 0 without a domain.
        cdr_start: First residue of each CDR (n × 3), -1 where the CDR is not completely read.
        cdr_end: Residue after each CDR (n × 3), -1 where the CDR is not completely read.
        block_score: Score of each framework (n × 4), 0 where it is not read.
    """

    letters: npt.NDArray[np.uint8]
    offsets: npt.NDArray[np.int64]
    score: npt.NDArray[np.int32]
    is_vhh: npt.NDArray[np.bool_]
    position: npt.NDArray[np.int16]
    insertion: npt.NDArray[np.int8]
    start: npt.NDArray[np.int32]
    end: npt.NDArray[np.int32]
    first_column: npt.NDArray[np.int16]
    last_column: npt.NDArray[np.int16]
    cdr_start: npt.NDArray[np.int32]
    cdr_end: npt.NDArray[np.int32]
    block_score: npt.NDArray[np.int32]

    def __post_init__(self) -> None:
        for name in self.__slots__:
            getattr(self, name).setflags(write=False)

    def __len__(self) -> int:
        return len(self.score)

    def label_residues(self, row: int) -> dict[str, str]:
        """Give the residues of one sequence by IMGT label, in the order of the sequence.

        Args:
            row: Row of the sequence.

        Returns:
            Label (`111`, `111A`) to residue letter; empty without a domain.
        """
        span = slice(int(self.offsets[row]), int(self.offsets[row + 1]))
        letters = self.letters[span].tobytes().decode("ascii")
        labels = zip(letters, self.position[span], self.insertion[span], strict=True)
        return {format_label(int(column), int(ins)): letter for letter, column, ins in labels if column}

    def cut_regions(self, row: int) -> dict[str, str | None]:
        """Give the residues of FR1-4 and CDR1-3 of one sequence.

        Args:
            row: Row of the sequence.

        Returns:
            Region (`fwr1`, `cdr1`, …, `fwr4`) to residues: a framework as far as it is read, a CDR
            only if both its ends are read; None where nothing is.
        """
        span = slice(int(self.offsets[row]), int(self.offsets[row + 1]))
        letters, position = self.letters[span], self.position[span]
        regions: dict[str, str | None] = {}
        for name in ("fwr1", "cdr1", "fwr2", "cdr2", "fwr3", "cdr3", "fwr4"):
            first, last = REGIONS[name]
            inside = letters[(position >= first) & (position <= last)].tobytes().decode("ascii")
            regions[name] = inside or None
            if name.startswith("cdr") and self.cdr_start[row, int(name[3]) - 1] >= 0:
                regions[name] = inside
        return regions


def pack_sequences(sequences: Sequence[str]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Join sequences into one array of bytes with offsets; characters beyond ASCII become X."""
    joined = "".join(sequences).encode("ascii", errors="replace")
    lengths = np.fromiter(map(len, sequences), dtype=np.int64, count=len(sequences))
    offsets = np.zeros(len(sequences) + 1, dtype=np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return np.frombuffer(joined, dtype=np.uint8), offsets


@njit(cache=True, nogil=True)
def _number_all(codes, offsets, tables, work, packed, score, is_vhh):  # type: ignore[no-untyped-def] # noqa: PLR0917
    """Number packed sequences; `packed` holds the labels of all of them."""
    for row in range(len(offsets) - 1):
        first, last = offsets[row], offsets[row + 1]
        labels = Labels(
            packed.position[first:last], packed.insertion[first:last], packed.loops[row], packed.blocks[row]
        )
        score[row], is_vhh[row] = number_one(codes[first:last], tables, work, labels)


@njit(cache=True, nogil=True)
def _measure_all(offsets, packed, extent, is_vhh):  # type: ignore[no-untyped-def]
    """Write the extent of each domain; take back the labels of what is no VHH."""
    position, insertion = packed.position, packed.insertion
    for row in range(len(offsets) - 1):
        first, last = offsets[row], offsets[row + 1]
        if is_vhh[row]:
            start, end, first_column, last_column, _ = measure_domain(
                position[first:last], insertion[first:last]
            )
            extent[row, 0], extent[row, 1] = start, end
            extent[row, 2], extent[row, 3] = first_column, last_column
        else:
            position[first:last] = 0
            insertion[first:last] = 0


def number_proteins(sequences: Sequence[str], *, profile: VhhProfile | None = None) -> Numbering:
    """Number proteins by IMGT: whole VHHs, parts of them, with leaders and tags.

    Args:
        sequences: Residues in one-letter code, either case; `*` is a stop, other letters unknown.
        profile: Profile to align to; the one of the package if not given.

    Returns:
        The numbering, one row per sequence in input order. Rows that are no VHH have no positions.

    Examples:
        >>> vhh = (
        ...     "QVQLVESGGGLVQAGGSLRLSCAASGRTFSSYAMGWFRQAPGKEREFVAAISWSGGSTYYADSVKGRFTISRDNAKNTVYLQ"
        ...     "MNSLKPEDTAVYYCAADRGGYDYWGQGTQVTVSS"
        ... )
        >>> regions = number_proteins([vhh]).cut_regions(0)
        >>> regions["cdr1"], regions["cdr2"], regions["cdr3"]
        ('GRTFSSYA', 'ISWSGGST', 'AADRGGYDY')
    """
    letters, offsets = pack_sequences(sequences)
    tables = load_scores() if profile is None else make_scores(profile)
    longest = int(np.diff(offsets).max(initial=0))
    return number_packed(letters, offsets, tables, make_workspace(longest))


def number_packed(
    letters: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64], tables: ScoreTables, work: Workspace
) -> Numbering:
    """Number packed proteins; see `number_proteins`."""
    n, size = len(offsets) - 1, len(letters)
    score = np.zeros(n, dtype=np.int32)
    packed = Labels(
        position=np.zeros(size, dtype=np.int16),
        insertion=np.zeros(size, dtype=np.int8),
        loops=np.zeros((n, 3, 2), dtype=np.int32),
        blocks=np.zeros((n, 4), dtype=np.int32),
    )
    is_vhh = np.zeros(n, dtype=np.bool_)
    _number_all(CODES[letters], offsets, tables, work, packed, score, is_vhh)
    extent = np.zeros((n, 4), dtype=np.int32)
    _measure_all(offsets, packed, extent, is_vhh)
    packed.loops[~is_vhh] = -1
    return Numbering(
        letters=letters,
        offsets=offsets,
        score=score,
        is_vhh=is_vhh,
        position=packed.position,
        insertion=packed.insertion,
        start=extent[:, 0].copy(),
        end=extent[:, 1].copy(),
        first_column=extent[:, 2].astype(np.int16),
        last_column=extent[:, 3].astype(np.int16),
        cdr_start=packed.loops[:, :, 0].copy(),
        cdr_end=packed.loops[:, :, 1].copy(),
        block_score=packed.blocks,
    )
