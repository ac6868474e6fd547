"""What a selection on phage-seq minimal is held to: the wells that its authors made again as proteins."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from benchmarks.screen_checks import Target

if TYPE_CHECKING:
    from collections.abc import Sequence

SET = Path(__file__).resolve().parents[2] / "shared" / "data" / "discovery" / "phageseq_minimal"
WHERE = "selection not in ('1.E9','1.F9','1.G9')"
TAKEOVERS = ("03-A2", "03-C2")

OPRM = ("B5", "A6", "E5", "C6", "G6", "C5")
OPRM_NEAR = "D5"
CONTROLS = ("E10", "F10", "H10", "D1", "D11")
FLAGELLUM = ("A1", "A3", "B3", "C3", "D3", "D4", "E3", "E4", "F3", "F4", "H2", "H3", "H4")
LEAST_FLAGELLUM = 10

ANTIGENS = {
    "FlgEHKL": "flagellum",
    "FliC": "flagellum",
    "OprM": "OprM",
    "MexAB": "OprM",
    "OprM, OprN": "OprM",
    "OprN, OprM": "OprM",
    "OprM, PilQ": "OprM",
    "OprM, OprN, OprJ": "OprM",
}
"""Target antigen of the sheet for which a well was made again; other wells were made for other antigens."""


def read_picks(folder: Path) -> pl.DataFrame:
    """Give the wells: well, cdr3, antigen, na (nucleotides), validated.

    Args:
        folder: Folder of the data set.
    """
    return pl.read_csv(folder / "truth" / "picks_truth.csv").select(
        "well",
        "antigen",
        cdr3="CDR3_nogap",
        na="NA",
        validated=pl.col("validated_by_FCM"),
    )


@dataclass(frozen=True, slots=True)
class PickTiers:
    """Tiers of the wells in one selection.

    Args:
        calls: Units of tier 1 or 2, by antigen.
        high: Units of tier 2, by antigen.
        tiers: Tier of each tested well, by (antigen, well).
        reasons: Reason of each tested well, by (antigen, well).
    """

    calls: dict[str, int]
    high: dict[str, int]
    tiers: dict[tuple[str, str], int]
    reasons: dict[tuple[str, str], str]

    def nominated(self, antigen: str, wells: Sequence[str]) -> list[str]:
        """Give the wells of tier 1 or 2 for an antigen."""
        return [well for well in wells if self.tiers.get((antigen, well), 0) >= 1]

    def wrong(self) -> list[str]:
        """Give the controls that are nominated for either antigen."""
        found = {well for (_, well), tier in self.tiers.items() if well in CONTROLS and tier >= 1}
        return sorted(found)


def place_picks(table: pl.DataFrame, picks: pl.DataFrame) -> PickTiers:
    """Find the wells in a selection by CDR3.

    Args:
        table: The selection's table or selection.csv: key, antigen, tier, reason.
        picks: The wells of `read_picks`.
    """
    counts = table.group_by("antigen").agg((pl.col("tier") >= 1).sum(), high=(pl.col("tier") >= 2).sum())
    both = table.join(picks.select("well", key="cdr3"), on="key")
    rows = both.select("antigen", "well", "tier", "reason").rows()
    return PickTiers(
        calls={antigen: calls for antigen, calls, _ in counts.rows()},
        high={antigen: high for antigen, _, high in counts.rows()},
        tiers={(antigen, well): tier for antigen, well, tier, _ in rows},
        reasons={(antigen, well): reason or "" for antigen, well, _, reason in rows},
    )


def judge_picks(found: PickTiers, *, near: bool) -> list[Target]:
    """Hold the wells to what the issue of the selection statistics asks for.

    Args:
        found: Where the wells stand.
        near: Whether D5, if it is not nominated, is listed as a near miss.
    """
    d5 = bool(found.nominated("OprM", [OPRM_NEAR])) or near
    return [
        Target(
            f"of {', '.join(OPRM)} nominated for OprM",
            len(found.nominated("OprM", OPRM)),
            least=len(OPRM),
            percent=False,
        ),
        Target("D5 nominated for OprM or named as a near miss", float(d5), least=1, percent=False),
        Target(
            f"of {', '.join(CONTROLS)} nominated for either antigen",
            len(found.wrong()),
            most=0,
            percent=False,
        ),
        Target(
            f"of {len(FLAGELLUM)} flagellum wells nominated for flagellum",
            len(found.nominated("flagellum", FLAGELLUM)),
            least=LEAST_FLAGELLUM,
            percent=False,
        ),
    ]
