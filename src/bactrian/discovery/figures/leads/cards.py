"""One card a lead: what was measured, replicate by replicate, its sequence with what to look at, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from bactrian.discovery.figures.leads.marks import BEND
from bactrian.discovery.figures.leads.replicates import ARMS
from bactrian.discovery.figures.leads.results import UNITS, lead_key
from bactrian.discovery.figures.leads.trajectories import side_rounds
from bactrian.discovery.leads.domains import lay_domains
from bactrian.discovery.leads.fasta import write_lead_fasta
from bactrian.discovery.selection.reasons import say_fold, say_rate
from bactrian.report import (
    Chip,
    Dossier,
    Dots,
    DotStrip,
    Fact,
    Line,
    Lines,
    Mark,
    Scale,
    Sequence,
    Span,
    Whisker,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bactrian.discovery.figures.leads.results import TargetResults
    from bactrian.discovery.leads.domains import LeadDomain
    from bactrian.report.palette import State

CARDS: Final = 96
"""Cards of one antigen: a plate of leads."""

PAGE_CARDS: Final = 192
"""Cards of a page, so that one of many antigens stays below the size that a mail takes."""

TRIAGE_STATES: Final[dict[str, State]] = {"ok": "good", "look": "waiting", "caution": "bad"}

SEVERITIES: Final[dict[str, State]] = {"high": "bad", "medium": "waiting", "low": "neutral"}

CDRS: Final = (("CDR1", 27, 38), ("CDR2", 56, 65), ("CDR3", 105, 117))

TRIAGE: Final = (
    ("pi", "pI", "{:.1f}", "Isoelectric point; its pKa set stands under Methods"),
    ("charge_74", "Charge at pH 7.4", "{:+.1f}", "Net charge"),
    ("hydrophobicity", "Hydrophobicity", "{:.2f}", "Mean over the domain"),
    ("hydrophobicity_cdr3", "Hydrophobicity of CDR3", "{:.2f}", "Mean over CDR3"),
    ("hallmarks", "VHH hallmarks", "{}", "Residues at IMGT 42, 49, 50 and 52"),
    ("cysteines", "Cysteines", "{}", "Beyond the pair 23–104"),
)


def open_cards(target: TargetResults, *, most: int = CARDS) -> list[Dossier]:
    """Give the cards of the best leads.

    Args:
        target: Results of one antigen.
        most: Most cards.

    Returns:
        One dossier a lead, best first.
    """
    leads = target.leads.head(most)
    if leads.is_empty():
        return []
    counted, rounds = target.of(target.whole.replicates), side_rounds(target)
    held = [frame["cpm"].max() for frame in (counted, rounds) if not frame.is_empty()]
    top = max([BEND, *(cpm for cpm in held if isinstance(cpm, float))])
    dots, lines = _by_key(counted), _by_key(rounds)
    sites = _by_key(target.of(target.whole.liabilities))
    scale = _effect_scale(leads)
    domains = lay_domains(leads)
    return [
        _open_card(
            target,
            row,
            domain,
            sparks=[
                *_draw_dots(dots.get(row["key"]), top=top),
                *_draw_lines(target, lines.get(row["key"]), top=top),
            ],
            sites=sites.get(row["key"]),
            scale=scale,
            fasta=write_lead_fasta(leads.slice(place, 1)),
        )
        for place, (row, domain) in enumerate(zip(leads.iter_rows(named=True), domains, strict=True))
    ]


def _open_card(
    target: TargetResults,
    row: Mapping[str, Any],
    domain: LeadDomain,
    *,
    sparks: list[DotStrip | Lines],
    sites: pl.DataFrame | None,
    scale: tuple[float, float],
    fasta: str,
) -> Dossier:
    """Give one card."""
    pick = int(row["pick"])
    sequence = lay_sequence(domain, sites)
    tier = None if row["tier"] else row.get("reason")
    read = row.get("triage_reason") if sequence else "the counts hold no sequence of it"
    told = (
        ("Why it was picked.", row["picked"]),
        ("Why it is not nominated.", tier),
        ("What its sequence says.", read),
        ("Before ordering.", row.get("order_note")),
    )
    paragraphs = [f"**{title}** {text[:1].upper()}{text[1:]}." for title, text in told if text]
    return Dossier(
        key=lead_key(target, pick),
        title=f"{pick}",
        code=str(row["cdr3"] or row["key"]),
        chips=tuple(_chips(target, row)),
        gist=_gist(target, row),
        facts=tuple(_facts(target, row, scale)),
        sparks=tuple(sparks),
        sequence=sequence,
        paragraphs=tuple(paragraphs),
        copy=fasta,
    )


def lay_sequence(domain: LeadDomain, sites: pl.DataFrame | None) -> Sequence | None:
    """Give a domain as a sequence with CDRs, liabilities and IMGT positions; nothing if none was read."""
    if not domain.residues.strip("X"):
        return None
    letters = "".join(
        residue.lower() if place in domain.filled else residue
        for place, residue in enumerate(domain.residues)
    )
    places = {label: place for place, label in reversed(list(enumerate(domain.labels)))}
    spans = []
    for name, first, last in CDRS:
        inside = [place for place, position in enumerate(domain.positions) if first <= position <= last]
        if inside:
            spans.append(Span(name, inside[0], inside[-1] + 1, f"IMGT {first}–{last}"))
    marks = []
    for site in [] if sites is None else sites.iter_rows(named=True):
        start = places.get(str(site["position"]).split("-", maxsplit=1)[0].split("|", maxsplit=1)[0])
        if start is None:
            continue
        severity, standing = site.get("severity") or "", site.get("standing") or "read"
        where = str(site["position"]).replace("|", " or ").replace("-", "–")
        detail = ", ".join(
            [
                f"at {where}",
                *([site["region"]] if site.get("region") else []),
                *([severity] if severity else []),
            ]
            + (
                []
                if standing == "read"
                else [f"{standing}, not read whole" if standing == "possible" else standing]
            )
        )
        end = min(start + max(1, len(str(site["residues"]))), len(letters))
        marks.append(Mark(site["name"], start, end, detail, SEVERITIES.get(severity, "neutral")))
    return Sequence(letters, tuple(spans), tuple(marks), positions=domain.labels, scheme="IMGT")


def _chips(target: TargetResults, row: Mapping[str, Any]) -> Iterable[Chip]:
    if target.exploratory:
        yield Chip("exploratory", "waiting")
    elif row.get("tier"):
        yield Chip("high confidence", "good") if row["tier"] == 2 else Chip("nominated", "good")
    else:
        yield Chip("not nominated", "waiting")
    if row.get("vetoed"):
        yield Chip("enriched on a comparator too", "bad")
    if row.get("known"):
        yield Chip(f"known {row.get('known_kind') or ''}".strip(), "waiting")
    if row.get("triage") in TRIAGE_STATES:
        yield Chip(f"sequence: {row['triage']}", TRIAGE_STATES[row["triage"]])
    if row.get("not_orderable"):
        yield Chip("not orderable", "waiting")


def _gist(target: TargetResults, row: Mapping[str, Any]) -> str:
    parts = []
    if row.get("log2fc_s") is not None:
        parts.append(f"{say_fold(row['log2fc_s'])} over {row.get('comparator') or 'the comparator'}")
    if row.get("log2fc_e") is not None:
        parts.append(f"{say_fold(row['log2fc_e'])} over input")
    if row.get("replicates_consistent") is not None and target.replicates > 1:
        parts.append(f"{row['replicates_consistent']} of {target.replicates} replicates")
    return ", ".join(parts)


def _facts(target: TargetResults, row: Mapping[str, Any], scale: tuple[float, float]) -> Iterable[Fact]:
    comparator = row.get("comparator") or "the comparator"
    for letter, word, against in (("s", "Specificity", comparator), ("e", "Enrichment", "input")):
        yield from _effect_fact(row, letter, f"{word} {letter.upper()}", against, scale)
    treat = row.get("fdr_treat")
    if treat is not None:
        least = say_fold(target.whole.log2fc)
        yield Fact("TREAT", f"FDR {say_rate(treat)}", about=f"Both changes tested against {least}")
    if target.replicates > 1 and row.get("replicates_consistent") is not None:
        yield Fact("Replicates", f"{row['replicates_consistent']} of {target.replicates} consistent")
    counts = [
        f"{row[name]:,.0f} {word}"
        for name, word in (
            ("cpm_target", f"on {target.antigen}"),
            ("cpm_comparator", f"on {comparator}"),
            ("cpm_input", "in the input"),
        )
        if row.get(name) is not None
    ]
    if counts:
        yield Fact("Mean CPM", ", ".join(counts))
    if row.get("tier_with_takeovers") is not None:
        yield Fact("With takeovers", f"Tier {row['tier_with_takeovers']}", about="Flagged samples kept")
    others = [
        f"Tier {row[f'tier_{unit}']} by {word}"
        for unit, word in UNITS.items()
        if unit != target.whole.unit and row.get(f"tier_{unit}") is not None
    ]
    if others:
        yield Fact("Counted otherwise", ", ".join(others))
    if row.get("fitness") is not None:
        yield Fact(
            "Fitness", f"{row['fitness']:+.2f} log2 a round", about="Growth over the rounds; decides nothing"
        )
    for name, term in (("clonotype", "Clonotype"), ("lineage", "Lineage")):
        if row.get(name) and row[name] != row["key"]:
            yield Fact(term, f"`{row[name]}`" if name == "clonotype" else str(row[name]))
    for name, term, form, about in TRIAGE:
        if row.get(name) is not None:
            yield Fact(term, form.format(row[name]), about=about)
    if row.get("known"):
        yield Fact(
            "Known", f"{row.get('known_kind') or ''} {row['known']} {row.get('known_match') or ''}".strip()
        )
    why = f": {row['not_orderable']}" if row.get("not_orderable") else ""
    yield Fact("Order", "in order.fasta" if row["orderable"] else f"not orderable{why}")


def _effect_fact(
    row: Mapping[str, Any], letter: str, term: str, against: str, scale: tuple[float, float]
) -> Iterable[Fact]:
    """Say one change with its interval, or why there is none."""
    shrunken, low, high = (row.get(f"{letter}_{name}") for name in ("shrunken", "low", "high"))
    change, fdr = row.get(f"log2fc_{letter}"), row.get(f"fdr_{letter}")
    if change is None:
        yield Fact(term, f"not tested: no {'input' if letter == 'e' else 'comparator'}")
        return
    rate = f"FDR {say_rate(fdr)}" if fdr is not None else "no error control"
    if shrunken is None or low is None or high is None:
        yield Fact(term, f"{change:.1f} log2 over {against}, {rate}")
        return
    text = f"{shrunken:.1f} log2 over {against} ({low:.1f} to {high:.1f}), {rate}"
    yield Fact(
        term,
        text,
        Whisker(low, shrunken, high, scale),
        about="Shrunken log2 fold change with its 95 % interval; the FDR is of the F-test",
    )


def _effect_scale(leads: pl.DataFrame) -> tuple[float, float]:
    """Give the scale that the whiskers of all cards share, nought included."""
    ends = [
        leads[name].drop_nulls() for name in ("s_low", "s_high", "e_low", "e_high") if name in leads.columns
    ]
    known = [float(value) for series in ends for value in (series.min(), series.max()) if value is not None]  # type: ignore[arg-type]
    return (min(0.0, *known), max(1.0, *known)) if known else (0.0, 1.0)


def _draw_dots(counted: pl.DataFrame | None, *, top: float) -> list[DotStrip]:
    """Draw the replicates of one lead on target, each comparator and input."""
    if counted is None:
        return []
    rows: dict[tuple[str, str], list[float]] = {}
    for one in counted.iter_rows(named=True):
        if one["role"] in ARMS:
            label = one.get("comparator") or one["role"] if one["role"] == "comparator" else one["role"]
            rows.setdefault((one["role"], label), []).append(one["cpm"])
    order = sorted(rows, key=lambda place: list(ARMS).index(place[0]))
    strips = tuple(Dots(label, ARMS[role], tuple(rows[role, label])) for role, label in order)
    return [DotStrip("Replicates at the decisive rounds", strips, Scale(top, BEND, "CPM"))]


def _draw_lines(target: TargetResults, rounds: pl.DataFrame | None, *, top: float) -> list[Lines]:
    """Draw one lead over the rounds: each selection on the target, and on what it is compared with."""
    if rounds is None:
        return []
    start = rounds.filter(pl.col("side") == "input")["cpm"].mean()
    lines = []
    for side in ("counter", "target"):
        own = rounds.filter(pl.col("side") == side)
        for (selection,), part in own.group_by("selection", maintain_order=True):
            mean = part.group_by("round").agg(pl.col("cpm").mean()).sort("round")
            points = [(float(round_), float(cpm)) for round_, cpm in mean.iter_rows()]
            if isinstance(start, float):
                points.insert(0, (0.0, start))
            lines.append(Line(str(selection), side, tuple(points)))
    if len({round_ for line in lines for round_, _ in line.points}) < 2:
        return []
    title = f"Rounds: solid on {target.antigen}, dashed on the comparators"
    return [Lines(title, tuple(lines), Scale(top, BEND, "CPM"))]


def _by_key(frame: pl.DataFrame) -> dict[str, pl.DataFrame]:
    if frame.is_empty():
        return {}
    return {str(key): part for (key,), part in frame.group_by("key", maintain_order=True)}
