"""Derive `src/bactrian/discovery/vhh/profile.json` from published VHH sequences.

The sequences are the literature set of the Therapeutic Nanobody Profiler (oxpig/TNP, BSD-3-Clause).
Sequences that also stand in the numbering truth are left out, so that the truth can judge; its
labels are never read. The first alignment places frameworks by their anchors (C23, W41, C104 and
W118-G119-x-G121) without gaps; further rounds align with the profile of the round before.

    python scripts/derive_vhh_profile.py vhh_pdn_lit.fasta imgt.jsonl.gz profile.json
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
from pathlib import Path
from types import MappingProxyType

import numpy as np

from bactrian.discovery.vhh.labels import FRAMEWORKS, MAX_LOOP, N_COLUMNS, number_loop
from bactrian.discovery.vhh.profile import RESIDUES, VhhProfile, write_profile

SOURCE = (
    "vhh_pdn_lit.fasta of github.com/oxpig/TNP at commit 29dcac72f1380e8538e8870f45a699d3c6156162, "
    "BSD-3-Clause; doi 10.1101/2025.08.11.669635"
)
CORE = slice(8, 100)  # residues 9 to 100 identify a VHH whatever its ends
ROUNDS = 3

# Cysteine and tryptophan with enough of their surroundings to be the only match in nearly all VHHs.
C23 = re.compile(r"(?=[LVMI].C)")
W41 = re.compile(r"(?=W[FYVLIGS]R[QRK])")
C104 = re.compile(r"(?=[YFHST][YFHS]C)")
W118 = re.compile(r"(?=[WRL]G.G)")

Placed = tuple[dict[int, str], tuple[int, int, int]]


def read_fasta(path: Path) -> list[str]:
    """Give the sequences of a FASTA file."""
    records = path.read_text(encoding="utf-8").split(">")[1:]
    return ["".join(record.split("\n")[1:]).strip().upper() for record in records]


def read_truth_sequences(path: Path) -> list[str]:
    """Give the sequences of the numbering truth, and nothing else of it."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line)["seq"] for line in lines]


def select_sequences(candidates: list[str], truth: list[str]) -> list[str]:
    """Leave out sequences of the truth and repeated ones (by their core)."""
    everything = "\n".join(truth)
    cores: set[str] = set()
    kept = []
    for sequence in candidates:
        core = sequence[CORE]
        if core in everything or core in cores:
            continue
        cores.add(core)
        kept.append(sequence)
    return kept


def place_by_anchors(sequence: str) -> Placed | None:
    """Number a sequence without gaps from its anchors, or give None where they are not plain."""
    c23 = next((m.start() + 2 for m in C23.finditer(sequence) if m.start() < 26), None)
    if c23 is None:
        return None
    w41 = next((m.start() for m in W41.finditer(sequence, c23 + 6)), None)
    if w41 is None:
        return None
    c104 = next((m.start() + 2 for m in C104.finditer(sequence, w41 + 45)), None)
    if c104 is None:
        return None
    w118 = next((m.start() for m in W118.finditer(sequence, c104 + 4)), None)
    if w118 is None:
        return None
    starts = [(24, c23 + 1), (39, w41 - 2), (74, c104 - 30), (118, w118)]
    placed: dict[int, str] = {}
    for column, index in [
        *[(c, c23 - 23 + c + (c < 10)) for c in range(1, 27) if c != 10],
        *[(c, starts[1][1] + c - 39) for c in range(39, 56)],
        *[(c, c104 - 104 + c + (c < 73)) for c in range(66, 105) if c != 73],
        *[(c, w118 + c - 118) for c in range(118, 129)],
    ]:
        if 0 <= index < len(sequence):
            placed[column] = sequence[index]
    loops = [
        sequence[c23 + 4 : w41 - 2],
        sequence[w41 + 15 : c104 - 37],
        sequence[c104 + 1 : w118],
    ]
    for loop, residues in enumerate(loops, start=1):
        if not 3 <= len(residues) <= MAX_LOOP[loop - 1]:
            return None
        add_loop(placed, loop, residues)
    return placed, (len(loops[0]), len(loops[1]), len(loops[2]))


def add_loop(placed: dict[int, str], loop: int, residues: str) -> None:
    """Add the residues of a loop that have an IMGT column of their own."""
    for residue, (column, insertion) in zip(residues, number_loop(loop, len(residues)), strict=True):
        if not insertion:
            placed[column] = residue


def place_by_profile(sequences: list[str], profile: VhhProfile) -> list[Placed | None]:
    """Number sequences with the profile of the round before."""
    from bactrian.discovery.vhh.numbering import number_proteins  # noqa: PLC0415 - needs a profile first

    numbering = number_proteins(sequences, profile=profile)
    placed: list[Placed | None] = []
    for row, sequence in enumerate(sequences):
        lengths = numbering.cdr_end[row] - numbering.cdr_start[row]
        if not numbering.is_vhh[row] or (numbering.cdr_start[row] < 0).any() or (lengths < 3).any():
            placed.append(None)
            continue
        span = slice(int(numbering.offsets[row]), int(numbering.offsets[row + 1]))
        labels = zip(sequence, numbering.position[span], numbering.insertion[span], strict=True)
        columns = {int(column): residue for residue, column, insertion in labels if column and not insertion}
        placed.append((columns, (int(lengths[0]), int(lengths[1]), int(lengths[2]))))
    return placed


def count_placed(placed: list[Placed | None]) -> VhhProfile:
    """Count residues per column and CDR lengths."""
    counts = np.zeros((N_COLUMNS, len(RESIDUES)))
    lengths = {cdr: np.zeros(MAX_LOOP[cdr - 1] + 1) for cdr in (1, 2, 3)}
    framework = {column for first, last in FRAMEWORKS for column in range(first, last + 1)}
    n = 0
    for entry in placed:
        if entry is None:
            continue
        n += 1
        columns, loops = entry
        for column, residue in columns.items():
            if residue in RESIDUES and not (column in framework and column in (10, 73)):
                counts[column - 1, RESIDUES.index(residue)] += 1
        for cdr, length in enumerate(loops, start=1):
            lengths[cdr][length] += 1
    return VhhProfile(counts, MappingProxyType(lengths), n=n, source=SOURCE)


def main() -> None:
    """Derive the profile and write it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("sequences", type=Path, help="FASTA of VHHs")
    parser.add_argument(
        "truth", type=Path, help="numbering truth (JSON lines, gz) whose sequences are left out"
    )
    parser.add_argument("profile", type=Path, help="JSON file to write")
    arguments = parser.parse_args()
    candidates = read_fasta(arguments.sequences)
    sequences = select_sequences(candidates, read_truth_sequences(arguments.truth))
    print(f"{len(candidates)} sequences, {len(sequences)} after leaving out the truth and repeats")
    profile = count_placed([place_by_anchors(sequence) for sequence in sequences])
    print(f"by anchors: {profile.n}")
    for turn in range(1, ROUNDS + 1):
        profile = count_placed(place_by_profile(sequences, profile))
        print(f"by profile, round {turn}: {profile.n}")
    arguments.profile.write_text(json.dumps(write_profile(profile), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
