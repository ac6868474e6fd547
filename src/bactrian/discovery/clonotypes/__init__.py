"""From molecules to clonotypes one may count; the modules in the order the data goes.

- `settings`: the constants, each with its reason.
- `rows`: molecule rows checked, added up and numbered.
- `hamming`: close sequences without comparing all with all.
- `evidence`: what keeps a close, small CDR3 apart from a large one.
- `collapse`: nucleotide errors go back to their clone, by abundance skew.
- `folding`: the collapse applied to CDR3s, and to CDR1–2 within each CDR3.
- `links`: which CDR1–2 was read beside which CDR3, and how common it is.
- `chimeras`: the recombination model: rates, parents, further clonotypes of a CDR3.
- `assignment`: which clonotype each molecule counts for.
- `frameworks`: framework residues with errors taken out, and their haplotypes.
- `vhhs`: counts of full VHHs.
- `lineages`: families of CDR3s.
- `neighbours`: what stays beside a large CDR3, and why.
- `description`: what is said about clonotypes and samples beside their counts.
- `counts`: the tables: `count_clonotypes`.
"""

from bactrian.discovery.clonotypes.counts import Clonotypes, count_clonotypes
from bactrian.discovery.clonotypes.lineages import group_lineages
from bactrian.discovery.clonotypes.settings import ClonotypeSettings

__all__ = ["ClonotypeSettings", "Clonotypes", "count_clonotypes", "group_lineages"]
