"""A naive VHH library: clones drawn from the VHH profile, with their nucleotides and frequencies.

Residues come first: a few framework families, each clone a light variation of one, and loops of
its own. Codons follow, the family's where the residue is the family's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from bactrian.discovery.simulator.codons import CODONS, RESIDUES, draw_codons, mutate_codons, translate
from bactrian.discovery.simulator.constructs import construct_of
from bactrian.discovery.simulator.defects import make_defective_clones, put_amber
from bactrian.discovery.vhh.labels import EMPTY_COLUMNS, FRAMEWORKS, LOOP_COLUMNS

if TYPE_CHECKING:
    from bactrian.discovery.simulator.settings import LibrarySettings
    from bactrian.discovery.vhh.profile import VhhProfile

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

CDR3_LENGTHS: Final = (4, 30)
# Every CDR3 length of the range occurs: half a count is added to each.
_LENGTH_FLOOR: Final = 0.5
# A family is drawn from sharpened frequencies: V genes keep to the common residues.
_FAMILY_POWER: Final = 1.5
# Pooled loop residues worth this many counts steady the columns that few loops reach.
_LOOP_PRIOR: Final = 5.0
# Framework residues rarer than this in their column may be errors or engineered: none is drawn.
_RAREST: Final = 0.01
# IMGT 42, 49, 50 and 52 belong together in a V gene: the commonest sets of the profile's VHHs.
_HALLMARK_COLUMNS: Final = (42, 49, 50, 52)
_HALLMARKS: Final = ("FERF", "FERG", "YQRL")
# A second disulfide joins CDR3 with the end of CDR1 or of FR2.
_SECOND_CYSTEINES: Final = (38, 55)
_SHORTEST_WITH_CYSTEINE: Final = 8
_CYSTEINE: Final = RESIDUES.index("C")
_FRAMEWORK_COLUMNS: Final = tuple(
    np.array([column for column in range(first, last + 1) if column not in EMPTY_COLUMNS])
    for first, last in FRAMEWORKS
)
_COLUMNS: Final = np.concatenate(_FRAMEWORK_COLUMNS)
_MOST_DRAWS: Final = 100


@dataclass(slots=True)
class _Draft:
    """Residues and codons of clones while they are drawn; loops are padded with -1."""

    family: Ints
    framework: Ints
    framework_codons: Ints
    lengths: Ints
    loops: list[Ints]
    loop_codons: list[Ints]


def draw_library(settings: LibrarySettings, profile: VhhProfile, *, rng: np.random.Generator) -> pl.DataFrame:
    """Draw the clones of a naive library.

    Args:
        settings: How many and how varied.
        profile: Residues by IMGT column and CDR lengths of VHHs.
        rng: Source of all chance.

    Returns:
        One row per clone, the productive ones first: `clone` (number), `frequency` (of the
        productive molecules; those of defective clones are in the same unit and come on top),
        `family`, `productive`, `defect` (null | stop | frameshift | empty), `amber`, `cdr1`,
        `cdr2`, `cdr3`, `clonotype` (CDR1_CDR2_CDR3), `vhh` (residues, amber read as Q), `amplicon`
        (nucleotides with both primers), `fr2_start`, `fr3_start` (offsets in the amplicon).
    """
    draft = _draw_draft(settings, profile, rng)
    frequency = rng.lognormal(0.0, settings.frequency_sd, settings.clones)
    frequency /= frequency.sum()
    rows = _assemble(draft, settings)
    put_amber(rows, settings, rng)
    clones = pl.DataFrame(rows).with_columns(
        frequency=pl.Series(frequency), productive=pl.lit(value=True), defect=pl.lit(None, dtype=pl.String)
    )
    defective = make_defective_clones(clones, settings, rng)
    return (
        pl.concat([clones, defective.select(clones.columns)])
        .with_row_index("clone")
        .select(
            "clone",
            "frequency",
            "family",
            "productive",
            "defect",
            "amber",
            "cdr1",
            "cdr2",
            "cdr3",
            pl.concat_str("cdr1", "cdr2", "cdr3", separator="_").alias("clonotype"),
            "vhh",
            "amplicon",
            "fr2_start",
            "fr3_start",
        )
    )


def draw_frequencies(settings: LibrarySettings, *, rng: np.random.Generator) -> pl.DataFrame:
    """Draw the frequencies of a naive library without its sequences, in a fraction of the time.

    Statistics of counts need no residues. The frequencies follow the law of `draw_library`; from the
    same generator they are not the same numbers.

    Args:
        settings: How many clones and how uneven; defective clones are left out.
        rng: Source of all chance.

    Returns:
        One row per productive clone: `clone`, `frequency` (sum 1), `productive`; enough for
        `pan_library`.
    """
    frequency = rng.lognormal(0.0, settings.frequency_sd, settings.clones)
    return pl.DataFrame({"frequency": frequency / frequency.sum()}).select(
        pl.int_range(pl.len(), dtype=pl.get_index_type()).alias("clone"),
        "frequency",
        productive=pl.lit(value=True),
    )


def _draw_draft(settings: LibrarySettings, profile: VhhProfile, rng: np.random.Generator) -> _Draft:
    n = settings.clones
    frameworks, codons = _draw_families(settings, profile, rng)
    family = rng.permutation(np.arange(n) % settings.families)
    framework, framework_codons = frameworks[family], codons[family]
    ladder = np.cumsum(_framework_frequencies(profile), axis=1)
    fresh = _pick(np.broadcast_to(ladder, (n, *ladder.shape)), rng)
    mutated = rng.random(framework.shape) < settings.mutations
    changed = (mutated & (fresh != framework)) | (rng.random(framework.shape) < settings.silent)
    framework = np.where(mutated, fresh, framework)
    framework_codons = np.where(changed, mutate_codons(framework_codons, framework, rng), framework_codons)
    draft = _Draft(family, framework, framework_codons, np.zeros((n, 3), dtype=np.int64), [], [])
    for loop in (1, 2):
        draft.lengths[:, loop - 1] = _draw_lengths(profile, loop, n, rng)
        draft.loops.append(_draw_loops(profile, loop, draft.lengths[:, loop - 1], rng))
    second = _draw_second_cysteines(profile, n, rng)
    _draw_distinct_cdr3(draft, profile, second, rng)
    _place_second_cysteines(draft, second)
    draft.loop_codons = [
        np.where(loop >= 0, draw_codons(np.maximum(loop, 0), rng), -1) for loop in draft.loops
    ]
    _relate_clones(draft, settings, rng)
    return draft


def _pick(ladders: Floats, rng: np.random.Generator) -> Ints:
    """Draw an index by each ladder of cumulated shares (along the last axis)."""
    draws = rng.random(ladders.shape[:-1]) * ladders[..., -1]
    return np.asarray((ladders <= draws[..., None]).sum(axis=-1), dtype=np.int64)


def _framework_frequencies(profile: VhhProfile) -> Floats:
    """Give residue frequencies of the framework columns; cysteine only where it is the rule, no rarities."""
    counts = profile.counts[_COLUMNS - 1].copy()
    unusual = counts[:, _CYSTEINE] < counts.sum(axis=1) / 2
    counts[unusual, _CYSTEINE] = 0.0
    counts[counts < _RAREST * counts.sum(axis=1, keepdims=True)] = 0.0
    return np.asarray(counts / counts.sum(axis=1, keepdims=True), dtype=np.float64)


def _draw_families(
    settings: LibrarySettings, profile: VhhProfile, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    sharp = _framework_frequencies(profile) ** _FAMILY_POWER
    ladder = np.cumsum(sharp, axis=1)
    families = _pick(np.broadcast_to(ladder, (settings.families, *ladder.shape)), rng)
    places = [int(np.flatnonzero(column == _COLUMNS)[0]) for column in _HALLMARK_COLUMNS]
    for number in range(settings.families):
        families[number, places] = [RESIDUES.index(letter) for letter in _HALLMARKS[number % len(_HALLMARKS)]]
    return families, draw_codons(families, rng)


def _draw_lengths(profile: VhhProfile, loop: int, n: int, rng: np.random.Generator) -> Ints:
    weights = profile.cdr_lengths[loop].astype(np.float64)
    if loop == 3:
        first, last = CDR3_LENGTHS
        spread = np.zeros(last + 2)
        spread[: weights.size] = weights[: last + 2]
        # Neighbouring lengths lend each other a quarter: a few hundred VHHs leave gaps by chance.
        weights = np.convolve(spread, [0.25, 0.5, 0.25], mode="same")[: last + 1] + _LENGTH_FLOOR
        weights[:first] = 0.0
    return np.asarray(rng.choice(weights.size, size=n, p=weights / weights.sum()), dtype=np.int64)


def _draw_loops(profile: VhhProfile, loop: int, lengths: Ints, rng: np.random.Generator) -> Ints:
    """Draw residues by the columns that IMGT gives a loop of each length; none is a cysteine."""
    widest = profile.cdr_lengths[loop].size - 1 if loop < 3 else CDR3_LENGTHS[1]
    used = np.unique(LOOP_COLUMNS[loop - 1])
    pooled = profile.counts[used[used > 0] - 1].sum(axis=0)
    counts = profile.counts + _LOOP_PRIOR * pooled / pooled.sum()
    counts[:, _CYSTEINE] = 0.0
    ladders = np.cumsum(counts, axis=1)
    columns = LOOP_COLUMNS[loop - 1][lengths, :widest].astype(np.int64)
    residues = _pick(ladders[columns - 1], rng)
    return np.where(np.arange(widest) < lengths[:, None], residues, -1)


def _draw_second_cysteines(profile: VhhProfile, n: int, rng: np.random.Generator) -> Ints:
    """Draw for each clone the column of a second disulfide, as often as the profile has one; 0 for none."""
    shares = [
        profile.counts[column - 1, _CYSTEINE] / profile.counts[column - 1].sum()
        for column in _SECOND_CYSTEINES
    ]
    return rng.choice(np.array([0, *_SECOND_CYSTEINES]), size=n, p=[1.0 - sum(shares), *shares])


def _draw_distinct_cdr3(draft: _Draft, profile: VhhProfile, second: Ints, rng: np.random.Generator) -> None:
    """Draw CDR3s until no two are the same; a clone that fails draws a new length as well."""
    n = second.size
    loops = np.full((n, CDR3_LENGTHS[1]), -1, dtype=np.int64)
    todo = np.arange(n)
    for _ in range(_MOST_DRAWS):
        draft.lengths[todo, 2] = _draw_lengths(profile, 3, todo.size, rng)
        loops[todo] = _draw_loops(profile, 3, draft.lengths[todo, 2], rng)
        with_cysteine = todo[(second[todo] > 0) & (draft.lengths[todo, 2] >= _SHORTEST_WITH_CYSTEINE)]
        loops[with_cysteine, rng.integers(3, draft.lengths[with_cysteine, 2] - 3)] = _CYSTEINE
        _, firsts = np.unique(loops, axis=0, return_index=True)
        todo = np.setdiff1d(np.arange(n), firsts)
        if todo.size == 0:
            break
    draft.loops.append(loops)


def _place_second_cysteines(draft: _Draft, second: Ints) -> None:
    """Give the partner of each CDR3 cysteine its place at the end of CDR1 or of FR2."""
    paired = (draft.loops[2] == _CYSTEINE).any(axis=1)
    in_cdr1 = np.flatnonzero(paired & (second == _SECOND_CYSTEINES[0]))
    draft.loops[0][in_cdr1, draft.lengths[in_cdr1, 0] - 1] = _CYSTEINE
    in_fr2 = np.flatnonzero(paired & (second == _SECOND_CYSTEINES[1]))
    place = int(np.flatnonzero(_SECOND_CYSTEINES[1] == _COLUMNS)[0])
    draft.framework[in_fr2, place] = _CYSTEINE
    draft.framework_codons[in_fr2, place] = CODONS.index("TGT")


def _relate_clones(draft: _Draft, settings: LibrarySettings, rng: np.random.Generator) -> None:
    """Make some clones siblings of others, and give some the CDR3 of another."""
    n = settings.clones
    siblings, sharing = round(settings.siblings * n), round(settings.shared_cdr3 * n)
    # Each child has a parent of its own that is no child: at most half of the clones are children.
    siblings = min(siblings, n // 2)
    sharing = min(sharing, n // 2 - siblings)
    order = rng.permutation(n)
    children, parents = order[: siblings + sharing], order[n - siblings - sharing :]
    draft.lengths[children, 2] = draft.lengths[parents, 2]
    for table in (draft.loops[2], draft.loop_codons[2]):
        table[children] = table[parents]
    young, old = children[:siblings], parents[:siblings]
    draft.family[young] = draft.family[old]
    draft.lengths[young] = draft.lengths[old]
    for table in (draft.framework, draft.framework_codons, *draft.loops[:2], *draft.loop_codons[:2]):
        table[young] = table[old]
    for child in young:
        length = int(draft.lengths[child, 2])
        for place in rng.choice(length, size=min(length, int(rng.integers(1, 3))), replace=False):
            old_residue = int(draft.loops[2][child, place])
            others = [k for k in range(len(RESIDUES)) if k not in (old_residue, _CYSTEINE)]
            residue = np.array([rng.choice(others)])
            codon = draft.loop_codons[2][child, place : place + 1]
            draft.loop_codons[2][child, place] = mutate_codons(codon, residue, rng)[0]
            draft.loops[2][child, place] = residue[0]


def _assemble(draft: _Draft, settings: LibrarySettings) -> dict[str, list[object]]:
    """Write residues and nucleotides out and amplify each clone."""
    construct = construct_of(settings.primers)
    triplets = np.array(CODONS)
    edges = np.cumsum([0, *(columns.size for columns in _FRAMEWORK_COLUMNS)])
    rows: dict[str, list[object]] = {
        name: []
        for name in ("family", "amber", "cdr1", "cdr2", "cdr3", "vhh", "amplicon", "fr2_start", "fr3_start")
    }
    for clone in range(settings.clones):
        blocks = ["".join(triplets[draft.framework_codons[clone, edges[k] : edges[k + 1]]]) for k in range(4)]
        loops = ["".join(triplets[draft.loop_codons[k][clone, : draft.lengths[clone, k]]]) for k in range(3)]
        domain = "".join(block + loop for block, loop in zip(blocks, [*loops, ""], strict=True))
        amplicon, amplified, shift = construct.amplify(domain, len(domain) - len(blocks[3]))
        fr2 = len(blocks[0]) + len(loops[0])
        fr3 = fr2 + len(blocks[1]) + len(loops[1])
        rows["family"].append(int(draft.family[clone]))
        rows["amber"].append(False)
        for name, loop in zip(("cdr1", "cdr2", "cdr3"), loops, strict=True):
            rows[name].append(translate(loop))
        rows["vhh"].append(translate(amplified))
        rows["amplicon"].append(amplicon)
        rows["fr2_start"].append(fr2 + shift)
        rows["fr3_start"].append(fr3 + shift)
    return rows
