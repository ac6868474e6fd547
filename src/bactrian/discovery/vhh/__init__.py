"""VHH domains in proteins and reads: alignment to a profile, IMGT numbering, CDRs.

Modules in the order the data goes:

- `labels`: the columns of IMGT, its framework blocks and the labels of long CDRs.
- `profile`: residue and CDR length counts of known VHHs (`profile.json`).
- `scores`: those counts as integer scores.
- `chain`: the gapless fast path, which says itself when it may not be used.
- `align`: the gapped alignment of one sequence.
- `extend`: frameworks of other V genes, present but too unlike a VHH to be found.
- `translate`: nucleotides to residues, IUPAC codes included, in one or six frames.
- `frames`: the reading frame of a VHH, VHH or not, and whether the frame changes on the way.
- `numbering`: many proteins in, IMGT positions and CDRs out.
- `reads`: one row of annotation per unique nucleotide sequence of the read pipeline.

Sequences without reads take the same numbering through:

- `orient`: strand and frame of any nucleotide sequence.
- `flanks`: leaders before the domain and tags behind it, by name.
- `hallmarks`, `cysteines`, `germline`: VHH or VH, disulfides, nearest germline genes.
- `schemes`: Kabat, Chothia, Martin and AHo from IMGT.
- `annotate`: one row of annotation per sequence.
"""
