"""From tested units to leads; the modules in the order the data goes.

- `settings`: what a person may choose about picking.
- `clonotype_choice`: the clonotype that stands for a counted unit.
- `candidates`: every tested unit with its CDR3, lineage, clonotype, and what other counts say.
- `known`: clonotypes of earlier campaigns, found again.
- `distances`: how much CDR3s differ.
- `picking`: picks for a plate, diverse first.
- `completion`: what was not read, filled from a reference on request.
- `orders`: whether a lead can be ordered, and the nucleotides.
- `domains`: a lead's V domain residue by residue.
- `lead_sites`: where its liabilities stand.
- `verdicts`: what the triage says in a word.
- `triage_table`: the columns of the triage.
- `triage`: what a lead's sequence says before it is ordered.
- `reasons`: why a unit was picked.
- `criteria`: the criteria of a tier, one by one.
- `near_misses`: units that were nearly leads, with the reason.
- `lead_table`: the columns of the leads.
- `fasta`: leads and orders as FASTA.
- `nomination`: all of it: `nominate`.
- `questions`: which unit a person means.
- `explanation`: why one clonotype is or is not a lead, in words.
- `binding_calls`: what a binding result says.
- `matching`: which tested unit a measured VHH is.
- `validation`: hit rates of measured leads.
"""
