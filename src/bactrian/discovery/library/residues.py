"""Which residues stand at each IMGT position, weighed by molecules."""

from __future__ import annotations

import numpy as np
import polars as pl

from bactrian.core.errors import InputError, Where

POSITIONS = 128
RESIDUES_SCHEMA = {
    "position": pl.Int16,
    "residue": pl.String,
    "count": pl.Int64,
    "of": pl.Int64,
    "share": pl.Float64,
}


def residue_use(molecules: pl.DataFrame) -> pl.DataFrame:
    """Give the residues at the 128 IMGT positions of the productive molecules of one sample.

    Args:
        molecules: Columns `aligned` (128 characters: residue, '-' for a position the molecule lacks, '.'
            for one that was not read), `count`, and where present `status`: then only productive rows.

    Returns:
        Columns position (1..128), residue ('-' included), count, of (molecules that read the position),
        share; positions ascending, residues by alphabet. Positions nobody read have no row. CDR
        insertions beyond the IMGT columns are not in it.

    Raises:
        InputError: If a row of `aligned` does not have 128 characters.
    """
    table = molecules
    if "status" in table.columns:
        table = table.filter(pl.col("status") == "productive")
    table = table.select("aligned", pl.col("count").cast(pl.Int64)).filter(pl.col("aligned").is_not_null())
    if table.height == 0:
        return pl.DataFrame(schema=RESIDUES_SCHEMA)
    wrong = table.filter(pl.col("aligned").str.len_bytes() != POSITIONS)
    if wrong.height:
        found = wrong["aligned"][0]
        msg = f"'{found}' has {len(found)} characters. Give one for each of the {POSITIONS} IMGT positions."
        raise InputError(msg, Where(column="aligned"))
    letters = np.frombuffer("".join(table["aligned"].to_list()).encode("ascii"), dtype=np.uint8)
    letters = letters.reshape(table.height, POSITIONS)
    weights = table["count"].to_numpy().astype(float)
    counts = np.zeros((POSITIONS, 128), dtype=np.int64)
    for position in range(POSITIONS):
        counts[position] = np.bincount(letters[:, position], weights=weights, minlength=128)
    counts[:, ord(".")] = 0
    read = counts.sum(axis=1)
    at, code = np.nonzero(counts)
    return pl.DataFrame(
        {
            "position": at + 1,
            "residue": [chr(value) for value in code],
            "count": counts[at, code],
            "of": read[at],
            "share": counts[at, code] / read[at],
        },
        schema=RESIDUES_SCHEMA,
    )
