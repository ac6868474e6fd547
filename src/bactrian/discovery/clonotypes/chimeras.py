"""PCR recombination: how much of it, which CDR1–2 is a CDR3's own, and when a CDR3 has two.

A recombined molecule keeps its CDR3 and takes the CDR1–2 of a molecule drawn from the same PCR. With parent
p, the CDR1–2 l read beside a CDR3 in sample s has the probability

    P(l | p) = (1 - r) [l = p] + r3 F(l) + r2 [cdr2(l) = cdr2(p)] F1(cdr1(l)),   r = r2 + r3,

where r3 and r2 are the shares of molecules with a break in FR3 and in FR2, F the frequency of a CDR1–2 and
F1 that of a CDR1 in the sample. Rates, parents and second CDR1–2 depend on each other and are found in turn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from bactrian.discovery.clonotypes.links import Flags, Floats, Index, Links, Shares, sum_by

if TYPE_CHECKING:
    from bactrian.discovery.clonotypes.settings import ClonotypeSettings

# Breaks fall on FR2 (17 codons) and FR3 (38): their share where no data tell them apart.
FR2_SHARE = 17 / 55
# Molecules of one CDR3 in one sample beyond which it gains no more weight in the estimate of the rate, so
# that no single clone decides it.
CAP = 100
# A sample's rate is drawn to the library's with the weight of so many molecules.
SHRINK = 50
# Below so many informative molecules in the library the rate comes from the agreement of molecule pairs.
ENOUGH = 200
LEAST_RATE = 1e-6
# Share of a CDR3's molecules from which its most abundant CDR1–2 serves the first estimate of the rate.
FIRST_SHARE = 0.3
# Molecules with a CDR3's own CDR1–2 below this share of their expected number, significantly: the parent's
# is not read.
LEAST_OWN = 0.5
ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Rates:
    """Recombination by sample.

    Args:
        fr2: Share of molecules with a break in FR2 (one per sample).
        fr3: With a break in FR3 (one per sample).
        informative: Weighted molecules that the sample's estimate rests on (one per sample).
    """

    fr2: Floats
    fr3: Floats
    informative: Floats


@dataclass(frozen=True, slots=True)
class Parents:
    """The most probable CDR1–2 of each CDR3.

    Args:
        pair: Pair number by CDR3 number; -1 where no molecule of the CDR3 has its CDR1–2 read.
        posterior: Probability that it is the parent and no product of recombination.
        named: The posterior suffices.
    """

    pair: Index
    posterior: Floats
    named: Flags


@dataclass(frozen=True, slots=True)
class Seconds:
    """Further CDR1–2 of a CDR3, beyond what recombination predicts; sorted by CDR3, pair.

    Args:
        cdr3: CDR3 number.
        pair: Pair number.
        p_value: Of the test, times the number of tests (1 at most).
    """

    cdr3: Index
    pair: Index
    p_value: Floats


@dataclass(frozen=True, slots=True)
class Recombination:
    """The fitted model: rates, parents, further clonotypes of a CDR3."""

    rates: Rates
    parents: Parents
    seconds: Seconds


def fit_recombination(
    links: Links, *, samples: int, cdr3s: int, settings: ClonotypeSettings
) -> Recombination:
    """Estimate rates, name parents and find the CDR3s that several clones share.

    Args:
        links: What was read beside what.
        samples: Number of samples.
        cdr3s: Number of CDR3s.
        settings: The constants.

    Returns:
        The fitted model.
    """
    none = Seconds(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    parents = _most_abundant(links, cdr3s)
    rates = estimate_rates(links, parents, none, samples=samples, settings=settings)
    seconds = none
    for _ in range(ROUNDS):
        guess = name_parents(links, rates, none, cdr3s=cdr3s, settings=settings)
        seconds = find_seconds(links, rates, guess, settings=settings)
        parents = name_parents(links, rates, seconds, cdr3s=cdr3s, settings=settings)
        read = parent_is_read(links, rates, parents, seconds, settings=settings)
        parents = Parents(parents.pair, parents.posterior, parents.named & read)
        kept = read[seconds.cdr3]
        seconds = Seconds(seconds.cdr3[kept], seconds.pair[kept], seconds.p_value[kept])
        rates = estimate_rates(links, parents, seconds, samples=samples, settings=settings)
    return Recombination(rates=rates, parents=parents, seconds=seconds)


def _most_abundant(links: Links, cdr3s: int) -> Parents:
    keys, place = np.unique(links.key, return_inverse=True)
    totals: Floats = sum_by(place, links.count, keys.size)
    share = totals / links.cdr3_counts[keys // links.width]
    return _best(
        keys // links.width, keys % links.width, score=totals, posterior=share, cdr3s=cdr3s, least=FIRST_SHARE
    )


def _best(cdr3: Index, pair: Index, *, score: Floats, posterior: Floats, cdr3s: int, least: float) -> Parents:
    """Take the pair of the highest score of each CDR3, the first of equals."""
    order = np.lexsort((pair, -score, cdr3))
    first = order[np.flatnonzero(np.diff(cdr3[order], prepend=-1))]
    best = np.full(cdr3s, -1, np.int64)
    value = np.zeros(cdr3s)
    best[cdr3[first]] = pair[first]
    value[cdr3[first]] = posterior[first]
    return Parents(pair=best, posterior=value, named=(best >= 0) & (value >= least))


def _is_second(links: Links, seconds: Seconds) -> Flags:
    return np.isin(links.key, seconds.cdr3 * links.width + seconds.pair)


def estimate_rates(
    links: Links, parents: Parents, seconds: Seconds, *, samples: int, settings: ClonotypeSettings
) -> Rates:
    """Estimate the recombination rates of every sample from the CDR3s whose parent is plain.

    Molecules whose CDR2 is not the parent's come from breaks in FR3; those with the parent's CDR2 and another
    CDR1 from breaks in FR2, less what FR3 breaks bring of the same CDR2. Each is divided by what the sample
    would show if every molecule had recombined, so that recombination with itself is accounted for.

    Args:
        links: What was read beside what.
        parents: Parent of each CDR3.
        seconds: Further clonotypes; their molecules are left out.
        samples: Number of samples.
        settings: The constants.

    Returns:
        Rates by sample, drawn to the library's rate where a sample says little.
    """
    use = parents.named[links.cdr3] & (links.cdr3_counts[links.cdr3] >= settings.estimation_reads)
    use &= ~_is_second(links, seconds)
    sample, count = links.sample[use], links.count[use]
    parent = parents.pair[links.cdr3[use]]
    weight = count * np.minimum(1.0, CAP / links.sample_cdr3_counts[use])
    same_cdr2 = links.cdr2[use] == links.cdr2_of_pair[parent]
    off = (links.pair[use] != parent) & ~links.near[use]
    same_pair_share = links.pair_shares.of(sample, parent)
    cdr2_share = links.cdr2_shares.of(sample, links.cdr2_of_pair[parent])
    cdr1_share = links.cdr1_shares.of(sample, links.cdr1_of_pair[parent])

    def by_sample(values: Floats) -> Floats:
        return sum_by(sample, values, samples)

    seen3 = by_sample(weight * (off & ~same_cdr2))
    full3 = by_sample(weight * (1.0 - cdr2_share))
    seen2 = by_sample(weight * (off & same_cdr2))
    full2 = by_sample(weight * (1.0 - cdr1_share))
    mixed = by_sample(weight * (cdr2_share - same_pair_share))
    if full3.sum() >= ENOUGH:
        fr3 = (seen3.sum() + 1.0) / (full3.sum() + 2.0)
        fr2 = max(0.0, seen2.sum() - fr3 * mixed.sum()) / (full2.sum() + 2.0)
    else:
        rate = _rate_by_agreement(links, parents)
        fr3, fr2 = rate * (1.0 - FR2_SHARE), rate * FR2_SHARE
    fr3s = (seen3 + SHRINK * fr3) / (full3 + SHRINK)
    fr2s = (np.maximum(0.0, seen2 - fr3s * mixed) + SHRINK * fr2) / (full2 + SHRINK)
    scale = np.minimum(1.0, 0.95 / np.maximum(fr2s + fr3s, LEAST_RATE))
    return Rates(fr2=fr2s * scale, fr3=np.maximum(fr3s * scale, LEAST_RATE), informative=full3)


def _rate_by_agreement(links: Links, parents: Parents) -> float:
    """Estimate one rate from how often two molecules of a CDR3 in a sample have the same CDR1–2.

    Two such molecules agree with probability (1 - r)² (1 - H) + H, H the chance that two drawn partners are
    the same. Without any such pair of molecules the result is 0.5: nothing is known.
    """
    pair = np.where(links.near, parents.pair[links.cdr3], links.pair)
    width = int(links.sample.max(initial=0)) + 1
    group = links.cdr3 * width + links.sample
    keys, place = np.unique(np.stack((group, pair)), axis=1, return_inverse=True)
    by_pair = np.bincount(place.ravel(), weights=links.count, minlength=keys.shape[1])
    _, whole = np.unique(keys[0], return_inverse=True)
    by_group = np.bincount(whole, weights=by_pair)
    cap = np.minimum(1.0, CAP / np.maximum(by_group, 1.0)) / np.maximum(by_group - 1.0, 1.0)
    pairs = float((by_group * (by_group - 1.0) * cap).sum())
    agreeing = float((by_pair * (by_pair - 1.0) * cap[whole]).sum())
    shares = links.pair_shares
    by_chance = float((shares.values**2).sum() / max(1, np.unique(shares.keys // shares.width).size))
    agreement = (agreeing + 0.25) / (pairs + 1.0)
    return float(1.0 - np.sqrt(np.clip((agreement - by_chance) / max(1.0 - by_chance, 1e-9), 0.0, 1.0)))


def name_parents(
    links: Links, rates: Rates, seconds: Seconds, *, cdr3s: int, settings: ClonotypeSettings
) -> Parents:
    """Give every CDR3 its most probable parent, by support over all samples.

    Every CDR1–2 read beside the CDR3 is a candidate, and so is "the parent was not read". All likelihoods are
    taken relative to the last, under which every molecule is a recombinant.

    Args:
        links: What was read beside what.
        rates: Recombination by sample.
        seconds: CDR1–2 that are clonotypes already; they and their molecules are left out.
        cdr3s: Number of CDR3s.
        settings: The constants.

    Returns:
        Parents with their posterior.
    """
    use = ~links.error & ~_is_second(links, seconds)
    sample, cdr3, pair = links.sample[use], links.cdr3[use], links.pair[use]
    count = links.count[use].astype(float)
    fr3, fr2 = rates.fr3[sample], rates.fr2[sample]
    by_fr3 = fr3 * links.pair_shares.of(sample, pair)
    by_fr2 = fr2 * links.cdr1_shares.of(sample, links.cdr1[use])
    own = count * (np.log((1.0 - fr2 - fr3) + by_fr3 + by_fr2) - np.log(by_fr3))
    half = count * np.log1p(by_fr2 / by_fr3)

    keys, candidate = np.unique(links.key[use], return_inverse=True)
    candidate_cdr3, candidate_pair = keys // links.width, keys % links.width
    beside = candidate_cdr3 * (int(links.cdr2.max(initial=0)) + 1) + links.cdr2_of_pair[candidate_pair]
    _, family = np.unique(beside, return_inverse=True)
    halves = sum_by(candidate, half, keys.size)
    family_halves = np.bincount(family, weights=halves)
    score = sum_by(candidate, own, keys.size) + family_halves[family] - halves

    share = links.sample_cdr3_counts[use] / links.cdr3_counts[cdr3]
    prior = sum_by(candidate, share * _prior(links, rates, use), keys.size)
    unseen = np.maximum(1.0 - sum_by(candidate_cdr3, prior, cdr3s), 1e-9)
    score += np.log(prior)
    top = np.log(unseen)
    np.maximum.at(top, candidate_cdr3, score)
    total = np.exp(np.log(unseen) - top)
    total += sum_by(candidate_cdr3, np.exp(score - top[candidate_cdr3]), cdr3s)
    posterior = np.exp(score - top[candidate_cdr3]) / total[candidate_cdr3]
    posterior = posterior / _equals(links, keys)
    return _best(
        candidate_cdr3,
        candidate_pair,
        score=score,
        posterior=posterior,
        cdr3s=cdr3s,
        least=settings.parent_posterior,
    )


def _equals(links: Links, keys: Index) -> Floats:
    """How many CDR1–2 within an error of each other, all seen once, a candidate seen once stands for."""
    totals = np.bincount(np.searchsorted(keys, links.key), weights=links.count, minlength=keys.size)
    errors = np.bincount(links.cdr3, weights=links.error)[keys // links.width]
    return np.where(totals == 1, 1.0 + errors, 1.0)


def parent_is_read(
    links: Links, rates: Rates, parents: Parents, seconds: Seconds, *, settings: ClonotypeSettings
) -> Flags:
    """Tell the CDR3s whose own CDR1–2 make up what recombination leaves of its molecules.

    Where far fewer molecules than 1 - r carry the supposed parent, the true one is not among what was read
    (its CDR1 or CDR2 cannot be read, or the CDR3 belongs to many clones), and the most probable of the others
    would be a partner of recombination.

    Args:
        links: What was read beside what.
        rates: Recombination by sample.
        parents: Most probable parents.
        seconds: Further clonotypes.
        settings: The error rate.

    Returns:
        True where the number is not too small (less than half of the expected, and improbably few), by CDR3.
    """
    cdr3s = parents.pair.size
    own = (links.pair == parents.pair[links.cdr3]) | links.near | _is_second(links, seconds)
    carried = sum_by(links.cdr3, links.count * own, cdr3s)
    total = sum_by(links.cdr3, links.count, cdr3s)
    intact = 1.0 - (rates.fr2 + rates.fr3)[links.sample]
    expected = sum_by(links.cdr3, links.count * intact, cdr3s)
    chance = np.divide(expected, total, out=np.ones(cdr3s), where=total > 0)
    few = stats.binom.cdf(carried, total, chance) < settings.evidence_error_rate
    missing: Flags = few & (carried < LEAST_OWN * expected)
    return ~missing


def _prior(links: Links, rates: Rates, use: Flags) -> Floats:
    """Share of a sample's clones that have each CDR1–2, never above its share of the molecules.

    Every CDR3 counts once, so that a clone that took the sample over is no likely parent of the others; what
    recombination brings to that mean (r F) is taken off. The bound keeps a CDR1–2 seen once from being
    trusted more than one molecule in a sample with recombination can be: 1 - r.
    """
    sample, pair = links.sample, links.pair
    by_clone = Shares.count(sample, pair, links.count / links.sample_cdr3_counts)
    raw = by_clone.of(sample[use], pair[use])
    molecules = links.pair_shares.of(sample[use], pair[use])
    rate = (rates.fr2 + rates.fr3)[sample[use]]
    cleared = np.maximum(raw - rate * molecules, 0.05 * raw) / (1.0 - rate)
    prior: Floats = np.minimum(cleared, molecules)
    return prior


def find_seconds(links: Links, rates: Rates, parents: Parents, *, settings: ClonotypeSettings) -> Seconds:
    """Find the CDR1–2 that a CDR3 carries beyond what recombination predicts.

    Molecules of a second CDR1–2 are tested against the negative binomial of the predicted number, summed over
    the samples. The strongest of each CDR3 is accepted first: its CDR2 then also predicts the products of
    breaks in FR2, before the next is judged.

    Args:
        links: What was read beside what.
        rates: Recombination by sample.
        parents: Most probable parent of each CDR3, named or not.
        settings: Error rate, effect sizes, overdispersion.

    Returns:
        The further clonotypes.
    """
    keys, place = np.unique(links.key, return_inverse=True)
    totals = sum_by(place, links.count, keys.size)
    errors = sum_by(place, links.error, keys.size) > 0
    cdr3, pair = keys // links.width, keys % links.width
    tested = np.flatnonzero((totals >= settings.second_reads) & ~errors & (pair != parents.pair[cdr3]))
    cdr3, pair, totals = cdr3[tested], pair[tested], totals[tested]
    shares = np.maximum(totals / links.cdr3_counts[cdr3], _largest_share(links, keys[tested], settings))
    from_fr3, from_fr2 = _predicted(links, rates, cdr3, pair)
    width = int(links.cdr2.max(initial=0)) + 1
    owned = np.unique(cdr3 * width + links.cdr2_of_pair[parents.pair[cdr3]])
    cdr2_key = cdr3 * width + links.cdr2_of_pair[pair]
    p_value = np.ones(tested.size)
    accepted = np.zeros(tested.size, np.bool_)
    size = 1.0 / settings.overdispersion
    while True:
        predicted = from_fr3 + np.where(np.isin(cdr2_key, owned), from_fr2, 0.0)
        p = np.minimum(
            1.0, stats.nbinom.sf(totals - 1.0, size, size / (size + predicted)) * max(1, tested.size)
        )
        passed = ~accepted & (p <= settings.evidence_error_rate)
        passed &= (totals >= settings.second_fold * predicted) & (shares >= settings.second_share)
        candidates = np.flatnonzero(passed)
        if not candidates.size:
            break
        order = candidates[np.lexsort((pair[candidates], -totals[candidates], cdr3[candidates]))]
        first = order[np.flatnonzero(np.diff(cdr3[order], prepend=-1))]
        accepted[first] = True
        p_value[first] = p[first]
        owned = np.union1d(owned, cdr2_key[first])
    return Seconds(cdr3=cdr3[accepted], pair=pair[accepted], p_value=p_value[accepted])


def _largest_share(links: Links, keys: Index, settings: ClonotypeSettings) -> Floats:
    """Largest share of the CDR3's molecules in one sample, where enough molecules show it."""
    enough = (links.count >= settings.second_reads) & np.isin(links.key, keys)
    largest = np.zeros(keys.size)
    place = np.searchsorted(keys, links.key[enough])
    np.maximum.at(largest, place, links.count[enough] / links.sample_cdr3_counts[enough])
    return largest


def _predicted(links: Links, rates: Rates, cdr3: Index, pair: Index) -> tuple[Floats, Floats]:
    """Molecules of each (CDR3, pair) that breaks in FR3, and in FR2, predict over all samples of the CDR3."""
    samples = rates.fr3.size
    spots, first = np.unique(links.cdr3 * samples + links.sample, return_index=True)
    molecules = links.sample_cdr3_counts[first].astype(float)
    begin = np.searchsorted(spots, cdr3 * samples)
    end = np.searchsorted(spots, (cdr3 + 1) * samples)
    test = np.repeat(np.arange(cdr3.size), end - begin)
    spot = np.arange(test.size) - np.repeat(np.cumsum(end - begin) - (end - begin), end - begin) + begin[test]
    sample = spots[spot] % samples
    fr3 = molecules[spot] * rates.fr3[sample] * links.pair_shares.of(sample, pair[test])
    fr2 = molecules[spot] * rates.fr2[sample] * links.cdr1_shares.of(sample, links.cdr1_of_pair[pair[test]])
    return (
        sum_by(test, fr3, cdr3.size),
        sum_by(test, fr2, cdr3.size),
    )
