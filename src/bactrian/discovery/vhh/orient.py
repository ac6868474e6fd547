"""Which strand and frame of a nucleotide sequence codes for a V domain, and where its frame breaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bactrian.discovery.vhh.numbering import number_proteins
from bactrian.discovery.vhh.reads import annotate_reads
from bactrian.discovery.vhh.translate import translate_six_frames

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bactrian.discovery.vhh.numbering import Numbering
    from bactrian.discovery.vhh.translate import ReadingFrame

MAX_SHARED_COLUMNS = 12
"""IMGT columns that two pieces of a domain whose frame breaks may both claim: alignments run on for a few
residues past the break."""

LONGEST_GAP = 40
"""Residues that may lie between the pieces beyond the columns between them: a long CDR3, unread by both."""


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

    A frameshift splits a domain over two frames of one strand. It is placed where the other frame holds
    a piece that fits by itself and continues the best one, in the sequence and in the domain. Shorter
    pieces are sought as `annotate_reads` does, which says that there is a break but not where.

    Args:
        sequences: Nucleotides in IUPAC codes, capitals.
        amber: Whether TAG reads as Q.

    Returns:
        One orientation per sequence, in input order.
    """
    readings = [translate_six_frames(sequence, amber=amber) for sequence in sequences]
    numbering = number_proteins([frame.protein for frames in readings for frame in frames])
    oriented: list[Orientation] = []
    unsettled: list[int] = []
    for row, frames in enumerate(readings):
        numbered = range(6 * row, 6 * row + 6)
        best = max(numbered, key=lambda k: (bool(numbering.is_vhh[k]), int(numbering.score[k]), -k))
        frame = frames[best - 6 * row]
        frameshift = None
        if numbering.is_vhh[best]:
            others = [
                k for k in numbered if numbering.is_vhh[k] and frames[k - 6 * row].strand == frame.strand
            ]
            for other in others:
                pieces = sorted((best, other), key=lambda k: int(numbering.first_column[k]))
                frameshift = frameshift or _describe_break(
                    numbering, pieces, [frames[k - 6 * row] for k in pieces]
                )
        oriented.append(Orientation(frame, frameshift))
        if numbering.is_vhh[best] and frameshift is None and not _is_whole(numbering, best):
            unsettled.append(row)
    statuses = annotate_reads([oriented[row].frame.strand for row in unsettled], amber=amber)["status"]
    for row, status in zip(unsettled, statuses, strict=True):
        if status == "frameshift":
            reason = (
                "what is missing of the domain stands in another reading frame: an insertion or a deletion"
            )
            oriented[row] = Orientation(oriented[row].frame, reason)
    return oriented


def _is_whole(numbering: Numbering, row: int) -> bool:
    return bool(numbering.first_column[row] == 1 and numbering.last_column[row] == 128)


def _describe_break(numbering: Numbering, pieces: list[int], frames: list[ReadingFrame]) -> str | None:
    """Say where the frame breaks if two pieces in two frames are parts of one domain, first part first."""
    first, second = pieces
    if frames[0].name == frames[1].name:
        return None
    columns = int(numbering.first_column[second]) - int(numbering.last_column[first]) - 1
    end = frames[0].offset + 3 * int(numbering.end[first])
    start = frames[1].offset + 3 * int(numbering.start[second])
    begins_later = start > frames[0].offset + 3 * int(numbering.start[first])
    adds_columns = int(numbering.last_column[second]) > int(numbering.last_column[first])
    near = start - end <= 3 * (columns + LONGEST_GAP)
    if columns < -MAX_SHARED_COLUMNS or not (begins_later and adds_columns and near):
        return None
    left, right = sorted((max(1, min(start, end)), max(start, end)))
    strand = " of the reverse strand" if frames[0].name.startswith("-") else ""
    return (
        f"the reading frame changes between nucleotides {left} and {right}{strand}, behind IMGT "
        f"{int(numbering.last_column[first])}: an insertion or a deletion"
    )
