"""Invented campaigns of any size: antigens panned from one library, with leads, sticky clones and growers.

Nothing here was measured and nothing is tested: numbers are drawn so that every part of a report shows.
"""

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from bactrian.discovery.figures.leads import LeadsResults

LETTERS = np.array(list("ADEFGHIKLNPQRSTVWY"))
FRONT = "XXXXXXXXXXXXXXXXXXXXSCAASGRTFSSYAMGWFRQAPGKEREFVAAISWSGGSTYYADSVKGRFTISRDNAKNTVYLQMNSLKPEDTAVYYC"
BACK = "WGQGTQXXXXX"
CLASSES = ("specific", "sticky", "grower", "neutral")


def make_cdr3s(rng: np.random.Generator, number: int) -> list[str]:
    """Distinct CDR3s; every tenth differs from the one before it in a single residue."""
    letters = rng.choice(LETTERS, (number + number // 4, 18))
    lengths = rng.integers(6, 19, len(letters))
    copied = np.arange(9, len(letters), 10)
    letters[copied], lengths[copied] = letters[copied - 1], lengths[copied - 1]
    letters[copied, rng.integers(0, 6, copied.size)] = rng.choice(LETTERS, copied.size)
    drawn = ("".join(row[:length]) for row, length in zip(letters, lengths, strict=True))
    return [f"AA{loop}DY" for loop in dict.fromkeys(drawn)][:number]


def make_antigen(
    rng: np.random.Generator, keys: list[str], antigen: str, other: str, *, replicates: int, tested: bool
) -> dict[str, pl.DataFrame]:
    """Frames of one antigen."""
    n = len(keys)
    kind = rng.choice(4, n, p=[0.01, 0.01, 0.005, 0.975])
    e = rng.normal(0, 0.8, n) + np.choose(kind, [5.5, 5.0, 4.0, 0.0])
    s = rng.normal(0, 0.7, n) + np.choose(kind, [5.0, 0.2, 0.1, 0.0])
    width = rng.uniform(0.4, 1.2, n)
    sure = np.abs(e) * rng.uniform(1.0, 4.0, n), np.abs(s) * rng.uniform(1.0, 4.0, n)
    p_e, p_s = (np.clip(10.0**-one, 1e-60, 1) for one in sure)
    tier = np.where((kind == 0) & (e > 1) & (s > 1), np.where(width < 0.8, 2, 1), 0)
    ranks = np.empty(n, np.int64)
    ranks[np.lexsort((-s, tier == 0))] = np.arange(1, n + 1)
    base = 10.0 ** rng.normal(1.2, 0.5, n)
    cpm = {"input": base, "target": base * 2.0**e, "comparator": base * 2.0 ** (e - s)}
    table = pl.DataFrame(
        {
            "unit": ["cdr3"] * n, "key": keys, "clonotype": [f"GRTFSSYA_ISWSGGST_{key}" for key in keys],
            "antigen": [antigen] * n, "tier": pl.Series(tier, dtype=pl.Int8), "rank": ranks,
            "log2fc_e": e, "log2fc_s": s, "p_e": p_e, "p_s": p_s,
            "fdr_e": np.clip(p_e * 20, 0, 1), "fdr_s": np.clip(p_s * 20, 0, 1),
            "replicates_consistent": np.where(tier > 0, rng.integers(2, max(replicates, 2) + 1, n), 0),
            "reason": ["Tier 1: invented" if one else "not nominated: invented" for one in tier],
            "library": ["Alpaca"] * n, "reads": (cpm["target"] * 0.2).astype(np.int64) + 8,
            "tier_with_takeovers": pl.Series(np.where(ranks == 3, 0, tier), dtype=pl.Int8),
            "replicates": [replicates] * n, "comparator": [other] * n,
            "s_shrunken": s * 0.9, "s_low": s * 0.9 - width, "s_high": s * 0.9 + width,
            "e_shrunken": e * 0.9, "e_low": e * 0.9 - width, "e_high": e * 0.9 + width,
            "fdr_treat": np.clip(p_s * 50, 0, 1), "vetoed": kind == 1,
            "vetoed_by": [other if one == 1 else None for one in kind],
            "log2fc_veto": e - s, "grower": kind == 2, "cpm_target": cpm["target"], "cpm_input": cpm["input"],
            "cpm_comparator": cpm["comparator"], "fitness": e / 4,
        }
    )  # fmt: skip
    if not tested:
        empty = ("p_e", "p_s", "fdr_e", "fdr_s", "fdr_treat", "replicates_consistent")
        table = table.with_columns(pl.lit(None, table.schema[name]).alias(name) for name in empty)
        table = table.with_columns(
            tier=pl.lit(0, pl.Int8), vetoed=pl.lit(value=False), grower=pl.lit(value=False)
        )
    contrasts = table.select(
        "library", "antigen", "key", comparator=pl.lit(other), log2fc="log2fc_s", p="p_s", fdr="fdr_s"
    )
    shown = table.filter((pl.col("tier") >= 1) | (pl.col("rank") <= 60)).select(
        "library", "antigen", "key", target="cpm_target", comparator="cpm_comparator", input="cpm_input"
    )
    columns = [("target", "", f"{antigen[0]}.{i}") for i in range(1, replicates + 1)]
    columns += [("comparator", other, f"{other[0]}.{i}") for i in range(1, 4)]
    columns += [("input", "", f"lib-{i}") for i in (1, 2, 3)]
    counted = [
        shown.select(
            "library", "antigen", "key", column=pl.lit(name), role=pl.lit(role),
            comparator=pl.lit(compared or None, pl.String),
            cpm=pl.col(role) * pl.Series(rng.lognormal(0, 0.25, shown.height)),
        )
        for role, compared, name in columns
    ]  # fmt: skip
    rounds = [
        shown.select(
            "library", "antigen", "key", sample=pl.lit(f"{name}-R{number}"), selection=pl.lit(name),
            arm=pl.lit("input" if role == "input" else "target"),
            panned_on=pl.lit({"target": antigen, "comparator": other, "input": None}[role], pl.String),
            round=pl.lit(number, pl.Int64),
            cpm=pl.col("input") * (pl.col(role) / pl.col("input")) ** (number / 4),
        )
        for role, _, name in columns
        for number in ([0] if role == "input" else [1, 2, 3, 4])
    ]  # fmt: skip
    design = pl.DataFrame(
        {
            "library": ["Alpaca"], "antigen": [antigen], "rounds": ["3;4"], "replicates": [replicates],
            "comparators": [other], "inputs": [3], "wanted_with": [None], "n_tested": [n],
            "tier1": [int((table["tier"] >= 1).sum())], "tier2": [int((table["tier"] == 2).sum())],
            "bcv": [0.28 if tested else None], "smallest_log2fc": [1.07 if tested else None],
            "floor_tier1": [0.3 if tested else None], "normalisation": ["TMM with singleton pairing"],
            "left_out": ["03-A2;03-C2"], "exploratory": [not tested],
            "claim": ["Nominated units are enriched over input by more than 2×."],
        },
        schema_overrides={"wanted_with": pl.String, "bcv": pl.Float64, "smallest_log2fc": pl.Float64,
                          "floor_tier1": pl.Float64},
    )  # fmt: skip
    floors = pl.DataFrame(
        {
            "library": ["Alpaca"] * 9, "antigen": [antigen] * 9, "kind": ["label swap"] * 9,
            "run": list(range(9)), "tier1": [0, 0, 0, 1, 0, 0, 2, 0, 0], "tier2": [0] * 9,
        }
    )  # fmt: skip
    return {
        "table": table, "contrasts": contrasts, "designs": design, "replicates": pl.concat(counted),
        "trajectories": pl.concat(rounds), "floors": floors if tested else floors.clear(),
        "columns": pl.DataFrame(
            {
                "library": ["Alpaca"] * len(columns), "antigen": [antigen] * len(columns),
                "column": [name for *_, name in columns], "role": [role for role, *_ in columns],
                "comparator": [compared or None for _, compared, _ in columns],
                "samples": [f"{name}-R3;{name}-R4" for *_, name in columns], "reads": [12000] * len(columns),
                "norm_factor": [1.02] * len(columns),
            }
        ),
    }  # fmt: skip


def pick(table: pl.DataFrame, top: int, *, tier: int) -> pl.DataFrame:
    """Take the best units of one antigen as leads, with what a triage says of them."""
    best = table.filter(pl.col("tier") >= tier).sort("rank").head(top)
    return best.with_columns(
        pick=pl.int_range(1, pl.len() + 1), cdr1=pl.lit("GRTFSSYA"), cdr2=pl.lit("ISWSGGST"), cdr3="key",
        lineage=pl.format("L{}", pl.col("rank") // 2 + 1),
        vhh=pl.concat_str(pl.lit(FRONT), "key", pl.lit(BACK)),
        reason=pl.format("rank {}, best of its lineage", "rank"),
        not_orderable=pl.when(pl.col("rank") % 5 == 0).then(pl.lit("CDR1–2 rest on 31 % of its molecules")),
        known=pl.when(pl.col("rank") == 2).then(pl.lit("P1")),
        known_kind=pl.when(pl.col("rank") == 2).then(pl.lit("polyreactive")),
        known_match=pl.when(pl.col("rank") == 2).then(pl.lit("near CDR3: 1 of 14 residue differ")),
        pi=pl.lit(8.4), charge_74=pl.lit(1.6), hydrophobicity=pl.lit(-0.31), hallmarks=pl.lit("FERF"),
        lead=pl.format("{}_{}", "antigen", pl.col("rank").cast(pl.String).str.zfill(3)), plate=pl.lit(1),
        well=pl.format("A{}", "rank"), orderable=pl.col("rank") % 5 != 0, filled=pl.lit(None, pl.String),
        order_note=pl.lit(None, pl.String), triage_reason=pl.lit("NAK 84-86 FR3 glycosylation high"),
        triage=pl.when(pl.col("rank") % 3 == 0).then(pl.lit("caution")).otherwise(pl.lit("ok")),
        liabilities=pl.when(pl.col("rank") % 3 == 0).then(pl.lit("NAK 84-86 FR3 glycosylation high")),
        tier_clonotype=pl.when(pl.col("rank") == 4).then(pl.lit(0, pl.Int8)).otherwise(pl.col("tier")),
    )  # fmt: skip


def invent_campaign(
    *,
    units: int = 1500,
    antigens: tuple[str, ...] = ("OprM", "flagellum"),
    replicates: int = 3,
    top: int = 24,
    tested: bool = True,
    seed: int = 3,
) -> LeadsResults:
    """Invent a campaign."""
    rng = np.random.default_rng(seed)
    keys = make_cdr3s(rng, units)
    others = (*antigens[1:], antigens[0] if len(antigens) > 1 else "beads")
    parts = [
        make_antigen(rng, keys, antigen, other, replicates=replicates, tested=tested)
        for antigen, other in zip(antigens, others, strict=True)
    ]
    whole = {name: pl.concat([part[name] for part in parts]) for name in parts[0]}
    leads = pl.concat([pick(part["table"], top, tier=1 if tested else 0) for part in parts])
    missed = pl.concat(
        [
            part["table"].filter(pl.col("tier") == 0).sort("log2fc_e", descending=True).head(40)
            for part in parts
        ]
    ).with_columns(
        reason=pl.format(
            "enriched on {} too; on {} {}×", "comparator", "antigen", pl.col("log2fc_e").round(1)
        ),
        criterion=pl.lit("veto"),
    )
    sites = leads.select(
        "library", "antigen", "key", position=pl.lit("62-63"), residues=pl.lit("GG"),
        name=pl.lit("isomerisation"), region=pl.lit("CDR2"), severity=pl.lit("medium"),
        standing=pl.lit("read"),
    )  # fmt: skip
    more = sites.with_columns(
        position=pl.lit("84-86"), residues=pl.lit("NAK"), name=pl.lit("N-glycosylation"),
        region=pl.lit("FR3"), severity=pl.lit("high"), standing=pl.lit("possible"),
    )  # fmt: skip
    return LeadsResults(
        title="Alpaca library, OprM and flagellum",
        code="phageseq",
        leads=leads,
        near_misses=missed,
        liabilities=pl.concat([sites, more]),
        methods=pl.DataFrame({"column": ["pi"], "method": ["EMBOSS pKa set"], "version": ["1"]}),
        notes=("The 3 input samples were drawn from one unpanned library: technical noise only.",),
        settings={"unit": "cdr3", "min_reads": 8},
        versions={"Bactrian": "0.1.0"},
        files={"leads.csv": "one row per lead", "selection.csv": "one row per tested unit and antigen"},
        **whole,
    )


@pytest.fixture(scope="session")
def make_campaign() -> Callable[..., LeadsResults]:
    return invent_campaign


@pytest.fixture(scope="session")
def made_up_campaign() -> LeadsResults:
    return invent_campaign()


@pytest.fixture(scope="session")
def one_antigen() -> LeadsResults:
    return invent_campaign(antigens=("OprM",))
