"""A second panning law, unlike the first: Dirichlet-multinomial counts whose noise has heavy tails.

Classes and gains are those of `panning`; how replicates scatter is not. There are no rounds with a
bottleneck each and no jackpots set apart: the shares of a selection are a Dirichlet draw around what is
expected after all rounds, times a factor whose logarithm follows Student's t law, so that small and
huge accidents form one continuum. A rule that is calibrated on one law only fails on the other.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from bactrian.core.errors import InputError
from bactrian.core.seeds import make_rng
from bactrian.discovery.simulator.panning import (
    Panning,
    Sample,
    draw_classes,
    expected_retention,
    sequence_pool,
)

if TYPE_CHECKING:
    from bactrian.discovery.simulator.settings import LibrarySettings, PanningSettings

Floats = npt.NDArray[np.float64]

_NO_JACKPOTS = {"sample": pl.String, "clone": pl.UInt32}


@dataclass(frozen=True, slots=True)
class TailSettings:
    """How heavy the tails of the replicates' noise are.

    Args:
        freedom: Degrees of freedom of Student's t law of the log factors. At 4, the default, the fourth
            moment is infinite: no replicate number makes the noise look normal.
        scale: Scale of these log factors. At 0.4 the largest of 20,000 factors is about 200, beyond the
            jackpots of the first simulator.

    Raises:
        InputError: If a value is not above 0.
    """

    freedom: float = 4.0
    scale: float = 0.4

    def __post_init__(self) -> None:
        for name, value in (("freedom", self.freedom), ("scale", self.scale)):
            if not (math.isfinite(value) and value > 0):
                msg = f"'{value}' is no value for {name}. Write a number above 0."
                raise InputError(msg)


def pan_dirichlet(
    clones: pl.DataFrame,
    settings: PanningSettings,
    *,
    library: LibrarySettings,
    tails: TailSettings | None = None,
    seed: int = 1,
) -> Panning:
    """Pan a library that is already drawn by the Dirichlet-multinomial law.

    Only the last round is sequenced. `bottleneck` is the concentration of the Dirichlet law; the
    settings `jackpots`, `jackpot_factor`, `amplification_shape` and `sequenced` have no meaning here.

    Args:
        clones: A clone table with `frequency` and `productive`, such as `draw_frequencies` gives.
        settings: Classes, gains, arms, replicates and depth.
        library: How the library was made.
        tails: How heavy the tails are; by default `TailSettings()`.
        seed: Seed of all chance.

    Returns:
        Clones, samples and counts, without jackpots.

    Raises:
        InputError: If there are more special clones than clones.

    References:
        Mosimann JE (1962) Biometrika 49:65 (the Dirichlet-multinomial law).
    """
    law = tails or TailSettings()
    table = draw_classes(clones, settings, rng=make_rng(seed, "classes"))
    productive = table["productive"].to_numpy()
    frequency = table["frequency"].to_numpy()
    samples: list[Sample] = []
    counts = []
    for replicate in range(1, settings.inputs + 1):
        name = f"input-{replicate}"
        samples.append(Sample(name, "unpanned", replicate, 0, "input", ""))
        counts.append(
            sequence_pool(frequency, productive, settings.reads, rng=make_rng(seed, "counts", name))
        )
    for arm, antigen, retention in expected_retention(table, settings):
        for replicate in range(1, settings.replicates + 1):
            selection = f"{antigen or arm}-{replicate}"
            name = f"{selection}-round{settings.rounds}"
            amount = draw_shares(
                frequency * (retention * table["amplification"].to_numpy()) ** settings.rounds,
                settings,
                law,
                rng=make_rng(seed, "dirichlet", selection),
            )
            samples.append(Sample(name, selection, replicate, settings.rounds, arm, antigen))
            counts.append(
                sequence_pool(amount, productive, settings.reads, rng=make_rng(seed, "counts", name))
            )
    return Panning(
        settings=settings,
        library_settings=library,
        seed=seed,
        clones=table,
        samples=tuple(samples),
        counts=np.stack(counts),
        jackpots=pl.DataFrame(schema=_NO_JACKPOTS),
    )


def draw_shares(
    expected: Floats, settings: PanningSettings, tails: TailSettings, *, rng: np.random.Generator
) -> Floats:
    """Draw what a selection is made of after its last round.

    Args:
        expected: Expected amount of each clone, in any unit.
        settings: `bottleneck` (the concentration) and `aliquot_sd`.
        tails: Law of the heavy-tailed factors.
        rng: Source of all chance.

    Returns:
        Amounts: Dirichlet shares with the given concentration, times a lognormal and a heavy-tailed
        factor for each clone; not rescaled to 1.
    """
    shares = rng.standard_gamma(settings.bottleneck * expected / expected.sum())
    noise = settings.aliquot_sd * rng.standard_normal(expected.size)
    noise += tails.scale * rng.standard_t(tails.freedom, expected.size)
    return np.asarray(shares * np.exp(noise), dtype=np.float64)
