"""Molecules that came from another sample: index hopping, carry-over, a mixed-up well.

Molecules that hop carry the donor's composition with them, so over the units that only the donor's
selection made frequent, the recipient's counts rise in proportion to the donor's shares. What a
recipient holds by right does not: units of the common library are there at the library's share, and
units that bind in both samples are there at shares of their own. For each donor and recipient the model

    y_u ~ Poisson(n (b + β·l_u + h·d_u)),   b, β, h ≥ 0

is fitted over the donor's private units u: y_u counts in the recipient of n molecules, d_u share in the
donor, l_u share in the unpanned library, h the rate: the part of the recipient that came from the
donor. Units that stand out above the fit have reasons of their own and are dropped in rounds. Samples
of one selection, and samples with the same library and antigen, share binders by right: their rate
cannot be known and is not estimated.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numba import njit
from scipy.stats import chi2, norm, poisson

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from bactrian.discovery.library.abundance import CountMatrix

RATE = 0.005
"""Rate from which a recipient is flagged. Published rates of index hopping on patterned flow cells are
0.1 to 2 % (Costello et al. 2018); with unique dual indexes they are far below 0.1 %. At 0.5 % a unit of
half the donor's molecules looks like a unit of 0.25 % in the recipient."""

PRIVATE_FOLD = 20.0
"""Factor over the unpanned library from which a unit is the donor's own."""

FEWEST_DONOR = 10  # molecules in the donor, so that its share is known to within a factor of two
FEWEST_UNITS = 10  # private units, so that no single one decides
FEWEST_READS = 1_000  # productive molecules of donor and recipient
OUTLIER = 1e-3  # chance under the fit below which a unit has a reason of its own
OWN_SHARE = 0.25  # part of the donor's share from which the recipient holds a unit by right

CONTAMINATION_SCHEMA = {
    "donor": pl.String,
    "recipient": pl.String,
    "status": pl.String,
    "units": pl.Int64,
    "dropped": pl.Int64,
    "donor_share": pl.Float64,
    "rate": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "sure_above": pl.Float64,
    "rate_without_top": pl.Float64,
    "flagged": pl.Boolean,
}


@dataclass(frozen=True, slots=True)
class HoppingRate:
    """The part of a recipient that came from a donor.

    Args:
        rate: Estimate h, 0 to 1.
        low: Lower end of the two-sided interval.
        high: Upper end.
        sure_above: One-sided lower bound at the stricter level.
        rate_without_top: Estimate without the unit that weighs most.
        kept: Private units in the fit.
        dropped: Private units left out because they have reasons of their own.
    """

    rate: float
    low: float
    high: float
    sure_above: float
    rate_without_top: float
    kept: int
    dropped: int


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]  # numba has no types
def _fit(design: NDArray[np.float64], counts: NDArray[np.float64], fixed: float) -> NDArray[np.float64]:
    """Fit non-negative Poisson coefficients, the last one held at `fixed` where that is ≥ 0.

    The log likelihood is concave: a few EM steps come near its top, Newton steps on the coefficients
    that are not held at zero, halved until they climb, end on it.

    Args:
        design: Units × 3, expected molecules per unit of each coefficient.
        counts: Molecules per unit.
        fixed: Value of the last coefficient, or a negative number to fit it.

    Returns:
        The three coefficients.
    """
    units, terms = design.shape
    sums = np.zeros(terms)
    for u in range(units):
        for t in range(terms):
            sums[t] += design[u, t]
    total = counts.sum()
    scale = max(total, 0.5)
    # Coefficients are fitted as expected totals in parts of `scale`, so that the three are alike in size.
    free = np.zeros(terms, dtype=np.bool_)
    value = np.zeros(terms)
    for t in range(terms):
        if sums[t] > 0:
            free[t] = True
            value[t] = 1.0 / terms
    if fixed >= 0:
        free[terms - 1] = False
        value[terms - 1] = fixed * sums[terms - 1] / scale
    parts = np.zeros((units, terms))
    for u in range(units):
        for t in range(terms):
            if sums[t] > 0:
                parts[u, t] = scale * design[u, t] / sums[t]
    for step in range(200):
        gradient = np.zeros(terms)
        curvature = np.zeros((terms, terms))
        top = 0.0
        for u in range(units):
            mean = 1e-12
            for t in range(terms):
                mean += parts[u, t] * value[t]
            top += counts[u] * np.log(mean) - mean
            ratio = counts[u] / mean
            for t in range(terms):
                gradient[t] += parts[u, t] * (ratio - 1)
                for s in range(terms):
                    curvature[t, s] += ratio / mean * parts[u, t] * parts[u, s]
        if step < 15:
            for t in range(terms):
                if free[t]:
                    value[t] *= 1 + gradient[t] / scale
            continue
        system = np.eye(terms)
        target = np.zeros(terms)
        for t in range(terms):
            if free[t] and (value[t] > 1e-12 or gradient[t] > 0):
                target[t] = gradient[t]
                for s in range(terms):
                    if free[s] and (value[s] > 1e-12 or gradient[s] > 0):
                        system[t, s] = curvature[t, s]
                system[t, t] += 1e-9 * (1 + curvature[t, t])
        direction = np.linalg.solve(system, target)
        length = 1.0
        moved = 0.0
        for _ in range(40):
            trial = np.zeros(terms)
            for t in range(terms):
                trial[t] = max(value[t] + length * direction[t], 0.0) if free[t] else value[t]
            reached = 0.0
            for u in range(units):
                mean = 1e-12
                for t in range(terms):
                    mean += parts[u, t] * trial[t]
                reached += counts[u] * np.log(mean) - mean
            if reached >= top:
                for t in range(terms):
                    moved = max(moved, abs(trial[t] - value[t]))
                    value[t] = trial[t]
                break
            length /= 2
        if moved < 1e-10:
            break
    coefficients = np.zeros(terms)
    for t in range(terms):
        if sums[t] > 0:
            coefficients[t] = value[t] * scale / sums[t]
    if fixed >= 0:
        coefficients[terms - 1] = fixed
    return coefficients


def _log_likelihood(design: NDArray[np.float64], counts: NDArray[np.float64], fixed: float) -> float:
    """Give the largest Poisson log likelihood with the rate held at `fixed`."""
    mean = np.maximum(design @ _fit(design, counts, fixed), 1e-12)
    return float(counts @ np.log(mean) - mean.sum())


def _profile_bound(
    design: NDArray[np.float64], counts: NDArray[np.float64], rate: float, *, drop: float, upper: bool
) -> float:
    """Find where the profile likelihood of the rate has fallen by `drop` from its top."""
    best = _log_likelihood(design, counts, rate)
    if upper:
        inside, outside = rate, max(2 * rate, 1.0 / design[:, -1].sum())
        while best - _log_likelihood(design, counts, outside) < drop and outside < 1:
            inside, outside = outside, min(2 * outside, 1.0)
    else:
        inside, outside = rate, 0.0
        if rate == 0 or best - _log_likelihood(design, counts, 0.0) < drop:
            return 0.0
    for _ in range(30):
        middle = (inside + outside) / 2
        if best - _log_likelihood(design, counts, middle) < drop:
            inside = middle
        else:
            outside = middle
    return float((inside + outside) / 2)


def estimate_hopping(
    recipient: NDArray[np.int64],
    donor_share: NDArray[np.float64],
    *,
    total: int,
    library_share: NDArray[np.float64] | None = None,
    confidence: float = 0.95,
    sure: float = 0.999,
) -> HoppingRate:
    """Estimate which part of a recipient came from a donor, over the donor's private units.

    Args:
        recipient: Counts of the private units in the recipient.
        donor_share: Their shares in the donor.
        total: Molecules of the recipient.
        library_share: Their shares in the unpanned library; zeros if unknown.
        confidence: Level of the two-sided interval.
        sure: Level of the one-sided bound `sure_above`.

    Returns:
        The rate. Intervals are profile likelihoods, widened by the dispersion of the kept units.

    Raises:
        ValueError: If the arrays differ in length, are empty, or total is below 1.
    """
    if recipient.shape != donor_share.shape or recipient.size == 0 or total < 1:
        msg = "recipient and donor_share must have the same length, at least one unit and one molecule."
        raise ValueError(msg)
    library = np.zeros(donor_share.shape) if library_share is None else library_share
    design = total * np.column_stack([np.ones(donor_share.shape), library, donor_share])
    counts = recipient.astype(float)
    kept = np.ones(counts.shape, dtype=bool)
    for _ in range(20):
        mean = design @ _fit(design[kept], counts[kept], -1.0)
        now = poisson.sf(counts - 1, np.maximum(mean, 1e-12)) >= OUTLIER
        if (now == kept).all() or now.sum() < 2:
            break
        kept = now
    x, y = design[kept], counts[kept]
    coefficients = _fit(x, y, -1.0)
    mean = np.maximum(x @ coefficients, 1e-12)
    freedom = max(int(kept.sum()) - int((coefficients > 0).sum()), 1)
    # The dispersion is Pearson's, with means below one half set to one half, where it would explode.
    dispersion = max(1.0, float(((y - mean) ** 2 / np.maximum(mean, 0.5)).sum() / freedom))
    rate = float(coefficients[-1])
    two_sided = dispersion * chi2.ppf(confidence, 1) / 2
    one_sided = dispersion * norm.ppf(sure) ** 2 / 2
    rest = np.arange(y.size) != int(x[:, -1].argmax())
    without = float(_fit(x[rest], y[rest], -1.0)[-1]) if rest.any() else 0.0
    return HoppingRate(
        rate=min(rate, 1.0),
        low=_profile_bound(x, y, rate, drop=two_sided, upper=False),
        high=_profile_bound(x, y, rate, drop=two_sided, upper=True),
        sure_above=_profile_bound(x, y, rate, drop=one_sided, upper=False),
        rate_without_top=without,
        kept=int(kept.sum()),
        dropped=int((~kept).sum()),
    )


def estimate_contamination(
    matrix: CountMatrix,
    sheet: pl.DataFrame,
    *,
    threshold: float = RATE,
    private_fold: float = PRIVATE_FOLD,
    fewest_donor: int = FEWEST_DONOR,
    fewest_units: int = FEWEST_UNITS,
    fewest_reads: int = FEWEST_READS,
) -> pl.DataFrame:
    """Estimate the rate of every donor and recipient that can be told apart.

    A pair can be told apart when donor and recipient are of different selections, differ in library or
    antigen, and the donor is a panned sample. A unit is private to the donor where the donor has
    `fewest_donor` molecules of it and at least `private_fold` times its share in the unpanned library
    of either side (the recipient itself not counted), one molecule added. A pair is flagged where the
    one-sided lower bound of the rate, at a level corrected for the number of pairs of the run, is above
    `threshold` and the rate stays above half the threshold without the unit that weighs most.

    Args:
        matrix: Counts of CDR3s.
        sheet: Columns sample, selection, round, arm, antigen, library.
        threshold: Rate from which a recipient is flagged.
        private_fold: Factor over the unpanned library.
        fewest_donor: Molecules of a private unit in the donor.
        fewest_units: Private units that a pair needs.
        fewest_reads: Productive molecules that both sides need.

    Returns:
        One row per pair: donor, recipient, status (`estimated`; `few_units`; `shared`: most private units
        are the recipient's by right, the two share binders or were swapped; `no_library`: the unpanned
        library of a side was not sequenced, or only in the recipient), units (private), dropped,
        donor_share (what the private units hold in the donor), rate, low, high, sure_above,
        rate_without_top, flagged; donors and recipients in the order of the matrix. Replicate donors
        share units, so several may be named for one source.
    """
    totals = dict(zip(matrix.samples, matrix.totals.tolist(), strict=True))
    rows = {
        row["sample"]: row
        for row in sheet.iter_rows(named=True)
        if totals.get(row["sample"], 0) >= fewest_reads
    }
    order = [sample for sample in matrix.samples if sample in rows]
    inputs: dict[object, list[str]] = {}
    for sample in order:
        if rows[sample]["arm"] == "input":
            inputs.setdefault(rows[sample]["library"], []).append(sample)
    pairs = [
        (donor, recipient)
        for donor in order
        for recipient in order
        if rows[donor]["arm"] != "input" and _apart(rows[donor], rows[recipient])
    ]
    if not pairs:
        return pl.DataFrame(schema=CONTAMINATION_SCHEMA)
    counts = {sample: matrix.column(sample) for sample in order}
    sure = 1 - 0.05 / len(pairs)
    found = []
    for donor, recipient in pairs:
        row: dict[str, object] = {"donor": donor, "recipient": recipient, "flagged": False}
        found.append(row)
        reference: list[str] = []
        sides = {rows[donor]["library"], rows[recipient]["library"]}
        if any(set(inputs.get(library, [])) - {recipient} == set() for library in sides):
            row["status"] = "no_library"
            continue
        for library in sorted(sides, key=str):
            reference += [sample for sample in inputs[library] if sample != recipient]
        library_counts = np.sum([counts[sample] for sample in reference], axis=0)
        library_total = sum(totals[sample] for sample in reference)
        donor_counts = counts[donor]
        share = donor_counts / totals[donor]
        private = (donor_counts >= fewest_donor) & (
            share >= private_fold * (library_counts + 1) / (library_total + 1)
        )
        y = counts[recipient][private]
        own = _held_by_right(y, share[private] * totals[recipient])
        row |= {"units": int(private.sum()), "donor_share": float(share[private].sum())}
        if private.sum() < fewest_units:
            row["status"] = "few_units"
        elif (~own).sum() < max(fewest_units, private.sum() / 2):
            row["status"] = "shared"
        else:
            places = np.flatnonzero(private)[~own]
            hopping = estimate_hopping(
                counts[recipient][places],
                share[places],
                total=totals[recipient],
                library_share=library_counts[places] / library_total,
                sure=sure,
            )
            row |= {
                "status": "estimated",
                "dropped": hopping.dropped + int(own.sum()),
                "rate": hopping.rate,
                "low": hopping.low,
                "high": hopping.high,
                "sure_above": hopping.sure_above,
                "rate_without_top": hopping.rate_without_top,
                "flagged": hopping.sure_above > threshold and hopping.rate_without_top > threshold / 2,
            }
    return pl.DataFrame(found, schema=CONTAMINATION_SCHEMA)


def _held_by_right(counts: NDArray[np.int64], expected: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which units the recipient holds at a good part of the donor's share, beyond chance.

    `expected` is what the recipient would have at the donor's share. The bound is the count that a
    quarter of it exceeds with the chance `OUTLIER`, so that hopping below a quarter never counts as held.
    """
    return np.asarray(counts > poisson.isf(OUTLIER, OWN_SHARE * expected), dtype=np.bool_)


def _apart(donor: Mapping[str, object], recipient: Mapping[str, object]) -> bool:
    """Tell whether two samples should share no binders."""
    if donor["sample"] == recipient["sample"] or donor["selection"] == recipient["selection"]:
        return False
    same_antigen = bool(donor["antigen"]) and donor["antigen"] == recipient["antigen"]
    same_arm = donor["arm"] == recipient["arm"] and donor["antigen"] == recipient["antigen"]
    return donor["library"] != recipient["library"] or not (same_antigen or same_arm)


def contaminated_samples(pairs: pl.DataFrame) -> pl.DataFrame:
    """Give the flagged recipients with the donor that is the surest.

    Args:
        pairs: Result of `estimate_contamination`.

    Returns:
        Columns recipient, donor, rate, low, high; one row per flagged recipient, in the order of `pairs`.
    """
    return (
        pairs.filter(pl.col("flagged"))
        .sort("sure_above", descending=True, maintain_order=True)
        .group_by("recipient", maintain_order=True)
        .first()
        .select("recipient", "donor", "rate", "low", "high")
        .sort("recipient")
    )


def run_rate(pairs: pl.DataFrame) -> float:
    """Give the median rate over all estimated pairs, each weighed by what its private units hold.

    Args:
        pairs: Result of `estimate_contamination`.

    Returns:
        The weighted median; NaN where no pair could be estimated.
    """
    known = pairs.filter(pl.col("status") == "estimated").sort("rate")
    if known.height == 0:
        return math.nan
    weight = known["donor_share"].to_numpy().cumsum()
    return float(known["rate"][int(np.searchsorted(weight, weight[-1] / 2))])
