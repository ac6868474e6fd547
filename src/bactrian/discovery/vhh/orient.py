"""Which strand and frame of a nucleotide sequence codes for a V domain, and where its frame breaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bactrian.discovery.vhh.frames import translate_frames
from bactrian.discovery.vhh.numbering import number_proteins

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bactrian.discovery.vhh.frames import ReadingFrame

MAX_SHARED_COLUMNS = 12
"""IMGT columns that two pieces of a domain whose frame breaks may both claim: alignments run on for a few
residues past the break."""


@dataclass(frozen=True, slots=True)
class Orientation:
    """The reading of a nucleotide sequence that fits a V domain best.

    Args:
        frame: The reading, with its protein.
        frameshift: Where the reading frame breaks inside the domain, in words; None where it does not.
    """

    frame: ReadingFrame
    frameshift: str | None


def orient_sequences(sequences: Sequence[str], *, amber: bool = False) -> list[Orientation]:
    """Find strand and frame of each sequence by the alignment score of its six translations.

    A frameshift splits a domain over two frames of one strand. It is reported where the other frame
    holds a piece that fits by itself and continues the best one, in the sequence and in the domain.

    Args:
        sequences: Nucleotides in IUPAC codes, capitals.
        amber: Whether TAG reads as Q.

    Returns:
        One orientation per sequence, in input order.
    """
    readings = [translate_frames(sequence, amber=amber) for sequence in sequences]
    numbering = number_proteins([frame.protein for frames in readings for frame in frames])
    oriented = []
    for row, frames in enumerate(readings):
        numbered = range(6 * row, 6 * row + 6)
        best = max(numbered, key=lambda k: (bool(numbering.is_vhh[k]), int(numbering.score[k]), -k))
        frame = frames[best - 6 * row]
        frameshift = None
        if numbering.is_vhh[best]:
            strand = [k for k in numbered if k != best and numbering.is_vhh[k]]
            for other in strand:
                other_frame = frames[other - 6 * row]
                if other_frame.strand != frame.strand:
                    continue
                first, second = sorted((best, other), key=lambda k: int(numbering.first_column[k]))
                shared = int(numbering.last_column[first]) - int(numbering.first_column[second]) + 1
                first_frame, second_frame = frames[first - 6 * row], frames[second - 6 * row]
                end = first_frame.offset + 3 * int(numbering.end[first])
                start = second_frame.offset + 3 * int(numbering.start[second])
                if shared <= MAX_SHARED_COLUMNS and start > first_frame.offset + 3 * int(
                    numbering.start[first]
                ):
                    place = sorted((max(1, min(end, start)), max(end, start)))
                    frameshift = (
                        f"the reading frame changes between nucleotides {place[0]} and {place[1]}"
                        f"{' of the reverse strand' if frame.name[0] == '-' else ''}, after IMGT "
                        f"{int(numbering.last_column[first])}: an insertion or a deletion"
                    )
                    break
        oriented.append(Orientation(frame, frameshift))
    return oriented
