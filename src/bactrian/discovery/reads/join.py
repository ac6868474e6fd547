"""Decides rung, status and sequence of each molecule from the annotation of its parts.

Mates that do not overlap are joined by their IMGT columns: the forward mate gives framework 1 to CDR2, the
reverse mate CDR3 and framework 4. What neither read stays unknown; nothing is invented.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]

GAP, UNREAD, UNKNOWN, STOP = (ord(letter) for letter in "-.X*")
N_COLUMNS = 128
# Columns 10 and 73 are empty in nearly every VHH; CDR columns depend on the loop's length.
EMPTY_COLUMNS: Final = (10, 73)
LOOPS: Final = ((27, 38), (56, 65), (105, 117))
# The commonest CDR1 and CDR2 of VHHs have eight residues (IMGT); so many are taken to be there where the gap
# hides a part of such a loop, so that the frame is kept. The loop itself stays unread.
USUAL_LOOP = 8

MOLECULE_COLUMNS: Final = (
    "rung", "status", "cdr1", "cdr2", "cdr3", "cdr1_nt", "cdr2_nt", "cdr3_nt", "aligned",
    "fr_insertions", "nt", "count",
)  # fmt: skip
CDR_COLUMNS: Final = tuple(f"cdr{loop}{suffix}" for loop in (1, 2, 3) for suffix in ("", "_nt"))


def _expected_columns() -> Bools:
    expected = np.ones(N_COLUMNS, np.bool_)
    for first, last in LOOPS:
        expected[first - 1 : last] = False
    expected[[column - 1 for column in EMPTY_COLUMNS]] = False
    return expected


EXPECTED = _expected_columns()
EMPTY = np.isin(np.arange(1, N_COLUMNS + 1), EMPTY_COLUMNS)


def codon_table(*, amber: bool) -> dict[str, str]:
    """Give the standard genetic code, stops as `*`, TAG as Q on request.

    Examples:
        >>> codon_table(amber=True)["TAG"]
        'Q'
    """
    letters = "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"
    codons = ["".join(codon) for codon in product("TCAG", repeat=3)]
    return dict(zip(codons, letters, strict=True)) | ({"TAG": "Q"} if amber else {})


class Parts:
    """Annotation of one part of each molecule, as arrays.

    Args:
        frame: Rows of `annotate_reads` with their `nt`, one per molecule; all null where the part is empty.
    """

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame = frame
        status = frame["status"].fill_null("not_vhh")
        self.status = status
        self.vhh: Bools = (status != "not_vhh").to_numpy()
        self.cdr3_read: Bools = frame["cdr3"].is_not_null().to_numpy()
        self.stop: Bools = (status == "stop").to_numpy()
        self.frameshift: Bools = (status == "frameshift").to_numpy()
        self.first = frame["first_column"].fill_null(0).to_numpy().astype(np.int64)
        self.last = frame["last_column"].fill_null(0).to_numpy().astype(np.int64)
        rows = frame["aligned"].fill_null("." * N_COLUMNS)
        self.aligned = np.frombuffer("".join(rows.to_list()).encode(), np.uint8).reshape(-1, N_COLUMNS)

    def take(self, rows: NDArray[np.int64]) -> Parts:
        """Give the parts of some molecules."""
        return Parts(self.frame[rows])


def settle_molecules(keys: pl.DataFrame, annotation: pl.DataFrame, *, amber: bool = False) -> pl.DataFrame:
    """Give each key its rung, status and sequence.

    Args:
        keys: `kind`, `nt1`, `nt2`, `count` of `PairedSample.keys`.
        annotation: `annotate_reads` of all distinct `nt1` and `nt2`, with the column `nt`.
        amber: Whether TAG is read as Q.

    Returns:
        One row per key in the same order with the columns of the molecule frame; `rung` is null for a key
        whose CDR3 the expected-error filter cut away.
    """
    part1, part2 = (_look_up(keys[column], annotation) for column in ("nt1", "nt2"))
    kind = keys["kind"]
    merged, whole, read = ((kind == name).to_numpy() for name in ("merged", "whole", "read"))
    read |= (kind == "read_cut").to_numpy()
    in_order = part1.vhh & part2.vhh & (part1.first < part2.last) & (part1.first <= part2.first)
    joined = whole & in_order & part2.cdr3_read & (part1.last <= part2.last)
    use2 = (
        ~merged
        & ~joined
        & (part2.cdr3_read | (~part1.cdr3_read & ~part1.vhh & part2.vhh) | (keys["nt1"] == "").to_numpy())
    )
    complete = part1.cdr3_read | part2.cdr3_read
    cut = kind.is_in(["cut", "read_cut"]).to_numpy() & ~complete

    single = _one_part(part1, part2, use2)
    rung = np.where(merged, "merged", np.where(joined, "joined", "single")).astype(object)
    loops_read = single.select(pl.all_horizontal(pl.col("cdr1", "cdr2", "cdr3").is_not_null())).to_series()
    rung[read & loops_read.to_numpy()] = "merged"
    rung[cut] = None
    no_cdr3 = ~merged & ~joined & ~complete
    status = single["status"].to_numpy().astype(object)
    either_vhh = part1.vhh | part2.vhh
    status[no_cdr3 & either_vhh] = "truncated"
    status[no_cdr3 & (part1.stop | part2.stop)] = "stop"
    status[no_cdr3 & (part1.frameshift | part2.frameshift)] = "frameshift"
    settled = single.with_columns(
        rung=pl.Series(rung.tolist(), dtype=pl.String),
        status=pl.Series(status.tolist(), dtype=pl.String),
        count=keys["count"],
    ).select(MOLECULE_COLUMNS)
    rows = np.flatnonzero(joined)
    if len(rows) == 0:
        return settled
    bridged = _bridge(part1.take(rows), part2.take(rows), codon_table(amber=amber)).with_columns(
        row=pl.Series(rows, dtype=pl.UInt32)
    )
    return settled.with_row_index("row").update(bridged, on="row", include_nulls=True).sort("row").drop("row")


def _look_up(nt: pl.Series, annotation: pl.DataFrame) -> Parts:
    frame = nt.rename("nt").to_frame().join(annotation, on="nt", how="left", maintain_order="left")
    return Parts(frame)


def _one_part(part1: Parts, part2: Parts, use2: Bools) -> pl.DataFrame:
    """Give the annotation of the part that speaks for each molecule."""
    columns = ["status", *CDR_COLUMNS, "aligned", "fr_insertions", "nt"]
    chosen = pl.Series("use2", use2)
    return (
        part1.frame.select(columns)
        .with_columns(chosen, *[part2.frame[column].alias(f"{column}_2") for column in columns])
        .select(
            pl.when("use2").then(pl.col(f"{column}_2")).otherwise(pl.col(column)).alias(column)
            for column in columns
        )
        .with_columns(
            pl.col("status").fill_null("not_vhh"),
            pl.col("aligned").fill_null("." * N_COLUMNS),
            pl.col("fr_insertions").fill_null(""),
        )
    )


def _bridge(part1: Parts, part2: Parts, codons: Mapping[str, str]) -> pl.DataFrame:
    """Join both mates of molecules column by column."""
    split = _split_columns(part1, part2)
    columns = np.arange(1, N_COLUMNS + 1)
    read1, read2 = part1.aligned != UNREAD, part2.aligned != UNREAD
    from1 = read1 & ((columns < split[:, None]) | ~read2)
    aligned = np.where(from1, part1.aligned, part2.aligned)
    hidden = (aligned == UNREAD) & (columns > part1.last[:, None]) & (columns < part2.first[:, None])
    aligned[hidden & EXPECTED] = UNKNOWN
    aligned[hidden & EMPTY] = GAP
    nt, shared = _join_nucleotides(part1, part2, split, aligned, codons)
    for row, residue in shared.items():
        aligned[row, aligned[row] == UNKNOWN] = ord(residue)
    stop = part1.stop | part2.stop | (aligned == STOP).any(axis=1)
    status = np.where(stop, "stop", "productive").astype(object)
    status[part1.frameshift | part2.frameshift] = "frameshift"
    frame1, frame2 = part1.frame, part2.frame
    loops = {}
    for loop in (1, 2, 3):
        ours, theirs = (frame1, frame2) if loop < 3 else (frame2, frame1)
        known = ours[f"cdr{loop}"].is_not_null()
        for column in (f"cdr{loop}", f"cdr{loop}_nt"):
            loops[column] = ours[column].zip_with(known, theirs[column])
    text = aligned.tobytes().decode("ascii")
    return pl.DataFrame(
        {
            "status": pl.Series(status.tolist(), dtype=pl.String),
            **loops,
            "aligned": [text[k : k + N_COLUMNS] for k in range(0, len(text), N_COLUMNS)],
            "fr_insertions": _join_insertions(frame1["fr_insertions"], frame2["fr_insertions"]),
            "nt": pl.Series(nt, dtype=pl.String),
        }
    )


def _split_columns(part1: Parts, part2: Parts) -> NDArray[np.int64]:
    """Give the first column that is taken from the reverse mate where both read it.

    Each column belongs to the mate in which it lies nearer to the read's start, where qualities are better;
    a loop that one mate read completely is not split.
    """
    there1, there2 = _residues(part1.aligned), _residues(part2.aligned)
    behind_start1 = (there1 + _inserted(part1)).cumsum(axis=1)
    behind_start2 = np.asarray(there2 + _inserted(part2))[:, ::-1].cumsum(axis=1)[:, ::-1]
    both = (part1.aligned != UNREAD) & (part2.aligned != UNREAD)
    split = part2.first + (both & (behind_start1 <= behind_start2)).sum(axis=1)
    split = np.where(both.any(axis=1), split, part2.first)
    for loop, (first, last) in enumerate(LOOPS, start=1):
        inside = (split > first) & (split <= last)
        whole1 = part1.frame[f"cdr{loop}"].is_not_null().to_numpy() & (loop < 3)
        whole2 = part2.frame[f"cdr{loop}"].is_not_null().to_numpy()
        split = np.where(inside & whole1, last + 1, np.where(inside & whole2, first, split))
    return np.asarray(split, np.int64)


def _residues(aligned: NDArray[np.uint8]) -> NDArray[np.int64]:
    return np.asarray((aligned != GAP) & (aligned != UNREAD), np.int64)


def _join_insertions(first: pl.Series, second: pl.Series) -> list[str]:
    pairs = zip(first.to_list(), second.to_list(), strict=True)
    return [
        ";".join(dict.fromkeys(part for part in (*a.split(";"), *b.split(";")) if part)) for a, b in pairs
    ]


def _join_nucleotides(
    part1: Parts,
    part2: Parts,
    split: NDArray[np.int64],
    aligned: NDArray[np.uint8],
    codons: Mapping[str, str],
) -> tuple[list[str], dict[int, str]]:
    """Give forward part, three N for every unread residue, and reverse part.

    Where one codon is hidden and the mates read it together, its bases stand in the sequence and its residue
    is given by row.
    """
    columns = np.arange(1, N_COLUMNS + 1)
    anchor1, place1 = _anchor(part1, loops=(2, 1))
    there1 = _residues(part1.aligned) + _inserted(part1)
    below, behind = columns < split[:, None], columns >= anchor1[:, None]
    end1 = place1 + 3 * ((there1 * (below & behind)).sum(axis=1) - (there1 * (~below & ~behind)).sum(axis=1))
    anchor2, place2 = _anchor(part2, loops=(3,))
    there2 = _residues(part2.aligned) + _inserted(part2)
    taken2 = columns >= np.maximum(split, part2.first)[:, None]
    start2 = place2 - 3 * (there2 * (taken2 & (columns < anchor2[:, None]))).sum(axis=1)
    unknown = (aligned == UNKNOWN).sum(axis=1)
    for first, last in LOOPS[:2]:
        hidden = (aligned[:, first - 1 : last] == UNREAD) & (columns[first - 1 : last] > part1.last[:, None])
        known = _residues(aligned[:, first - 1 : last]).sum(axis=1)
        unknown = unknown + np.where(hidden.any(axis=1), np.maximum(USUAL_LOOP - known, 0), 0)
    rows = zip(
        part1.frame["nt"].to_list(),
        np.maximum(end1, 0).tolist(),
        unknown.tolist(),
        part2.frame["nt"].to_list(),
        np.maximum(start2, 0).tolist(),
        strict=True,
    )
    joined, shared = [], {}
    for row, (forward, end, gap, reverse, start) in enumerate(rows):
        filling = "N" * (3 * gap)
        tail, head = forward[end:], reverse[:start]
        if gap == 1 and len(tail) < 3 and len(head) < 3 and len(tail) + len(head) >= 3:
            filling = tail + head[len(head) + len(tail) - 3 :]
            shared[row] = codons.get(filling, "X")
        joined.append(forward[:end] + filling + reverse[start:])
    return joined, shared


def _inserted(part: Parts) -> NDArray[np.int64]:
    """Count the residues that stand behind each column without a column of their own."""
    counts = np.zeros((len(part.frame), N_COLUMNS), np.int64)
    there = _residues(part.aligned)
    for loop, (first, last) in enumerate(LOOPS, start=1):
        length = part.frame[f"cdr{loop}"].str.len_chars()
        extra = length.fill_null(0).to_numpy().astype(np.int64) - there[:, first - 1 : last].sum(axis=1)
        counts[:, last - 1] = np.where(length.is_null().to_numpy(), 0, extra)
    insertions = part.frame["fr_insertions"].fill_null("")
    for row in (insertions != "").arg_true().to_list():
        for place in insertions[row].split(";"):
            counts[row, int(place.split(":")[0].rstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")) - 1] += 1
    return counts


def _anchor(part: Parts, *, loops: tuple[int, ...]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give a column whose place in the nucleotides is known, and that place.

    It is the start of a completely read loop, else the first column read.
    """
    column, place = part.first.copy(), part.frame["frame"].fill_null(0).to_numpy().astype(np.int64)
    for loop in reversed(loops):
        start = part.frame[f"cdr{loop}_start"]
        known = start.is_not_null().to_numpy()
        column[known] = LOOPS[loop - 1][0]
        place[known] = start.fill_null(0).to_numpy()[known]
    return column, place
