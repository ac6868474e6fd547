"""A simulated VHH panning with the truth written beside its reads; in the order the molecules go.

- `settings`: what can be set, with the named settings standard, harsh and null.
- `codons`: the genetic code and how often each codon is used.
- `constructs`: primers, leader, tag and the empty vector around a VHH.
- `library`: naive VHH clones drawn from the VHH profile.
- `defects`: clones with a stop, a shifted frame, or no VHH.
- `panning`: clone classes, retention, bottleneck, amplification, jackpots, arms and rounds.
- `dirichlet`: a second law for how replicates scatter, with heavier tails.
- `read_kernel`: the loop that writes reads.
- `sequencing`: one sample from molecule counts to reads with their truth.
- `hopping`: read pairs that end up in another sample of the run.
- `fastq`: reads as gzipped FASTQ files.
- `writing`: count tables, truth tables and the sheet.

`simulate_sample` sequences any clone table with any counts.
"""
