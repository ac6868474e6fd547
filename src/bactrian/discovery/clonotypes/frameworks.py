"""The full VHH of every molecule: framework residues of a clonotype, with errors taken out.

Columns are the 128 IMGT positions. Within a clonotype a residue that few molecules show is an error; residues
that enough show are variants, and the patterns of variants are its haplotypes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numba import njit

if TYPE_CHECKING:
    from bactrian.discovery.clonotypes.links import Flags, Index

UNREAD, GAP = ord("."), ord("-")
COLUMNS = 128
FR1, FR2, FR3, FR4 = (0, 26), (38, 55), (65, 104), (117, 128)
# IMGT columns 10 and 73 are empty in VHHs: an unread one is no residue.
EMPTY_COLUMNS = (9, 72)
FRAMEWORK = np.concatenate([np.arange(*region) for region in (FR1, FR2, FR3, FR4)])


@dataclass(frozen=True, slots=True)
class Haplotypes:
    """The VHHs of all clonotypes; sorted by clonotype, the most abundant first.

    Args:
        clonotype: Clonotype number of each haplotype.
        residues: Its 128 columns as ASCII codes, '.' unread (uint8, haplotypes × 128).
        of_row: Haplotype number of each molecule row, -1 for rows without a clonotype.
        exact: The row's own framework, as far as read, is its haplotype's.
    """

    clonotype: Index
    residues: np.ndarray
    of_row: Index
    exact: Flags


def residue_matrix(aligned: pl.Series) -> np.ndarray:
    """Give aligned sequences as a matrix of ASCII codes; ambiguous residues count as unread.

    Args:
        aligned: Strings of 128 characters (n).

    Returns:
        uint8, n × 128.
    """
    joined = "".join(aligned.to_list()).encode("ascii")
    matrix = np.frombuffer(joined, np.uint8).reshape(-1, COLUMNS).copy()
    matrix[(matrix == ord("X")) | (matrix == ord("*"))] = UNREAD
    for column in EMPTY_COLUMNS:
        matrix[matrix[:, column] == UNREAD, column] = GAP
    return matrix


@njit(cache=True, nogil=True)
def _consensus(residues, counts, begin, end, columns, least, share, consensus, stays):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    """Most abundant residue of each column, and which residues stay beside it."""
    tally = np.empty(128, np.int64)
    variable = 0
    for c in range(columns.size):
        column = columns[c]
        tally[:] = 0
        for row in range(begin, end):
            tally[residues[row, column]] += counts[row]
        tally[46] = 0  # UNREAD
        top = 0
        best = 46
        for code in range(128):
            if tally[code] > top:
                top = tally[code]
                best = code
        consensus[column] = best
        stays[c, :] = False
        stays[c, best] = True
        varies = False
        for code in range(128):
            if code != best and tally[code] >= least and tally[code] > share * top:
                stays[c, code] = True
                varies = True
        if varies:
            variable += 1
    return variable


@njit(cache=True, nogil=True)
def _split(residues, counts, bounds, columns, least, share, found, owner, of_row, exact):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    """Fill the haplotypes of every clonotype; returns how many there are."""
    total = 0
    consensus = np.empty(128, np.uint8)
    stays = np.empty((columns.size, 128), np.bool_)
    for group in range(bounds.size - 1):
        begin, end = bounds[group], bounds[group + 1]
        if begin == end:
            continue
        consensus[:] = 45  # GAP
        _consensus(residues, counts, begin, end, columns, least, share, consensus, stays)
        variable = np.empty(columns.size, np.int64)
        width = 0
        for c in range(columns.size):
            if stays[c].sum() > 1:
                variable[width] = c
                width += 1
        base = total
        patterns = np.empty((1, max(width, 1)), np.uint8)
        weights = np.zeros(1, np.int64)
        size = 0
        for row in range(begin, end):
            whole = True
            for v in range(width):
                code = residues[row, columns[variable[v]]]
                if not stays[variable[v], code]:
                    whole = False
                    break
            if not whole:
                continue
            place = -1
            for h in range(size):
                same = True
                for v in range(width):
                    if patterns[h, v] != residues[row, columns[variable[v]]]:
                        same = False
                        break
                if same:
                    place = h
                    break
            if place < 0:
                if size == weights.size:
                    grown = np.empty((2 * size, patterns.shape[1]), np.uint8)
                    grown[:size] = patterns
                    patterns = grown
                    heavier = np.zeros(2 * size, np.int64)
                    heavier[:size] = weights
                    weights = heavier
                place = size
                size += 1
                for v in range(width):
                    patterns[place, v] = residues[row, columns[variable[v]]]
            weights[place] += counts[row]
        if size == 0:
            size = 1
            for v in range(width):
                patterns[0, v] = consensus[columns[variable[v]]]
        order = np.arange(size)
        for a in range(1, size):
            item = order[a]
            b = a - 1
            while b >= 0:
                other = order[b]
                before = weights[item] > weights[other]
                if weights[item] == weights[other]:
                    for v in range(width):
                        if patterns[item, v] != patterns[other, v]:
                            before = patterns[item, v] < patterns[other, v]
                            break
                if not before:
                    break
                order[b + 1] = other
                b -= 1
            order[b + 1] = item
        for place in range(size):
            h = order[place]
            if place > 0 and (weights[h] < least or weights[h] <= share * weights[order[0]]):
                continue
            found[total] = consensus
            for v in range(width):
                found[total, columns[variable[v]]] = patterns[h, v]
            owner[total] = group
            total += 1
        for row in range(begin, end):
            best, least_misfits = base, 1 << 30
            for h in range(base, total):
                misfits = 0
                for v in range(width):
                    code = residues[row, columns[variable[v]]]
                    if stays[variable[v], code] and code != found[h, columns[variable[v]]]:
                        misfits += 1
                if misfits < least_misfits:
                    best, least_misfits = h, misfits
            of_row[row] = best
            fits = True
            for c in range(columns.size):
                code = residues[row, columns[c]]
                if code != 46 and code != found[best, columns[c]]:
                    fits = False
                    break
            exact[row] = fits
    return total


def find_haplotypes(
    residues: np.ndarray, counts: Index, clonotype: Index, *, clonotypes: int, least: int, share: float
) -> Haplotypes:
    """Correct the frameworks of each clonotype and find its haplotypes.

    A residue stays beside the consensus with at least `least` molecules and more than `share` of the
    consensus residue's; so does a pattern of such residues beside the most abundant pattern. A molecule
    that does not read all variant columns, or whose pattern does not stay, gets the haplotype it
    contradicts least, the most abundant of equals. A column that no molecule reads stays unread.

    Args:
        residues: uint8, rows × 128.
        counts: Molecules of each row.
        clonotype: Clonotype number of each row, -1 to leave it out.
        clonotypes: Number of clonotypes.
        least: Fewest molecules.
        share: Skew of one substitution.

    Returns:
        The haplotypes.
    """
    rows = np.flatnonzero(clonotype >= 0)
    rows = rows[np.argsort(clonotype[rows], kind="stable")]
    bounds = np.searchsorted(clonotype[rows], np.arange(clonotypes + 1)).astype(np.int64)
    found = np.empty((rows.size, COLUMNS), np.uint8)
    owner = np.empty(rows.size, np.int64)
    of_sorted = np.full(rows.size, -1, np.int64)
    exact_sorted = np.zeros(rows.size, np.bool_)
    total = _split(
        residues[rows], counts[rows], bounds, FRAMEWORK, least, share, found, owner, of_sorted, exact_sorted
    )
    of_row = np.full(clonotype.size, -1, np.int64)
    exact = np.zeros(clonotype.size, np.bool_)
    of_row[rows] = of_sorted
    exact[rows] = exact_sorted
    return Haplotypes(clonotype=owner[:total], residues=found[:total], of_row=of_row, exact=exact)


def spell_vhhs(
    residues: np.ndarray,
    *,
    cdr1: pl.Series,
    cdr2: pl.Series,
    cdr3: pl.Series,
    insertions: pl.Series,
) -> pl.Series:
    """Write haplotypes as sequences, X for what no molecule read.

    Args:
        residues: uint8, n × 128.
        cdr1: CDR1 of each, null where unknown (eight X are written).
        cdr2: CDR2 likewise.
        cdr3: CDR3 of each.
        insertions: Framework insertions as "73A:G" joined by ';', or "".

    Returns:
        n sequences.
    """
    text = residues.tobytes().decode("ascii")
    rows = pl.Series(
        [text[start : start + COLUMNS] for start in range(0, len(text), COLUMNS)], dtype=pl.String
    )
    parts = [
        rows.str.slice(begin, end - begin)
        .str.replace_all("-", "", literal=True)
        .str.replace_all(".", "X", literal=True)
        for begin, end in (FR1, FR2, FR3, FR4)
    ]
    unknown = "X" * 8
    frame = pl.DataFrame(
        [
            parts[0].alias("fr1"),
            cdr1.fill_null(unknown).alias("cdr1"),
            parts[1].alias("fr2"),
            cdr2.fill_null(unknown).alias("cdr2"),
            parts[2].alias("fr3"),
            cdr3.alias("cdr3"),
            parts[3].alias("fr4"),
        ]
    )
    plain = frame.select(vhh=pl.concat_str(pl.all()))["vhh"]
    inserted = np.flatnonzero((insertions != "").to_numpy())
    if not inserted.size:
        return plain
    spelled = plain.to_list()
    for row in inserted.tolist():
        cdrs = (frame["cdr1"][row], frame["cdr2"][row], frame["cdr3"][row], "")
        spelled[row] = _spell_inserted(residues[row], cdrs, insertions[row])
    return pl.Series(spelled, dtype=pl.String)


def _spell_inserted(residues: np.ndarray, cdrs: tuple[str, ...], insertions: str) -> str:
    """Write one VHH with framework insertions after their columns."""
    after: dict[int, str] = {}
    for insertion in insertions.split(";"):
        position, _, residue = insertion.partition(":")
        column = int(position.rstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
        after[column] = after.get(column, "") + residue
    spelled = ""
    for (begin, end), cdr in zip((FR1, FR2, FR3, FR4), cdrs, strict=True):
        for column in range(begin, end):
            code = int(residues[column])
            spelled += "" if code == GAP else "X" if code == UNREAD else chr(code)
            spelled += after.get(column + 1, "")
        spelled += cdr
    return spelled


def blank_unsure(residues: np.ndarray, unsure: Flags) -> np.ndarray:
    """Unread FR1 and FR2 where a molecule's CDR1–2 may be another clone's.

    Args:
        residues: uint8, rows × 128.
        unsure: Rows to blank.

    Returns:
        A copy.
    """
    blanked = residues.copy()
    for begin, end in (FR1, FR2):
        for column in range(begin, end):
            blanked[unsure, column] = GAP if column in EMPTY_COLUMNS else UNREAD
    return blanked
