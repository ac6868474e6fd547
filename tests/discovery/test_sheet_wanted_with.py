"""The sheet's column `wanted_with`, and a sheet without files."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from bactrian.core.errors import InputError
from bactrian.discovery.sheet import Sheet, read_design, read_sheet

HEADER = "sample,selection,replicate,round,arm,antigen,library,wanted_with"
INPUT = "in1,unpanned,1,0,input,,L,"
COUNTER = ("c1,C1,1,2,counter,beads,L,", "c2,C2,2,2,counter,beads,L,")


def target(antigen: str, wanted_with: str = "", *, library: str = "L") -> list[str]:
    """Three selections on an antigen; the first row names what is wanted too."""
    return [
        f"{antigen}{n}{library},{antigen}{n}{library},{n},2,target,{antigen},{library},"
        f"{wanted_with if n == 1 else ''}"
        for n in (1, 2, 3)
    ]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path()


def read(*rows: str, header: str = HEADER, where: str | None = None) -> Sheet:
    Path("sheet.csv").write_text("\n".join((header, *rows)) + "\n")
    return read_design(Path("sheet.csv"), where=where)


def list_errors(*rows: str, header: str = HEADER, where: str | None = None) -> list[str]:
    with pytest.raises(InputError) as caught:
        read(*rows, header=header, where=where)
    return str(caught.value).splitlines()


def test_the_column_is_kept_and_known(folder: Path) -> None:
    sheet = read(INPUT, *target("human", "cyno"), *target("cyno", "human"), *COUNTER)
    assert sheet.samples["wanted_with"].to_list() == [
        None, "cyno", None, None, "human", None, None, None, None
    ]  # fmt: skip
    assert sheet.warnings == ()


def test_a_sheet_without_the_column_has_none(folder: Path) -> None:
    rows = [row.removesuffix(",") for row in (INPUT, *target("human"), *COUNTER)]
    assert "wanted_with" not in read(*rows, header=HEADER.removesuffix(",wanted_with")).samples.columns


def test_the_column_is_read_with_files_too(folder: Path) -> None:
    for name in ("a.fq", "b.fq"):
        Path(name).write_text("@r\nAC\n+\nFF\n")
    Path("sheet.csv").write_text(
        f"fastq_1,{HEADER}\na.fq,a,A,1,2,target,human,L,cyno\nb.fq,b,B,1,2,target,cyno,L,mouse\n"
    )
    with pytest.raises(InputError) as caught:
        read_sheet(Path("sheet.csv"))
    assert str(caught.value) == (
        "sheet.csv, row 3, column 'wanted_with': 'mouse' is not a target of library 'L'. "
        "Name some of its other targets, joined by ';': 'human'."
    )


@pytest.mark.parametrize(
    ("rows", "place", "sentence"),
    [
        (
            [*target("human", "human"), *target("cyno")],
            2,
            "'human' is the antigen of the row itself. Name other targets of the library whose binders are "
            "wanted too, joined by ';', or leave the cell empty.",
        ),
        (
            [*target("human", "Cyno"), *target("cyno")],
            2,
            "'Cyno' is not a target of library 'L'. Did you mean 'cyno'?",
        ),
        (
            [*target("human", "beads"), *target("cyno"), *target("mouse"), *COUNTER],
            2,
            "'beads' is not a target of library 'L'. Name some of its other targets, joined by ';': "
            "'cyno', 'mouse'.",
        ),
        (
            [*target("human", "cyno;mouse|rat"), *target("cyno"), *target("fly")],
            2,
            "'mouse|rat' is not a target of library 'L'. Name some of its other targets, joined by ';': "
            "'cyno', 'fly'.",
        ),
        (
            [*target("human", "cyno"), *target("cyno", library="M")],
            2,
            "'cyno' is not a target of library 'L'. It has no other target: leave the cell empty.",
        ),
        (
            [*target("human"), COUNTER[0] + "human"],
            5,
            "'human' stands in a row of the arm counter. Name in the rows of a target what else its binders "
            "may bind, and leave the cell empty here.",
        ),
        (
            [*target("human"), INPUT + "human"],
            5,
            "'human' stands in a row of the arm input. Name in the rows of a target what else its binders "
            "may bind, and leave the cell empty here.",
        ),
    ],
    ids=["itself", "misspelt", "a counter", "joined by a bar", "another library", "counter row", "input row"],
)
def test_mistakes(folder: Path, rows: list[str], place: int, sentence: str) -> None:
    assert list_errors(*rows) == [f"sheet.csv, row {place}, column 'wanted_with': {sentence}"]


def test_rows_of_a_sample_agree_on_it(folder: Path) -> None:
    rows = [*target("human"), *target("cyno"), target("human")[0] + "cyno"]
    assert list_errors(*rows) == [
        "sheet.csv, row 8, column 'wanted_with': sample 'human1L' has 'cyno' here and '' in row 2. Rows of "
        "one "
        "sample agree in all but fastq_1 and fastq_2: correct one, or give the rows different sample names."
    ]


def test_a_target_that_a_filter_left_out_may_be_named(folder: Path) -> None:
    sheet = read(*target("human", "cyno"), *target("cyno", "human"), *COUNTER, where="antigen <> 'cyno'")
    assert sheet.samples["antigen"].unique(maintain_order=True).to_list() == ["human", "beads"]
    assert sheet.n_left_out == 3


def test_a_one_sided_wish_is_warned_of(folder: Path) -> None:
    assert read(INPUT, *target("human", "cyno; ;cyno"), *target("cyno"), *COUNTER).warnings == (
        "Target 'human' in library 'L' names 'cyno' in wanted_with and 'cyno' does not name 'human': what "
        "binds "
        "both can be a lead for 'human' and counts as unspecific for 'cyno'. Name it in the rows of both if "
        "that "
        "is not meant.",
    )


def test_targets_wanted_together_are_no_comparators(folder: Path) -> None:
    sentence = (
        "has no counter, irrelevant or other target to compare with beside those in wanted_with: specific "
        "binders cannot be told from sticky ones."
    )
    assert read(INPUT, *target("human", "cyno"), *target("cyno", "human")).warnings == (
        f"Target 'human' in library 'L' {sentence}",
        f"Target 'cyno' in library 'L' {sentence}",
    )


def test_a_design_needs_no_files(folder: Path) -> None:
    header = "sample,fastq_1,fastq_2,selection,replicate,round,arm,antigen,library,plate"
    rows = ["a,none.fq,,A,1,2,target,X,L,p", "a,,none2.fq,A,1,2,target,X,L,p", "b,,,B,2,2,target,X,L,p"]
    sheet = read(*rows, header=header)
    assert sheet.samples["sample"].to_list() == ["a", "b"]
    assert sheet.samples.schema["round"] == pl.Int64
    assert (sheet.lanes_by_sample, sheet.content_errors) == ({}, ())
    assert sheet.warnings[0] == "Column 'plate' is not one that Bactrian knows: it is kept and not used."
    with pytest.raises(InputError, match=r"there is no file 'none\.fq'"):
        read_sheet(Path("sheet.csv"))


def test_all_other_checks_hold_for_a_design(folder: Path) -> None:
    header = HEADER.removesuffix(",wanted_with")
    assert list_errors("a,A,1,0,target,X,L", "b,A,2,3,target,,L", header=header) == [
        "sheet.csv, row 2, column 'round': '0' is not the round of a target sample. Write a whole number "
        "from 1, "
        "or the arm 'input'.",
        "sheet.csv, row 3, column 'replicate': selection 'A' has '2' here and '1' in row 2. A selection "
        "keeps its "
        "replicate through all rounds: correct one, or name another selection.",
        "sheet.csv, row 3, column 'antigen': the cell is empty. A target sample needs the name of what it "
        "was "
        "panned against.",
    ]
    assert list_errors("a,A,1,2,target,X", header=header.removesuffix(",library")) == [
        "sheet.csv, row 1: there is no column 'library'. Add a column 'library'."
    ]


@pytest.mark.shared_data
def test_the_real_sheet_reads_alike_with_and_without_files(shared_data: Path) -> None:
    path = shared_data / "discovery" / "phageseq_minimal" / "sheet.csv"
    where = "selection not in ('1.E9', '1.F9', '1.G9')"
    assert read_design(path, where=where).samples.equals(read_sheet(path, where=where).samples)
