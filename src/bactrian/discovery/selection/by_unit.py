"""One campaign counted by CDR3, clonotype and lineage: tested by one, with the tiers of the others beside."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from bactrian.core.errors import InputError
from bactrian.discovery.selection.campaign import Selection, select_units
from bactrian.discovery.selection.settings import UNITS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from bactrian.discovery.library.abundance import CountMatrix
    from bactrian.discovery.selection.settings import SelectionSettings


def select_by_unit(
    tables: Mapping[str, CountMatrix],
    samples: pl.DataFrame,
    settings: SelectionSettings,
    *,
    kin: pl.DataFrame,
    takeovers: Collection[str] = (),
) -> Selection:
    """Test one kind of unit and say of each what the other kinds say.

    Args:
        tables: Counts by cdr3, clonotype or lineage; the settings' unit among them.
        samples: Rows of the sheet.
        settings: Unit, rounds and limits.
        kin: Main clonotype of every key of the tested unit: library, key, clonotype, cdr3, lineage.
        takeovers: Samples flagged as takeover.

    Returns:
        The selection; `tier_cdr3`, `tier_clonotype` and `tier_lineage` are null where such a unit was not
        counted, and 0 where it has too few reads to be tested.

    Raises:
        InputError: If the tested unit has no table.
    """
    if settings.unit not in tables:
        counted = ", ".join(tables)
        msg = f"'{settings.unit}' was not counted. Test one of these: {counted}."
        raise InputError(msg)
    selection = select_units(tables[settings.unit], samples, settings, takeovers=takeovers, clonotypes=kin)
    table = selection.table.drop(f"tier_{unit}" for unit in UNITS)
    table = table.join(
        kin.select("library", "key", *(pl.col(unit).alias(f"own_{unit}") for unit in UNITS)),
        on=["library", "key"],
        how="left",
        maintain_order="left",
    )
    for unit in UNITS:
        if unit == settings.unit:
            table = table.with_columns(pl.col("tier").alias(f"tier_{unit}"))
        elif unit not in tables:
            table = table.with_columns(pl.lit(None, pl.Int8).alias(f"tier_{unit}"))
        else:
            other = select_units(tables[unit], samples, replace(settings, unit=unit), takeovers=takeovers)
            tiers = other.table.select(
                "library", "antigen", pl.col("key").alias(f"own_{unit}"), pl.col("tier").alias(f"tier_{unit}")
            )
            table = table.join(
                tiers, on=["library", "antigen", f"own_{unit}"], how="left", maintain_order="left"
            ).with_columns(pl.col(f"tier_{unit}").fill_null(0))
    return replace(selection, table=table.select(selection.table.columns))
