"""What was not read, filled from a reference VHH by IMGT position, in lower case and on request only.

Nothing that was read is overwritten. Frameworks alone are filled: a CDR that was not read is what the
clonotype is about, and no other VHH can say it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bactrian.core.errors import InputError, Where
from bactrian.discovery.leads.domains import lay_domains
from bactrian.discovery.vhh.annotate import annotate
from bactrian.discovery.vhh.labels import EMPTY_COLUMNS, LOOPS, N_COLUMNS
from bactrian.discovery.vhh.numbering import number_proteins

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

UNREAD: Final = "X"
UNREAD_BASE: Final = "N"
_FRAMEWORK: Final = frozenset(range(1, N_COLUMNS + 1)) - {
    column for first, last in LOOPS for column in range(first, last + 1)
}
_CODON: Final = 3


@dataclass(frozen=True, slots=True)
class Reference:
    """A VHH by which unread residues are filled.

    Args:
        name: Name of its record.
        residues: Residue by IMGT column, frameworks only, in lower case.
        codons: Codon by IMGT column in lower case; None where the record holds amino acids.
    """

    name: str
    residues: Mapping[int, str]
    codons: Mapping[int, str] | None


def make_reference(names: Sequence[str], sequences: Sequence[str], where: Where) -> Reference:
    """Read a reference VHH.

    Args:
        names: Names of the records of a file.
        sequences: Their sequences: amino acids or nucleotides.
        where: The file, for errors.

    Returns:
        The reference.

    Raises:
        InputError: There is more than one record, or it is no whole VHH.
    """
    if len(sequences) != 1:
        msg = f"the file holds {len(sequences)} sequences. Give one reference VHH."
        raise InputError(msg, where)
    row = annotate(list(sequences), list(names)).row(0, named=True)
    place = Where(file=where.file, record=1)
    if row["status"] != "vhh":
        kinds = {
            "vh": f"a conventional VH by its hallmarks ({row['hallmarks']})",
            "partial": "a part of a VHH",
        }
        what = kinds.get(row["status"], "no VHH")
        reason = f": {row['reason']}" if row["reason"] else ""
        msg = f"'{row['id']}' reads as {what}{reason}. Give a whole VHH in amino acids or nucleotides."
        raise InputError(msg, place)
    protein, nucleotides = row["vhh"], row["vhh_nt"]
    numbering = number_proteins([protein])
    residues: dict[int, str] = {}
    codons: dict[int, str] = {}
    for index, (column, insertion) in enumerate(
        zip(numbering.position.tolist(), numbering.insertion.tolist(), strict=True)
    ):
        if column in _FRAMEWORK and not insertion and protein[index] != UNREAD:
            residues[column] = protein[index].lower()
            if nucleotides is not None:
                codons[column] = nucleotides[_CODON * index : _CODON * (index + 1)].lower().replace("u", "t")
    return Reference(row["id"], residues, codons if nucleotides is not None else None)


def fill_residues(leads: pl.DataFrame, reference: Reference) -> list[tuple[str | None, str]]:
    """Fill the unread framework residues of VHHs.

    Args:
        leads: `vhh` (X for unread; null where unknown), `cdr1`, `cdr2`, `cdr3`.
        reference: Whose residues are taken.

    Returns:
        For each the sequence, filled residues in lower case, and which IMGT positions these are, "" for none.
        Where CDR1–2 is unknown nothing is filled.
    """
    filled: list[tuple[str | None, str]] = []
    for row, domain in zip(leads.iter_rows(named=True), lay_domains(leads), strict=True):
        vhh = row["vhh"]
        if vhh is None or row["cdr1"] is None or row["cdr2"] is None:
            filled.append((vhh, ""))
            continue
        letters, columns = [], []
        for label, column, residue in zip(domain.labels, domain.positions, domain.residues, strict=True):
            new = reference.residues.get(column, UNREAD) if label.isdigit() else UNREAD
            if residue == UNREAD and new != UNREAD:
                columns.append(column)
                letters.append(new)
            else:
                letters.append(residue)
        filled.append(("".join(letters), say_columns(columns)) if columns else (vhh, ""))
    return filled


def fill_bases(
    nt: str, codons: Sequence[tuple[int, str]], *, frame: int, reference: Reference
) -> tuple[str, list[int]]:
    """Fill the unread bases of a sequence and its missing ends.

    A codon of which some bases were read is filled only if the reference has the same bases there.

    Args:
        nt: Nucleotides, N for unread.
        codons: IMGT column and codon of every codon from `frame` on, 0 for a column where it is no framework
            residue or an insertion.
        frame: Bases before the first codon, 0 to 2.
        reference: With codons.

    Returns:
        The sequence, filled bases in lower case, and the IMGT columns of all codons that were touched.
    """
    known = reference.codons or {}
    touched: list[int] = []
    middle = []
    for column, codon in codons:
        merged = _merge(codon, known.get(column, ""))
        if merged != codon:
            touched.append(column)
        middle.append(merged)
    start, end = nt[:frame], nt[frame + _CODON * len(codons) :]
    first = next((column for column, _ in codons if column), 0)
    last = next((column for column, _ in reversed(codons) if column), 0)
    before = _extend(start, _columns(first - 1, -1), known, forwards=False) if first else (start, [])
    after = _extend(end, _columns(last + 1, 1), known, forwards=True) if last else (end, [])
    touched = [*before[1], *touched, *after[1]]
    return f"{before[0]}{''.join(middle)}{after[0]}", touched


def say_columns(columns: Sequence[int]) -> str:
    """Write IMGT columns as ranges.

    Examples:
        >>> say_columns([1, 2, 3, 84, 124, 125])
        '1–3, 84, 124–125'
        >>> say_columns([9, 11])
        '9–11'
    """
    ranges: list[list[int]] = []
    for column in sorted(columns):
        if ranges and not set(range(ranges[-1][1] + 1, column)) - set(EMPTY_COLUMNS):
            ranges[-1][1] = column
        else:
            ranges.append([column, column])
    return ", ".join(f"{first}–{last}" if first != last else str(first) for first, last in ranges)


def _merge(codon: str, known: str) -> str:
    """Fill the N of a codon; give it back as it was where the reference contradicts what was read."""
    if UNREAD_BASE not in codon or len(known) != _CODON:
        return codon
    if any(base not in {UNREAD_BASE, new.upper()} for base, new in zip(codon, known, strict=True)):
        return codon
    return "".join(new if base == UNREAD_BASE else base for base, new in zip(codon, known, strict=True))


def _columns(start: int, step: int) -> list[int]:
    """Give the framework columns from one on to the end of the domain, without those VHHs leave empty."""
    stop = N_COLUMNS + 1 if step > 0 else 0
    found = [column for column in range(start, stop, step) if column not in EMPTY_COLUMNS]
    return found if set(found) <= _FRAMEWORK else []


def _extend(
    part: str, columns: Sequence[int], known: Mapping[int, str], *, forwards: bool
) -> tuple[str, list[int]]:
    """Complete the codon that an end cuts, then add the reference's codons up to the end of the domain."""
    spelled = part
    touched: list[int] = []
    for column in columns:
        codon = known.get(column)
        if codon is None:
            continue
        cut = spelled if not touched else ""
        if cut:
            own = codon[: len(cut)] if forwards else codon[-len(cut) :]
            if any(base not in {UNREAD_BASE, new.upper()} for base, new in zip(cut, own, strict=True)):
                return part, []
            rest = codon[len(cut) :] if forwards else codon[: -len(cut)]
            spelled = cut + rest if forwards else rest + cut
        else:
            spelled = spelled + codon if forwards else codon + spelled
        touched.append(column)
    return spelled, sorted(touched)
