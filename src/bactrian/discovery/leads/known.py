"""Clonotypes of earlier campaigns: own binders, parasites and polyreactive ones, found again among the units.

A match is the same clonotype, the same CDR3, or a near CDR3: one that the lineage rule would join to it, or
that differs in no more residues than its own row allows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from bactrian.core.errors import InputError, Where
from bactrian.discovery.clonotypes.hamming import Packed, paired_distances
from bactrian.discovery.clonotypes.settings import ClonotypeSettings
from bactrian.discovery.leads.distances import edit_distances
from bactrian.discovery.vhh.annotate import annotate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

KINDS: Final = ("binder", "parasite", "polyreactive")
UNWANTED: Final = ("parasite", "polyreactive")
SAYS_WHICH: Final = ("sequence", "cdr3", "clonotype")
SAME_CLONOTYPE, SAME_CDR3, OTHER_CDR12 = "same clonotype", "same CDR3", "same CDR3, other CDR1–2"
_PARTS: Final = 3
_AMINO_ACIDS: Final = frozenset("ACDEFGHIKLMNPQRSTVWYX")


@dataclass(frozen=True, slots=True)
class KnownClonotype:
    """A clonotype of an earlier campaign.

    Args:
        name: What the person calls it; its CDR3 where they gave no name.
        kind: binder, parasite or polyreactive.
        cdr3: Its CDR3.
        clonotype: CDR1_CDR2_CDR3, None where only the CDR3 is known.
        distance: Most residues by which a CDR3 may differ and still be near; None for the lineage rule
            (equal length, at least 80 % equal residues).
    """

    name: str
    kind: str
    cdr3: str
    clonotype: str | None = None
    distance: int | None = None


def parse_known(rows: pl.DataFrame, where: Where) -> tuple[KnownClonotype, ...]:
    """Read a table of known clonotypes.

    Args:
        rows: Columns `kind`, one or more of `sequence`, `cdr3` and `clonotype` (each row needs one), and if
            wanted `name` and `distance`; text.
        where: The file, for errors.

    Returns:
        The clonotypes in the order of the rows.

    Raises:
        InputError: A column or a value is missing or is not what it should be.
    """
    names = {name.strip().lower(): name for name in rows.columns}
    if "kind" not in names or not set(SAYS_WHICH) & set(names):
        found = ", ".join(f"'{name}'" for name in rows.columns)
        msg = (
            f"its columns are {found}. Expected 'kind' (binder, parasite or polyreactive) and one of "
            "'sequence', 'cdr3' and 'clonotype'."
        )
        raise InputError(msg, where)
    found_rows = []
    for number, row in enumerate(rows.iter_rows(named=True), start=2):
        cells = {name: str(row[column] or "").strip() for name, column in names.items()}
        if any(cells.values()):
            found_rows.append(_parse_row(cells, where, number))
    if not found_rows:
        msg = "the table has a header and no rows. Write one row per known clonotype below it."
        raise InputError(msg, where)
    return tuple(found_rows)


def _parse_row(cells: Mapping[str, str], where: Where, number: int) -> KnownClonotype:
    """Read one row.

    Raises:
        InputError: A cell is not what it should be.
    """
    place = {name: Where(file=where.file, row=number, column=name) for name in cells}
    kind = cells["kind"].lower()
    if kind not in KINDS:
        msg = f"'{cells['kind']}' is no kind. Write binder, parasite or polyreactive."
        raise InputError(msg, place["kind"])
    distance = _parse_distance(cells.get("distance", ""), place.get("distance"))
    cdr3, clonotype = cells.get("cdr3", "").upper(), cells.get("clonotype", "").upper()
    if cells.get("sequence"):
        try:
            row = annotate([cells["sequence"]]).row(0, named=True)
        except InputError as error:
            raise InputError(error.message, place["sequence"]) from error
        if not row["cdr3"]:
            why = f": {row['reason']}" if row["reason"] else ""
            msg = f"the sequence has no CDR3{why}. Write a whole VHH, or its CDR3 in a column 'cdr3'."
            raise InputError(msg, place["sequence"])
        cdr3 = row["cdr3"]
        clonotype = f"{row['cdr1']}_{row['cdr2']}_{cdr3}" if row["cdr1"] and row["cdr2"] else ""
    elif clonotype:
        parts = clonotype.split("_")
        if len(parts) != _PARTS or not parts[2]:
            msg = f"'{clonotype}' is no clonotype. Write CDR1_CDR2_CDR3 in amino acids."
            raise InputError(msg, place["clonotype"])
        cdr3 = parts[2]
        clonotype = "" if "?" in parts[:2] else clonotype
    if not cdr3:
        msg = "the row names no clonotype. Write a sequence, a CDR3 or a clonotype."
        raise InputError(msg, Where(file=where.file, row=number))
    if not _AMINO_ACIDS.issuperset(cdr3):
        msg = f"'{cdr3}' is no CDR3 in amino acids. Write it in one-letter code."
        raise InputError(msg, Where(file=where.file, row=number))
    return KnownClonotype(cells.get("name") or cdr3, kind, cdr3, clonotype or None, distance)


def _parse_distance(text: str, where: Where | None) -> int | None:
    """Read the most residues that may differ; a workbook writes 2 as 2.0."""
    if not text:
        return None
    number = text.removesuffix(".0")
    if not (number.isascii() and number.isdigit()):
        msg = f"'{text}' is no number of residues. Write a whole number from 0, or leave the cell empty."
        raise InputError(msg, where)
    return int(number)


def mark_known(units: pl.DataFrame, known: Sequence[KnownClonotype]) -> pl.DataFrame:
    """Say which units are known from earlier campaigns.

    The closest match decides: same clonotype, then same CDR3, then the nearest CDR3; among equals one that is
    unwanted, then the first of the file.

    Args:
        units: Rows with `cdr3` and `clonotype`, null where unknown.
        known: Known clonotypes.

    Returns:
        The rows with `known` (its name), `known_kind` and `known_match` (how it was matched), null where
        nothing is known.
    """
    cdr3s = units["cdr3"].drop_nulls().unique().sort().to_list()
    near = _find_near(cdr3s, known)
    marks: list[tuple[str | None, str | None, str | None]] = []
    for cdr3, clonotype in units.select("cdr3", "clonotype").iter_rows():
        matches = [
            (known[number].clonotype is None or known[number].clonotype != clonotype, differs,
             known[number].kind not in UNWANTED, number)
            for number, differs in near.get(cdr3, ())
        ]  # fmt: skip
        if not matches:
            marks.append((None, None, None))
            continue
        _, differs, _, number = min(matches)
        entry = known[number]
        marks.append((entry.name, entry.kind, _say_match(entry, cdr3, clonotype, differs)))
    columns = ("known", "known_kind", "known_match")
    return units.with_columns(
        pl.Series(name, [mark[place] for mark in marks], dtype=pl.String)
        for place, name in enumerate(columns)
    )


def _find_near(cdr3s: list[str], known: Sequence[KnownClonotype]) -> dict[str, list[tuple[int, int]]]:
    """Give for each CDR3 the numbers of the known clonotypes near it, with the residues that differ."""
    found: dict[str, list[tuple[int, int]]] = {}
    if not cdr3s or not known:
        return found
    packed = Packed.of(pl.Series([*cdr3s, *(entry.cdr3 for entry in known)], dtype=pl.String))
    members = np.arange(len(cdr3s))
    identity = ClonotypeSettings().lineage_identity
    for number, entry in enumerate(known):
        query = np.full(members.size, len(cdr3s) + number)
        if entry.distance is None:
            # The lineage rule counts substitutions: a residue more is another loop.
            differs = paired_distances(packed, members, query)
            limit = int((1.0 - identity) * len(entry.cdr3) + 1e-9)
        else:
            differs = edit_distances(packed, len(cdr3s) + number, members)
            limit = entry.distance
        for place in np.flatnonzero(differs <= limit).tolist():
            found.setdefault(cdr3s[place], []).append((number, int(differs[place])))
    return found


def _say_match(entry: KnownClonotype, cdr3: str, clonotype: str | None, differs: int) -> str:
    if differs:
        length = max(len(cdr3), len(entry.cdr3))
        return f"near CDR3: {differs} of {length} residues {'differs' if differs == 1 else 'differ'}"
    if entry.clonotype is None or clonotype is None or clonotype.startswith("?"):
        return SAME_CDR3
    return SAME_CLONOTYPE if entry.clonotype == clonotype else OTHER_CDR12
