"""What stands around a VHH: PCR primers, leader and tag, and the empty vector.

`framework` primers lie inside FR1 (IMGT 22-26) and FR4 (120-124), so the amplicon holds every
residue between them. `vector` primers lie in the end of the pelB leader and in the histidine tag
behind the NotI site, so the amplicon holds the whole VHH.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from bactrian.discovery.simulator.settings import Primers

_COMPLEMENT: Final = str.maketrans("ACGTN", "TGCAN")

# Column 10 is empty in a VHH, so the codon of column 22 is the 21st of FR1; 120 is the third of FR4.
_FORWARD_IN_FR1: Final = 20 * 3
_REVERSE_IN_FR4: Final = 2 * 3

# 231 nt without an open reading frame: what the primers amplify from a vector without a VHH.
EMPTY_VECTOR: Final = (
    "GGATCACAGTCTACACTGCTCACTCCAACCCCGGCCCCTGAGTCCGAGGAGAGGGTGCTTCAGAGTATGTATACCACTGGGTAGGATACGGCGGAGGGCA"
    "CGTCAATACGGTTCAATGCCCTACTGCATGCTCTTGTGGTTCATCTGCATGGAGAGGGTGGGCATGGGTGGGGGTGCTGGCCCGTGATCTGGACCTCCCA"
    "TCCACAGCTCATTGTACCGAGTGTAGAGAGG"
)


def reverse_complement(nt: str) -> str:
    """Give the reverse strand, 5'→3'.

    Examples:
        >>> reverse_complement("ACCTGGGTCCCCTG")
        'CAGGGGACCCAGGT'
    """
    return nt.translate(_COMPLEMENT)[::-1]


@dataclass(frozen=True, slots=True)
class Construct:
    """Primers and what they amplify.

    Args:
        forward: Forward primer, 5'→3'.
        reverse: Reverse primer, 5'→3'.
        before: Nucleotides between the forward primer and the VHH (vector primers).
        behind: Nucleotides between the VHH and the reverse primer's site (vector primers).
        inside: Whether the primers lie inside the VHH.
    """

    forward: str
    reverse: str
    before: str
    behind: str
    inside: bool

    def amplify(self, domain: str, fr4_start: int) -> tuple[str, str, int]:
        """Amplify one VHH; primers inside it write their own bases into it.

        Args:
            domain: Nucleotides of the VHH from FR1 to FR4.
            fr4_start: Where FR4 starts in it.

        Returns:
            The amplicon, the VHH as amplified, and where the VHH's first nucleotide lies relative
            to the amplicon's (negative when the primers lie inside).
        """
        site = reverse_complement(self.reverse)
        if not self.inside:
            amplicon = self.forward + self.before + domain + self.behind + site
            return amplicon, domain, len(self.forward) + len(self.before)
        first, last = _FORWARD_IN_FR1, fr4_start + _REVERSE_IN_FR4
        inner = domain[first + len(self.forward) : last]
        amplicon = self.forward + inner + site
        amplified = domain[:first] + amplicon + domain[last + len(site) :]
        return amplicon, amplified, -first

    def amplify_empty(self) -> str:
        """Amplify a vector without a VHH."""
        return self.forward + EMPTY_VECTOR + reverse_complement(self.reverse)


# The primers of the phage-seq panning reads (Grun et al. 2024, Nat Commun, s41467-024-51912-7).
_FRAMEWORK: Final = Construct(
    forward="TCCTGTGCAGCCTC", reverse="ACCTGGGTCCCCTG", before="", behind="", inside=True
)
# End of pelB (…LAAQPAMA, SfiI and NcoI sites); NotI site, then a tag of six histidines and glycine.
_VECTOR: Final = Construct(
    forward="CTCGCGGCCCAGCCGGCCATGG",
    reverse="CCCGTGATGGTGATGATGATG",
    before="CC",
    behind="GCGGCCGCA",
    inside=False,
)


def construct_of(primers: Primers) -> Construct:
    """Give the construct that `framework` or `vector` primers amplify."""
    return _FRAMEWORK if primers == "framework" else _VECTOR
