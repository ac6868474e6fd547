"""An invented campaign: clones, counts and statistics made up, so that every pick has a known answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

if TYPE_CHECKING:
    from pathlib import Path

FR1, FR2 = "QVQLVESGGGLVQAGGSLRLSCAAS", "MGWFRQAPGKEREFVAA"
FR3, FR4 = "YYADSVKGRFTISRDNAKNTVYLQMNSLKPEDTAVYYC", "WGQGTQVTVSS"
CODONS = {
    "A": "GCA", "C": "TGT", "D": "GAC", "E": "GAG", "F": "TTC", "G": "GGC", "H": "CAC", "I": "ATC",
    "K": "AAG", "L": "CTG", "M": "ATG", "N": "AAC", "P": "CCT", "Q": "CAG", "R": "CGC", "S": "AGC",
    "T": "ACC", "V": "GTG", "W": "TGG", "Y": "TAC",
}  # fmt: skip
# Primers inside FR1 and FR4: the reads begin at S21 of the sequence (IMGT 22) and end two bases behind Q123.
UNREAD_HEAD, UNREAD_TAIL = 20, 5


def write_codons(protein: str) -> str:
    return "".join(CODONS[residue] for residue in protein)


@dataclass(frozen=True)
class Clone:
    """An invented clonotype; `gap` are places of its VHH that no mate read, `count` its reads."""

    cdr3: str
    cdr1: str | None = "GRTFSSYA"
    cdr2: str | None = "ISWSGGST"
    count: int = 100
    lineage: str = "L000001"
    gap: tuple[int, int] | None = None
    library: str = "Lib"
    nt: str = "made"

    @property
    def clonotype(self) -> str:
        return f"{self.cdr1 or '?'}_{self.cdr2 or '?'}_{self.cdr3}"

    @property
    def whole(self) -> str:
        """The VHH it has in truth."""
        return FR1 + (self.cdr1 or "GRTFSSYA") + FR2 + (self.cdr2 or "ISWSGGST") + FR3 + self.cdr3 + FR4

    def row(self) -> dict[str, Any]:
        unknown = self.cdr1 is None
        seen = list(self.whole)
        seen[:UNREAD_HEAD] = "X" * UNREAD_HEAD
        seen[-UNREAD_TAIL:] = "X" * UNREAD_TAIL
        nt = list(write_codons(self.whole)[3 * UNREAD_HEAD : -3 * UNREAD_TAIL] + "GT")
        if self.gap:
            first, last = self.gap
            seen[first:last] = "X" * (last - first)
            begin = 3 * (first - UNREAD_HEAD)
            nt[begin : begin + 3 * (last - first)] = "N" * (3 * (last - first))
        if unknown:
            behind = len(FR1) + 8 + len(FR2) + 8
            seen[:behind] = "X" * behind
            nt = nt[3 * (behind - UNREAD_HEAD) :]
        return {
            "library": self.library,
            "clonotype": self.clonotype,
            "cdr1": self.cdr1,
            "cdr2": self.cdr2,
            "cdr3": self.cdr3,
            "lineage": self.lineage,
            "count": self.count,
            "n_samples": 5,
            "n_chimeric": 10,
            "n_cdr12_read": 80,
            "n_cdr12_own": 0 if unknown else 60,
            "cdr12_support": 0.0 if unknown else 0.75,
            "cdr12_posterior": 0.5 if unknown else 1.0,
            "cdr1_best": self.cdr1 or "GRTFSSYA",
            "cdr2_best": self.cdr2 or "ISWSGGST",
            "n_vhhs": 1,
            "vhh": "".join(seen),
            "rung": "joined" if self.gap else "merged",
            "nt": "".join(nt) if self.nt == "made" else None,
            "cdr3_nt": write_codons(self.cdr3),
        }


def make_clonotypes(*clones: Clone) -> pl.DataFrame:
    return pl.DataFrame([clone.row() for clone in clones], infer_schema_length=None).cast(
        {"cdr1": pl.String, "cdr2": pl.String, "nt": pl.String}
    )


def make_table(*rows: dict[str, Any], antigen: str = "A", comparator: str = "B") -> pl.DataFrame:
    """Rows of a selection: Tier 1, ranked as they stand, unless they say otherwise."""
    from bactrian.discovery.selection.frames import SCHEMAS

    schema = SCHEMAS["table"]
    usual: dict[str, Any] = dict.fromkeys(schema) | {
        "unit": "cdr3", "antigen": antigen, "tier": 1, "log2fc_e": 5.0, "log2fc_s": 4.0, "p_e": 1e-6,
        "p_s": 1e-5, "fdr_e": 1e-5, "fdr_s": 1e-4, "replicates_consistent": 3, "reason": "Tier 1",
        "library": "Lib", "reads": 100, "replicates": 3, "comparator": comparator, "s_shrunken": 3.5,
        "s_low": 2.0, "s_high": 5.0, "e_shrunken": 4.5, "e_low": 3.0, "e_high": 6.0, "fdr_treat": 0.2,
        "vetoed": False, "grower": False, "cpm_target": 500.0, "cpm_input": 5.0, "cpm_comparator": 10.0,
    }  # fmt: skip
    filled = [usual | {"rank": rank} | row for rank, row in enumerate(rows, start=1)]
    return pl.DataFrame(filled, schema=schema)


def make_contrasts(table: pl.DataFrame) -> pl.DataFrame:
    """The contrasts of a table whose rows have one comparator each."""
    return table.select(
        "library", "antigen", "key", "comparator", log2fc="log2fc_s", p="p_s", fdr="fdr_s", p_treat="p_s",
        log2fc_e="log2fc_veto", fdr_e="fdr_veto", cpm="cpm_comparator",
    )  # fmt: skip


def make_designs(table: pl.DataFrame, **changes: Any) -> pl.DataFrame:
    from bactrian.discovery.selection.frames import SCHEMAS

    rows = []
    for (library, antigen), own in table.group_by("library", "antigen", maintain_order=True):
        rows.append(
            dict.fromkeys(SCHEMAS["designs"])
            | {
                "library": library, "antigen": antigen, "rounds": "2", "replicates": 3,
                "comparators": own["comparator"][0] or "", "inputs": 3, "control": False, "wanted_with": "",
                "n_tested": own.height, "tier1": int((own["tier"] > 0).sum()),
                "tier2": int((own["tier"] > 1).sum()), "left_out": "", "exploratory": False,
                "claim": "Invented numbers.",
            }
            | changes
        )  # fmt: skip
    return pl.DataFrame(rows, schema=SCHEMAS["designs"])


def write_folder(folder: Path, table: pl.DataFrame, clonotypes: pl.DataFrame | None, **designs: Any) -> Path:
    """Write a results folder as `screen` or `select` leaves it, without leads."""
    from bactrian.discovery.selection.campaign import Selection
    from bactrian.discovery.selection.frames import no_rows
    from bactrian.discovery.selection_files import write_selection

    replicates = pl.concat(
        table.select(
            "library", "antigen", "key", column=pl.lit(column), role=pl.lit(role), comparator="comparator",
            count=pl.lit(count, pl.Int64), cpm=pl.lit(float(100 * count)),
        )
        for column, role, count in (("S1", "target", 40), ("C1", "comparator", 1), ("in1", "input", 0))
    )  # fmt: skip
    selection = Selection(
        unit=table["unit"][0],
        table=table,
        contrasts=make_contrasts(table),
        columns=no_rows("columns"),
        replicates=replicates,
        trajectories=no_rows("trajectories"),
        designs=make_designs(table, **designs),
        floors=no_rows("floors"),
        notes=(),
    )
    write_selection(selection, folder)
    if clonotypes is not None:
        clonotypes.write_parquet(folder / "clonotypes.parquet")
    return folder


class Invention:
    """What tests of leads invent; given by the fixture `invent`."""

    Clone = Clone
    all_codons = CODONS
    codons = staticmethod(write_codons)
    clonotypes = staticmethod(make_clonotypes)
    table = staticmethod(make_table)
    contrasts = staticmethod(make_contrasts)
    designs = staticmethod(make_designs)
    folder = staticmethod(write_folder)


@pytest.fixture(scope="session")
def invent() -> type[Invention]:
    """Give the makers of an invented campaign."""
    return Invention
