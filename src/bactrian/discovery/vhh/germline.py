"""Germline V and J of a domain, against a FASTA file that the user supplies; this module reads that file.

Bactrian ships no germline sequences. Shared words pick candidate genes, a local alignment decides.
Nucleotides are compared with nucleotides where both sides have them, proteins otherwise. V sees the
domain up to the start of CDR3 and four residues more, J what follows C104, so that neither can stand in
for the other.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from bactrian.core.errors import InputError, Where
from bactrian.discovery.sequences import read_sequences
from bactrian.discovery.vhh.translate import translate_six_frames

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bactrian.discovery.sequences import Kind

Segment = Literal["V", "J"]

WORD = {("V", "protein"): 3, ("V", "nucleotide"): 9, ("J", "protein"): 2, ("J", "nucleotide"): 5}
"""Length of the words that pick candidates. A chance hit is rare against the tens of words that a V, and the
several that a J, shares with its own gene."""

CANDIDATES = 20
"""Genes aligned per sequence; alleles of one gene share nearly all words and rank side by side."""

MIN_ALIGNED = {("V", "protein"): 30, ("V", "nucleotide"): 90, ("J", "protein"): 6, ("J", "nucleotide"): 18}
"""Shortest alignment that names a gene: a third of a V, two fifths of a J."""

MIN_IDENTITY = 0.6
"""Lowest identity that names a gene. V genes of different families agree in about half of their residues."""

V_TAIL = 4
"""Residues after C104 that a V gene can still encode."""

_SEGMENT_NAME = re.compile(r"IG[HKL]([VDJC])|(?:^|[|_\s])(?:VH?H?|V)(?=\d)|(?:^|[|_\s])(?:J)(?=H?\d)", re.I)


@dataclass(frozen=True, slots=True)
class Germlines:
    """Germline genes of a FASTA file.

    Args:
        genes: Gene name to sequence, for each segment and kind. A gene given as nucleotides is there
            as protein too.
    """

    genes: Mapping[tuple[Segment, Kind], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class GermlineCall:
    """Best germline gene of a sequence.

    Args:
        name: Gene or genes; equal ones are joined by commas. None without one.
        identity: Identical columns over aligned columns, 0 to 1. None without a gene.
    """

    name: str | None
    identity: float | None


def read_germlines(path: str | Path) -> Germlines:
    """Read germline V and J genes.

    Args:
        path: FASTA of nucleotides or proteins, IMGT gaps allowed. The second field of a header with '|'
            is taken as the name. V and J are told apart by their names (IGHV…, IGHJ…), else by length.

    Returns:
        The genes.

    Raises:
        InputError: The file cannot be read, or holds no V gene.
    """
    genes: dict[tuple[Segment, Kind], dict[str, str]] = defaultdict(dict)
    for record in read_sequences(path):
        fields = record.id.split("|")
        name = fields[1] if len(fields) > 1 and fields[1] else fields[0]
        segment = _tell_segment(name, record.sequence, record.kind)
        if segment is None or not record.sequence:
            continue
        genes[segment, record.kind][name] = record.sequence
        if record.kind == "nucleotide":
            genes[segment, "protein"][name] = _translate_gene(record.sequence, segment)
    if not genes["V", "protein"]:
        message = "the file holds no V gene. Expected names such as IGHV3-3*01, or V genes of full length."
        raise InputError(message, Where(file=str(path)))
    return Germlines({key: dict(value) for key, value in genes.items()})


def assign_germline(
    germlines: Germlines, residues: str, *, nucleotides: str | None = None, cdr3_start: int | None = None
) -> tuple[GermlineCall, GermlineCall]:
    """Find the germline V and J of a domain.

    Args:
        germlines: Genes to choose from.
        residues: The domain.
        nucleotides: The same domain as nucleotides (three per residue), or None.
        cdr3_start: Where CDR3 begins in `residues`; None where it was not read, then no J is sought.

    Returns:
        V and J. Ties are all named.
    """
    kind: Kind = "nucleotide" if nucleotides and ("V", "nucleotide") in germlines.genes else "protein"
    query, unit = (nucleotides, 3) if kind == "nucleotide" and nucleotides else (residues, 1)
    v_end = len(query) if cdr3_start is None else (cdr3_start + V_TAIL) * unit
    v_call = _best_gene(germlines, "V", kind, query[:v_end])
    if cdr3_start is None:
        return v_call, GermlineCall(None, None)
    return v_call, _best_gene(germlines, "J", kind, query[cdr3_start * unit :])


def _best_gene(germlines: Germlines, segment: Segment, kind: Kind, query: str) -> GermlineCall:
    genes = germlines.genes.get((segment, kind), {})
    size = WORD[segment, kind]
    words = {query[i : i + size] for i in range(len(query) - size + 1)}
    shared = Counter({name: len(words & _words(gene, size)) for name, gene in genes.items()})
    best: list[tuple[float, float, str]] = []
    for name, count in sorted(shared.items(), key=lambda pair: (-pair[1], pair[0]))[:CANDIDATES]:
        if not count:
            break
        alignment = _aligner(kind).align(genes[name], query)[0]
        counts = alignment.counts()
        length = counts.identities + counts.mismatches + counts.gaps
        identity = counts.identities / length
        if length >= MIN_ALIGNED[segment, kind] and identity >= MIN_IDENTITY:
            best.append((alignment.score, identity, name))
    if not best:
        return GermlineCall(None, None)
    top = max(best)[:2]
    return GermlineCall(",".join(sorted(name for *rank, name in best if tuple(rank) == top)), top[1])


@cache
def _words(gene: str, size: int) -> frozenset[str]:
    return frozenset(gene[i : i + size] for i in range(len(gene) - size + 1))


@cache
def _aligner(kind: Kind) -> Any:
    """Local alignment; costs are BLAST's defaults for nucleotides and BLOSUM62 with 11 + 1 for proteins."""
    from Bio.Align import PairwiseAligner, substitution_matrices  # noqa: PLC0415 - only with germlines

    aligner = PairwiseAligner(mode="local")  # type: ignore[no-untyped-call]  # Biopython
    if kind == "protein":
        aligner.substitution_matrix = substitution_matrices.load("BLOSUM62")  # type: ignore[no-untyped-call]
        aligner.open_gap_score, aligner.extend_gap_score = -12, -1
    else:
        aligner.match_score, aligner.mismatch_score = 2, -3
        aligner.open_gap_score, aligner.extend_gap_score = -7, -2
    return aligner


def _tell_segment(name: str, sequence: str, kind: Kind) -> Segment | None:
    match = _SEGMENT_NAME.search(name)
    if match:
        letter = (match.group(1) or match.group().strip("|_ \t")[0]).upper()
        if letter == "V":
            return "V"
        return "J" if letter == "J" else None
    residues = len(sequence) // (3 if kind == "nucleotide" else 1)
    if residues >= 80:
        return "V"
    return "J" if 12 <= residues <= 30 else None


def _translate_gene(gene: str, segment: Segment) -> str:
    """Translate a gene in the frame that has no stop and, for a J, the W·G motif."""
    proteins = [frame.protein for frame in translate_six_frames(gene)[:3]]
    return max(
        proteins,
        key=lambda protein: (
            bool(re.search("[WFR]G.G", protein)) if segment == "J" else "C" in protein[15:30],
            -protein.count("*"),
            -proteins.index(protein),
        ),
    )
