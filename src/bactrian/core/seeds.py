"""Random generators that give the same result for any number of workers."""

from __future__ import annotations

import hashlib

import numpy as np


def make_rng(seed: int, *names: str | int) -> np.random.Generator:
    """Give the random generator of one named part of a seeded job.

    Every part (a sample, a chunk) draws from a stream of its own, so that the order in which
    workers finish cannot change a result.

    Args:
        seed: Seed of the whole job, 0 or more.
        *names: What names the part, for instance the sample and the chunk.

    Returns:
        A generator that depends on `seed` and `names` only.

    Raises:
        ValueError: If `seed` is negative.

    Examples:
        >>> first, again = make_rng(7, "sample 1"), make_rng(7, "sample 1")
        >>> bool(first.integers(100) == again.integers(100))
        True
    """
    if seed < 0:
        msg = f"the seed {seed} is negative; use a whole number from 0"
        raise ValueError(msg)
    key = hashlib.sha256("\x1f".join(str(name) for name in names).encode()).digest()[:16]
    return np.random.default_rng(np.random.SeedSequence([seed, int.from_bytes(key, "little")]))
