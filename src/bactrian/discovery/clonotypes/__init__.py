"""From molecules to clonotypes one may count; the modules in the order the data goes.

- `settings`: the constants, each with its reason.
- `hamming`: close sequences without comparing all with all.
- `evidence`: what keeps a close, small CDR3 apart from a large one.
- `collapse`: nucleotide errors go back to their clone, by abundance skew.
- `links`: which CDR1–2 was read beside which CDR3, and how common it is.
- `chimeras`: the recombination model: rates, parents, further clonotypes of a CDR3.
- `assignment`: which clonotype each molecule counts for.
- `frameworks`: the full VHH of every molecule.
- `lineages`: families of CDR3s.
- `neighbours`: what stays beside a large CDR3, and why.
- `counts`: the tables: `count_clonotypes`.
"""

from bactrian.discovery.clonotypes.counts import Clonotypes, count_clonotypes
from bactrian.discovery.clonotypes.lineages import group_lineages
from bactrian.discovery.clonotypes.settings import ClonotypeSettings

__all__ = ["ClonotypeSettings", "Clonotypes", "count_clonotypes", "group_lineages"]
