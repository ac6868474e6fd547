"""Index hopping: read pairs of a run that carry the index of another sample."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bactrian.core.seeds import make_rng
from bactrian.discovery.simulator.sequencing import Hopping

if TYPE_CHECKING:
    from collections.abc import Sequence

Counts = npt.NDArray[np.int64]


def hop_sample(
    counts: Counts, names: Sequence[str], *, sample: int, share: float, seed: int
) -> tuple[Counts, tuple[Hopping, ...]]:
    """Exchange a share of one sample's molecules for molecules of the other samples.

    A pair is foreign with the chance `share`; which other sample it comes from goes by depth, which
    clone by that sample's counts. The number of pairs stays the same.

    Args:
        counts: Molecules, samples × clones.
        names: Names of the samples.
        sample: Which sample.
        share: Chance that a pair comes from another sample, 0 to 1.
        seed: Seed of the run; each sample has a stream of its own.

    Returns:
        The sample's own molecules that are left, per clone, and those that came in, by origin.
    """
    own = counts[sample]
    if share <= 0 or len(names) < 2:
        return own, ()
    rng = make_rng(seed, "hopping", names[sample])
    lost = rng.binomial(own, share)
    depth = counts.sum(axis=1).astype(np.float64)
    depth[sample] = 0.0
    if depth.sum() == 0:
        return own, ()
    incoming = rng.multinomial(int(lost.sum()), depth / depth.sum())
    hopped = []
    for origin, size in enumerate(incoming):
        if size:
            partners = counts[origin]
            drawn = rng.multinomial(int(size), partners / partners.sum())
            hopped.append(Hopping(names[origin], drawn.astype(np.int64), partners))
    return own - lost, tuple(hopped)
