"""How often each unit was seen: the abundance spectrum of one sample and the counts of all.

A unit is whatever is counted: a CDR3, a clonotype or a whole VHH.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from scipy import sparse

from bactrian.core.errors import InputError, Where

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True)
class Spectrum:
    """Counts of counts: how many units were seen once, twice, and so on.

    Args:
        sizes: Counts that occur, ascending, each at least 1.
        numbers: Number of units with that count, the same length, each at least 1.

    Raises:
        ValueError: If the arrays differ in length, are not ascending or hold a value below 1.
    """

    sizes: NDArray[np.int64]
    numbers: NDArray[np.int64]

    def __post_init__(self) -> None:
        if self.sizes.shape != self.numbers.shape or self.sizes.ndim != 1:
            msg = "sizes and numbers must be one-dimensional and of the same length."
            raise ValueError(msg)
        if self.sizes.size and (self.sizes[0] < 1 or (np.diff(self.sizes) < 1).any()):
            msg = "sizes must be ascending whole numbers from 1."
            raise ValueError(msg)
        if (self.numbers < 1).any():
            msg = "numbers must be whole numbers from 1."
            raise ValueError(msg)

    @property
    def total(self) -> int:
        """Molecules counted (n)."""
        return int(self.sizes @ self.numbers)

    @property
    def observed(self) -> int:
        """Distinct units seen (S)."""
        return int(self.numbers.sum())

    @property
    def top(self) -> int:
        """Molecules of the most frequent unit."""
        return int(self.sizes[-1]) if self.sizes.size else 0

    def number_of(self, size: int) -> int:
        """Give the number of units seen exactly `size` times."""
        at = int(np.searchsorted(self.sizes, size))
        return int(self.numbers[at]) if at < self.sizes.size and self.sizes[at] == size else 0

    @property
    def singletons(self) -> int:
        """Units seen once (f1)."""
        return self.number_of(1)

    @property
    def doubletons(self) -> int:
        """Units seen twice (f2)."""
        return self.number_of(2)

    def counts(self) -> NDArray[np.int64]:
        """Give one count per unit, ascending."""
        return np.repeat(self.sizes, self.numbers)


def spectrum_of(counts: ArrayLike) -> Spectrum:
    """Give the abundance spectrum of the counts of one sample.

    Args:
        counts: One whole number per unit; zeros are left out.

    Returns:
        The spectrum; it is empty for an empty sample.

    Raises:
        ValueError: If a count is negative or not a whole number.

    Example:
        >>> spectrum_of([1, 1, 0, 5]).singletons
        2
    """
    values = np.asarray(counts)
    whole = values.astype(np.int64)
    if values.size and ((whole != values).any() or (whole < 0).any()):
        msg = "counts must be whole numbers from 0."
        raise ValueError(msg)
    sizes, numbers = np.unique(whole[whole > 0], return_counts=True)
    return Spectrum(sizes.astype(np.int64), numbers.astype(np.int64))


@dataclass(frozen=True, slots=True)
class CountMatrix:
    """Counts of every unit in every sample.

    Args:
        units: Names of the rows, sorted.
        samples: Names of the columns.
        counts: Sparse matrix, units × samples, int64.
    """

    units: tuple[str, ...]
    samples: tuple[str, ...]
    counts: sparse.csc_array

    @property
    def totals(self) -> NDArray[np.int64]:
        """Molecules per sample, in the order of `samples`."""
        return np.asarray(self.counts.sum(axis=0), dtype=np.int64).reshape(-1)

    def column(self, sample: str) -> NDArray[np.int64]:
        """Give the counts of all units in one sample."""
        return self.columns([sample])[:, 0]

    def columns(self, samples: Sequence[str]) -> NDArray[np.int64]:
        """Give the counts of all units in some samples, units × samples, as a full array."""
        at = [self.samples.index(sample) for sample in samples]
        return np.asarray(self.counts[:, at].toarray(), dtype=np.int64)

    def spectrum(self, *samples: str) -> Spectrum:
        """Give the spectrum of one sample, or of several pooled."""
        return spectrum_of(self.columns(samples).sum(axis=1))


def count_matrix(counts: pl.DataFrame, samples: Sequence[str], *, key: str = "cdr3") -> CountMatrix:
    """Arrange a long count table as units × samples.

    Args:
        counts: Frame with the columns `sample`, `key` and `count`; rows in any order, several rows of
            one unit in one sample are added.
        samples: Samples to arrange, in this order; a sample without rows gets zeros, rows of other
            samples are left out.
        key: Column that names the unit.

    Returns:
        The matrix; its units are those seen in any of the samples.

    Raises:
        InputError: If a column is missing or a count is negative.
    """
    for column in ("sample", key, "count"):
        if column not in counts.columns:
            found = ", ".join(counts.columns)
            msg = f"The count table has the columns '{found}'. Give it a column '{column}'."
            raise InputError(msg, Where(column=column))
    table = (
        counts.lazy()
        .filter(pl.col("sample").is_in(list(samples)) & pl.col(key).is_not_null())
        .select(pl.col("sample").cast(pl.String), pl.col(key).cast(pl.String), pl.col("count").cast(pl.Int64))
        .collect()
    )
    negative = table.filter(pl.col("count") < 0)
    if negative.height:
        row = negative.row(0, named=True)
        msg = (
            f"'{row['count']}' is not a count of {key} '{row[key]}' in sample '{row['sample']}'. "
            "Write a whole number from 0."
        )
        raise InputError(msg, Where(column="count"))
    table = table.filter(pl.col("count") > 0)
    units = tuple(table[key].unique().sort().to_list())
    rows = table[key].cast(pl.Enum(list(units))).to_physical().to_numpy().astype(np.int64)
    columns = table["sample"].cast(pl.Enum(list(samples))).to_physical().to_numpy().astype(np.int64)
    matrix = sparse.coo_array(
        (table["count"].to_numpy(), (rows, columns)), shape=(len(units), len(samples)), dtype=np.int64
    )
    return CountMatrix(units, tuple(samples), sparse.csc_array(matrix))
