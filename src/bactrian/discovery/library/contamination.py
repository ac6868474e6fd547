"""Molecules that came from another sample: index hopping, carry-over, a mixed-up well.

For each donor and recipient the model of `hopping` is fitted over the donor's private units. What a
recipient holds by right does not follow the donor's shares: units of the common library are there at
the library's share, and what sticks or grows whatever the antigen is seen in the comparators and left
out. Samples of one selection, and samples with the same library and antigen, share binders by right:
their rate cannot be known and is not estimated.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from scipy.stats import poisson

from bactrian.discovery.library.hopping import OUTLIER, estimate_hopping

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
OWN_SHARE = 0.25  # part of the donor's share from which the recipient holds a unit by right
LIBRARY_PART = 0.5
"""Part of what the unpanned library alone would put into the recipient that the rate has to be above: less
may be a misfit of the library's own contribution, of which the shares of rare units are poorly known."""

WIDE_SHARE = 0.05
"""Part of the donor's share from which the comparators together show a unit: it sticks or grows whatever
the antigen. Hopping itself stays far below."""
WIDE_ALONE = (3, 0.1)  # molecules, and part of the donor's share, from which one comparator alone shows it

CONTAMINATION_SCHEMA = {
    "donor": pl.String,
    "recipient": pl.String,
    "status": pl.String,
    "units": pl.Int64,
    "dropped": pl.Int64,
    "donor_share": pl.Float64,
    "library_part": pl.Float64,
    "rate": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "sure_above": pl.Float64,
    "jackknife_low": pl.Float64,
    "flagged": pl.Boolean,
}


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
    `fewest_donor` molecules of it, at least `private_fold` times its share in the recipient's unpanned
    library (the recipient itself not counted, one molecule added), and the comparators (panned samples of
    the recipient's library, selected for something else than the donor) do not show it.

    A pair is flagged where the one-sided lower bound of the rate, at a level corrected for the number of
    pairs of the run, is above `threshold` and above half of what the unpanned library alone would put
    there (`library_part`), and where the jackknife over the units, which a single dominant unit makes
    wide, agrees that the rate is above `threshold`.

    Args:
        matrix: Counts of CDR3s.
        sheet: Columns sample, selection, round, arm, antigen, library.
        threshold: Rate from which a recipient is flagged.
        private_fold: Factor over the unpanned library.
        fewest_donor: Molecules of a private unit in the donor.
        fewest_units: Private units that a pair needs.
        fewest_reads: Productive molecules that both sides need.

    Returns:
        One row per pair: donor, recipient, status, units (private), dropped, donor_share (what the private
        units hold in the donor), library_part (what they hold in the unpanned library, as part of that),
        rate, low, high, sure_above, jackknife_low, flagged; donors and recipients in the order of the
        matrix. Status is `estimated`; `few_units`; `shared` (most private units are the recipient's by
        right: the two share binders or were swapped); `no_library` (the recipient's unpanned library was
        not sequenced, or only in the recipient); `no_comparator` (no other sample shows what sticks or
        grows whatever the antigen). Replicate donors share units, so several may be named for one source.
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
    panned = [sample for sample in order if rows[sample]["arm"] != "input"]
    sure = 1 - 0.05 / len(pairs)
    found = []
    for donor, recipient in pairs:
        row: dict[str, object] = {"donor": donor, "recipient": recipient, "flagged": False}
        found.append(row)
        reference = [name for name in inputs.get(rows[recipient]["library"], []) if name != recipient]
        if not reference:
            row["status"] = "no_library"
            continue
        library_counts = np.sum([counts[sample] for sample in reference], axis=0)
        library_total = sum(totals[sample] for sample in reference)
        donor_counts = counts[donor]
        share = donor_counts / totals[donor]
        private = (donor_counts >= fewest_donor) & (
            share >= private_fold * (library_counts + 1) / (library_total + 1)
        )
        comparators = [
            sample
            for sample in panned
            if sample != recipient
            and rows[sample]["library"] == rows[recipient]["library"]
            and _apart(rows[donor], rows[sample])
        ]
        same_library = rows[donor]["library"] == rows[recipient]["library"]
        if same_library and recipient in panned and not comparators:
            row["status"] = "no_comparator"
            continue
        private &= ~_shown_widely(
            share, [counts[name] for name in comparators], [totals[name] for name in comparators]
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
            library_part = float(library_counts[places].sum() / library_total / share[places].sum())
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
                "jackknife_low": None if math.isnan(hopping.jackknife_low) else hopping.jackknife_low,
                "library_part": library_part,
                "flagged": hopping.sure_above > max(threshold, LIBRARY_PART * library_part)
                and hopping.jackknife_low > threshold,
            }
    return pl.DataFrame(found, schema=CONTAMINATION_SCHEMA)


def _shown_widely(
    share: NDArray[np.float64], counts: list[NDArray[np.int64]], totals: list[int]
) -> NDArray[np.bool_]:
    """Tell which units the comparators show too, at a good part of their share in the donor."""
    wide = np.zeros(share.shape, dtype=np.bool_)
    if not counts:
        return wide
    molecules, part = WIDE_ALONE
    for own, total in zip(counts, totals, strict=True):
        wide |= (own >= molecules) & (own >= part * share * total)
    together = np.sum(counts, axis=0)
    return np.asarray(
        wide | ((together > 0) & (together >= WIDE_SHARE * share * sum(totals))), dtype=np.bool_
    )


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
