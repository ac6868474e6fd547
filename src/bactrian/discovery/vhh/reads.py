"""One row of annotation per nucleotide sequence of the read pipeline: status, CDRs, IMGT columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from bactrian.discovery.vhh.align import make_workspace
from bactrian.discovery.vhh.frames import NOT_VHH, STATUSES, FoundReads, annotate_bases
from bactrian.discovery.vhh.labels import LOOPS, N_COLUMNS, format_label
from bactrian.discovery.vhh.numbering import pack_sequences
from bactrian.discovery.vhh.scores import load_scores
from bactrian.discovery.vhh.translate import BASE_CODES, make_codon_table

if TYPE_CHECKING:
    from collections.abc import Sequence

READ_COLUMNS: Final = {
    "status": pl.String(),
    "score": pl.Float64(),
    "frame": pl.Int8(),
    **{f"cdr{cdr}": pl.String() for cdr in (1, 2, 3)},
    **{f"cdr{cdr}_nt": pl.String() for cdr in (1, 2, 3)},
    **{f"cdr{cdr}_start": pl.Int32() for cdr in (1, 2, 3)},
    "aligned": pl.String(),
    "fr_insertions": pl.String(),
    "first_column": pl.Int16(),
    "last_column": pl.Int16(),
}


def annotate_reads(nt: Sequence[str] | pl.Series, *, amber: bool = False) -> pl.DataFrame:
    """Annotate nucleotide sequences: merged amplicons, or single mates that hold a part of a VHH.

    Args:
        nt: Nucleotide sequences on the forward strand, in any frame; unknown bases are N.
        amber: Read TAG as Q.

    Returns:
        One row per sequence in input order:

        - `status`: `productive`; `stop` (a stop codon in the VHH); `frameshift` (parts of one VHH in
          different frames); `truncated` (a VHH whose CDR3 is not completely read); `not_vhh`.
        - `score`, `frame`: of the alignment, in units of ten times natural log odds; first base read.
        - `cdr1`, `cdr2`, `cdr3`, `cdr1_nt`, …, `cdr1_start`, …: residues, nucleotides and offset in
          the input, null where the CDR is not completely read.
        - `aligned`: the residues at the 128 IMGT columns: `-` for a column the molecule does not
          have, `.` for one outside the read.
        - `fr_insertions`: residues inserted in frameworks, as `80A:G;80B:S`.
        - `first_column`, `last_column`: IMGT columns read, null if not a VHH.

    Examples:
        >>> mate = "TGCGGCAGATCGCGGTGGATATGATTATTGGGGCCAGGGGACCCAGGT"
        >>> annotate_reads([mate])["status"].to_list()
        ['not_vhh']
    """
    sequences = nt.to_list() if isinstance(nt, pl.Series) else list(nt)
    packed, offsets = pack_sequences(sequences)
    n = len(sequences)
    longest = int(np.diff(offsets).max(initial=0)) // 3
    size = len(packed) // 3 + n + 1
    found = FoundReads(
        status=np.zeros(n, dtype=np.uint8),
        frame=np.zeros(n, dtype=np.int8),
        score=np.zeros(n, dtype=np.float64),
        span=np.zeros((n, 3), dtype=np.int16),
        loops=np.full((n, 3, 2), -1, dtype=np.int32),
        aligned=np.zeros((n, N_COLUMNS), dtype=np.uint8),
        letters=np.full(size, ord("."), dtype=np.uint8),
        position=np.zeros(size, dtype=np.int16),
        insertion=np.zeros(size, dtype=np.int8),
    )
    codon_table = make_codon_table(amber=amber)
    annotate_bases(BASE_CODES[packed], offsets, codon_table, load_scores(), make_workspace(longest), found)
    return _write_frame(sequences, offsets, found)


def _write_frame(sequences: Sequence[str], offsets: npt.NDArray[np.int64], found: FoundReads) -> pl.DataFrame:
    """Write what was found as a frame."""
    n, frame, loops = len(sequences), found.frame, found.loops
    origins = offsets[:-1] // 3 + np.arange(n)
    translated = found.letters.tobytes().decode("ascii")
    columns: dict[str, pl.Series | list[str | None] | list[str]] = {
        "status": [STATUSES[code] for code in found.status],
        "score": pl.Series(found.score),
        "frame": pl.Series(frame),
    }
    starts = np.where(loops[:, :, 0] >= 0, frame[:, None] + 3 * loops[:, :, 0], -1).astype(np.int32)
    ends = np.where(loops[:, :, 1] >= 0, frame[:, None] + 3 * loops[:, :, 1], -1)
    for cdr in (1, 2, 3):
        first, last = origins + loops[:, cdr - 1, 0], origins + loops[:, cdr - 1, 1]
        read = loops[:, cdr - 1, 0] >= 0
        columns[f"cdr{cdr}"] = _cut([translated] * n, first, last, read)
        columns[f"cdr{cdr}_nt"] = _cut(sequences, starts[:, cdr - 1], ends[:, cdr - 1], read)
        start = pl.Series(starts[:, cdr - 1])
        columns[f"cdr{cdr}_start"] = start.set(pl.Series(~read), None) if n else start
    rows = found.aligned.tobytes().decode("ascii")
    columns["aligned"] = [rows[k : k + N_COLUMNS] for k in range(0, n * N_COLUMNS, N_COLUMNS)]
    columns["fr_insertions"] = _write_insertions(found, origins, translated)
    no_vhh = pl.Series(found.status == NOT_VHH)
    for part, name in enumerate(("first_column", "last_column")):
        column = pl.Series(found.span[:, part].copy())
        columns[name] = column.set(no_vhh, None) if n else column
    return pl.DataFrame({name: columns[name] for name in READ_COLUMNS}, schema=READ_COLUMNS)


def _cut(
    texts: Sequence[str],
    first: npt.NDArray[np.integer],
    last: npt.NDArray[np.integer],
    read: npt.NDArray[np.bool_],
) -> list[str | None]:
    """Cut one piece out of each text, None where it is not read."""
    pieces = zip(texts, first.tolist(), last.tolist(), read.tolist(), strict=True)
    return [text[a:b] if known else None for text, a, b, known in pieces]


def _write_insertions(found: FoundReads, origins: npt.NDArray[np.int64], translated: str) -> list[str]:
    """Write the residues inserted in frameworks; most sequences have none."""
    written = [""] * len(origins)
    loop_columns = {column for first, last in LOOPS for column in range(first, last + 1)}
    ends = np.append(origins[1:], len(found.position))
    for row in np.flatnonzero(found.span[:, 2]):
        written[row] = ";".join(
            f"{format_label(int(found.position[i]), int(found.insertion[i]))}:{translated[i]}"
            for i in range(origins[row], ends[row])
            if found.insertion[i] and int(found.position[i]) not in loop_columns
        )
    return written
