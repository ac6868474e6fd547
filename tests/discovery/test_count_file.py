"""Anybody's counts: every way to write the same table reads alike, every mistake has its exact sentence."""

from __future__ import annotations

import bz2
import gzip
import tempfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from bactrian.core.errors import InputError
from bactrian.discovery.count_file import CountFile, read_counts
from bactrian.discovery.library.abundance import count_matrix
from bactrian.discovery.sheet import read_design

SAMPLES = ("s-1", "s-2", "s-3")
TABLE = "CDR3\ts-1\ts-2\ts-3\nAAB\t1\t0\t20\nAAA\t0\t3\t4\nAAC\t0\t0\t0\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in the table's folder, so that messages name the file as a user would."""
    monkeypatch.chdir(tmp_path)
    return Path()


def read(content: str | bytes, name: str = "counts.tsv", samples: tuple[str, ...] = SAMPLES) -> CountFile:
    Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_counts(Path(name), samples)


def give_error(content: str | bytes, name: str = "counts.tsv", samples: tuple[str, ...] = SAMPLES) -> str:
    with pytest.raises(InputError) as caught:
        read(content, name, samples)
    return str(caught.value)


def show(counts: CountFile) -> dict[str, list[int]]:
    matrix = counts.matrix
    full = matrix.columns(list(matrix.samples))
    return {unit: full[row].tolist() for row, unit in enumerate(matrix.units)}


EXPECTED = {"AAA": [0, 3, 4], "AAB": [1, 0, 20]}


def test_a_table_gives_counts_by_unit_and_sample(folder: Path) -> None:
    counts = read(TABLE)
    assert show(counts) == EXPECTED
    assert counts.matrix.samples == SAMPLES
    assert counts.matrix.totals.tolist() == [1, 3, 24]
    assert counts.matrix.counts.dtype == np.int64
    assert (counts.key, counts.unit, counts.notes) == ("CDR3", "cdr3", ())


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("c.csv", TABLE.replace("\t", ",").encode()),
        ("c.csv", TABLE.replace("\t", ";").encode()),
        ("c.csv", TABLE.encode()),
        ("c.txt", TABLE.encode()),
        ("C.TSV", TABLE.encode()),
        ("c.tsv", TABLE.replace("\n", "\r\n").encode("utf-8-sig")),
        ("c.tsv", TABLE.encode("utf-16")),
        ("c.tsv", TABLE.replace("\n", "\r").encode()),
        ("c.tsv", TABLE.removesuffix("\n").encode()),
        ("c.tsv", TABLE.replace("\t20", "\t20.0").replace("\t4", "\t4e0").encode()),
        ("c.tsv", TABLE.replace("\t20", "\t 2e1 ").encode()),
        ("c.csv", TABLE.replace("\t20", '\t"20"').replace("AAB", '"AAB"').replace("\t", ",").encode()),
        ("c.tsv", TABLE.replace("AAB", " AAB ").replace("s-2", " s-2").encode()),
        ("c.tsv", f"# made by hand\n\n#\t\n{TABLE}\n\t\t\t\n\n".encode()),
        ("c.tsv", TABLE.replace("CDR3", "#CDR3").encode()),
        ("c.csv", TABLE.replace("\t", ",").replace("\n", ",\n").encode()),
        ("c.csv", TABLE.replace("\t", ",").replace("\n", ",\n").replace("s-3,", "s-3").encode()),
        ("c.tsv", TABLE.removeprefix("CDR3\t").encode()),
        ("c.tsv.gz", gzip.compress(TABLE.encode())),
        ("c.tsv.gz", gzip.compress(TABLE[:30].encode()) + gzip.compress(TABLE[30:].encode())),
        ("c.csv.zst", zstandard.compress(TABLE[:30].encode()) + zstandard.compress(TABLE[30:].encode())),
        ("c.tsv.bz2", bz2.compress(TABLE.encode())),
        ("c.tsv", gzip.compress(TABLE.encode())),
    ],
    ids=[
        "commas", "semicolons", "tabs in .csv", ".txt", "capital suffix", "byte order mark", "UTF-16",
        "old Mac lines", "no last line end", "floats", "powers of ten", "quotes", "blanks",
        "comments and blank rows", "header with #", "separator at line ends", "separator at row ends",
        "row names of R", "gz", "gz in two members", "zst in two frames", "bz2", "gz by its bytes",
    ],
)  # fmt: skip
def test_every_way_to_write_a_table_reads_alike(folder: Path, name: str, content: bytes) -> None:
    assert show(read(content, name)) == EXPECTED


@pytest.mark.parametrize("kind", [pl.Int64, pl.UInt32, pl.Float64, pl.String], ids=str)
def test_parquet_reads_alike(folder: Path, kind: type[pl.DataType]) -> None:
    frame = pl.DataFrame(
        {"CDR3": ["AAB", "AAA", "AAC"], "s-1": [1, 0, 0], "s-2": [0, 3, 0], "s-3": [20, 4, 0]}
    )
    frame.with_columns(pl.col(SAMPLES).cast(kind)).write_parquet("c.parquet")
    assert show(read_counts(Path("c.parquet"), SAMPLES)) == EXPECTED


def test_samples_stand_in_the_order_of_the_sheet(folder: Path) -> None:
    counts = read(TABLE, samples=("s-3", "s-1"))
    assert show(counts) == {"AAA": [4, 0], "AAB": [20, 1]}
    assert counts.notes == ("Columns of counts.tsv that are no samples of the sheet are not used: 's-2'.",)


def test_columns_of_text_are_kept_out_with_a_note(folder: Path) -> None:
    content = "clonotype_id\ts-1\tlineage\ts-2\ts-3\tnote\nx\t1\tL1\t2\t3\t\n"
    counts = read(content)
    assert show(counts) == {"x": [1, 2, 3]}
    assert (counts.key, counts.unit) == ("clonotype_id", "clonotype")
    assert counts.notes == (
        "Columns of counts.tsv that are no samples of the sheet are not used: 'lineage' and 'note'.",
    )


def test_whole_numbers_may_be_keys(folder: Path) -> None:
    counts = read("clone\ts-1\ts-2\ts-3\n0\t1\t2\t3\n1\t1\t2\t3\n10\t1\t0\t0\n2\t0\t0\t1\n")
    assert counts.matrix.units == ("0", "1", "10", "2")
    assert counts.unit is None


@settings(max_examples=40, deadline=None)
@given(
    table=st.dictionaries(
        st.text("ACDY_?", min_size=1, max_size=4),
        st.tuples(*[st.integers(0, 2**53)] * 3).filter(any),
        min_size=1,
        max_size=6,
    ),
    separator=st.sampled_from("\t,;"),
    as_floats=st.booleans(),
)
def test_what_is_written_is_read(table: dict[str, tuple[int, ...]], separator: str, as_floats: bool) -> None:
    rows = [("key", *SAMPLES)]
    rows += [(key, *(f"{n}.0" if as_floats else str(n) for n in counts)) for key, counts in table.items()]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "counts.csv"
        path.write_text("\n".join(separator.join(row) for row in rows))
        counts = read_counts(path, SAMPLES)
    assert show(counts) == {key: list(table[key]) for key in sorted(table)}


LONG = "sample,cdr3,count\ns-1,AAB,1\ns-3,AAB,20\ns-2,AAA,3\ns-3,AAA,4\n"


@pytest.mark.parametrize(
    "order", [["sample", "cdr3", "count"], ["cdr3", "count", "sample"]], ids=["ours", "other"]
)
def test_a_long_table_reads_like_a_wide_one(folder: Path, order: list[str]) -> None:
    counts = read(LONG, "c.csv")
    assert (show(counts), counts.key, counts.unit, counts.notes) == (EXPECTED, "cdr3", "cdr3", ())
    frame = pl.read_csv("c.csv").select(order).with_columns(pl.col("count").cast(pl.UInt32))
    frame.write_parquet("c.parquet")
    assert show(read_counts(Path("c.parquet"), SAMPLES)) == EXPECTED


def test_a_long_table_may_lack_samples_and_have_others(folder: Path) -> None:
    counts = read(LONG, "c.csv", samples=("s-1", "s-2", "s-9"))
    assert show(counts) == {"AAA": [0, 3, 0], "AAB": [1, 0, 0]}
    assert counts.notes == (
        "Samples of the sheet without a row in c.csv are taken as samples without reads: 's-9'.",
        "Samples of c.csv that the sheet has not are not used: 's-3'.",
    )


CELL = "Write a whole number from 0."
RAW = "Give raw counts, whole numbers from 0: no shares, no counts per million."
MISTAKES = {
    "missing cell": (
        TABLE.replace("\t20", "\t"),
        "row 2, column 's-3': the cell is empty. Write 0 where the unit was not seen.",
    ),
    "short row": (
        TABLE.replace("\t3\t4", ""),
        "row 3, column 's-2': the cell is empty. Write 0 where the unit was not seen.",
    ),
    "text": (TABLE.replace("\t20", "\tNA"), f"row 2, column 's-3': 'NA' is not a count of reads. {CELL}"),
    "negative": (TABLE.replace("\t3", "\t-3"), f"row 3, column 's-2': '-3' is not a count of reads. {CELL}"),
    "negative and floats": (
        TABLE.replace("\t3", "\t-3.0"),
        f"row 3, column 's-2': '-3.0' is not a count of reads. {CELL}",
    ),
    "counts per million": (
        TABLE.replace("\t20", "\t12.75"),
        f"row 2, column 's-3': '12.75' is not a count of reads. {RAW}",
    ),
    "shares": (
        TABLE.replace("\t20", "\t1e-4"),
        f"row 2, column 's-3': '1e-4' is not a count of reads. {RAW}",
    ),
    "not a number": (
        TABLE.replace("\t20", "\tnan"),
        f"row 2, column 's-3': 'nan' is not a count of reads. {CELL}",
    ),
    "endless": (
        TABLE.replace("\t20", "\tinf"),
        f"row 2, column 's-3': 'inf' is not a count of reads. {CELL}",
    ),
    "too large": (
        TABLE.replace("\t20", "\t1e30"),
        f"row 2, column 's-3': '1e30' is not a count of reads. {CELL}",
    ),
    "thousands": (
        TABLE.replace("\t20", "\t1'000"),
        f"row 2, column 's-3': '1'000' is not a count of reads. {CELL}",
    ),
    "first mistake of several": (
        TABLE.replace("\t3\t4", "\t-1\t4").replace("\t20", "\tx"),
        f"row 2, column 's-3': 'x' is not a count of reads. {CELL}",
    ),
    "row after comments and blank rows": (
        "# c\n\n" + TABLE.replace("AAA\t0\t3", "\nAAA\t0\tx"),
        f"row 6, column 's-2': 'x' is not a count of reads. {CELL}",
    ),
    "empty key": (
        TABLE.replace("AAA", " "),
        "row 3, column 'CDR3': the cell is empty. Every row needs the key of its unit.",
    ),
    "key twice": (
        TABLE.replace("AAC", "AAB "),
        "row 4: 'AAB' stands in row 2 already. Write each unit once, with its reads added up.",
    ),
    "more cells than columns": (
        TABLE.replace("\t3", "\t3\t5"),
        "row 3: the row has 5 cells and the header 4, split at tabs. Remove the cells without a column, or "
        "quote a "
        "cell that holds the separator.",
    ),
    "open quote": (
        TABLE.replace("AAA", '"AAA'),
        "the table cannot be split into cells. Look for double quotes that are opened and never closed.",
    ),
    "a key over two lines": (
        TABLE.replace("AAB", '"AAB\nAAD"'),
        "row 2, column 'CDR3': the cell holds a line break. Look for a double quote that is opened and never "
        "closed.",
    ),
    "column twice": (
        TABLE.replace("s-2", "s-1"),
        "column 's-1': the header names this column 2 times. Keep one.",
    ),
    "no key": (
        "s-1\ts-2\ts-3\tCDR3\n1\t2\t3\tAAA\n",
        "the first column, 's-1', is a sample of the sheet. Put the key of the unit, such as its CDR3, into "
        "the "
        "first column.",
    ),
    "rows numbered": (
        "\tCDR3\ts-1\ts-2\ts-3\n0\tAAA\t1\t1\t1\n1\tAAB\t1\t1\t1\n",
        "the first column has no name and numbers the rows, and column 'CDR3' is not used. Put the key of "
        "the "
        "unit, such as its CDR3, into the first column (in pandas: index=False).",
    ),
    "a sample without column": (
        TABLE.replace("s-3", "other"),
        "there is no column for 's-3' of the sheet. Name the column as the sheet names the sample, or leave "
        "the "
        "sample out of the sheet.",
    ),
    "two samples without column": (
        TABLE.replace("s-3", "other").replace("s-2", "S_2"),
        "there is no column for 's-2' and 's-3' of the sheet. Did you mean 'S_2'? Name the columns as the "
        "sheet "
        "names the samples, or leave the samples out of the sheet.",
    ),
    "names that R changed": (
        TABLE.replace("s-", "Xs."),
        "there is no column for 's-1', 's-2' and 's-3' of the sheet. Did you mean 'Xs.1'? Name the columns "
        "as the "
        "sheet names the samples, or leave the samples out of the sheet.",
    ),
    "no sample at all": (
        TABLE.replace("s-", "well"),
        "no sample of the sheet is in the table. It has 'well1', 'well2' and 'well3': name the columns as "
        "the sheet "
        "names its samples.",
    ),
    "header only": (
        TABLE.split("\n", maxsplit=1)[0],
        "the table has a header and no rows. Expected one row per unit.",
    ),
    "blank rows only": (
        TABLE.split("\n", maxsplit=1)[0] + "\n\n\t\t\t\n",
        "the table has a header and no rows. Expected one row per unit.",
    ),
    "empty": ("", "the file is empty. Expected a header and one row per unit."),
    "comments only": ("# a\n# b\n", "the file holds comments only. Expected a header and one row per unit."),
    "binary": (
        "CDR3\0s-1\n",
        "the file is not text. Save the table as TSV, CSV or Parquet and name it by its format.",
    ),
    "a long table with two keys": (
        "sample\tcdr1\tcdr3\tcount\ns-1\tA\tB\t1\n",
        "the columns are 'sample', 'cdr1', 'cdr3' and 'count'. A table of one row per unit and sample has "
        "three: "
        "sample, count and the key of the unit. Keep one key, or write one column per sample.",
    ),
    "a long table that names a unit twice": (
        LONG.replace(",", "\t") + "s-1\tAAB\t5\n",
        "row 6: 'AAB' of sample 's-1' stands in row 2 already. Write each unit once, with its reads added "
        "up.",
    ),
    "a long table with a bad count": (
        LONG.replace(",", "\t").replace("20", "0.2"),
        f"row 3, column 'count': '0.2' is not a count of reads. {RAW}",
    ),
    "a long table without a sample's name": (
        LONG.replace(",", "\t").replace("s-2", ""),
        "row 4, column 'sample': the cell is empty. Every row needs the name of its sample.",
    ),
    "a long table of other samples": (
        LONG.replace(",", "\t").replace("s-", "well"),
        "no sample of the sheet is in the table. It has 'well1', 'well3' and 'well2': name the columns as "
        "the sheet "
        "names its samples.",
    ),
}


@pytest.mark.parametrize(("content", "sentence"), MISTAKES.values(), ids=MISTAKES.keys())
def test_mistakes(folder: Path, content: str, sentence: str) -> None:
    found = give_error(content)
    between = ", " if sentence.startswith(("row", "column")) else ": "
    assert found == f"counts.tsv{between}{sentence}"


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        (
            "c.xlsx",
            b"PK",
            "c.xlsx: '.xlsx' is not a format of a table of counts. Give a file ending in .tsv, .csv (plain, "
            ".gz or "
            ".zst) or .parquet.",
        ),
        (
            "c.parquet",
            b"no",
            "c.parquet: the file cannot be read as Parquet. Write it again, or save the table as TSV or CSV.",
        ),
        (
            "c.tsv.gz",
            gzip.compress(TABLE.encode())[:-9],
            "c.tsv.gz: the file cannot be decompressed: it ends too early or is damaged. Copy it or make it "
            "again.",
        ),
        (
            "c.tsv.zst",
            zstandard.compress(TABLE.encode() * 99)[:-4],
            "c.tsv.zst: the file cannot be decompressed: it ends too early or is damaged. Copy it or make it "
            "again.",
        ),
        (
            "c.csv",
            TABLE.replace("AAC", "ä").encode("latin-1"),
            "c.csv, line 4: the table is not UTF-8 text. Save it as 'CSV UTF-8'.",
        ),
    ],
    ids=["workbook", "no Parquet", "gz cut short", "zst cut short", "another encoding"],
)  # fmt: skip
def test_files_that_cannot_be_read(folder: Path, name: str, content: bytes, sentence: str) -> None:
    assert give_error(content, name) == sentence


def test_a_path_that_is_no_file(folder: Path) -> None:
    for path, found in (("none.tsv", "there is no such file"), ("dir.tsv", "this is a folder")):
        Path("dir.tsv").mkdir(exist_ok=True)
        with pytest.raises(InputError) as caught:
            read_counts(Path(path), SAMPLES)
        assert str(caught.value) == f"{path}: {found}. Give the path of a table of counts."


def test_places_in_parquet_are_records(folder: Path) -> None:
    frame = pl.DataFrame({"CDR3": ["A", "B"], "s-1": [1, None], "s-2": [0.5, 1.0], "s-3": [1, 1]})
    frame.select("CDR3", "s-1", "s-3").write_parquet("c.parquet")
    with pytest.raises(InputError) as caught:
        read_counts(Path("c.parquet"), ("s-1", "s-3"))
    assert str(caught.value) == (
        "c.parquet, record 2, column 's-1': the cell is empty. Write 0 where the unit was not seen."
    )
    frame.write_parquet("c.parquet")
    with pytest.raises(InputError) as caught:
        read_counts(Path("c.parquet"), SAMPLES)
    assert str(caught.value) == f"c.parquet, record 1, column 's-2': '0.5' is not a count of reads. {RAW}"


def test_a_large_table_is_read_whole(folder: Path) -> None:
    rng = np.random.default_rng(4)
    numbers = rng.poisson(0.3, (50_000, 3))
    frame = pl.DataFrame(numbers, schema=list(SAMPLES)).with_columns(
        pl.format("U{}", pl.int_range(50_000)).alias("key")
    ).select("key", *SAMPLES)  # fmt: skip
    frame.write_csv("c.csv")
    counts = read_counts(Path("c.csv"), SAMPLES)
    assert counts.matrix.totals.tolist() == numbers.sum(axis=0).tolist()
    long = frame.unpivot(index="key", variable_name="sample", value_name="count")
    expected = count_matrix(long, list(SAMPLES), key="key")
    assert counts.matrix.units == expected.units
    assert (counts.matrix.counts != expected.counts).nnz == 0


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("where", "shape", "reads"),
    [
        (None, (28_785, 33), 212_124),
        ("selection not in ('1.E9', '1.F9', '1.G9')", (25_585, 27), 163_257),
    ],
    ids=["every sample", "some left out"],
)
def test_real_counts_read_with_the_real_sheet(
    shared_data: Path, where: str | None, shape: tuple[int, int], reads: int
) -> None:
    folder = shared_data / "discovery" / "phageseq_minimal"
    samples = read_design(folder / "sheet.csv", where=where).samples["sample"].to_list()
    counts = read_counts(folder / "derived" / "cdr3_counts.tsv.gz", samples)
    assert counts.matrix.counts.shape == shape
    assert counts.matrix.totals.sum() == reads
    assert (counts.key, counts.unit) == ("CDR3", "cdr3")
    assert len(counts.notes) == (0 if where is None else 1)
    frame = pl.read_csv(folder / "derived" / "cdr3_counts.tsv.gz", separator="\t")
    takeover = counts.matrix.units.index("AAAREGNTLTTTGKFYDY")
    row = frame.row(by_predicate=pl.col("CDR3") == "AAAREGNTLTTTGKFYDY", named=True)
    assert counts.matrix.column("03-A2")[takeover] == row["03-A2"]
