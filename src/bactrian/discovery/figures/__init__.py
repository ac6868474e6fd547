"""The screen report: what a screen found, drawn on the frames it ends in.

    results     what a report is made of: plain frames with named columns
    marks       axes, scales and colours that several figures share
    reads       the ladder of pairs, CDR3 lengths by rung, defects
    samples     recombination, top-clone share by round, contamination
    diversity   rarefaction with the depth still needed, replicate agreement
    clones      residue use per position, the commonest clonotypes
    listings    the tables
    words       answer, notes and key numbers
    methods     every figure's quantities in plain words, settings and versions
    report      all of it as one page
    leads       the leads report, a package of its own

Every title is computed from the frame it stands on. A frame without rows leaves its figure out and says why.
"""

from bactrian.discovery.figures.report import build_screen_report
from bactrian.discovery.figures.results import ScreenResults

__all__ = ["ScreenResults", "build_screen_report"]
