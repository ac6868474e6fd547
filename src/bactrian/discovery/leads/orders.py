"""Whether a lead can be ordered from its reads, and the nucleotides to order.

The sequence is the most frequent observed one of the clonotype. It is given only where it is whole between
the primers, its CDR1–2 is the clone's own, and it spells the VHH that is shown; else it is said why not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from bactrian.discovery.leads.completion import (
    UNREAD,
    UNREAD_BASE,
    Reference,
    fill_bases,
    fill_residues,
    say_columns,
)
from bactrian.discovery.leads.domains import lay_domains
from bactrian.discovery.vhh.labels import LOOPS, N_COLUMNS
from bactrian.discovery.vhh.numbering import Numbering, number_proteins
from bactrian.discovery.vhh.reads import annotate_reads
from bactrian.discovery.vhh.translate import translate_six_frames

if TYPE_CHECKING:
    from collections.abc import Mapping

ORDER_COLUMNS: Final = {
    "orderable": pl.Boolean,
    "not_orderable": pl.String,
    "order_note": pl.String,
    "order_nt": pl.String,
    "filled": pl.String,
    "vhh": pl.String,
}
NO_SEQUENCE: Final = "only keys were counted, its sequence is not known"
WHOLE: Final = "the whole domain"
_CODON: Final = 3


@dataclass(frozen=True, slots=True)
class _Reading:
    """A nucleotide sequence as codons.

    Args:
        frame: Bases before the first codon.
        protein: Its residues, X where a codon was not read.
        codons: IMGT column (0 outside the frameworks and for insertions) and codon.
        columns: IMGT column of every residue.
    """

    frame: int
    protein: str
    codons: list[tuple[int, str]]
    columns: list[int]


def add_orders(
    leads: pl.DataFrame, *, reference: Reference | None = None, amber: bool = False
) -> pl.DataFrame:
    """Say of each lead whether it can be ordered.

    Args:
        leads: Rows with the columns of `choose_clonotypes`.
        reference: What unread framework residues are filled from; None to fill nothing.
        amber: Whether the screen read TAG as Q.

    Returns:
        The rows with `ORDER_COLUMNS`: `not_orderable` (why not, null where it is), `order_nt` and
        `order_note` (what to order, and what to know before; null where not orderable), `filled` (IMGT
        positions filled in `vhh` from the reference) and `vhh` with filled residues in lower case.
    """
    rows = [
        _judge(row, reference=reference, amber=amber, unread=unread)
        for row, unread in zip(leads.iter_rows(named=True), _unread_inside(leads), strict=True)
    ]
    vhhs = [(vhh, "") for vhh in leads["vhh"].to_list()]
    if reference is not None:
        vhhs = fill_residues(leads, reference)
    columns: dict[str, list[Any]] = {
        "orderable": [orderable for orderable, _, _ in rows],
        "not_orderable": [None if orderable else words for orderable, words, _ in rows],
        "order_note": [words if orderable else None for orderable, words, _ in rows],
        "order_nt": [nt for _, _, nt in rows],
        "filled": [f"IMGT {said} from {reference.name}" if said and reference else "" for _, said in vhhs],
        "vhh": [vhh for vhh, _ in vhhs],
    }
    return leads.with_columns(
        pl.Series(name, columns[name], dtype=kind) for name, kind in ORDER_COLUMNS.items()
    )


def say_cut_orders(leads: pl.DataFrame) -> list[str]:
    """Say how many orders are not of a whole domain, in one sentence; none where all are.

    Args:
        leads: Of `add_orders`.

    Returns:
        The sentence, if there is one to say.
    """
    notes = leads["order_note"].drop_nulls()
    cut = notes.filter(~notes.str.starts_with(WHOLE)).len()
    if not cut:
        return []
    begin, reads = ("begins or ends", "its reads do") if cut == 1 else ("begin or end", "their reads do")
    return [
        f"{cut} of {notes.len()} orders {begin} within the domain, where {reads}: --complete adds what is "
        "missing from a reference in nucleotides, in lower case."
    ]


def _unread_inside(leads: pl.DataFrame) -> list[list[int]]:
    """Give the IMGT columns between the first and the last residue of each VHH that no molecule read."""
    found = []
    for domain in lay_domains(leads):
        read = [place for place, residue in enumerate(domain.residues) if residue != UNREAD]
        inside = range(read[0], read[-1]) if read else range(0)
        found.append([domain.positions[place] for place in inside if domain.residues[place] == UNREAD])
    return found


def _judge(
    row: Mapping[str, Any], *, reference: Reference | None, amber: bool, unread: list[int]
) -> tuple[bool, str, str | None]:
    """Give whether a lead can be ordered, why, and the nucleotides."""
    if row["vhh"] is None and row["nt"] is None and row["cdr12_posterior"] is None:
        return False, NO_SEQUENCE, None
    if row["cdr1"] is None or row["cdr2"] is None:
        return False, "CDR1–2 unknown", None
    nt = row["nt"]
    if nt is None:
        return False, "no single molecule with these CDRs was read", None
    reading = _read(nt, amber=amber)
    if reading is None:
        return False, "its most frequent sequence is no VHH in one frame", None
    wrong = _contradiction(reading, row["vhh"])
    if wrong:
        return False, wrong, None
    touched: list[int] = []
    if reference is not None and reference.codons is not None:
        nt, touched = fill_bases(nt, reading.codons, frame=reading.frame, reference=reference)
    if UNREAD_BASE in nt:
        gap = [
            column
            for column, codon in zip(reading.columns, _codons(reading), strict=True)
            if UNREAD_BASE in codon
        ]
        between = " (gap between the mates)" if row["rung"] == "joined" else ""
        said = say_columns([column for column in gap or unread if column])
        why = f"residues IMGT {said} were not read{between}"
        if reference is not None:
            lacks = "holds amino acids only" if reference.codons is None else "does not fit there"
            why += f"; the reference {reference.name} {lacks}"
        return False, why, None
    note = _say_ends(reading, touched)
    if touched and reference is not None:
        note += f"; IMGT {say_columns(touched)} filled from {reference.name}, in lower case: not read"
    return True, note, nt


def _read(nt: str, *, amber: bool) -> _Reading | None:
    """Read a sequence in its frame."""
    found = annotate_reads([nt], amber=amber).row(0, named=True)
    if found["status"] != "productive":
        return None
    frame = int(found["frame"])
    protein = translate_six_frames(nt, amber=amber)[frame].protein
    numbering: Numbering = number_proteins([protein])
    if not bool(numbering.is_vhh[0]):
        return None
    loops = {column for first, last in LOOPS for column in range(first, last + 1)}
    columns = numbering.position.tolist()
    codons = [
        (
            0 if insertion or column in loops else column,
            nt[frame + _CODON * place : frame + _CODON * (place + 1)],
        )
        for place, (column, insertion) in enumerate(zip(columns, numbering.insertion.tolist(), strict=True))
    ]
    return _Reading(frame, protein, codons, columns)


def _codons(reading: _Reading) -> list[str]:
    return [codon for _, codon in reading.codons]


def _contradiction(reading: _Reading, vhh: str | None) -> str:
    """Say where the sequence spells another residue than the VHH; "" where it does not."""
    if vhh is None:
        return "its VHH is not known"
    protein = reading.protein.strip(UNREAD)
    core = vhh.upper()
    for start in range(len(core) - len(protein) + 1):
        piece = core[start : start + len(protein)]
        if all(a == b or UNREAD in {a, b} for a, b in zip(protein, piece, strict=True)):
            return ""
    return "no molecule was read that carries all of its framework residues at once"


def _say_ends(reading: _Reading, touched: list[int]) -> str:
    """Say where the sequence begins and ends, if that is inside the domain."""
    columns = [column for column in [*reading.columns, *touched] if column]
    first, last = min(columns), max(columns)
    if first == 1 and last == N_COLUMNS:
        return WHOLE
    return f"from IMGT {first} to {last}: what lies outside was not read"
