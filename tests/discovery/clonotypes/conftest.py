"""A small generator of molecules whose clones, chimeras and errors are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
import pytest

CODONS = dict(
    zip(
        [a + b + c for a in "TCAG" for b in "TCAG" for c in "TCAG"],
        "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG",
        strict=True,
    )
)
SENSE = sorted(codon for codon, residue in CODONS.items() if residue != "*")
FR1 = "QVQLVESGG-GLVQAGGSLRLSCAAS"
FR2 = "MGWFRQAPGKEREFVAA"
FR3 = "YYADSVK-GRFTISRDNAKNTVYLQMNSLKPEDTAVYYC"
FR4 = "WGQGTQVTVSS"
KEYS = (
    "sample", "rung", "cdr1", "cdr2", "cdr3", "cdr1_nt", "cdr2_nt", "cdr3_nt", "aligned",
    "fr_insertions", "nt",
)  # fmt: skip
ALIGNED = FR1 + "-" * 12 + FR2 + "-" * 10 + FR3 + "-" * 13 + FR4


def translate(nt: str) -> str:
    return "".join(CODONS[nt[k : k + 3]] for k in range(0, len(nt), 3))


@dataclass(frozen=True)
class Truth:
    """Molecules of a library and where each came from (`clone` of its CDR3, `left` of its CDR1)."""

    molecules: pl.DataFrame
    origin: pl.DataFrame
    clones: pl.DataFrame

    def counts(self) -> pl.DataFrame:
        """True molecules by sample and clonotype."""
        return self.origin.group_by("sample", "clonotype").agg(count=pl.len().cast(pl.Int64))


class Generator:
    """Clones and their molecules.

    Args:
        seed: Of all chance.
    """

    def __init__(self, seed: int = 0) -> None:
        self.rng = np.random.default_rng(seed)

    @staticmethod
    def frame(read: pl.DataFrame) -> pl.DataFrame:
        """Make the molecule frame of single molecules."""
        return frame_molecules(read)

    def random_cdr(self, codons: int) -> str:
        return "".join(self.rng.choice(SENSE, codons))

    def clones(self, number: int) -> pl.DataFrame:
        """Unrelated clones: `cdr1_nt, cdr2_nt, cdr3_nt`."""
        return pl.DataFrame(
            {
                "cdr1_nt": [self.random_cdr(8) for _ in range(number)],
                "cdr2_nt": [self.random_cdr(int(self.rng.integers(7, 9))) for _ in range(number)],
                "cdr3_nt": [self.random_cdr(int(self.rng.integers(9, 19))) for _ in range(number)],
            }
        )

    def with_errors(self, nt: str, rate: float) -> str:
        """Substitute bases, drawn again where they make a stop: such molecules are not productive."""
        hits = np.flatnonzero(self.rng.random(len(nt)) < rate)
        while True:
            bases = list(nt)
            for place in hits:
                bases[place] = str(self.rng.choice([base for base in "ACGT" if base != nt[place]]))
            read = "".join(bases)
            if "*" not in translate(read):
                return read

    def molecules(
        self,
        clones: pl.DataFrame,
        depths: dict[str, np.ndarray],
        *,
        fr3: float = 0.0,
        fr2: float = 0.0,
        error: float = 0.0,
        single: float = 0.0,
    ) -> Truth:
        """Draw molecules.

        Args:
            clones: Of `clones`.
            depths: Molecules of each clone by sample.
            fr3: Share with a break in FR3 (CDR1–2 of another molecule).
            fr2: Share with a break in FR2 (CDR1 of another molecule).
            error: Substitutions per base of the CDRs.
            single: Share whose CDR1 and CDR2 are not read.
        """
        cdr1, cdr2, cdr3 = (clones[name].to_list() for name in ("cdr1_nt", "cdr2_nt", "cdr3_nt"))
        rows = []
        for sample, depth in depths.items():
            right = np.repeat(np.arange(depth.size), depth)
            left = right[self.rng.integers(0, right.size, right.size)]
            draw = self.rng.random(right.size)
            unread = self.rng.random(right.size) < single
            for k, r in enumerate(right):
                first = left[k] if draw[k] < fr3 + fr2 else r
                second = left[k] if draw[k] < fr3 else r
                parts = [self.with_errors(nt, error) for nt in (cdr1[first], cdr2[second], cdr3[r])]
                rows.append((sample, int(r), int(first), bool(unread[k]), *parts))
        origin = pl.DataFrame(
            rows, schema=["sample", "clone", "left", "unread", "cdr1_nt", "cdr2_nt", "cdr3_nt"], orient="row"
        )
        names = clones.with_row_index("clone").with_columns(
            pl.col("clone").cast(pl.Int64),
            clonotype=pl.Series(
                [
                    "_".join(map(translate, row))
                    for row in clones.select("cdr1_nt", "cdr2_nt", "cdr3_nt").iter_rows()
                ],
                dtype=pl.String,
            ),
        )
        origin = origin.join(names.select("clone", "clonotype"), on="clone", how="left")
        return Truth(molecules=frame_molecules(origin), origin=origin, clones=names)


def frame_molecules(read: pl.DataFrame) -> pl.DataFrame:
    """Make the molecule frame of `sample, cdr1_nt, cdr2_nt, cdr3_nt` and perhaps `unread, aligned`."""
    if "unread" not in read.columns:
        read = read.with_columns(unread=pl.lit(False))
    if "aligned" not in read.columns:
        read = read.with_columns(aligned=pl.lit(ALIGNED))

    def residues(name: str) -> pl.Expr:
        return pl.col(name).map_elements(translate, return_dtype=pl.String)

    known = ~pl.col("unread")
    return (
        read.with_columns(
            cdr1=pl.when(known).then(residues("cdr1_nt")),
            cdr2=pl.when(known).then(residues("cdr2_nt")),
            cdr3=residues("cdr3_nt"),
            nt=pl.concat_str("cdr1_nt", "cdr2_nt", "cdr3_nt"),
            rung=pl.when(known).then(pl.lit("merged")).otherwise(pl.lit("single")),
            fr_insertions=pl.lit(""),
        )
        .with_columns(
            cdr1_nt=pl.when(known).then("cdr1_nt"),
            cdr2_nt=pl.when(known).then("cdr2_nt"),
        )
        .group_by(*KEYS)
        .agg(count=pl.len().cast(pl.UInt32))
        .sort(pl.all())
    )


@pytest.fixture
def generator() -> Generator:
    """Give a generator with a fixed seed."""
    return Generator(20)
