"""Bactrian: from nanobody library to released lot to patient, on one digital thread.

The rooms, in the order a molecule goes:

    core        the words every room uses: errors, table files, seeds
    run         where work runs: executors, stages, progress
    report      the look of every report
    assays      what measurements and sequences mean: charge, pI, hydrophobicity, liabilities
    discovery   VHH screening: sheet, reads, vhh, clonotypes, library, selection, leads
    cli         the root command
"""

__version__ = "0.1.0"
