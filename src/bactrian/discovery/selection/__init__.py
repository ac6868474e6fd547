"""Which units are enriched and specific: statistics with error control, and what a design cannot claim.

The design:

- `settings`: unit, rounds and limits.
- `design`: which samples are compared with which; `claims`: what that cannot support, in sentences.

The model, one mean per unit and group of columns:

- `blocks`: units worked on in fixed blocks by threads.
- `normalise`: effective library sizes.
- `glm`: negative-binomial fits of one-way layouts.
- `peaks`, `smoothing`, `lowess`: maxima and trends.
- `squeeze`: empirical-Bayes moderation of variances.
- `dispersion`: common, trended and tagwise dispersions.
- `group_fit`: all of it for a table; `quasi`: F-tests and TREAT of two groups.
- `multiplicity`: false discovery rates.
- `posterior`, `shrink`: shrunken effects with intervals.

The rule:

- `consistency`: replicates above every reference.
- `outliers`: single explosions cut down.
- `contrasts`: the tests of a plan; `tempering`: what moderation may know; `regroup`: other labels.
- `floor`: label swaps.
- `evidence`: everything the rule looks at; `tiers`: the rule.
- `power`: the smallest fold change that is mostly found.

A campaign:

- `judgement`: one plan on one table.
- `fitness`: growth per round; `trajectories`: units through the rounds.
- `reasons`, `standings`: why each unit is nominated or not, in words.
- `frames`: the columns of everything a selection gives; `designs`: one row per plan; `notes`: sentences.
- `campaign`: all plans of a sheet; `by_unit`: the same counted by CDR3, clonotype and lineage.
"""
