"""What binding results say about a selection: hit rates by tier and rank, and how signal and rank agree.

Each unit counts once, however often it was measured. What could not be joined stays a row with its reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl
from scipy import stats

from bactrian.core.errors import InputError
from bactrian.discovery.leads.binding_calls import (
    BINDS,
    CONFLICTING,
    NOT_BINDING,
    NOT_VALIDATED,
    call_binding,
    summarise_calls,
)
from bactrian.discovery.leads.matching import JOINED, MATCHES, match_results

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bactrian.discovery.leads.binding_calls import CallRule

BINS: Final = (24, 48, 96)
"""Last rank of each bin: a quarter, half and whole plate, as leads are picked."""

CONFIDENCE: Final = 0.95
LEAST_PAIRS: Final = 4
"""Units from which a rank correlation has an interval: its standard error divides by their number less 3."""

ALL_ANTIGENS: Final = "all antigens"

COLUMNS: Final = (
    "row", "antigen", "library", "key", "cdr3", "clonotype", "match", "tier", "rank", "log2fc_s",
    "s_shrunken", "signal", "control_signal", "ratio", "call", "call_from", "measurements", "unit_signal",
    "unit_control_signal", "unit_call", "near", "reason",
)  # fmt: skip
"""Columns of the rows of a validation; the other columns of the results follow."""

RATES_SCHEMA: Final = {
    "antigen": pl.String,
    "by": pl.String,
    "group": pl.String,
    "screened": pl.Int64,
    "measured": pl.Int64,
    "binds": pl.Int64,
    "does_not_bind": pl.Int64,
    "not_validated": pl.Int64,
    "conflicting": pl.Int64,
    "rate": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
}
CORRELATIONS_SCHEMA: Final = {
    "antigen": pl.String,
    "n": pl.Int64,
    "rho": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
}


@dataclass(frozen=True, slots=True)
class Validation:
    """Binding results beside the selection that they test.

    Args:
        rows: One row per measurement in the order of the results, columns `COLUMNS` and the results' own.
            `reason` says why a row is not joined, has no call, or what to know of its join. The columns
            `unit_…` hold the medians and the call of all measurements of the VHH for the antigen.
        rates: One row per antigen and group: by (match, tier, rank), group, screened (units of the
            selection in the group; null by match), measured (VHHs with a call), of these binds,
            does_not_bind and not_validated, conflicting (not counted as measured), rate (binds / measured)
            and its exact 95 % interval, null where nothing was measured.
        correlations: Spearman's rank correlation of the median signal with the shrunken log2 fold change over
            the worst comparator, per antigen: n units, rho, 95 % interval.
    """

    rows: pl.DataFrame
    rates: pl.DataFrame
    correlations: pl.DataFrame


def validate_leads(
    results: pl.DataFrame,
    table: pl.DataFrame,
    *,
    clonotypes: pl.DataFrame | None = None,
    rule: CallRule,
    bins: Sequence[int] = BINS,
) -> Validation:
    """Join binding results to a selection and measure hit rates.

    Args:
        results: One row per measurement: row (its place in the file), antigen, library, key, clonotype, cdr1,
            cdr2, cdr3, unread, note (to show as a reason), signal, control_signal, stated (see
            `match_results` and `call_binding`); further columns are kept.
        table: The selection's table: unit, key, clonotype, antigen, tier, rank, library, log2fc_s,
            s_shrunken.
        clonotypes: The screen's clonotypes, or None.
        rule: What counts as binding where nothing is stated.
        bins: Last rank of each bin but the open last one, ascending.

    Returns:
        Rows, rates and correlations.

    Raises:
        InputError: The bins are not ascending whole numbers from 1.
    """
    if not bins or min(bins) < 1 or list(bins) != sorted(set(bins)):
        text = ",".join(str(last) for last in bins)
        msg = f"'{text}' are no bins of ranks. Write ascending whole numbers from 1, joined by commas."
        raise InputError(msg)
    matched = match_results(results, table, clonotypes)
    given = results.drop("library").rename({"key": "given_key"})
    called = call_binding(pl.concat([given, matched], how="horizontal"), rule)
    ranked = table.select("library", "antigen", "key", "tier", "rank", "log2fc_s", "s_shrunken")
    joined = _identify(
        called.join(ranked, on=["library", "antigen", "key"], how="left", maintain_order="left")
    )
    units = _summarise_units(joined)
    measured = units.select("unit_id", "measurements", "unit_signal", "unit_control_signal", "unit_call")
    rows = joined.join(measured, on="unit_id", how="left", maintain_order="left")
    further = [name for name in results.columns if name not in {*COLUMNS, *_OWN}]
    words = ("match_reason", "note", "call_reason")
    reason = pl.concat_str(*words, separator="; ", ignore_nulls=True).replace("", None)
    rows = rows.with_columns(reason=reason).select(*COLUMNS, *further)
    return Validation(rows, _measure_rates(units, table, bins), _correlate(units))


_OWN = ("cdr1", "cdr2", "unread", "note", "stated")
"""Columns of the results that the rows say in other words."""


def exact_interval(hits: int, n: int, *, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Give the exact interval of a share.

    Args:
        hits: Number of hits.
        n: Number of trials, from 1.
        confidence: Least coverage.

    Returns:
        Lower and upper bound.

    References:
        Clopper CJ, Pearson ES. Biometrika 1934;26:404–413.

    Examples:
        >>> [round(bound, 3) for bound in exact_interval(0, 10)]
        [0.0, 0.308]
    """
    found = stats.binomtest(hits, n).proportion_ci(confidence_level=confidence, method="exact")
    return float(found.low), float(found.high)


def rank_correlation(
    x: Sequence[float], y: Sequence[float], *, confidence: float = CONFIDENCE
) -> tuple[float | None, float | None, float | None]:
    """Give Spearman's rank correlation with an interval.

    Args:
        x: Values (n).
        y: Values (n).
        confidence: Coverage of the interval.

    Returns:
        Correlation, lower and upper bound; None where fewer than `LEAST_PAIRS` pairs, or equal values on one
        side, leave it open.

    References:
        Bonett DG, Wright TA. Psychometrika 2000;65:23–28 (standard error of the transformed correlation).
    """
    n = len(x)
    if n < LEAST_PAIRS or len(set(x)) == 1 or len(set(y)) == 1:
        return None, None, None
    rho = float(stats.spearmanr(x, y).statistic)
    if abs(rho) > 1 - 1e-12:
        return rho, None, None
    half = float(stats.norm.ppf((1 + confidence) / 2)) * np.sqrt((1 + rho**2 / 2) / (n - 3))
    return rho, float(np.tanh(np.arctanh(rho) - half)), float(np.tanh(np.arctanh(rho) + half))


def _identify(joined: pl.DataFrame) -> pl.DataFrame:
    """Name the VHH of each row: its unit where it is joined, else its CDRs, its key, or the row itself."""
    unit = pl.concat_str(pl.lit("unit"), "library", "key", separator="\t")
    cdrs = pl.concat_str(
        pl.lit("cdrs"), pl.col("cdr1").fill_null(""), pl.col("cdr2").fill_null(""), "cdr3", separator="\t"
    )
    named = pl.concat_str(pl.lit("named"), pl.coalesce("given_key", "clonotype"), separator="\t")
    row = pl.concat_str(pl.lit("row"), pl.int_range(pl.len()).cast(pl.String), separator="\t")
    own = pl.when(pl.col("match") == JOINED).then(unit).otherwise(pl.coalesce(cdrs, named, row))
    return joined.with_columns(unit_id=pl.concat_str("antigen", own, separator="\t"))


def _summarise_units(joined: pl.DataFrame) -> pl.DataFrame:
    """Give one row per VHH and antigen: its place in the selection, medians of its signals and its call."""
    units = joined.group_by("unit_id", maintain_order=True).agg(
        pl.col("antigen", "match", "tier", "rank", "s_shrunken").first(),
        calls="call",
        measurements=pl.len().cast(pl.Int64),
        unit_signal=pl.col("signal").median(),
        unit_control_signal=pl.col("control_signal").median(),
    )
    calls = [summarise_calls(found) for found in units["calls"].to_list()]
    return units.drop("calls").with_columns(unit_call=pl.Series(calls, dtype=pl.String))


def _measure_rates(units: pl.DataFrame, table: pl.DataFrame, bins: Sequence[int]) -> pl.DataFrame:
    """Give the hit rate of each group of each antigen, and of all antigens where there are several."""
    antigens = units["antigen"].unique(maintain_order=True).to_list()
    rows = []
    for antigen in [*antigens, ALL_ANTIGENS] if len(antigens) > 1 else antigens:
        own = units if antigen == ALL_ANTIGENS else units.filter(pl.col("antigen") == antigen)
        named = antigens if antigen == ALL_ANTIGENS else [antigen]
        screened = table.filter(pl.col("antigen").is_in(named))
        for match in MATCHES:
            found = own.filter(pl.col("match") == match)
            if found.height or (match == JOINED and screened.height):
                rows.append(_rate(found, None, antigen=antigen, by="match", group=match))
        if not screened.height:
            continue
        own = own.filter(pl.col("match") == JOINED)
        for by, group, picked in _groups(bins):
            rows.append(
                _rate(own.filter(picked), screened.filter(picked).height, antigen=antigen, by=by, group=group)
            )
    return pl.DataFrame(rows, schema=RATES_SCHEMA)


def _groups(bins: Sequence[int]) -> list[tuple[str, str, pl.Expr]]:
    """Give the groups of joined units: tiers from the best, and bins of ranks."""
    groups = [("tier", str(tier), pl.col("tier") == tier) for tier in (2, 1, 0)]
    first = 1
    for last in bins:
        groups.append(("rank", f"{first}–{last}", pl.col("rank").is_between(first, last)))
        first = last + 1
    return [*groups, ("rank", f"from {first}", pl.col("rank") >= first)]


def _rate(
    units: pl.DataFrame, screened: int | None, *, antigen: str, by: str, group: str
) -> dict[str, str | int | float | None]:
    counts = dict(units["unit_call"].value_counts().iter_rows())
    hits, no, open_ = (counts.get(call, 0) for call in (BINDS, NOT_BINDING, NOT_VALIDATED))
    measured = hits + no + open_
    low, high = exact_interval(hits, measured) if measured else (None, None)
    return {
        "antigen": antigen,
        "by": by,
        "group": group,
        "screened": screened,
        "measured": measured,
        "binds": hits,
        "does_not_bind": no,
        "not_validated": open_,
        "conflicting": counts.get(CONFLICTING, 0),
        "rate": hits / measured if measured else None,
        "low": low,
        "high": high,
    }


def _correlate(units: pl.DataFrame) -> pl.DataFrame:
    """Correlate the median signal with the shrunken log2 fold change, antigen by antigen."""
    pairs = units.filter(pl.col("match") == JOINED).drop_nulls(["unit_signal", "s_shrunken"])
    rows = []
    for antigen in units["antigen"].unique(maintain_order=True):
        own = pairs.filter(pl.col("antigen") == antigen)
        rho, low, high = rank_correlation(own["unit_signal"].to_list(), own["s_shrunken"].to_list())
        rows.append({"antigen": antigen, "n": own.height, "rho": rho, "low": low, "high": high})
    return pl.DataFrame(rows, schema=CORRELATIONS_SCHEMA)
