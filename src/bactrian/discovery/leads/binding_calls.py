"""Whether a measured VHH binds: what the experimenter states, or a rule on signal and control signal.

No rule is true of every assay. So each call says where it comes from, and a measurement that the rule cannot
judge has no call.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import polars as pl

from bactrian.core.errors import InputError

BINDS: Final = "binds"
NOT_BINDING: Final = "does not bind"
NOT_VALIDATED: Final = "not validated"
NOT_TESTED: Final = "not tested"
NO_CALL: Final = "no call"
CONFLICTING: Final = "conflicting"

SIGNAL_RATIO: Final = 2.0
"""Signal over control signal from which a VHH counts as a binder when nobody says otherwise. A convention of
single-clone ELISA, where cut-offs of two to three times the control are usual; no assay must obey it."""


@dataclass(frozen=True, slots=True)
class CallRule:
    """When a measurement without a statement counts as binding: all that is set must hold.

    Args:
        ratio: Least signal over control signal; None to ask for none.
        threshold: Least signal, in the units of the assay; None to ask for none.
        unproven_negatives: Whether a negative proves nothing, e.g. where a VHH may have failed to fold or
            to reach its antigen; it is then called "not validated".

    Raises:
        InputError: If neither is set, or one is out of its range.
    """

    ratio: float | None = SIGNAL_RATIO
    threshold: float | None = None
    unproven_negatives: bool = False

    def __post_init__(self) -> None:
        if self.ratio is None and self.threshold is None:
            msg = "the rule that calls binders asks for nothing. Set a signal ratio, a threshold or both."
            raise InputError(msg)
        if self.ratio is not None and not (math.isfinite(self.ratio) and self.ratio > 0):
            msg = f"'{self.ratio:g}' is no signal ratio. Write a number above 0; {SIGNAL_RATIO:g} is usual."
            raise InputError(msg)
        if self.threshold is not None and not math.isfinite(self.threshold):
            msg = f"'{self.threshold:g}' is no threshold of the signal. Write a number in the assay's units."
            raise InputError(msg)

    def describe(self) -> str:
        """Give the rule as words that follow "binds where"."""
        parts = []
        if self.ratio is not None:
            parts.append(f"signal ≥ {self.ratio:g} × control_signal")
        if self.threshold is not None:
            parts.append(f"signal ≥ {self.threshold:g}")
        return " and ".join(parts)


def call_binding(results: pl.DataFrame, rule: CallRule) -> pl.DataFrame:
    """Call each measurement.

    Args:
        results: Columns signal, control_signal (Float64, null where not measured) and stated (binds,
            does not bind, not validated, or null).
        rule: What counts as binding where nothing is stated.

    Returns:
        The rows with the columns ratio (signal over control signal; null unless the control is above 0),
        call (binds, does not bind, not validated, not tested, no call), call_from (stated, rule or null) and
        call_reason (why there is no call, or null).
    """
    positive = pl.col("control_signal") > 0
    frame = results.with_columns(
        ratio=pl.when(positive).then(pl.col("signal") / pl.col("control_signal")), call_reason=_why_none(rule)
    )
    holds = pl.lit(value=True)
    if rule.ratio is not None:
        holds &= pl.col("ratio") >= rule.ratio
    if rule.threshold is not None:
        holds &= pl.col("signal") >= rule.threshold
    stated = pl.col("stated").is_not_null()
    untold = pl.col("signal").is_null() & ~stated
    unjudged = pl.col("call_reason").is_not_null()
    negative = NOT_VALIDATED if rule.unproven_negatives else NOT_BINDING
    return frame.with_columns(
        call=pl.when(stated)
        .then(pl.col("stated").replace(NOT_BINDING, negative))
        .when(untold)
        .then(pl.lit(NOT_TESTED))
        .when(unjudged)
        .then(pl.lit(NO_CALL))
        .when(holds)
        .then(pl.lit(BINDS))
        .otherwise(pl.lit(negative)),
        call_from=pl.when(stated).then(pl.lit("stated")).when(~unjudged).then(pl.lit("rule")),
    )


def _why_none(rule: CallRule) -> pl.Expr:
    """Give the reason why a row without a statement has no call, null where the rule can judge."""
    stated, signal, control = pl.col("stated"), pl.col("signal"), pl.col("control_signal")
    reason = pl.when(signal.is_null()).then(pl.lit("neither a signal nor a statement"))
    if rule.ratio is None:
        return pl.when(stated.is_null()).then(reason)
    without = pl.when(control.is_null()).then(pl.lit("no control signal, which the ratio needs"))
    words = pl.format("the control signal {} is not above 0, so that the ratio means nothing", control)
    return pl.when(stated.is_null()).then(pl.coalesce(reason, without, pl.when(control <= 0).then(words)))


def summarise_calls(calls: list[str]) -> str:
    """Give the call of a unit that was measured several times: what most of its measurements say.

    Args:
        calls: Calls of its measurements.

    Returns:
        The majority's call; "conflicting" at a tie; where nothing was called, "no call" before
        "not tested".

    Examples:
        >>> summarise_calls(["binds", "not tested", "binds", "does not bind"])
        'binds'
        >>> summarise_calls(["binds", "does not bind"])
        'conflicting'
    """
    positive = calls.count(BINDS)
    negatives = [call for call in calls if call in {NOT_BINDING, NOT_VALIDATED}]
    if not positive and not negatives:
        return NO_CALL if NO_CALL in calls else NOT_TESTED
    if positive == len(negatives):
        return CONFLICTING
    if positive > len(negatives):
        return BINDS
    return NOT_BINDING if NOT_BINDING in negatives else NOT_VALIDATED
