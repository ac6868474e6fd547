"""Decides rung, status and sequence of each molecule from the annotation of its parts.

Mates that do not overlap are joined by their IMGT columns: the forward mate gives framework 1 to CDR2, the
reverse mate CDR3 and framework 4. What neither read stays unknown; nothing is invented.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]

GAP, UNREAD, UNKNOWN = ord("-"), ord("."), ord("X")
N_COLUMNS = 128
FIRST_CDR3 = 105
# Columns 10 and 73 are empty in nearly every VHH; CDR columns depend on the loop's length.
EMPTY_COLUMNS: Final = (10, 73)
LOOPS: Final = ((27, 38), (56, 65), (105, 117))
# The commonest CDR1 and CDR2 of VHHs have eight residues (IMGT); so many are taken to be there where the gap
# hides a part of such a loop, so that the frame is kept. The loop itself stays unread.
USUAL_LOOP = 8

MOLECULE_COLUMNS: Final = (
    "rung", "status", "cdr1", "cdr2", "cdr3", "cdr1_nt", "cdr2_nt", "cdr3_nt", "aligned", "fr_insertions", "nt", "count",
)  # fmt: skip
CDR_COLUMNS: Final = tuple(f"cdr{loop}{suffix}" for loop in (1, 2, 3) for suffix in ("", "_nt"))


def _expected_columns() -> Bools:
    expected = np.ones(N_COLUMNS, np.bool_)
    for first, last in LOOPS:
        expected[first - 1 : last] = False
    expected[[column - 1 for column in EMPTY_COLUMNS]] = False
    return expected


EXPECTED = _expected_columns()


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


def settle_molecules(keys: pl.DataFrame, annotation: pl.DataFrame) -> pl.DataFrame:
    """Give each key its rung, status and sequence.

    Args:
        keys: `kind`, `nt1`, `nt2`, `count` of `PairedSample.keys`.
        annotation: `annotate_reads` of all distinct `nt1` and `nt2`, with the column `nt`.

    Returns:
        One row per key in the same order with the columns of the molecule frame; `rung` is null for a key whose CDR3
        the expected-error filter cut away.
    """
    part1, part2 = (_look_up(keys[column], annotation) for column in ("nt1", "nt2"))
    kind = keys["kind"]
    merged, whole, read = ((kind == name).to_numpy() for name in ("merged", "whole", "read"))
    read |= (kind == "read_cut").to_numpy()
    in_order = part1.vhh & part2.vhh & (part1.first < part2.last) & (part1.first <= part2.first)
    joined = whole & in_order & part2.cdr3_read & (part1.last <= part2.last)
    use2 = ~merged & ~joined & (part2.cdr3_read | (~part1.cdr3_read & ~part1.vhh & part2.vhh) | (keys["nt1"] == "").to_numpy())
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
        rung=pl.Series(rung.tolist(), dtype=pl.String), status=pl.Series(status.tolist(), dtype=pl.String), count=keys["count"]
    ).select(MOLECULE_COLUMNS)
    rows = np.flatnonzero(joined)
    if len(rows) == 0:
        return settled
    bridged = _bridge(part1.take(rows), part2.take(rows)).with_columns(row=pl.Series(rows, dtype=pl.UInt32))
    return (
        settled.with_row_index("row")
        .update(bridged, on="row", include_nulls=True)
        .sort("row")
        .drop("row")
    )


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
            pl.when("use2").then(pl.col(f"{column}_2")).otherwise(pl.col(column)).alias(column) for column in columns
        )
        .with_columns(
            pl.col("status").fill_null("not_vhh"),
            pl.col("aligned").fill_null("." * N_COLUMNS),
            pl.col("fr_insertions").fill_null(""),
        )
    )


def _bridge(part1: Parts, part2: Parts) -> pl.DataFrame:
    """Join both mates of molecules column by column."""
    split = _split_columns(part1, part2)
    columns = np.arange(1, N_COLUMNS + 1)
    read1, read2 = part1.aligned != UNREAD, part2.aligned != UNREAD
    from1 = read1 & ((columns < split[:, None]) | ~read2)
    aligned = np.where(from1, part1.aligned, part2.aligned)
    hidden = (aligned == UNREAD) & (columns > part1.last[:, None]) & (columns < part2.first[:, None])
    aligned[hidden & EXPECTED] = UNKNOWN
    frame1, frame2 = part1.frame, part2.frame
    loops = {}
    for loop in (1, 2, 3):
        ours, theirs = (frame1, frame2) if loop < 3 else (frame2, frame1)
        known = ours[f"cdr{loop}"].is_not_null()
        for column in (f"cdr{loop}", f"cdr{loop}_nt"):
            loops[column] = ours[column].zip_with(known, theirs[column])
    status = np.where(part1.frameshift | part2.frameshift, "frameshift", "productive")
    status[(part1.stop | part2.stop) & (status == "productive")] = "stop"
    text = aligned.tobytes().decode("ascii")
    return pl.DataFrame(
        {
            "status": pl.Series(status.tolist(), dtype=pl.String),
            **loops,
            "aligned": [text[k : k + N_COLUMNS] for k in range(0, len(text), N_COLUMNS)],
            "fr_insertions": _join_insertions(frame1["fr_insertions"], frame2["fr_insertions"]),
            "nt": _join_nucleotides(part1, part2, split, aligned),
        }
    )


def _split_columns(part1: Parts, part2: Parts) -> NDArray[np.int64]:
    """Give the first column that is taken from the reverse mate where both read it.

    Each column belongs to the mate in which it lies nearer to the read's start, where qualities are better; a loop
    that one mate read completely is not split.
    """
    there1, there2 = _residues(part1.aligned), _residues(part2.aligned)
    behind_start1 = there1.cumsum(axis=1)
    cdr3_hidden = part2.frame["cdr3"].str.len_chars().fill_null(0).to_numpy() - there2[:, 104:117].sum(axis=1)
    behind_start2 = there2[:, ::-1].cumsum(axis=1)[:, ::-1] + np.where(
        np.arange(1, N_COLUMNS + 1) < FIRST_CDR3, cdr3_hidden[:, None], 0
    )
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
    return ((aligned != GAP) & (aligned != UNREAD)).astype(np.int64)


def _join_insertions(first: pl.Series, second: pl.Series) -> list[str]:
    pairs = zip(first.to_list(), second.to_list(), strict=True)
    return [";".join(dict.fromkeys(part for part in (*a.split(";"), *b.split(";")) if part)) for a, b in pairs]


def _join_nucleotides(
    part1: Parts, part2: Parts, split: NDArray[np.int64], aligned: NDArray[np.uint8]
) -> list[str]:
    """Give forward part, N for every base that no mate read as a whole codon, and reverse part."""
    columns = np.arange(1, N_COLUMNS + 1)
    there1, there2 = _residues(part1.aligned), _residues(part2.aligned)
    anchor1, place1 = _anchor(part1, loops=(2, 1))
    take1 = there1 * (columns < split[:, None])
    end1 = place1 + 3 * ((take1 * (columns >= anchor1[:, None])).sum(axis=1) - (there1 * (columns < anchor1[:, None]) * (columns >= split[:, None])).sum(axis=1))
    anchor2, place2 = _anchor(part2, loops=(3,))
    take2 = there2 * (columns >= np.maximum(split, part2.first)[:, None])
    start2 = place2 - 3 * (take2 * (columns < anchor2[:, None])).sum(axis=1)
    unknown = (aligned == UNKNOWN).sum(axis=1)
    for first, last in LOOPS[:2]:
        hidden = (aligned[:, first - 1 : last] == UNREAD) & (columns[first - 1 : last] > part1.last[:, None])
        known = _residues(aligned[:, first - 1 : last]).sum(axis=1)
        unknown = unknown + np.where(hidden.any(axis=1), np.maximum(USUAL_LOOP - known, 0), 0)
    rows = zip(
        part1.frame["nt"].to_list(), end1.tolist(), unknown.tolist(), part2.frame["nt"].to_list(), start2.tolist(), strict=True
    )
    return [a[: max(end, 0)] + "N" * (3 * gap) + b[max(start, 0) :] for a, end, gap, b, start in rows]


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
