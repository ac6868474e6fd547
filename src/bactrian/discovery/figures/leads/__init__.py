"""The leads report: which units a selection nominates, how sure that is, and one card for each lead.

    results       what a report is made of: the frames of a selection and its leads, cut by antigen
    marks         calls with colour and shape, the scale of counts, clouds thinned fairly
    effects       enrichment against specificity
    noise         nominations of the real labelling against those of label swaps
    specificity   target against each comparator, in CPM
    volcano       size against certainty of each change
    replicates    dots of the leads replicate by replicate, agreement of two selections
    trajectories  leads over the rounds
    lineages      leads and their near relatives
    cards         one card a lead
    overview      several antigens side by side
    listings      the tables
    words         answer, notes and key numbers, no stronger than the design
    methods       the rule and every quantity in plain words, settings and versions
    report        all of it as one page

Every title is computed from the frame it stands on; a nominated unit is never called a binder.
"""

from bactrian.discovery.figures.leads.report import build_leads_report
from bactrian.discovery.figures.leads.results import LeadsResults

__all__ = ["LeadsResults", "build_leads_report"]
