"""A lead's V domain residue by residue: IMGT labels for what was read, X for what was not.

A read pair seldom shows a whole VHH, and a count table may hold nothing but CDR3s. Every lead is laid on the
128 IMGT positions all the same, so that it is plain what is missing.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bactrian.assays.chemistry import AMINO_ACIDS, UNREAD
from bactrian.assays.sites import REGIONS
from bactrian.discovery.vhh.cysteines import Disulfides, pair_cysteines
from bactrian.discovery.vhh.hallmarks import HALLMARK_POSITIONS, Hallmarks, read_hallmarks
from bactrian.discovery.vhh.labels import EMPTY_COLUMNS, LOOPS, format_label, number_loop
from bactrian.discovery.vhh.numbering import number_proteins

if TYPE_CHECKING:
    import polars as pl

    from bactrian.discovery.vhh.numbering import Numbering

USUAL_LENGTHS: Final = (8, 8, 13)
"""Residues that stand for a CDR of unknown length: eight as in spelled VHHs, and the columns of CDR3."""

PARTNER_POSITIONS: Final = (*range(27, 39), 50, 54, 55, *range(56, 66), 78, *range(105, 118))
"""IMGT positions where a cysteine that pairs beyond 23–104 is known to stand (`discovery.vhh.cysteines`)."""

_Residue = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class LeadDomain:
    """A V domain on the IMGT positions.

    Args:
        labels: IMGT label of each residue.
        positions: IMGT position of each, without its insertion letter.
        residues: One capital letter per label, X for what was not read.
        filled: Places of residues that were filled in, not read.
        cdr_lengths: Residues of CDR1 to CDR3, None where unknown.
        note: What is odd about it, as words; "" where nothing is.
    """

    labels: tuple[str, ...]
    positions: tuple[int, ...]
    residues: str
    filled: frozenset[int]
    cdr_lengths: tuple[int | None, int | None, int | None]
    note: str = ""

    @property
    def n_unread(self) -> int:
        """Residues that were not read."""
        return self.residues.count(UNREAD)

    def cut_region(self, region: str) -> str:
        """Give the residues of a region such as CDR3."""
        first, last = next((first, last) for name, first, last in REGIONS if name == region)
        return self.residues[bisect_left(self.positions, first) : bisect_right(self.positions, last)]

    def unread_regions(self) -> tuple[tuple[str, int], ...]:
        """Give the regions with unread residues, and how many."""
        counts = ((name, self.cut_region(name).count(UNREAD)) for name, _, _ in REGIONS)
        return tuple((name, count) for name, count in counts if count)

    def read_hallmarks(self) -> Hallmarks:
        """Call VHH or conventional VH by the residues read."""
        return read_hallmarks(
            {
                position: residue
                for position, residue in zip(self.positions, self.residues, strict=True)
                if position in HALLMARK_POSITIONS and residue != UNREAD
            }
        )

    def pair_cysteines(self) -> Disulfides:
        """Pair the cysteines read by the patterns known from VHHs."""
        read = [place for place, residue in enumerate(self.residues) if residue != UNREAD]
        return pair_cysteines(
            [self.labels[place] for place in read], "".join(self.residues[place] for place in read)
        )

    def partners_read(self) -> bool:
        """Tell whether every position was read where a cysteine's partner may stand."""
        return all(
            residue != UNREAD
            for position, residue in zip(self.positions, self.residues, strict=True)
            if position in PARTNER_POSITIONS
        )


def lay_domains(leads: pl.DataFrame) -> list[LeadDomain]:
    """Lay every lead on the IMGT positions.

    Args:
        leads: Of the columns vhh (residues, X for unread, lower case for filled), cdr1, cdr2 and cdr3 (null
            or '?' for unknown) those that are known; a column that is absent is unknown for all.

    Returns:
        One domain per row. Where the VHH is absent or no V domain, it consists of the CDRs that are known.
    """
    columns = {
        name: leads[name].to_list() if name in leads.columns else [None] * leads.height
        for name in ("vhh", "cdr1", "cdr2", "cdr3")
    }
    vhhs = [vhh or "" for vhh in columns["vhh"]]
    numbering = number_proteins(vhhs)
    return [
        _lay_domain(vhh, tuple(_known(cdr) for cdr in cdrs), numbering, row)
        for row, (vhh, *cdrs) in enumerate(
            zip(vhhs, columns["cdr1"], columns["cdr2"], columns["cdr3"], strict=True)
        )
    ]


def _known(cdr: str | None) -> str | None:
    return None if cdr in {None, "", "?"} else cdr


def _lay_domain(vhh: str, cdrs: tuple[str | None, ...], numbering: Numbering, row: int) -> LeadDomain:
    notes: list[str] = []
    read: list[_Residue] = []
    first, last = 129, 128
    if numbering.is_vhh[row]:
        offset = int(numbering.offsets[row])
        read = [
            (int(numbering.position[offset + place]), int(numbering.insertion[offset + place]), letter)
            for place, letter in enumerate(vhh)
            if numbering.position[offset + place]
        ]
        first, last = int(numbering.first_column[row]), int(numbering.last_column[row])
    elif vhh.upper().strip(UNREAD):
        notes.append("the sequence is not recognised as a V domain: only its CDRs are judged")
    laid = [*_unread_columns(1, first - 1, cdrs), *read, *_unread_columns(last + 1, 128, cdrs)]
    beyond = _count_beyond(vhh, numbering, row) - sum(
        len(cdr or "") for cdr, (begin, end) in zip(cdrs, LOOPS, strict=True) if end < first or begin > last
    )
    if read and beyond > 0:
        noun = "residue" if beyond == 1 else "residues"
        notes.append(f"{beyond} {noun} outside the domain as numbered not judged")
    lengths: list[int | None] = []
    for number, ((begin, end), cdr) in enumerate(zip(LOOPS, cdrs, strict=True), start=1):
        own = "".join(letter for position, _, letter in laid if begin <= position <= end)
        complete = first > end or bool(numbering.cdr_start[row, number - 1] >= 0)
        if cdr is not None and complete and own.upper() != cdr.upper():
            notes.append(f"CDR{number} as numbered ({own}) is not the one counted ({cdr})")
        seen = own if complete and own.upper().strip(UNREAD) else cdr
        lengths.append(None if seen is None else len(seen))
    return LeadDomain(
        labels=tuple(format_label(position, insertion) for position, insertion, _ in laid),
        positions=tuple(position for position, _, _ in laid),
        residues="".join(
            letter.upper() if letter.upper() in AMINO_ACIDS else UNREAD for _, _, letter in laid
        ),
        filled=frozenset(
            place
            for place, (_, _, letter) in enumerate(laid)
            if letter.islower() and letter.upper() in AMINO_ACIDS
        ),
        cdr_lengths=(lengths[0], lengths[1], lengths[2]),
        note="; ".join(notes),
    )


def _count_beyond(vhh: str, numbering: Numbering, row: int) -> int:
    """Count residues before or behind the domain on a side where it is not complete."""
    begin, end = int(numbering.start[row]), int(numbering.end[row])
    before = vhh[:begin] if numbering.first_column[row] > 1 else ""
    behind = vhh[end:] if numbering.last_column[row] < 128 else ""
    return sum(letter.upper() in AMINO_ACIDS for letter in before + behind)


def _unread_columns(low: int, high: int, cdrs: tuple[str | None, ...]) -> list[_Residue]:
    """Give the positions from low to high: X, but for CDRs that lie wholly within and are known."""
    laid: list[_Residue] = []
    for name, begin, end in REGIONS:
        inside = range(max(low, begin), min(high, end) + 1)
        if name.startswith("CDR") and len(inside) == end - begin + 1:
            loop = int(name[-1])
            cdr = cdrs[loop - 1] or UNREAD * USUAL_LENGTHS[loop - 1]
            laid += [(*label, letter) for label, letter in zip(number_loop(loop, len(cdr)), cdr, strict=True)]
        else:
            laid += [(column, 0, UNREAD) for column in inside if column not in EMPTY_COLUMNS]
    return laid
