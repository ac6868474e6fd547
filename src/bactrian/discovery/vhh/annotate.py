"""Annotation of sequences as people hold them: proteins or nucleotides in, one row of what is known out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from bactrian.core.errors import InputError, Where
from bactrian.discovery.sequences import Kind, check_sequence
from bactrian.discovery.vhh.cysteines import pair_cysteines
from bactrian.discovery.vhh.flanks import name_flanks
from bactrian.discovery.vhh.germline import Germlines, assign_germline, read_germlines
from bactrian.discovery.vhh.hallmarks import HALLMARK_POSITIONS, Hallmarks, read_hallmarks
from bactrian.discovery.vhh.labels import LAST_START
from bactrian.discovery.vhh.numbering import Numbering, number_proteins
from bactrian.discovery.vhh.orient import Orientation, orient_sequences
from bactrian.discovery.vhh.schemes import check_scheme, format_label, label_residues

if TYPE_CHECKING:
    from bactrian.discovery.vhh.schemes import Scheme

REGIONS = ("fwr1", "cdr1", "fwr2", "cdr2", "fwr3", "cdr3", "fwr4")

FIRST_END = 121
"""A domain counts as whole when it begins at `LAST_START` or before and ends at 121 or behind: W118 to G121
is the motif that fixes where FR4 begins."""

LONG_CDR3 = 10
"""Residues by which a long CDR3 exceeds the 13 columns of IMGT, when the place of a missing end is judged."""

MIN_SECOND_DOMAIN = 80
"""Residues outside the domain from which a second one is sought: a V domain without its flanks has 110."""

COLUMNS: dict[str, Any] = {
    "id": pl.String,
    "status": pl.String,
    "reason": pl.String,
    "scheme": pl.String,
    **dict.fromkeys(REGIONS, pl.String),
    "numbering": pl.String,
    "vhh": pl.String,
    "leader": pl.String,
    "tag": pl.String,
    "hallmarks": pl.String,
    "hallmark_call": pl.String,
    "disulfides": pl.String,
    "free_cysteines": pl.String,
    "kind": pl.String,
    "frame": pl.String,
    "vhh_nt": pl.String,
    "before": pl.String,
    "after": pl.String,
    "domains": pl.Int32,
    "score": pl.Int32,
}
"""Columns of an annotation and their types; `GERMLINE_COLUMNS` follow where germlines are given."""

GERMLINE_COLUMNS: dict[str, Any] = {
    "v_call": pl.String,
    "v_identity": pl.Float64,
    "j_call": pl.String,
    "j_identity": pl.Float64,
}


def annotate(
    sequences: Sequence[str] | pl.Series | Mapping[str, str],
    ids: Sequence[str] | None = None,
    *,
    kind: Literal["auto", "protein", "nucleotide"] = "auto",
    scheme: str = "imgt",
    amber: bool = False,
    germlines: Germlines | str | Path | None = None,
) -> pl.DataFrame:
    """Number and annotate VHHs.

    Regions and CDRs have IMGT's borders in every scheme, so that a CDR3 is the same string whichever
    numbering is asked for; `scheme` decides the labels in `numbering`.

    Args:
        sequences: Proteins or nucleotides (both strands and all frames are tried), or id to sequence.
        ids: One id per sequence; 1, 2, 3, … without them.
        kind: protein or nucleotide for all, or auto to decide for each sequence.
        scheme: imgt, kabat, chothia, martin or aho.
        amber: Read TAG as Q, as an amber-suppressing strain does.
        germlines: V and J genes, or the FASTA file that holds them.

    Returns:
        One row per sequence in input order, columns `COLUMNS`. What does not apply is null.

    Raises:
        InputError: The scheme is unknown, ids and sequences differ in number, a sequence holds a
            letter that it may not, or the germline file cannot be used.

    Examples:
        >>> table = annotate(
        ...     {
        ...         "Nb1": "QVQLVESGGGLVQAGGSLRLSCAASGRTFSSYAMGWFRQAPGKEREFVAAISWSGGSTYYADSVKGRFTISRDNAKN"
        ...         "TVYLQMNSLKPEDTAVYYCAADRGGYDYWGQGTQVTVSSHHHHHH"
        ...     }
        ... )
        >>> table.select("id", "status", "cdr3", "tag").row(0)
        ('Nb1', 'vhh', 'AADRGGYDY', 'His6')
    """
    chosen = check_scheme(scheme)
    if isinstance(sequences, Mapping):
        ids = list(sequences) if ids is None else ids
        sequences = list(sequences.values())
    cleaned = [_clean(sequence) for sequence in sequences]
    names = [str(number) for number in range(1, len(cleaned) + 1)] if ids is None else [str(i) for i in ids]
    if len(names) != len(cleaned):
        message = f"{len(names)} ids came with {len(cleaned)} sequences. Give one id per sequence."
        raise InputError(message)
    kinds = [
        check_sequence(sequence, kind, Where(record=number))
        for number, sequence in enumerate(cleaned, start=1)
    ]
    genes = read_germlines(germlines) if isinstance(germlines, str | Path) else germlines

    oriented: dict[int, Orientation] = {}
    nucleotide_rows = [row for row, found in enumerate(kinds) if found == "nucleotide"]
    for row, orientation in zip(
        nucleotide_rows, orient_sequences([cleaned[row] for row in nucleotide_rows], amber=amber), strict=True
    ):
        oriented[row] = orientation
    proteins = [oriented[row].frame.protein if row in oriented else cleaned[row] for row in range(len(names))]
    numbering = number_proteins(proteins)
    further = _count_further_domains(numbering, proteins)
    schema = COLUMNS | (GERMLINE_COLUMNS if genes is not None else {})
    rows: list[dict[str, Any]] = []
    for row, (name, protein) in enumerate(zip(names, proteins, strict=True)):
        record: dict[str, Any] = {
            "id": name,
            "scheme": chosen,
            "kind": kinds[row],
            "score": int(numbering.score[row]),
        }
        record["domains"] = int(numbering.is_vhh[row]) + further[row]
        if numbering.is_vhh[row]:
            record |= _describe(
                numbering,
                row,
                protein=protein,
                orientation=oriented.get(row),
                scheme=chosen,
                germlines=genes,
            )
            if further[row]:
                count = f"{record['domains']} V domains, the best-fitting one is described"
                record["reason"] = "; ".join(filter(None, (record["reason"], count)))
        else:
            record["status"] = "not_vhh"
            record["reason"] = _why_not(cleaned[row], kinds[row], record["score"])
        rows.append(record)
    return pl.DataFrame(rows, schema=schema, orient="row") if rows else pl.DataFrame(schema=schema)


def _clean(sequence: str | None) -> str:
    return "".join((sequence or "").split()).upper().replace("-", "").replace(".", "")


def _describe(
    numbering: Numbering,
    row: int,
    *,
    protein: str,
    orientation: Orientation | None,
    scheme: Scheme,
    germlines: Germlines | None,
) -> dict[str, Any]:
    """Describe one sequence that holds a V domain."""
    start, end = int(numbering.start[row]), int(numbering.end[row])
    first, last = int(numbering.first_column[row]), int(numbering.last_column[row])
    span = slice(int(numbering.offsets[row]) + start, int(numbering.offsets[row]) + end)
    positions, insertions = numbering.position[span].tolist(), numbering.insertion[span].tolist()
    domain = protein[start:end]
    imgt = [format_label(label) for label in zip(positions, insertions, strict=True)]
    labels = imgt if scheme == "imgt" else label_residues(positions, insertions, scheme=scheme)
    # Translation ends at a stop: what lies beyond one belongs to no protein.
    before, after = protein[:start].rpartition("*")[2], protein[end:].partition("*")[0]
    flanks = name_flanks(before if first <= LAST_START else "", after if last >= FIRST_END else "")
    hallmarks = read_hallmarks(
        {
            position: residue
            for position, insertion, residue in zip(positions, insertions, domain, strict=True)
            if position in HALLMARK_POSITIONS and not insertion
        }
    )
    disulfides = pair_cysteines(imgt, domain)
    nucleotides = None
    if orientation is not None:
        offset = orientation.frame.offset
        nucleotides = orientation.frame.strand[offset + 3 * start : offset + 3 * end]
    status, reason = _judge(
        numbering, row, protein=protein, labels=imgt, orientation=orientation, hallmarks=hallmarks
    )
    record: dict[str, Any] = {
        "status": status,
        "reason": reason,
        **numbering.cut_regions(row),
        "numbering": json.dumps(dict(zip(labels, domain, strict=True))),
        "vhh": domain,
        "leader": flanks.leader,
        "tag": "; ".join(flanks.tags) or None,
        "hallmarks": hallmarks.residues,
        "hallmark_call": hallmarks.call,
        "disulfides": disulfides.describe_pairs() or None,
        "free_cysteines": "; ".join(disulfides.free) or None,
        "frame": orientation.frame.name if orientation else None,
        "vhh_nt": nucleotides,
        "before": before or None,
        "after": after or None,
    }
    if germlines is not None:
        cdr3 = int(numbering.cdr_start[row, 2])
        v_gene, j_gene = assign_germline(
            germlines, domain, nucleotides=nucleotides, cdr3_start=cdr3 - start if cdr3 >= 0 else None
        )
        record |= {
            "v_call": v_gene.name,
            "v_identity": v_gene.identity,
            "j_call": j_gene.name,
            "j_identity": j_gene.identity,
        }
    return record


def _judge(
    numbering: Numbering,
    row: int,
    *,
    protein: str,
    labels: list[str],
    orientation: Orientation | None,
    hallmarks: Hallmarks,
) -> tuple[str, str | None]:
    """Give status and reason. A broken frame explains a stop, and both explain what is missing."""
    if orientation is not None and orientation.frameshift:
        return "frameshift", orientation.frameshift
    start, end = int(numbering.start[row]), int(numbering.end[row])
    domain = protein[start:end]
    if "*" in domain:
        stops = [place for place, residue in enumerate(domain) if residue == "*"]
        places = ", ".join(labels[place] for place in stops)
        reason = f"stop codon at IMGT {places}"
        if orientation is not None:
            first = orientation.frame.offset + 3 * start
            codons = [orientation.frame.strand[first + 3 * place : first + 3 * place + 3] for place in stops]
            reason += f" ({', '.join(codons)})"
            if set(codons) == {"TAG"}:
                reason += "; amber, reads as Q with the amber option"
        return "stop", reason
    missing = _missing_parts(numbering, row)
    if missing:
        lost_before = protein[max(0, start - int(numbering.first_column[row]) + 1) : start]
        lost_after = protein[end : end + 128 - int(numbering.last_column[row]) + LONG_CDR3]
        if "*" in (lost_before if int(numbering.first_column[row]) > LAST_START else ""):
            return "stop", f"{missing}; a stop codon stands where the residues before it belong"
        if "*" in (lost_after if int(numbering.last_column[row]) < FIRST_END else ""):
            return "stop", f"{missing}; a stop codon stands where the residues behind it belong"
        return "partial", missing
    if hallmarks.call == "ambiguous":
        status = "vhh" if hallmarks.margin >= 0 else "vh"
        return status, (
            f"hallmarks {hallmarks.residues} at IMGT 42, 49, 50, 52 are mixed: "
            "a VHH with VH-like residues, a humanised VHH or an unusual VH"
        )
    return ("vh" if hallmarks.call == "vh" else "vhh"), None


def _missing_parts(numbering: Numbering, row: int) -> str | None:
    """Say which part of a domain was not read; None for a whole domain."""
    first, last = int(numbering.first_column[row]), int(numbering.last_column[row])
    unread = [f"CDR{cdr + 1}" for cdr in range(3) if numbering.cdr_start[row, cdr] < 0]
    parts = []
    if first > LAST_START:
        parts.append(f"begins at IMGT {first}")
    if last < FIRST_END:
        parts.append(f"ends at IMGT {last}")
    if unread:
        parts.append(f"{', '.join(unread)} not completely read")
    return "; ".join(parts) or None


def _why_not(sequence: str, kind: Kind, score: int) -> str:
    if not sequence:
        return "the record has no sequence"
    tried = "in any of the six frames " if kind == "nucleotide" else ""
    return f"no VHH or VH domain found {tried}(best alignment score {score})"


def _count_further_domains(numbering: Numbering, proteins: list[str]) -> list[int]:
    """Count V domains outside the one annotated, as in a bivalent construct."""
    counts = [0] * len(proteins)
    pieces: list[tuple[int, str]] = []
    for row, protein in enumerate(proteins):
        if numbering.is_vhh[row]:
            start, end = int(numbering.start[row]), int(numbering.end[row])
            pieces += [(row, piece) for piece in (protein[:start], protein[end:])]
    pieces = [piece for piece in pieces if len(piece[1]) >= MIN_SECOND_DOMAIN]
    while pieces:
        found = number_proteins([piece for _, piece in pieces])
        rest = []
        for place, (row, piece) in enumerate(pieces):
            length = int(found.end[place] - found.start[place])
            if found.is_vhh[place] and length >= MIN_SECOND_DOMAIN:
                counts[row] += 1
                rest += [(row, piece[: int(found.start[place])]), (row, piece[int(found.end[place]) :])]
        pieces = [piece for piece in rest if len(piece[1]) >= MIN_SECOND_DOMAIN]
    return counts
