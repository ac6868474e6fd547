"""Many tests at once: the false-discovery rate of Benjamini and Hochberg."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def adjust_bh(p: ArrayLike) -> NDArray[np.float64]:
    """Give the Benjamini–Hochberg adjusted p-values of one family of tests.

    Args:
        p: (n,) p-values; NaN where there was no test, which does not count in the family.

    Returns:
        (n,) adjusted p-values, NaN where p is NaN.

    Raises:
        ValueError: If a p-value lies outside 0 to 1.

    References:
        Benjamini and Hochberg (1995), Journal of the Royal Statistical Society B 57:289–300.

    Example:
        >>> adjust_bh([0.01, 0.04, 0.03, float("nan")]).tolist()
        [0.03, 0.04, 0.04, nan]
    """
    values = np.asarray(p, dtype=np.float64)
    adjusted = np.full(values.shape, np.nan)
    tested = np.flatnonzero(~np.isnan(values))
    if not tested.size:
        return adjusted
    found = values[tested]
    if found.min() < 0 or found.max() > 1:
        msg = "p-values must lie between 0 and 1."
        raise ValueError(msg)
    falling = np.argsort(-found, kind="stable")
    scaled = found[falling] * (found.size / np.arange(found.size, 0, -1))
    adjusted[tested[falling]] = np.minimum(np.minimum.accumulate(scaled), 1.0)
    return adjusted
