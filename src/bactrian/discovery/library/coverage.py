"""How much of the stated number of transformants the reads show, and the depth that would show more."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bactrian.discovery.library.diversity import Estimate, chao1
from bactrian.discovery.library.rarefaction import depth_for_coverage

if TYPE_CHECKING:
    from bactrian.discovery.library.abundance import Spectrum


@dataclass(frozen=True, slots=True)
class TransformantCoverage:
    """What the reads of an unpanned library say about its stated size.

    Args:
        transformants: Stated number of transformants (T).
        reads: Productive molecules of the unpanned library.
        observed: Distinct units seen.
        observed_share: observed / T.
        expected: Distinct units if all T transformants were different and equally frequent.
        expected_share: expected / T, the most that this depth can show.
        chao1: Units the pool holds at least, with interval.
        chao1_share: The same divided by T, with interval; not cut at 1.
        depth_even: Molecules that would show the wished share of T equally frequent transformants.
        depth_pool: Molecules at which the units seen hold the wished share of the pool's molecules.
    """

    transformants: int
    reads: int
    observed: int
    observed_share: float
    expected: float
    expected_share: float
    chao1: Estimate
    chao1_share: Estimate
    depth_even: float
    depth_pool: float


def expected_distinct(transformants: int, reads: int) -> float:
    """Give the distinct transformants among `reads` molecules if all are equally frequent.

    Args:
        transformants: Number of transformants T, 1 or more.
        reads: Molecules n.

    Returns:
        `T (1 - (1 - 1/T)^n)`.

    Raises:
        ValueError: If transformants is below 1 or reads below 0.

    References:
        Patrick, Firth & Blackburn (2003) Protein Eng 16:451.
    """
    if transformants < 1 or reads < 0:
        msg = f"'{transformants}' transformants and '{reads}' reads make no library. Write 1 and 0 or more."
        raise ValueError(msg)
    if transformants == 1:
        return float(min(reads, 1))
    return -transformants * math.expm1(reads * math.log1p(-1 / transformants))


def depth_for_distinct(transformants: int, share: float) -> float:
    """Give the molecules that show a share of T equally frequent transformants, rounded up.

    Args:
        transformants: Number of transformants T, 1 or more.
        share: Wished share, between 0 and 1, both excluded.

    Returns:
        `ln(1 - share) / ln(1 - 1/T)`, about 3 T for 0.95.

    Raises:
        ValueError: If transformants is below 1 or share not between 0 and 1.
    """
    if transformants < 1 or not 0 < share < 1:
        msg = f"'{share}' of '{transformants}' transformants is no goal. Write a share between 0 and 1."
        raise ValueError(msg)
    if transformants == 1:
        return 1.0
    return float(math.ceil(math.log1p(-share) / math.log1p(-1 / transformants)))


def coverage_of_transformants(
    spectrum: Spectrum, transformants: int, *, share: float = 0.95, confidence: float = 0.95
) -> TransformantCoverage:
    """Compare the units seen in an unpanned library with its stated number of transformants.

    Transformants are not units: empty vectors, frameshifts and transformants of the same clone make
    fewer units than transformants, and Chao1 is a lower bound. A share well below the expected one
    says that the library is smaller or less even than stated; a share near it proves nothing about
    transformants too rare to be seen.

    Args:
        spectrum: Abundances of the unpanned library, its replicates pooled.
        transformants: Stated number of transformants, 1 or more.
        share: Wished share for the two depths.
        confidence: Level of the intervals.

    Returns:
        The comparison.

    Raises:
        ValueError: If transformants is below 1.
    """
    expected = expected_distinct(transformants, spectrum.total)
    richness = chao1(spectrum, confidence=confidence)
    return TransformantCoverage(
        transformants=transformants,
        reads=spectrum.total,
        observed=spectrum.observed,
        observed_share=spectrum.observed / transformants,
        expected=expected,
        expected_share=expected / transformants,
        chao1=richness,
        chao1_share=Estimate(
            richness.value / transformants,
            richness.se / transformants,
            richness.low / transformants,
            richness.high / transformants,
        ),
        depth_even=depth_for_distinct(transformants, share),
        depth_pool=depth_for_coverage(spectrum, share),
    )
