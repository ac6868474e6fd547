"""The panning itself: what clones are, what a round retains, loses and amplifies, and what is counted.

Of every selection: one uneven aliquot of the library; in each round retention, a Poisson
bottleneck, amplification; in the last round a few jackpots. The equations stand in the reference
page "The panning simulator".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from bactrian.core.errors import InputError
from bactrian.core.seeds import make_rng
from bactrian.discovery.simulator.library import draw_library

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bactrian.discovery.simulator.settings import LibrarySettings, PanningSettings
    from bactrian.discovery.vhh.profile import VhhProfile

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

COUNTER: Final = "counter"
LIBRARY_NAME: Final = "simulated"


@dataclass(frozen=True, slots=True)
class Sample:
    """One sequenced sample.

    Args:
        name: Name in the sheet.
        selection: The independent panning it belongs to, through all its rounds.
        replicate: From 1.
        round: 0 for the unpanned library.
        arm: target, counter, input or control.
        antigen: What was panned against; empty for input and control.
    """

    name: str
    selection: str
    replicate: int
    round: int
    arm: str
    antigen: str


@dataclass(frozen=True, slots=True)
class Panning:
    """A simulated panning.

    Args:
        settings: How it was run.
        library_settings: How its library was made.
        seed: Seed of all its chance.
        clones: The library's clone table (see `draw_library`) with `class`, `antigen`,
            `amplification` and one `retention_NAME` for each antigen and the counter surface.
        samples: The sequenced samples.
        counts: Molecules sequenced, samples × clones; defective clones included.
        jackpots: `sample` and `clone` of every jackpot.
    """

    settings: PanningSettings
    library_settings: LibrarySettings
    seed: int
    clones: pl.DataFrame
    samples: tuple[Sample, ...]
    counts: Counts
    jackpots: pl.DataFrame


@dataclass(frozen=True, slots=True)
class _Selection:
    """One independent selection: its name, arm, antigen, replicate and each clone's retention."""

    name: str
    arm: str
    antigen: str
    replicate: int
    retention: Floats


def simulate_panning(
    settings: PanningSettings,
    library: LibrarySettings,
    *,
    profile: VhhProfile,
    seed: int = 1,
) -> Panning:
    """Draw a library, pan it, and count what would be sequenced.

    Args:
        settings: How the panning is run.
        library: How the library is made.
        profile: VHH profile the clones are drawn from.
        seed: Seed of all chance. Library, classes, every selection and every sample have streams
            of their own.

    Returns:
        Clones, samples and counts.

    Raises:
        InputError: If there are more special clones than clones, or more jackpots than clones.
    """
    clones = draw_library(library, profile, rng=make_rng(seed, "library"))
    return pan_library(clones, settings, library=library, seed=seed)


def pan_library(
    clones: pl.DataFrame, settings: PanningSettings, *, library: LibrarySettings, seed: int = 1
) -> Panning:
    """Pan a library that is already drawn; see `simulate_panning`.

    Args:
        clones: A clone table as `draw_library` gives it.
        settings: How the panning is run.
        library: How the library was made.
        seed: Seed of all chance.

    Returns:
        Clones, samples and counts.

    Raises:
        InputError: If there are more special clones than clones, or more jackpots than clones.
    """
    table = draw_classes(clones, settings, rng=make_rng(seed, "classes"))
    productive = table["productive"].to_numpy()
    frequency = table["frequency"].to_numpy()
    samples: list[Sample] = []
    counts: list[Counts] = []
    jackpots: list[tuple[str, int]] = []
    for replicate in range(1, settings.inputs + 1):
        name = f"input-{replicate}"
        samples.append(Sample(name, "unpanned", replicate, 0, "input", ""))
        counts.append(
            sequence_pool(frequency, productive, settings.reads, rng=make_rng(seed, "counts", name))
        )
    for selection in _selections(table, settings):
        rng = make_rng(seed, "selection", selection.name)
        pools, chosen = run_selection(
            frequency,
            selection.retention,
            amplification=table["amplification"].to_numpy(),
            productive=productive,
            settings=settings,
            rng=rng,
        )
        for number in settings.rounds_sequenced:
            name = f"{selection.name}-round{number}"
            samples.append(
                Sample(name, selection.name, selection.replicate, number, selection.arm, selection.antigen)
            )
            counts.append(
                sequence_pool(
                    pools[number - 1], productive, settings.reads, rng=make_rng(seed, "counts", name)
                )
            )
            if number == settings.rounds:
                jackpots.extend((name, int(clone)) for clone in chosen)
    return Panning(
        settings=settings,
        library_settings=library,
        seed=seed,
        clones=table,
        samples=tuple(samples),
        counts=np.stack(counts),
        jackpots=pl.DataFrame(jackpots, schema={"sample": pl.String, "clone": pl.UInt32}, orient="row"),
    )


def antigen_names(settings: PanningSettings) -> tuple[str, ...]:
    """Give the names of the target antigens."""
    return tuple(f"antigen{number}" for number in range(1, settings.antigens + 1))


def draw_classes(
    clones: pl.DataFrame, settings: PanningSettings, *, rng: np.random.Generator
) -> pl.DataFrame:
    """Draw what each clone is, how it is retained and how it grows.

    Args:
        clones: A clone table with `productive`.
        settings: How many of each class, and their laws.
        rng: Source of all chance.

    Returns:
        The table with `class` (specific | sticky | grower | neutral), `antigen` (of a specific
        clone, else null), `amplification`, and `retention_NAME` for each antigen and the counter.

    Raises:
        InputError: If there are more special clones than productive clones.
    """
    antigens = antigen_names(settings)
    n = clones.height
    able = np.flatnonzero(clones["productive"].to_numpy())
    sizes = [settings.specific] * len(antigens) + [settings.sticky, settings.growers]
    if sum(sizes) > able.size:
        msg = (
            f"There are {able.size} productive clones for {sum(sizes)} specific, sticky and fast-growing "
            "ones. Simulate more clones, or fewer of these."
        )
        raise InputError(msg)
    chosen = rng.permutation(able)[: sum(sizes)]
    groups = np.split(chosen, np.cumsum(sizes)[:-1])
    words = np.full(n, "neutral", dtype=object)
    bound: list[str | None] = [None] * n
    background = np.log(settings.background) + settings.background_sd * rng.standard_normal(n)
    log_retention = {name: background.copy() for name in (*antigens, COUNTER)}
    for antigen, rows in zip(antigens, groups, strict=False):
        words[rows] = "specific"
        for row in rows:
            bound[row] = antigen
        log_retention[antigen][rows] += _log_binding(settings, rows.size, rng)
    sticky, growers = groups[-2:]
    words[sticky] = "sticky"
    factor = _log_binding(settings, sticky.size, rng)
    for name in antigens:
        log_retention[name][sticky] += factor
    log_retention[COUNTER][sticky] += factor + settings.sticky_counter_sd * rng.standard_normal(sticky.size)
    log_amplification = settings.amplification_sd * rng.standard_normal(n)
    words[growers] = "grower"
    log_amplification[growers] += np.log(settings.growth) + settings.growth_sd * rng.standard_normal(
        growers.size
    )
    return clones.with_columns(
        pl.Series("class", words.tolist(), dtype=pl.String),
        pl.Series("antigen", bound, dtype=pl.String),
        pl.Series("amplification", np.exp(log_amplification)),
        *(pl.Series(f"retention_{name}", np.exp(values)) for name, values in log_retention.items()),
    )


def run_selection(
    frequency: Floats,
    retention: Floats,
    *,
    amplification: Floats,
    productive: npt.NDArray[np.bool_],
    settings: PanningSettings,
    rng: np.random.Generator,
) -> tuple[list[Floats], Counts]:
    """Run the rounds of one selection.

    Args:
        frequency: Of each clone in the library.
        retention: Share of each clone's phage that a round retains.
        amplification: Of each clone in a round.
        productive: Which clones are productive: the bottleneck counts these.
        settings: Bottleneck, rounds, jackpots and their laws.
        rng: Source of all chance.

    Returns:
        The amplified amount of each clone after every round, and the clones that became jackpots
        in the last.

    Raises:
        InputError: If there are more jackpots than clones.
    """
    able = np.flatnonzero(productive)
    if settings.jackpots > able.size:
        msg = f"'{settings.jackpots}' jackpots are more than the {able.size} clones. Write fewer."
        raise InputError(msg)
    amount = frequency * rng.lognormal(0.0, settings.aliquot_sd, frequency.size)
    pools: list[Floats] = []
    chosen = np.zeros(0, dtype=np.int64)
    for number in range(1, settings.rounds + 1):
        weight = amount * retention
        total = weight[productive].sum()
        if total <= 0:
            msg = (
                f"No phage came through round {number - 1}: a bottleneck of {settings.bottleneck:g} is too "
                "narrow. Widen it, or pan fewer rounds."
            )
            raise InputError(msg)
        eluted = rng.poisson(settings.bottleneck * weight / total)
        shape = settings.amplification_shape
        amount = eluted * amplification * rng.gamma(shape, 1.0 / shape, frequency.size)
        if number == settings.rounds:
            chosen = rng.choice(able, size=settings.jackpots, replace=False)
            amount[chosen] = (amount[chosen] + 1.0) * settings.jackpot_factor
        pools.append(amount.copy())
    return pools, chosen


def sequence_pool(
    amount: Floats, productive: npt.NDArray[np.bool_], reads: int, *, rng: np.random.Generator
) -> Counts:
    """Sequence a pool until it has given a number of productive molecules.

    Args:
        amount: Of each clone in the pool.
        productive: Which clones are productive.
        reads: Productive molecules to sequence.
        rng: Source of all chance.

    Returns:
        Molecules of each clone: multinomial among the productive ones; the defective ones that come
        up meanwhile are negative binomial in number.

    Raises:
        InputError: If the pool holds no productive molecule.
    """
    counts = np.zeros(amount.size, dtype=np.int64)
    sound = np.where(productive, amount, 0.0)
    total = sound.sum()
    if total <= 0:
        msg = "No productive molecule is left to sequence. Widen the bottleneck."
        raise InputError(msg)
    counts[:] = rng.multinomial(reads, sound / total)
    broken = amount - sound
    if broken.sum() > 0:
        extra = rng.negative_binomial(reads, total / (total + broken.sum()))
        counts += rng.multinomial(extra, broken / broken.sum())
    return counts


def _log_binding(settings: PanningSettings, size: int, rng: np.random.Generator) -> Floats:
    return rng.normal(np.log(settings.binding), settings.binding_sd, size)


def expected_retention(clones: pl.DataFrame, settings: PanningSettings) -> list[tuple[str, str, Floats]]:
    """Give every panned arm with its antigen and each clone's retention there.

    Args:
        clones: A table that `draw_classes` has completed.
        settings: Which arms there are.

    Returns:
        Arm, antigen and retention, in the order of the samples.
    """
    arms = [("target", name, name) for name in antigen_names(settings)]
    arms += [(COUNTER, COUNTER, COUNTER)] if settings.counter else []
    arms += [("control", "", "")] if settings.control else []
    # Without a surface every phage comes through: only bottleneck and growth remain.
    return [
        (arm, antigen, clones[f"retention_{surface}"].to_numpy() if surface else np.ones(clones.height))
        for arm, antigen, surface in arms
    ]


def _selections(clones: pl.DataFrame, settings: PanningSettings) -> Sequence[_Selection]:
    return [
        _Selection(f"{antigen or arm}-{replicate}", arm, antigen, replicate, retention)
        for arm, antigen, retention in expected_retention(clones, settings)
        for replicate in range(1, settings.replicates + 1)
    ]
