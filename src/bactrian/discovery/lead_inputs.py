"""What a person gives beside the counts, checked before any work: rounds, known clonotypes, a VHH."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from bactrian.core.errors import InputError, Where
from bactrian.core.tables import read_table
from bactrian.discovery.leads.completion import Reference, make_reference
from bactrian.discovery.leads.known import KnownClonotype, parse_known
from bactrian.discovery.sequences import read_sequences

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from bactrian.discovery.sheet import Sheet


def check_rounds(sheet: Sheet, rounds: Collection[int] | None) -> None:
    """Refuse decisive rounds that no target sample of a sheet has.

    Args:
        sheet: The sheet.
        rounds: Rounds asked for; None for none.

    Raises:
        InputError: At the first such round.
    """
    known = sorted(set(sheet.samples.filter(pl.col("arm") == "target")["round"]))
    for number in rounds or ():
        if known and number not in known:
            listed = ", ".join(map(str, known))
            msg = f"'{number}' is no round of a target sample. Ask for some of these: {listed}."
            raise InputError(msg, Where(file=str(sheet.path), column="round"))


def read_known(path: Path) -> tuple[KnownClonotype, ...]:
    """Read clonotypes of earlier campaigns.

    Args:
        path: CSV, TSV, XLSX or Parquet with a column `kind` (binder, parasite, polyreactive), one or more of
            `sequence`, `cdr3` and `clonotype`, and if wanted `name` and `distance`.

    Returns:
        The clonotypes in the order of the rows.

    Raises:
        InputError: The file or a row of it is not what it should be.
    """
    rows = read_table(path)
    return parse_known(rows.with_columns(pl.all().cast(pl.String)), Where(file=str(path)))


def read_reference(path: Path) -> Reference:
    """Read the VHH that unread residues are filled from.

    Args:
        path: Sequence file with one whole VHH, in amino acids or nucleotides.

    Returns:
        The reference.

    Raises:
        InputError: The file does not hold one whole VHH.
    """
    records = read_sequences(path)
    names, sequences = [record.id for record in records], [record.sequence for record in records]
    if len(records) == 1 and "X" in sequences[0] and records[0].kind == "protein":
        msg = f"'{names[0]}' has unread residues (X) of its own. Give a whole VHH."
        raise InputError(msg, Where(file=str(path), record=1))
    return make_reference(names, sequences, Where(file=str(path)))
