"""Samples with too few molecules to be judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MINIMUM = 1_000
"""Productive molecules below which a sample is shallow: a unit of 0.3 % is then missed with a chance of
5 % (the rule of three), and the 8 molecules a unit needs for a test are 0.8 % of the sample."""

RELATIVE = 0.1
"""Share of the run's median below which a sample is shallow beside the others: at a tenth of the depth
its units are measured with three times the sampling error of the rest."""


def is_shallow(
    productive: Sequence[int], *, minimum: int = MINIMUM, relative: float = RELATIVE
) -> NDArray[np.bool_]:
    """Tell which samples of a run have too few productive molecules.

    Args:
        productive: Productive molecules of every sample of the run.
        minimum: Least number, whatever the others have.
        relative: Least share of the median of the other samples.

    Returns:
        One truth value per sample.
    """
    counts = np.asarray(productive, dtype=float)
    shallow = counts < minimum
    for at in range(counts.size):
        others = np.delete(counts, at)
        if others.size and counts[at] < relative * np.median(others):
            shallow[at] = True
    return shallow
