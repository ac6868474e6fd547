"""What is wrong with some molecules of a library: stops, shifted frames, empty vectors, ambers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from bactrian.discovery.simulator.codons import STOP_CODONS, translate
from bactrian.discovery.simulator.constructs import construct_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from bactrian.discovery.simulator.settings import LibrarySettings

AMBER = "TAG"
_GLUTAMINES = ("CAA", "CAG")
# Longest primer of the constructs: what a defect leaves alone at both ends of the amplicon.
_PRIMER_ROOM = 24


def put_amber(rows: dict[str, list[object]], settings: LibrarySettings, rng: np.random.Generator) -> None:
    """Replace a glutamine codon of some clones by TAG, in place; residues stay as they are.

    Args:
        rows: Columns `amplicon`, `fr2_start` and `amber` of the clone table.
        settings: The share of clones.
        rng: Source of all chance.
    """
    chosen = np.flatnonzero(rng.random(settings.clones) < settings.amber)
    for clone in chosen:
        amplicon = str(rows["amplicon"][clone])
        frame = int(str(rows["fr2_start"][clone])) % 3
        places = [
            k
            for k in range(frame + 24, len(amplicon) - _PRIMER_ROOM, 3)
            if amplicon[k : k + 3] in _GLUTAMINES
        ]
        if places:
            place = int(rng.choice(places))
            rows["amplicon"][clone] = amplicon[:place] + AMBER + amplicon[place + 3 :]
            rows["amber"][clone] = True


def make_defective_clones(
    clones: pl.DataFrame, settings: LibrarySettings, rng: np.random.Generator
) -> pl.DataFrame:
    """Make clones with a stop or a shifted frame from productive ones, and the empty vector.

    Args:
        clones: The productive clones.
        settings: Shares of the library's molecules that have each defect.
        rng: Source of all chance.

    Returns:
        Rows with the same columns; their frequencies are relative to the productive molecules.
    """
    sound = 1.0 - settings.stop - settings.frameshift - settings.empty
    parts = [clones.clear()]
    makers: tuple[tuple[str, float, Callable[[pl.DataFrame, np.random.Generator], pl.DataFrame]], ...] = (
        ("stop", settings.stop, _break_by_stop),
        ("frameshift", settings.frameshift, _break_frame),
    )
    for defect, share, make in makers:
        if share > 0:
            count = max(1, round(clones.height * share / sound))
            chosen = clones[rng.integers(0, clones.height, size=count)]
            weights = rng.lognormal(0.0, settings.frequency_sd, count)
            frequency = pl.Series(weights / weights.sum() * share / sound)
            parts.append(make(chosen, rng).with_columns(defect=pl.lit(defect), frequency=frequency))
    if settings.empty > 0:
        empty = {
            "amplicon": construct_of(settings.primers).amplify_empty(),
            "defect": "empty",
            "frequency": settings.empty / sound,
            "family": None,
            "amber": False,
        }
        columns = [pl.lit(empty.get(name), dtype=clones.schema[name]).alias(name) for name in clones.columns]
        parts.append(pl.select(columns))
    # A partner could mend a defect, or bring one: no truth could then say what the molecule counts for.
    nowhere = [pl.lit(None, dtype=clones.schema[name]).alias(name) for name in ("fr2_start", "fr3_start")]
    return pl.concat(parts).with_columns(*nowhere, productive=pl.lit(value=False))


def _break_by_stop(clones: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    amplicons: list[str] = []
    loops: dict[str, list[str]] = {"cdr1": [], "cdr2": [], "cdr3": []}
    for row in clones.iter_rows(named=True):
        amplicon = row["amplicon"]
        codon = rng.integers(_PRIMER_ROOM // 3 + 1, (len(amplicon) - _PRIMER_ROOM) // 3 - 1)
        place = int(codon) * 3 + row["fr2_start"] % 3
        broken = amplicon[:place] + STOP_CODONS[int(rng.integers(3))] + amplicon[place + 3 :]
        amplicons.append(broken)
        # FR2 and FR3 have fixed lengths in codons, so the loops are found from the offsets.
        spans = {
            "cdr1": row["fr2_start"] - 3 * len(row["cdr1"]),
            "cdr2": row["fr3_start"] - 3 * len(row["cdr2"]),
            "cdr3": row["fr3_start"] + 3 * 38,
        }
        for name, start in spans.items():
            loops[name].append(translate(broken[start : start + 3 * len(row[name])]))
    return clones.with_columns(
        amplicon=pl.Series(amplicons),
        vhh=pl.lit(None, dtype=pl.String),
        **{name: pl.Series(values) for name, values in loops.items()},
    )


def _break_frame(clones: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    amplicons: list[str] = []
    for row in clones.iter_rows(named=True):
        amplicon = row["amplicon"]
        place = int(rng.integers(_PRIMER_ROOM, len(amplicon) - _PRIMER_ROOM - 2))
        size = int(rng.integers(1, 3))
        if rng.random() < 0.5:
            broken = amplicon[:place] + amplicon[place + size :]
        else:
            extra = "".join(rng.choice(list("ACGT"), size))
            broken = amplicon[:place] + extra + amplicon[place:]
        amplicons.append(broken)
    nothing = pl.lit(None, dtype=pl.String)
    return clones.with_columns(
        amplicon=pl.Series(amplicons),
        vhh=nothing,
        cdr1=nothing,
        cdr2=nothing,
        cdr3=nothing,
    )
