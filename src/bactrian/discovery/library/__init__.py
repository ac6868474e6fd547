"""Library and sample quality: how good the library is, and which samples may be trusted.

Pure functions on count tables and tallies; frames in, frames and frozen objects out.

abundance       how often each unit (CDR3, clonotype, VHH) was seen: spectra and count matrices
outcomes        productive, stop, frameshift and empty-vector shares with intervals
residues        residue use per IMGT position
lengths         CDR lengths by rung, and the bias against the lengths one mate alone gives
diversity       Chao1, ACE, Good's coverage, Hill numbers with intervals
rarefaction     units expected at other depths, and the depth still needed
coverage        how much of the stated number of transformants was seen
agreement       how alike replicates are
depth           samples with too few molecules
takeovers       samples that one CDR3 and its siblings have taken over
jackpots        units that exploded in one replicate alone
hopping         the rate at which molecules of one sample turn up in another
contamination   molecules that came from another sample
settings        the limits of all checks
pools           the tables of diversity: per sample, per library
quality         all of it put together: one row per sample with its flags
"""

from bactrian.discovery.library.quality import (
    FLAGS,
    LibraryQuality,
    MoleculeQuality,
    assess_samples,
    describe_molecules,
)
from bactrian.discovery.library.settings import QualitySettings

__all__ = [
    "FLAGS",
    "LibraryQuality",
    "MoleculeQuality",
    "QualitySettings",
    "assess_samples",
    "describe_molecules",
]
