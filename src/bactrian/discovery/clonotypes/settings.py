"""The constants of clonotype counting, in one frozen object, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClonotypeSettings:
    """What `count_clonotypes` may be told.

    Args:
        skew_alpha: α of the skew: a sequence at distance d from a clone is the clone's error if it has at
            most 2^-(αd + 1) of its count. α = 2 is the UNOISE2 default (1/8, 1/32, 1/128).
        max_distance: Largest number of substituted nucleotides an error may carry; 3 at most.
        bases_per_error: An error may carry one substitution per so many nucleotides of the CDR, so that short
            CDR3s, which lie close to each other by chance, are not folded at two or three.
        evidence_error_rate: Family-wise error rate of each test that keeps a sequence apart from the clone
            that would absorb it, and of the test for a second CDR1–2 (Bonferroni over what is tested).
        evidence_reads: Fewest molecules of a CDR3 (in a sample; of its CDR1–2) that are tested at all.
        parent_posterior: Posterior from which the parent CDR1–2 of a CDR3 is named. 0.99 is the accuracy
            that named parents are to have.
        second_reads: Fewest molecules of a second CDR1–2 that are tested.
        second_fold: A second CDR1–2 must have so many times the molecules that recombination predicts.
        second_share: and at least this share of the CDR3's molecules, pooled or in one sample.
        overdispersion: φ of the negative binomial (variance λ + φλ²) that recombinant counts follow; 0.25
            lets the partner frequencies be wrong by half (coefficient of variation 50 %).
        estimation_reads: CDR3s with so many molecules (CDR1–2 read, pooled) estimate the recombination rate.
        framework_reads: Fewest molecules that keep a framework residue apart from its clonotype's consensus.
        lineage_identity: Least share of equal CDR3 residues (same length) that links two CDR3s.
        neighbour_reads: CDR3s with more molecules than this have their neighbours listed
        neighbour_share: above this share of their molecules.

    Raises:
        ValueError: A constant lies outside its range.

    References:
        Edgar RC (2016) UNOISE2: improved error-correction for Illumina 16S and ITS amplicon sequencing.
        bioRxiv 081257.
    """

    skew_alpha: float = 2.0
    max_distance: int = 3
    bases_per_error: int = 12
    evidence_error_rate: float = 1e-3
    evidence_reads: int = 5
    parent_posterior: float = 0.99
    second_reads: int = 3
    second_fold: float = 3.0
    second_share: float = 0.02
    overdispersion: float = 0.25
    estimation_reads: int = 20
    framework_reads: int = 3
    lineage_identity: float = 0.8
    neighbour_reads: int = 1000
    neighbour_share: float = 0.01

    def __post_init__(self) -> None:
        """Check every range."""
        ranges = {
            "skew_alpha": (self.skew_alpha, 0.0, 10.0),
            "max_distance": (self.max_distance, 0, 3),
            "bases_per_error": (self.bases_per_error, 1, 1000),
            "evidence_error_rate": (self.evidence_error_rate, 0.0, 1.0),
            "evidence_reads": (self.evidence_reads, 2, 1_000_000),
            "parent_posterior": (self.parent_posterior, 0.5, 1.0),
            "second_reads": (self.second_reads, 2, 1_000_000),
            "second_fold": (self.second_fold, 1.0, 1e6),
            "second_share": (self.second_share, 0.0, 1.0),
            "overdispersion": (self.overdispersion, 1e-6, 100.0),
            "estimation_reads": (self.estimation_reads, 2, 1_000_000),
            "framework_reads": (self.framework_reads, 1, 1_000_000),
            "lineage_identity": (self.lineage_identity, 0.0, 1.0),
            "neighbour_reads": (self.neighbour_reads, 0, 10**12),
            "neighbour_share": (self.neighbour_share, 0.0, 1.0),
        }
        for name, (value, low, high) in ranges.items():
            if not low <= value <= high:
                message = f"{name} is {value!r}. It must lie from {low} to {high}."
                raise ValueError(message)

    def skew(self, distance: int) -> float:
        """Largest count, as a share of the clone's, that an error at this distance may have.

        Args:
            distance: Substituted nucleotides, from 1.

        Returns:
            2^-(αd + 1).
        """
        return float(2.0 ** -(self.skew_alpha * distance + 1.0))

    def single_skew(self, distance: int) -> float:
        """The same for a sequence seen once in the whole library.

        One molecule two or three bases away from a clone at least 8 or 16 times as large is no evidence of a
        clone of its own; at these distances its skew is relaxed to that of one base, and half of it.

        Args:
            distance: Substituted nucleotides, from 1.

        Returns:
            2^-(α + 1) for one and two substitutions, 2^-(α + 2) for three.
        """
        return float(2.0 ** -(self.skew_alpha + max(1, distance - 1)))
