"""What measurements and sequences mean, for any room.

Modules in the order the data goes:

- `scales`: pKa sets and scales of hydrophobicity by name.
- `chemistry`: charge, isoelectric point, hydrophobicity, extinction and mass, each by a named method.
- `motifs`: short patterns of residues, and where they stand in a sequence that was not read completely.
- `liabilities`: the table of motifs of chemical and biological risk; `liabilities.toml` is its data.
- `sites`: where the liabilities of a numbered V domain stand, weighed by region.
- `ranges`: where a figure lies among the VHHs that reached the clinic.
"""
