"""Phred scores as probabilities, and what two calls of the same base say together.

References:
    Edgar RC, Flyvbjerg H. Error filtering, pair assembly and error correction for next-generation
    sequencing reads. Bioinformatics 2015, 31, 3476-3482 (posterior of agreeing and differing calls,
    expected errors as the sum of error probabilities).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEVELS = 64
# A call without information errs in three of four cases.
NO_INFORMATION = 0.75
# One base in a hundred is what an overlap may at least be expected to err by, whatever the scores promise:
# binned scores and errors before the last PCR cycle are not in them. It keeps one mismatch from vetoing.
OVERLAP_FLOOR = 0.01


def error_table() -> NDArray[np.float64]:
    """Give the error probability of each Phred score, 10^(-Q/10), for Q 0 to 93."""
    return np.asarray(10.0 ** (-np.arange(94) / 10.0), np.float64)


def posterior_tables() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give the error probability of a consensus base from two calls.

    Returns:
        For calls that agree and for calls that differ (the better one is kept), 64 x 64, indexed by the
        two Phred scores (64 and more count as 63).
    """
    p = np.minimum(error_table()[:LEVELS], NO_INFORMATION)
    high, low = np.maximum(p[:, None], p[None, :]), np.minimum(p[:, None], p[None, :])
    both = high * low
    agree = (both / 3.0) / (1.0 - high - low + 4.0 * both / 3.0)
    differ = low * (1.0 - high / 3.0) / (high + low - 4.0 * both / 3.0)
    return agree, np.minimum(differ, NO_INFORMATION)


def overlap_scores() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Give the log odds that two calls are of the same base, against chance.

    Returns:
        For calls that agree and for calls that differ, nats, 64 x 64.
    """
    p = np.clip(error_table()[:LEVELS], OVERLAP_FLOOR / 2.0, NO_INFORMATION)
    differ = p[:, None] + p[None, :] - 4.0 / 3.0 * p[:, None] * p[None, :]
    return np.log((1.0 - differ) / 0.25).astype(np.float32), np.log(differ / 0.75).astype(np.float32)


ERROR = error_table()
AGREE, DIFFER = posterior_tables()
SAME_BASE, OTHER_BASE = overlap_scores()
