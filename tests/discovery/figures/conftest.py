"""A made-up screen of the size of a real one: 33 samples, two takeovers, long CDR3s, 40 % chimeras."""

import math

import numpy as np
import polars as pl
import pytest

from bactrian.discovery.figures import ScreenResults

LETTERS = "ACDEFGHIKLMNPQRSTVWY"


def make_sheet() -> pl.DataFrame:
    rows = [
        {
            "sample": f"lib-{i}",
            "selection": "input",
            "replicate": i,
            "round": 0,
            "arm": "input",
            "antigen": None,
        }
        for i in (1, 2, 3)
    ]
    for antigen, arm in (("OprM", "target"), ("flagellum", "counter")):
        for replicate in (1, 2, 3):
            selection = f"{antigen[0]}.{replicate}"
            for plate, round_ in (("01", 5), ("02", 6), ("03", 7), ("04", 8), ("05", 9)):
                sample = f"{plate}-{antigen[0].upper()}{replicate}"
                rows.append(
                    {
                        "sample": sample,
                        "selection": selection,
                        "replicate": replicate,
                        "round": round_,
                        "arm": arm,
                        "antigen": antigen,
                    }
                )
    return pl.DataFrame(rows).with_columns(library=pl.lit("Alpaca"))


def make_samples(rng: np.random.Generator) -> pl.DataFrame:
    rows = []
    for place, row in enumerate(make_sheet().iter_rows(named=True)):
        found = int(rng.integers(7000, 7400))
        filtered = int(rng.integers(60, 220))
        used = found - filtered
        merged = int(used * rng.uniform(0.32, 0.37))
        joined = int((used - merged) * 0.95)
        stop, frameshift = int(used * rng.uniform(0.03, 0.06)), int(used * 0.023)
        truncated, not_vhh = int(used * 0.004), int(used * rng.uniform(0.004, 0.012))
        productive = used - stop - frameshift - truncated - not_vhh
        takeover = place in (7, 12)
        top = 0.62 if takeover else 0.21 if place == 22 else float(rng.uniform(0.012, 0.05))
        chimeric = int(productive * (0.18 if takeover else rng.uniform(0.36, 0.44)))
        flags = ["takeover"] * takeover + ["watch"] * (place == 22) + ["low_depth"] * (place == 30)
        rows.append(
            row
            | {"pairs": 7500, "primers_found": found, "filtered": filtered}
            | {"merged": merged, "joined": joined, "single": used - merged - joined}
            | {
                "productive": productive,
                "stop": stop,
                "frameshift": frameshift,
                "truncated": truncated,
                "not_vhh": not_vhh,
            }
            | {
                "chimeric": chimeric,
                "cdr3s": 2100 - 40 * place,
                "clonotypes": 2200 - 40 * place,
                "top_share": top,
            }
            | {"flags": ";".join(flags)}
        )
    return pl.DataFrame(rows)


def make_lengths() -> tuple[pl.DataFrame, pl.DataFrame]:
    rows, mates = [], []
    for length in range(5, 27):
        weight = 60 * math.exp(-((length - 9) ** 2) / 12) + 100 * math.exp(-((length - 17) ** 2) / 9) + 1
        merged = weight if length < 15 else weight * max(0.0, (18 - length) / 4)
        rows += [
            ("merged", length, round(200 * merged)),
            ("joined", length, round(190 * (weight - merged))),
            ("single", length, round(10 * (weight - merged))),
        ]
        mates.append((length, round(199 * weight)))
    lengths = pl.DataFrame(rows, schema=["rung", "length", "count"], orient="row")
    everything = (
        lengths.group_by("length")
        .agg(pl.col("count").sum())
        .select(rung=pl.lit("all"), length="length", count="count")
    )
    lengths = pl.concat([lengths, everything]).with_columns(cdr=pl.lit("cdr3"), sample=pl.lit("01-O1"))
    return lengths, pl.DataFrame(mates, schema=["length", "count"], orient="row")


def make_residues(rng: np.random.Generator) -> pl.DataFrame:
    rows = []
    loops = [*range(27, 39), *range(56, 66), *range(105, 118)]
    for position in range(1, 129):
        shares = rng.dirichlet(np.full(20, 0.5 if position in loops else 0.02)) * 0.98
        rows += [(position, letter, round(5000 * s), 5000) for letter, s in zip(LETTERS, shares, strict=True)]
        rows.append((position, "-", 100, 5000))
    return pl.DataFrame(rows, schema=["position", "residue", "count", "of"], orient="row").with_columns(
        sample=pl.lit("01-O1")
    )


def make_rarefaction(samples: pl.DataFrame) -> pl.DataFrame:
    rows = []
    for row in samples.iter_rows(named=True):
        depth, pool = row["productive"], 2.2 * row["cdr3s"]
        for part in np.linspace(0.05, 2, 20):
            expected = pool * (1 - math.exp(-part * 0.6))
            kind = "observed" if abs(part - 1) < 0.03 else "rarefied" if part < 1 else "extrapolated"
            rows.append(
                ("sample", row["sample"], int(part * depth), kind, expected, expected * 0.97, expected * 1.03)
            )
    return pl.DataFrame(
        rows, schema=["scope", "name", "reads", "kind", "expected", "low", "high"], orient="row"
    )


def make_pairs(samples: pl.DataFrame, rng: np.random.Generator) -> tuple[pl.DataFrame, pl.DataFrame]:
    rows = samples.rows(named=True)
    agreement, contamination = [], []
    for a in rows:
        for b in rows:
            if a["sample"] < b["sample"] and all(a[name] == b[name] for name in ("arm", "antigen", "round")):
                kind = "technical" if a["arm"] == "input" else "selection"
                shared = 0.7 if kind == "technical" else float(rng.uniform(0.2, 0.6))
                agreement.append(
                    {
                        "kind": kind,
                        "library": "Alpaca",
                        "arm": a["arm"],
                        "antigen": a["antigen"],
                        "round": a["round"],
                    }
                    | {"sample_a": a["sample"], "sample_b": b["sample"], "bray_curtis": 1 - shared}
                )
        rate = float(rng.uniform(0, 0.002)) if a["sample"] != "04-F2" else 0.012
        contamination.append(
            {
                "donor": "03-F1",
                "recipient": a["sample"],
                "status": "estimated",
                "rate": rate,
                "low": rate * 0.6,
            }
            | {"high": rate * 1.5 + 0.0003, "flagged": rate > 0.005}
        )
    return pl.DataFrame(agreement), pl.DataFrame(contamination)


def make_clonotypes(samples: pl.DataFrame, rng: np.random.Generator) -> tuple[pl.DataFrame, pl.DataFrame]:
    rows, abundance = [], []
    names = samples["sample"].to_list()
    for place in range(240):
        cdr3 = "AA" + "".join(rng.choice(list(LETTERS), int(rng.integers(6, 20)))) + "YDY"
        count = int(30000 / (place + 1))
        read = place % 7 != 3
        rows.append(
            {
                "clonotype": f"GRTFSSYA_ISWSGGST_{cdr3}",
                "cdr1": "GRTFSSYA" if read else "?",
                "cdr2": "ISWSGGST" if read else "?",
            }
            | {
                "cdr3": cdr3,
                "lineage": f"L{place // 3 + 1}",
                "count": count,
                "n_samples": int(rng.integers(1, 34)),
            }
            | {
                "n_chimeric": int(count * 0.4),
                "n_cdr12_read": int(count * 0.9),
                "cdr12_support": 0.61 if read else None,
            }
            | {"cdr12_posterior": 0.999 if read else None}
            | {"vhh": "QVQLVESGGGLVQAGGSLRLSCAASGRTFSSYAMGWFRQAPGKEREFVAAISWSGGSTYYADSVKGRF" + cdr3}
        )
        if place < 20:
            seen = rng.choice(names, 24, replace=False)
            abundance += [(name, cdr3, float(10 ** rng.uniform(-3.8, -1.3))) for name in seen]
    return pl.DataFrame(rows), pl.DataFrame(abundance, schema=["sample", "cdr3", "share"], orient="row")


@pytest.fixture(scope="session")
def made_up_screen() -> ScreenResults:
    rng = np.random.default_rng(7)
    samples = make_samples(rng)
    lengths, mate_lengths = make_lengths()
    agreement, contamination = make_pairs(samples, rng)
    clonotypes, abundance = make_clonotypes(samples, rng)
    diversity = samples.select(
        "sample",
        space=pl.lit("cdr3"),
        reads="productive",
        observed="cdr3s",
        chao1=pl.col("cdr3s") * 2.2,
        chao1_low=pl.col("cdr3s") * 2.0,
        chao1_high=pl.col("cdr3s") * 2.5,
        coverage=pl.lit(0.83),
        depth_for_coverage=pl.col("productive") * 2.4,
        hill1=pl.col("cdr3s") * 0.5,
        hill1_low=pl.col("cdr3s") * 0.45,
        hill1_high=pl.col("cdr3s") * 0.55,
    )
    takeovers = samples.filter(pl.col("top_share") > 0.2).select(
        "sample",
        cdr3=pl.lit("AAAREGNTLTTTGKFYDY"),
        share="top_share",
        group_share=pl.col("top_share") + 0.03,
        replicate_share=pl.lit(0.02),
        verdict=pl.when(pl.col("top_share") > 0.5).then(pl.lit("takeover")).otherwise(pl.lit("watch")),
        reason=pl.lit("one CDR3 and its siblings hold more than half of the molecules; replicates hold 2 %"),
    )
    jackpots = pl.DataFrame(
        {
            "sample": ["03-F2"],
            "cdr3": ["AATFRPYTDYEIKENEVHF"],
            "count": [210],
            "share": [0.033],
            "replicate_share": [0.0],
        }
        | {"fold": [math.inf], "reason": ["rose 60-fold since round 6 and is absent from 2 replicates"]}
    )
    neighbours = pl.DataFrame(
        {
            "library": ["Alpaca"],
            "parent": ["AATFRPYTDYEIKENEVHF"],
            "child": ["AATFRPYSDYEIKENEVHF"],
            "parent_count": [3800],
        }
        | {"count": [310], "share": [0.081], "nt_distance": [2], "skew": [0.08], "skew_allowed": [0.03]}
        | {"p_samples": [0.2], "p_cdr12": [1.2e-297], "parent_cdr12": ["GRTFSSHP_ISWSGSTT"]}
        | {"cdr12": ["GRTFSSYP_ISWSGSTT"], "evidence": ["count;cdr12"]}
    )
    libraries = pl.DataFrame(
        {
            "library": ["Alpaca"],
            "inputs": [3],
            "productive_share": [0.918],
            "reads": [19900],
            "observed": [5100],
            "chao1": [11200.0],
        }
        | {
            "chao1_low": [10800.0],
            "chao1_high": [11700.0],
            "coverage": [0.81],
            "depth_for_coverage": [51000.0],
        }
        | {"transformants": [None]},
        schema_overrides={"transformants": pl.Int64},
    )
    return ScreenResults(
        title="Alpaca library, OprM against flagellum",
        code="phageseq",
        samples=samples,
        n_cdr3s=28785,
        n_clonotypes=30112,
        lengths=lengths,
        mate_lengths=mate_lengths,
        diversity=diversity,
        rarefaction=make_rarefaction(samples),
        libraries=libraries,
        empty_vector=samples.select("sample", share=pl.lit(0.002)),
        residues=make_residues(rng),
        agreement=agreement,
        takeovers=takeovers,
        jackpots=jackpots,
        contamination=contamination,
        neighbours=neighbours,
        clonotypes=clonotypes,
        abundance=abundance,
        primers=(
            "Alpaca: forward `GARGTSCARCTGGTGGAGTC` and reverse `GGAGACGGTGACCTGGGT`, detected in the reads.",
        ),
        settings={"max_expected_errors": 3, "seed": 1},
        versions={"Bactrian": "0.1.0", "Python": "3.11"},
        files={"samples.csv": "one row per sample", "clonotypes.parquet": "one row per clonotype"},
    )
