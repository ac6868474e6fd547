"""Profile counts as integer scores (ten times natural log odds), ready for the alignment kernels."""

from __future__ import annotations

from functools import cache
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq

from bactrian.discovery.vhh.labels import EMPTY_COLUMNS, FRAMEWORKS, LOOPS, MAX_LOOP, N_COLUMNS
from bactrian.discovery.vhh.profile import RESIDUES, VhhProfile, load_profile

# Residue codes: 0-19 in the order of RESIDUES, then unknown and stop.
UNKNOWN: Final = 20
STOP: Final = 21
N_CODES: Final = 22

PSEUDO_COUNT: Final = 8.0  # weight of the BLOSUM62 expectation against the counts of a column
BACKGROUND_SHARE: Final = 0.005  # no residue is impossible, however large the profile
STOP_SCORE: Final = -30  # about a rare residue: a stop is a sequencing or library defect, no gap
LENGTH_FLOOR: Final = -80  # score of a CDR length that the profile does not know
# Long CDR1s are real but rare: lengths 9 to 13 count as seen this often more than they were.
LONG_CDR1: Final = (9, 13, 1.0)


class ScoreTables(NamedTuple):
    """Scores of one profile; a named tuple because kernels take it as it is.

    Args:
        residue: Framework scores, 91 profile columns × 22 residue codes.
        chance_mean: Sum of the mean scores that random residues have in the columns before each column (92).
        chance_variance: The same for the variance.
        ceiling: Sum of the best scores of the profile columns before each column (92).
        loop_residue: CDR scores, 129 × 22 residue codes, row = IMGT column.
        loop_length: CDR length scores, 3 × length.
    """

    residue: npt.NDArray[np.int32]
    chance_mean: npt.NDArray[np.float64]
    chance_variance: npt.NDArray[np.float64]
    ceiling: npt.NDArray[np.int64]
    loop_residue: npt.NDArray[np.int32]
    loop_length: npt.NDArray[np.int32]


# Profile columns of the four frameworks, empty columns left out: 25, 17, 38 and 11.
BLOCK_COLUMNS: Final = tuple(
    tuple(column for column in range(first, last + 1) if column not in EMPTY_COLUMNS)
    for first, last in FRAMEWORKS
)
BLOCK_STARTS: Final = (0, 25, 42, 80, 91)


@cache
def derive_background() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Give background frequencies and conditional frequencies that BLOSUM62 itself implies.

    Returns:
        Frequencies q of the 20 residues, and P(a | b) = q_a exp(λ s_ab) with b along axis 0; λ is
        the value at which q = inverse(exp(λ s)) · 1 sums to 1.

    References:
        Yu, Wootton & Altschul (2003) PNAS 100:15688-15693.
    """
    from Bio.Align import substitution_matrices  # noqa: PLC0415 - slow to import, needed once

    matrix = substitution_matrices.load("BLOSUM62")  # type: ignore[no-untyped-call]  # Biopython has none
    scores = np.array([[matrix[a, b] for b in RESIDUES] for a in RESIDUES], dtype=np.float64)

    def solve(scale: float) -> npt.NDArray[np.float64]:
        return np.asarray(np.linalg.solve(np.exp(scale * scores), np.ones(len(RESIDUES))), dtype=np.float64)

    scale = float(brentq(lambda value: solve(value).sum() - 1.0, 0.25, 0.4))
    background = solve(scale)
    return background, background[None, :] * np.exp(scale * scores)


def score_residues(counts: npt.NDArray[np.float64]) -> npt.NDArray[np.int32]:
    """Score residues by round(10 ln(p / q)), with p = (N f + 8 g) / (N + 8).

    Args:
        counts: Columns × 20 residues. A column without counts scores 0.

    Returns:
        Columns × 22 residue codes: 0 for an unknown residue, a rare residue's score for a stop.
    """
    background, conditional = derive_background()
    table = np.zeros((len(counts), N_CODES), dtype=np.int32)
    total = counts.sum(axis=1, keepdims=True)
    filled = total[:, 0] > 0
    frequency = counts[filled] / total[filled]
    expected = frequency @ conditional
    estimate = (counts[filled] + PSEUDO_COUNT * expected) / (total[filled] + PSEUDO_COUNT)
    estimate = (1.0 - BACKGROUND_SHARE) * estimate / estimate.sum(axis=1, keepdims=True)
    estimate += BACKGROUND_SHARE * background
    table[filled, : len(RESIDUES)] = np.rint(10.0 * np.log(estimate / background))
    table[:, STOP] = STOP_SCORE
    return table


def score_lengths(profile: VhhProfile) -> npt.NDArray[np.int32]:
    """Score CDR lengths by round(10 ln P(length)), not below the floor."""
    table = np.full((3, max(MAX_LOOP) + 1), LENGTH_FLOOR, dtype=np.int32)
    for cdr in (1, 2, 3):
        counts = np.zeros(MAX_LOOP[cdr - 1] + 1)
        known = profile.cdr_lengths[cdr][: len(counts)]
        counts[: len(known)] = known
        if cdr == 1:
            counts[LONG_CDR1[0] : LONG_CDR1[1] + 1] += LONG_CDR1[2]
        if cdr == 3:
            # Neighbouring lengths of CDR3 are about equally common; 600 sequences do not show it.
            counts = np.convolve(counts, [0.25, 0.5, 0.25])[1:-1]
        with np.errstate(divide="ignore"):
            score = np.rint(10.0 * np.log(counts / counts.sum()))
        table[cdr - 1, : len(counts)] = np.maximum(score, LENGTH_FLOOR)
    return table


def make_scores(profile: VhhProfile) -> ScoreTables:
    """Make the score tables of a profile."""
    columns = np.array([column for block in BLOCK_COLUMNS for column in block], dtype=np.int16)
    loop_residue = np.zeros((N_COLUMNS + 1, N_CODES), dtype=np.int32)
    everything = score_residues(profile.counts)
    for first, last in LOOPS:
        loop_residue[first : last + 1] = everything[first - 1 : last]
    residue = np.ascontiguousarray(everything[columns - 1])
    background = derive_background()[0] / derive_background()[0].sum()
    mean = residue[:, : len(RESIDUES)] @ background
    variance = residue[:, : len(RESIDUES)] ** 2 @ background - mean**2
    tables = ScoreTables(
        residue=residue,
        chance_mean=np.concatenate([[0.0], np.cumsum(mean)]),
        chance_variance=np.concatenate([[0.0], np.cumsum(variance)]),
        ceiling=np.concatenate([[0], np.cumsum(residue.max(axis=1))]).astype(np.int64),
        loop_residue=loop_residue,
        loop_length=score_lengths(profile),
    )
    for array in tables:
        array.setflags(write=False)
    return tables


@cache
def load_scores() -> ScoreTables:
    """Make the score tables of the profile that comes with the package, once."""
    return make_scores(load_profile())
