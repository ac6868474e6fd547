"""The sample sheet: what it gives, every mistake with its exact sentence, every warning."""

from __future__ import annotations

import bz2
import gzip
from pathlib import Path

import openpyxl
import polars as pl
import pytest
import zstandard

from bactrian.core.errors import InputError
from bactrian.discovery.sheet import Sheet, read_sheet

PRIMER = "TCCTGTGCAGCCTC"
HEADER = "sample,fastq_1,fastq_2,selection,replicate,round,arm,antigen,library"
GOOD = (
    "in1,in1_R1.fq,in1_R2.fq,unpanned,1,0,input,,L",
    "a1,a1_R1.fq,a1_R2.fq,A1,1,2,target,OprM,L",
    "a2,a2_R1.fq,a2_R2.fq,A2,2,2,target,OprM,L",
    "a3,a3_R1.fq,a3_R2.fq,A3,3,2,target,OprM,L",
    "c1,c1_R1.fq,c1_R2.fq,C1,1,2,counter,null,L",
    "c2,c2_R1.fq,c2_R2.fq,C2,2,2,counter,null,L",
)


def write_reads(path: Path, mate: int = 1, name: str = "run:1") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"@{name} {mate}:N:0:AC\nACGT\n+\nFFFF\n")


def write_sheet(folder: Path, *rows: str, header: str = HEADER, name: str = "sheet.csv") -> Path:
    """Write a sheet and the files it names."""
    names = header.split(",")
    for row in rows:
        cells = dict(zip(names, row.split(","), strict=False))
        for mate, column in enumerate(("fastq_1", "fastq_2"), start=1):
            for file in (cells.get(column) or "").split(";"):
                if file and not file.startswith("absent"):
                    write_reads(folder / file, mate)
    path = folder / name
    path.write_text("\n".join((header, *rows)) + "\n")
    return path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in the sheet's folder, so that messages name the file as a user would."""
    monkeypatch.chdir(tmp_path)
    return Path()


def list_errors(path: Path, **options: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        read_sheet(path, **options)  # type: ignore[arg-type]
    return str(caught.value).splitlines()


def test_sheet_gives_samples_in_order_and_their_files(folder: Path) -> None:
    sheet = read_sheet(write_sheet(folder, *GOOD))
    assert sheet.samples["sample"].to_list() == ["in1", "a1", "a2", "a3", "c1", "c2"]
    assert sheet.samples.schema["round"] == pl.Int64
    assert sheet.samples.row(1, named=True) == {
        "sample": "a1", "selection": "A1", "replicate": "1", "round": 2, "arm": "target", "antigen": "OprM",
        "library": "L", "primer_fwd": None, "primer_rev": None,
    }  # fmt: skip
    assert sheet.samples["antigen"][0] is None
    assert sheet.lanes("a1") == ((Path("a1_R1.fq"), Path("a1_R2.fq")),)
    assert (sheet.warnings, sheet.n_left_out, sheet.content_errors) == ((), 0, ())


def write_semicolons(path: Path) -> None:
    path.write_text(
        path.read_text().replace(",", ";").replace("\n", "\r\n"), encoding="utf-8-sig", newline=""
    )


def write_tabs(path: Path) -> None:
    path.write_text(path.read_text().replace(",", "\t"))


def write_utf16(path: Path) -> None:
    path.write_text(path.read_text().replace(",", "\t"), encoding="utf-16")


def write_comments(path: Path) -> None:
    path.write_text('# one, "two\n\n' + path.read_text() + "\n# three\n,,,,\n")


def write_separator_line(path: Path) -> None:
    path.write_text("sep=;\n" + path.read_text().replace(",", ";"))


def write_quotes(path: Path) -> None:
    path.write_text(
        "\n".join(",".join(f'" {c} "' for c in line.split(",")) for line in path.read_text().splitlines())
    )


@pytest.mark.parametrize(
    "rewrite",
    [write_semicolons, write_tabs, write_utf16, write_comments, write_separator_line, write_quotes],
    ids=lambda function: function.__name__,
)
def test_text_formats_read_alike(folder: Path, rewrite) -> None:
    path = write_sheet(folder, *GOOD)
    expected = read_sheet(path)
    rewrite(path)
    got = read_sheet(path)
    assert got.samples.equals(expected.samples)
    assert got.lanes_by_sample == expected.lanes_by_sample


def test_tsv_suffix_with_one_column_keeps_its_separator(folder: Path) -> None:
    path = folder / "sheet.tsv"
    path.write_text("sample\nx\n")
    assert "sheet.tsv, row 1: there is no column 'fastq_1'. Add a column 'fastq_1'." in list_errors(path)


def write_workbook(folder: Path, *rows: str) -> Path:
    path = write_sheet(folder, *rows)
    book = openpyxl.Workbook()
    worksheet = book.active
    worksheet.title = "panning 1"
    worksheet["A1"] = "# comment"
    for number, line in enumerate(path.read_text().splitlines(), start=3):
        for column, cell in enumerate(line.split(","), start=1):
            worksheet.cell(number, column, int(cell) if cell.isdigit() else cell or None)
    path.unlink()
    book.save(folder / "sheet.xlsx")
    return folder / "sheet.xlsx"


def test_workbook_reads_like_text(folder: Path) -> None:
    expected = read_sheet(write_sheet(folder, *GOOD))
    assert read_sheet(write_workbook(folder, *GOOD)).samples.equals(expected.samples)


def test_workbook_errors_name_worksheet_and_row(folder: Path) -> None:
    path = write_workbook(folder, "a1,a1_R1.fq,a1_R2.fq,A1,1,R3b,target,OprM,L")
    assert list_errors(path) == [
        "sheet.xlsx, sheet 'panning 1', row 4, column 'round': 'R3b' is not a round. Write a "
        "whole number from 0."
    ]


def test_lanes_joined_and_in_rows(folder: Path) -> None:
    path = write_sheet(
        folder,
        "a1,l1_R1.fq;l2_R1.fq,l1_R2.fq;l2_R2.fq,A1,1,2,target,OprM,L",
        "b1,b_R1.fq,,B1,2,2,target,OprM,L",
        "a1,l3_R1.fq,l3_R2.fq,A1,1,2,target,OprM,L",
    )
    sheet = read_sheet(path)
    assert sheet.samples["sample"].to_list() == ["a1", "b1"]
    assert [(first.name, second.name) for first, second in sheet.lanes("a1") if second] == [
        ("l1_R1.fq", "l1_R2.fq"),
        ("l2_R1.fq", "l2_R2.fq"),
        ("l3_R1.fq", "l3_R2.fq"),
    ]
    assert sheet.lanes("b1") == ((Path("b_R1.fq"), None),)


def test_fastq_2_may_be_left_out(folder: Path) -> None:
    header = HEADER.replace("fastq_2,", "")
    path = write_sheet(folder, "a1,a1.fq,A1,1,2,target,OprM,L", header=header)
    assert read_sheet(path).lanes("a1") == ((Path("a1.fq"), None),)


def test_unknown_columns_are_kept_and_noted(folder: Path) -> None:
    rows = [f"{row},{number}" for number, row in enumerate(GOOD)]
    sheet = read_sheet(write_sheet(folder, *rows, header=f"{HEADER},plate"))
    assert sheet.samples["plate"].to_list() == ["0", "1", "2", "3", "4", "5"]
    assert sheet.warnings == ("Column 'plate' is not one that Bactrian knows: it is kept and not used.",)


def test_misspelt_optional_column_is_noted(folder: Path) -> None:
    sheet = read_sheet(write_sheet(folder, GOOD[0], header=HEADER.replace("fastq_2", "Fastq2")))
    assert sheet.warnings[0] == (
        "Column 'Fastq2' is not one that Bactrian knows: it is kept and not used. Did you mean 'fastq_2'?"
    )


@pytest.mark.parametrize("suffix", ["gz", "bz2", "zst"])
def test_compressed_files_are_looked_into(folder: Path, suffix: str) -> None:
    compress = {"gz": gzip.compress, "bz2": bz2.compress, "zst": zstandard.compress}[suffix]
    path = write_sheet(folder, f"a1,a_R1.fq.{suffix},,A1,1,2,target,OprM,L")
    (folder / f"a_R1.fq.{suffix}").write_bytes(compress(b"@r\nAC\n+\nFF\n"))
    read_sheet(path)
    (folder / f"a_R1.fq.{suffix}").write_bytes(compress(b">r\nAC\n"))
    assert list_errors(path) == [
        f"sheet.csv, row 2, column 'fastq_1': 'a_R1.fq.{suffix}' is a FASTA file, which has no qualities. "
        "Name a FASTQ file (plain, .gz, .bz2 or .zst)."
    ]


ROW = "a1,a1_R1.fq,a1_R2.fq,A1,1,2,target,OprM,L"
CELL_ERRORS = {
    "sample absent": (ROW.replace("a1,", ",", 1), "sample", "the cell is empty. Every row needs a sample."),
    "file absent from the row": (
        ROW.replace("a1_R1.fq", ""),
        "fastq_1",
        "the cell is empty. Every row needs a fastq_1.",
    ),
    "selection empty": (
        ROW.replace("A1", ""),
        "selection",
        "the cell is empty. Every row needs a selection.",
    ),
    "round empty": (ROW.replace(",2,", ",,"), "round", "the cell is empty. Every row needs a round."),
    "library empty": (ROW.removesuffix("L"), "library", "the cell is empty. Every row needs a library."),
    "sample with a blank": (
        ROW.replace("a1,", "a 1,", 1),
        "sample",
        "'a 1' is not a sample name. Use letters, digits and . _ - + and no dot at the start.",
    ),
    "sample with a dot at the start": (
        ROW.replace("a1,", ".a,", 1),
        "sample",
        "'.a' is not a sample name. Use letters, digits and . _ - + and no dot at the start.",
    ),
    "round not whole": (
        ROW.replace(",2,", ",R3b,"),
        "round",
        "'R3b' is not a round. Write a whole number from 0.",
    ),
    "round below zero": (
        ROW.replace(",2,", ",-1,"),
        "round",
        "'-1' is not a round. Write a whole number from 0.",
    ),
    "round with a fraction": (
        ROW.replace(",2,", ",1.5,"),
        "round",
        "'1.5' is not a round. Write a whole number from 0.",
    ),
    "input with a round": (
        "i,a1_R1.fq,a1_R2.fq,U,1,3,input,,L",
        "round",
        "'3' is not the round of an input. Write 0, the unpanned library, or correct the arm.",
    ),
    "target in round 0": (
        ROW.replace(",2,", ",0,"),
        "round",
        "'0' is not the round of a target sample. Write a whole number from 1, or the arm 'input'.",
    ),
    "arm unknown": (
        ROW.replace("target", "Target"),
        "arm",
        "'Target' is not an arm. Write target, counter, irrelevant, input or control.",
    ),
    "antigen missing": (
        ROW.replace("OprM", ""),
        "antigen",
        "the cell is empty. A target sample needs the name of what it was panned against.",
    ),
    "absent file": (
        ROW.replace("a1_R1.fq", "absent.fq"),
        "fastq_1",
        "there is no file 'absent.fq' in the sheet's folder. Paths are relative to the sheet: "
        "correct the path.",
    ),
    "one file as both mates": (
        ROW.replace("a1_R2.fq", "a1_R1.fq"),
        "fastq_2",
        "'a1_R1.fq' is named as fastq_1 and as fastq_2. Name the file of the second mates, or "
        "leave it empty.",
    ),
    "file twice in a cell": (
        "a1,x.fq;x.fq,,A1,1,2,target,OprM,L",
        "fastq_1",
        "'x.fq' is already named in row 2. Name each file of a sample once.",
    ),
    "unequal numbers of mates": (
        "a1,x_R1.fq;y_R1.fq,x_R2.fq,A1,1,2,target,OprM,L",
        "fastq_2",
        "fastq_1 names 2 files and fastq_2 names 1 file. "
        "Name the mates of every lane, in the same order, joined by ';'.",
    ),
    "mates mixed up by file name": (
        "a1,a1_R2.fq,a1_R1.fq,A1,1,2,target,OprM,L",
        "fastq_1",
        "'a1_R2.fq' and 'a1_R1.fq' are mixed up: the first is named as second mates. Exchange them.",
    ),
    "mates mixed up by number": (
        "a1,run_2.fastq,run_1.fastq,A1,1,2,target,OprM,L",
        "fastq_1",
        "'run_2.fastq' and 'run_1.fastq' are mixed up: the first is named as second mates. Exchange them.",
    ),
}


@pytest.mark.parametrize(("row", "column", "sentence"), CELL_ERRORS.values(), ids=CELL_ERRORS.keys())
def test_a_wrong_cell_is_named_with_its_place(folder: Path, row: str, column: str, sentence: str) -> None:
    assert list_errors(write_sheet(folder, row)) == [f"sheet.csv, row 2, column '{column}': {sentence}"]


def test_rows_are_counted_as_a_spreadsheet_shows_them(folder: Path) -> None:
    path = write_sheet(folder, *GOOD, ROW.replace(",2,", ",R3b,").replace("a1", "z1").replace("A1,1", "Z,4"))
    path.write_text("# comment\n\n" + path.read_text().replace("unpanned", '"unpanned\nlibrary"'))
    assert list_errors(path) == [
        "sheet.csv, row 10, column 'round': 'R3b' is not a round. Write a whole number from 0."
    ]


def test_a_folder_is_no_file(folder: Path) -> None:
    path = write_sheet(folder, "a1,absent,,A1,1,2,target,OprM,L")
    (folder / "absent").mkdir()
    assert list_errors(path) == [
        "sheet.csv, row 2, column 'fastq_1': 'absent' is a folder. Name a FASTQ file."
    ]


def test_primers_are_iupac_and_both_or_neither(folder: Path) -> None:
    header = f"{HEADER},primer_fwd,primer_rev"
    assert list_errors(write_sheet(folder, f"{ROW},ACGX,{PRIMER}", header=header)) == [
        "sheet.csv, row 2, column 'primer_fwd': 'ACGX' is not a primer. Write its bases from 5' "
        "to 3' in IUPAC letters."
    ]
    assert list_errors(write_sheet(folder, f"{ROW},{PRIMER},", header=header)) == [
        "sheet.csv, row 2, column 'primer_rev': the cell is empty but primer_fwd is not. "
        "Give both primers of a sample, or neither."
    ]


@pytest.mark.parametrize(
    ("cell", "primer"),
    [(PRIMER, PRIMER), (PRIMER.lower(), PRIMER), (f"acgtn{PRIMER}", PRIMER), ("UCCTGTGCAGCCUC", PRIMER)],
    ids=["capitals", "lower case", "with a tail", "with U"],
)
def test_primers_of_the_sheet_are_read_as_those_of_the_option(folder: Path, cell: str, primer: str) -> None:
    path = write_sheet(folder, f"{ROW},{cell},{cell}", header=f"{HEADER},primer_fwd,primer_rev")
    assert read_sheet(path).samples.select("primer_fwd", "primer_rev").row(0) == (primer, primer)


def test_a_sample_name_fits_a_file_name(folder: Path) -> None:
    rest = "a_R1.fq,,A1,1,2,target,OprM,L"
    assert read_sheet(write_sheet(folder, f"{'n' * 150},{rest}")).samples.height == 1
    assert list_errors(write_sheet(folder, f"{'n' * 151},{rest}")) == [
        "sheet.csv, row 2, column 'sample': the sample name has 151 characters. Use at most 150: files are "
        "named by it."
    ]


def test_a_primer_that_cannot_be_searched_for_is_refused_before_any_work(folder: Path) -> None:
    path = write_sheet(folder, f"{ROW},TCC,{PRIMER}acgt", header=f"{HEADER},primer_fwd,primer_rev")
    assert list_errors(path) == [
        "sheet.csv, row 2, column 'primer_fwd': the forward primer 'TCC' has 3 certain bases. Expected at "
        "least 8 of A, C, G, T in its annealing part, written in capitals; lower case marks a tail that does "
        "not anneal.",
        "sheet.csv, row 2, column 'primer_rev': the reverse primer 'TCCTGTGCAGCCTCacgt' has lower-case "
        "letters after its capitals. Lower case marks a tail that does not anneal and stands before the "
        "annealing part; write the rest in capitals.",
    ]


def test_rows_of_a_sample_that_contradict_each_other(folder: Path) -> None:
    path = write_sheet(folder, ROW, ROW.replace("_R", "_l2_R").replace(",2,", ",3,").replace("OprM", "FliC"))
    rule = (
        "Rows of one sample agree in all but fastq_1 and fastq_2: "
        "correct one, or give the rows different sample names."
    )
    assert list_errors(path)[:2] == [
        f"sheet.csv, row 3, column 'round': sample 'a1' has '3' here and '2' in row 2. {rule}",
        f"sheet.csv, row 3, column 'antigen': sample 'a1' has 'FliC' here and 'OprM' in row 2. {rule}",
    ]


def test_paired_and_single_rows_of_a_sample(folder: Path) -> None:
    assert list_errors(write_sheet(folder, ROW, "a1,l2.fq,,A1,1,2,target,OprM,L")) == [
        "sheet.csv, row 3, column 'fastq_2': sample 'a1' has single reads here and paired reads in row 2. "
        "Name fastq_2 in all rows of a sample, or in none."
    ]


def test_a_file_of_two_samples(folder: Path) -> None:
    path = write_sheet(folder, ROW, "b1,./a1_R1.fq,b1_R2.fq,B1,2,2,target,OprM,L")
    assert list_errors(path) == [
        "sheet.csv, row 3, column 'fastq_1': './a1_R1.fq' is already a file of sample 'a1' (row 2). "
        "A file belongs to one sample: correct one of the two."
    ]


def test_a_row_written_twice(folder: Path) -> None:
    assert list_errors(write_sheet(folder, ROW, ROW)) == [
        "sheet.csv, row 3, column 'fastq_1': 'a1_R1.fq' is already named in row 2. Name each file "
        "of a sample once.",
        "sheet.csv, row 3, column 'fastq_2': 'a1_R2.fq' is already named in row 2. Name each file "
        "of a sample once.",
    ]


@pytest.mark.parametrize(
    ("column", "row", "found", "before"),
    [
        ("arm", "b1,b_R1.fq,b_R2.fq,A1,1,3,counter,OprM,L", "counter", "target"),
        ("antigen", "b1,b_R1.fq,b_R2.fq,A1,1,3,target,FliC,L", "FliC", "OprM"),
        ("library", "b1,b_R1.fq,b_R2.fq,A1,1,3,target,OprM,M", "M", "L"),
        ("library", "b1,b_R1.fq,b_R2.fq,A1,1,0,input,,M", "M", "L"),
        ("replicate", "b1,b_R1.fq,b_R2.fq,A1,2,3,target,OprM,L", "2", "1"),
    ],
    ids=["arm", "antigen", "library", "library of its input", "replicate"],
)
def test_a_selection_is_one_panning(folder: Path, column: str, row: str, found: str, before: str) -> None:
    assert list_errors(write_sheet(folder, ROW, row)) == [
        f"sheet.csv, row 3, column '{column}': selection 'A1' has '{found}' here and '{before}' in row 2. "
        f"A selection keeps its {column} through all rounds: correct one, or name another selection."
    ]


def test_two_selections_with_one_replicate_number(folder: Path) -> None:
    assert list_errors(write_sheet(folder, ROW, ROW.replace("a1", "b1").replace("A1", "B1"))) == [
        "sheet.csv, row 3, column 'replicate': selections 'A1' (row 2) and 'B1' are both "
        "replicate '1' of target "
        "'OprM' in library 'L'. Number the replicates differently."
    ]


def test_inputs_of_a_library_may_share_a_selection(folder: Path) -> None:
    path = write_sheet(folder, *GOOD, "in2,in2_R1.fq,in2_R2.fq,unpanned,2,0,input,,L")
    assert read_sheet(path).warnings == ()


def test_all_mistakes_are_found_at_once_in_the_order_of_the_rows(folder: Path) -> None:
    path = write_sheet(
        folder,
        "a1,absent.fq,,A1,1,R2,goal,OprM,L",
        "b/1,b1.fq,,B1,1,2,target,,L",
    )
    assert [error.split(": ")[0] for error in list_errors(path)] == [
        "sheet.csv, row 2, column 'fastq_1'",
        "sheet.csv, row 2, column 'round'",
        "sheet.csv, row 2, column 'arm'",
        "sheet.csv, row 3, column 'sample'",
        "sheet.csv, row 3, column 'antigen'",
    ]


def test_missing_columns_with_a_guess(folder: Path) -> None:
    header = HEADER.replace("selection", "Selektion").replace("library", "pool")
    assert list_errors(write_sheet(folder, ROW, header=header)) == [
        "sheet.csv, row 1: there is no column 'selection'. Did you mean 'Selektion'? Rename it to "
        "'selection'.",
        "sheet.csv, row 1: there is no column 'library'. Add a column 'library'.",
    ]


def test_a_column_named_twice(folder: Path) -> None:
    assert list_errors(write_sheet(folder, f"{ROW},x", header=f"{HEADER},round")) == [
        "sheet.csv, row 1, column 'round': the header names this column 2 times. Keep one."
    ]


def test_cells_outside_the_header(folder: Path) -> None:
    path = write_sheet(folder, f"{ROW},stray")
    assert list_errors(path) == [
        "sheet.csv, row 2: 'stray' stands to the right of the last column. The header has 9 columns: "
        "remove the cell, or quote a cell that holds the separator."
    ]
    assert list_errors(write_sheet(folder, f"{ROW},x,y", header=f"{HEADER},,z")) == [
        "sheet.csv, row 2: 'x' stands in column 10, which has no name. Name the column or empty it."
    ]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            b"",
            "the sheet is empty. Write a header and one row per sample; `bactrian screen "
            "template` writes a start.",
        ),
        (
            b"# only\n\n",
            "the sheet is empty. Write a header and one row per sample; `bactrian screen "
            "template` writes a start.",
        ),
        (HEADER.encode(), "the sheet has a header and no rows. Write one row per sample below it."),
        (b"a\0b", "the file is not text. Save the sheet as CSV, TSV or XLSX and name it by its format."),
    ],
    ids=["no byte", "comments only", "header only", "binary"],
)
def test_a_file_without_a_sheet(folder: Path, content: bytes, sentence: str) -> None:
    (folder / "sheet.csv").write_bytes(content)
    assert list_errors(folder / "sheet.csv") == [f"sheet.csv: {sentence}"]


def test_text_in_another_encoding(folder: Path) -> None:
    (folder / "sheet.csv").write_bytes(f"{HEADER}\na1,ä.fq".encode("latin-1"))
    assert list_errors(folder / "sheet.csv") == [
        "sheet.csv, line 2: the sheet is not UTF-8 text. Save it as 'CSV UTF-8' or as a workbook (.xlsx)."
    ]


def test_an_open_quote(folder: Path) -> None:
    (folder / "sheet.csv").write_text(f'{HEADER}\na1,"a.fq\nb1,b.fq\n')
    assert list_errors(folder / "sheet.csv") == [
        "sheet.csv, row 2: a double quote is opened and never closed. Close it or remove it."
    ]


def test_a_file_that_is_no_sheet(folder: Path) -> None:
    (folder / "sheet.xlsx").write_text("hello")
    assert list_errors(folder / "sheet.xlsx") == [
        "sheet.xlsx: the workbook cannot be read. Save it again as an Excel workbook (.xlsx), or as CSV."
    ]
    assert list_errors(folder / "none.csv") == [
        "none.csv: the sample sheet does not exist. Give the path of a CSV, TSV or XLSX file."
    ]
    assert list_errors(folder / "sheet.doc") == [
        "sheet.doc: '.doc' is not a sheet's format. Give a file ending in .csv, .tsv or .xlsx."
    ]


CONTENT_ERRORS = {
    "empty": (b"", None, "fastq_1", "'a1_R1.fq' is empty. Name a FASTQ file (plain, .gz, .bz2 or .zst)."),
    "FASTA": (
        b">r\nACGT\n",
        None,
        "fastq_1",
        "'a1_R1.fq' is a FASTA file, which has no qualities. Name a FASTQ file (plain, .gz, .bz2 or .zst).",
    ),
    "BAM": (
        gzip.compress(b"BAM\x01\x00\x00\n\xffrest"),
        None,
        "fastq_1",
        "'a1_R1.fq' is a BAM file. Name a FASTQ file (plain, .gz, .bz2 or .zst).",
    ),
    "workbook": (
        b"PK\x03\x04\x14\x00\x06\x00\n\xff",
        None,
        "fastq_1",
        "'a1_R1.fq' is a ZIP archive or an Excel workbook. Name a FASTQ file (plain, .gz, .bz2 or .zst).",
    ),
    "compressed twice": (
        gzip.compress(gzip.compress(b"@r\nACGT\n+\nFFFF\n")),
        None,
        "fastq_1",
        "'a1_R1.fq' is a file compressed twice (gzip inside); decompress it once. "
        "Name a FASTQ file (plain, .gz, .bz2 or .zst).",
    ),
    "binary": (
        b"\x00\x01\x1b[2Jabc\n\n\n\n",
        None,
        "fastq_1",
        "'a1_R1.fq' is not FASTQ: its first line starts with '\\x00\\x01\\x1b[2Jabc' instead of '@'. "
        "Name a FASTQ file (plain, .gz, .bz2 or .zst).",
    ),
    "no qualities": (
        b"@r\nACGT\n+\nFF\n",
        None,
        "fastq_1",
        "'a1_R1.fq' is not FASTQ: its first record is not four lines (name, sequence, +, "
        "qualities of the same "
        "length). Name a FASTQ file (plain, .gz, .bz2 or .zst).",
    ),
    "damaged gz": (
        b"\x1f\x8b\x08\x00oops",
        None,
        "fastq_1",
        "'a1_R1.fq' cannot be read: it is damaged, or not in the compression it seems to have. "
        "Name a FASTQ file (plain, .gz, .bz2 or .zst).",
    ),
    "mates mixed up": (
        b"@r 2:N:0:A\nACGT\n+\nFFFF\n",
        b"@r 1:N:0:A\nACGT\n+\nFFFF\n",
        "fastq_1",
        "'a1_R1.fq' and 'a1_R2.fq' are mixed up: the reads of the first say that they are second "
        "mates. Exchange them.",
    ),
    "old names mixed up": (
        b"@r/2\nACGT\n+\nFFFF\n",
        b"@r/1\nACGT\n+\nFFFF\n",
        "fastq_1",
        "'a1_R1.fq' and 'a1_R2.fq' are mixed up: the reads of the first say that they are second "
        "mates. Exchange them.",
    ),
    "second mates twice": (
        b"@r 2:N:0:A\nACGT\n+\nFFFF\n",
        b"@r 2:N:0:A\nACGT\n+\nFFFF\n",
        "fastq_1",
        "'a1_R1.fq' and 'a1_R2.fq' both hold second mates. Name the first mates in fastq_1, the "
        "second in fastq_2.",
    ),
    "first mates twice": (
        b"@r/1\nACGT\n+\nFFFF\n",
        b"@r/1\nACGT\n+\nFFFF\n",
        "fastq_2",
        "'a1_R1.fq' and 'a1_R2.fq' both hold first mates. Name the first mates in fastq_1, the "
        "second in fastq_2.",
    ),
    "not mates": (
        b"@r:7 1:N:0:A\nACGT\n+\nFFFF\n",
        b"@r:8 2:N:0:A\nACGT\n+\nFFFF\n",
        "fastq_2",
        "'a1_R1.fq' and 'a1_R2.fq' are not mates: their first reads are 'r:7' and 'r:8'. "
        "Name the two files of one run, unsorted and unfiltered or filtered together.",
    ),
}


@pytest.mark.parametrize(
    ("first", "second", "column", "sentence"), CONTENT_ERRORS.values(), ids=CONTENT_ERRORS.keys()
)
def test_what_files_hold(
    folder: Path, first: bytes, second: bytes | None, column: str, sentence: str
) -> None:
    path = write_sheet(folder, ROW)
    (folder / "a1_R1.fq").write_bytes(first)
    if second is not None:
        (folder / "a1_R2.fq").write_bytes(second)
    expected = f"sheet.csv, row 2, column '{column}': {sentence}"
    assert list_errors(path) == [expected]
    kept = read_sheet(path, keep_going=True).content_errors
    assert [(sample, str(error)) for sample, error in kept] == [("a1", expected)]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("SRR1.1 1 length=4", "SRR1.1 1 length=4"),
        ("SRR1.7.1", "SRR1.7.2"),
        ("r/1", "r/2"),
        ("r 1:Y:0", "r 2:Y:0"),
    ],
    ids=["SRA", "SRA split", "old", "new"],
)
def test_mates_that_fit(folder: Path, first: str, second: str) -> None:
    path = write_sheet(folder, ROW)
    (folder / "a1_R1.fq").write_text(f"@{first}\nACGT\n+\nFFFF\n")
    (folder / "a1_R2.fq").write_text(f"@{second}\nACGT\n+\nFFFF\n")
    read_sheet(path)


def test_single_reads_may_be_second_mates(folder: Path) -> None:
    path = write_sheet(folder, "a1,a1_R2.fq,,A1,1,2,target,OprM,L")
    write_reads(folder / "a1_R2.fq", mate=2)
    read_sheet(path)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("selection not in ('A1', 'A2')", ["in1", "a3", "c1", "c2"]),
        ("round >= 1 and arm = 'target'", ["a1", "a2", "a3"]),
        ("round = '2' and replicate = 2", ["a2", "c2"]),
        ("antigen <> 'OprM'", ["in1", "c1", "c2"]),
        ("sample like 'c%' or antigen = ''", ["in1", "c1", "c2"]),
    ],
    ids=["not in", "number", "number or text", "empty antigen stays", "like"],
)
def test_where_takes_rows(folder: Path, where: str, expected: list[str]) -> None:
    sheet = read_sheet(write_sheet(folder, *GOOD), where=where)
    assert sheet.samples["sample"].to_list() == expected
    assert sheet.n_left_out == len(GOOD) - len(expected)


def test_where_leaves_rows_out_of_the_checks(folder: Path) -> None:
    path = write_sheet(folder, *GOOD, "bad,absent.fq,,A1,1,R3,target,OprM,L")
    assert read_sheet(path, where="sample <> 'bad'").warnings == ()


@pytest.mark.parametrize(
    ("where", "sentence"),
    [
        (
            "selection in (",
            "is not an expression that chooses rows. Write one such as \"selection not in ('A1', 'B1')\".",
        ),
        (
            "selecton = 'A1'",
            "names 'selecton', which is not a column of the sheet. Did you mean 'selection'?",
        ),
        (
            "zzz = 1",
            "names 'zzz', which is not a column of the sheet. Its columns are "
            "sample, fastq_1, fastq_2, selection, replicate, round, arm, antigen, library.",
        ),
        (
            "arm = 1",
            "does not say of each row whether to take it. Compare columns with text in single "
            "quotes or with numbers.",
        ),
        (
            "max(round) > 1",
            "does not say of each row whether to take it. Compare columns with text in single "
            "quotes or with numbers.",
        ),
        ("arm = 'none'", "leaves no row of 6. Change the filter."),
        (
            "",
            "is not an expression that chooses rows. Write one such as \"selection not in ('A1', 'B1')\".",
        ),
    ],
    ids=["syntax", "misspelt", "unknown", "number for text", "aggregate", "nothing left", "empty"],
)
def test_where_that_is_wrong(folder: Path, where: str, sentence: str) -> None:
    path = write_sheet(folder, *GOOD)
    assert list_errors(path, where=where) == [f'sheet.csv: --where "{where}" {sentence}']


def give_warnings(folder: Path, *rows: str) -> tuple[str, ...]:
    return read_sheet(write_sheet(folder, *rows)).warnings


def test_warns_of_fastq_files_that_no_row_names(folder: Path) -> None:
    for number in range(1, 9):
        write_reads(folder / "more" / f"x{number}.fastq.gz")
    write_reads(folder / "lost.fq")
    (folder / "notes.txt").write_text("no reads")
    assert give_warnings(folder, *GOOD) == (
        "Folder '.' holds 1 FASTQ file that no row names: lost.fq.",
        "Folder 'more' holds 8 FASTQ files that no row names: x1.fastq.gz, x2.fastq.gz, "
        "x3.fastq.gz, x4.fastq.gz, "
        "x5.fastq.gz, x6.fastq.gz and 2 more.",
    )


def test_warns_of_a_library_without_input(folder: Path) -> None:
    assert give_warnings(folder, *GOOD[1:]) == (
        "Library 'L' has no input sample: enrichment over the unpanned library cannot be tested. "
        "Sequence the unpanned library and add it with arm input and round 0.",
    )


def test_warns_of_a_target_without_comparator(folder: Path) -> None:
    assert give_warnings(folder, *GOOD[:4]) == (
        "Target 'OprM' in library 'L' has no counter, irrelevant or other target to compare with: "
        "specific binders cannot be told from sticky ones.",
    )


def test_warns_of_one_selection_and_of_two(folder: Path) -> None:
    assert give_warnings(folder, GOOD[0], GOOD[1], GOOD[4]) == (
        "Target 'OprM' in library 'L' has a single selection: its results are exploratory only, "
        "without control of false discoveries.",
        "Counter 'null' in library 'L' has a single selection: one jackpot in it can hide or "
        "feign specificity.",
    )
    assert give_warnings(folder, *GOOD[:3], *GOOD[4:])[0] == (
        "Target 'OprM' in library 'L' has 2 replicate selections: the power to find binders is low. "
        "Three are better."
    )


def test_warns_of_rounds_that_replicates_lack(folder: Path) -> None:
    rows = [
        f"a{n}r{r},a{n}r{r}.fq,,A{n},{n},{r},target,OprM,L"
        for n in (1, 2, 3)
        for r in (2, 3, 4)
        if n < 3 or r == 4
    ]
    assert give_warnings(folder, *GOOD[:1], *GOOD[4:], *rows)[0] == (
        "The replicates of target 'OprM' in library 'L' were not sequenced in the same rounds: "
        "A3 lacks rounds 2 and 3. Compare rounds that all of them have."
    )


def test_warns_of_no_common_round(folder: Path) -> None:
    rows = [row.replace(",2,counter", ",1,counter") for row in GOOD]
    assert give_warnings(folder, *rows) == (
        "Target 'OprM' in library 'L' has no round in common with what it is compared with "
        "(round 2 against round 1): specificity cannot be tested round by round.",
    )


def test_warns_of_a_counter_antigen_that_is_the_target(folder: Path) -> None:
    rows = [row.replace("null", "OprM") for row in GOOD]
    assert give_warnings(folder, *rows) == (
        "Target 'OprM' in library 'L' is also the antigen of a counter sample: specific binders "
        "would be taken "
        "for sticky ones. Name in the counter rows what they were panned against instead.",
    )


def test_warns_of_resequenced_rounds(folder: Path) -> None:
    assert give_warnings(folder, *GOOD, "a1b,a1b_R1.fq,a1b_R2.fq,A1,1,2,target,OprM,L") == (
        "Round 2 of selection 'A1' has 2 samples (a1, a1b): "
        "they are taken as re-sequencings of one panning and summed.",
    )


def test_warns_of_spellings(folder: Path) -> None:
    rows = [row.replace("A3,3,2,target,OprM", "A3,3,2,target,oprM") for row in GOOD]
    assert give_warnings(folder, *rows)[0] == (
        "Column 'antigen' writes 'OprM' and 'oprM': they count as different. Write them alike if "
        "they are one."
    )


def test_warns_of_a_library_without_panning(folder: Path) -> None:
    assert give_warnings(folder, GOOD[0]) == (
        "Library 'L' has no panned sample: its quality can be judged, but nothing can be enriched.",
    )
    assert give_warnings(folder, GOOD[0], *GOOD[4:])[0] == (
        "Library 'L' has no target sample: no binder can be found. Check the column arm."
    )


@pytest.mark.shared_data
def test_phageseq_minimal_reads_clean(shared_data: Path) -> None:
    sheet: Sheet = read_sheet(shared_data / "discovery" / "phageseq_minimal" / "sheet.csv")
    assert sheet.samples.height == 33
    assert sheet.samples["selection"].n_unique() == 10
    assert sheet.warnings == (
        "The replicates of target 'flagellum' in library 'Alpaca' were not sequenced in the same rounds: "
        "1.E9 lacks rounds 5 and 6, 1.F9 lacks rounds 5 and 6, 1.G9 lacks rounds 5 and 6. "
        "Compare rounds that all of them have.",
    )
