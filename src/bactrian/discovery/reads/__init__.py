"""Read pairs to annotated molecules.

In the order the data goes:

- `settings`: what a user may choose, and the table of what it means for a pair.
- `streams`: read files as plain bytes, whatever compresses them, and what is wrong with a file.
- `fastq`: records as chunks of arrays.
- `primers`: primer pairs, how they are written and where they sit.
- `detection`: the primers of a sample whose primers nobody named.
- `agreement`: the primers of a library, from what its samples show.
- `errors`: Phred scores as probabilities, and what two calls of one base say together.
- `merge`: mates that overlap become one sequence.
- `ladder`: per pair the best rung its qualities allow, as a key of nucleotides.
- `molecules`: equal keys counted once.
- `pairing`: files to unique molecules.
- `join`: mates that do not overlap put together by their IMGT columns; status and rung of each molecule.
- `sample`: all of it for one sample (`read_sample`).
- `mate2`: CDR3s from the reverse mates alone (`count_cdr3_mate2`), to check the rest against.
"""
