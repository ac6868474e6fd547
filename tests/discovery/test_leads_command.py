"""`bactrian leads` and `bactrian leads explain`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import polars as pl
import pytest

from bactrian.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    from tests.discovery.conftest import Invention

REFERENCE = (
    "EVQLQASGGGFVQPGGSLRLSCAASGFTFDDYAMGWFRQAPGKEREFVSAITWNGGSTYYADSVKGRFTISRDNSKNTLYLQMDSLRAEDTAVYYC"
    "NTWPLKHSEQWGRGTLVTVSA"
)


@pytest.fixture
def folder(invent: type[Invention], tmp_path: Path) -> Path:
    clones = invent.clonotypes(
        invent.Clone("AADRGGYDY"),
        invent.Clone("AADRGGFDY", count=50),
        invent.Clone("NTWPLKHSEQ", gap=(66, 70), lineage="L000002"),
        invent.Clone("VMCIHLNTRW", cdr1=None, cdr2=None, lineage="L000003"),
    )
    table = pl.concat(
        [
            invent.table(
                {"key": "AADRGGYDY", "tier": 2},
                {"key": "AADRGGFDY"},
                {"key": "NTWPLKHSEQ"},
                {"key": "VMCIHLNTRW", "tier": 0, "vetoed": True, "vetoed_by": "B", "log2fc_veto": 5.4},
            ),
            invent.table({"key": "VMCIHLNTRW"}, antigen="B", comparator="A"),
        ]
    )
    return invent.folder(tmp_path / "out", table, clones)


def keys(folder: Path) -> list[str]:
    return pl.read_parquet(folder / "leads.parquet")["key"].to_list()


def test_leads_are_picked_from_the_files(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["leads", str(folder), "--quiet"]) == 0
    assert keys(folder) == ["AADRGGYDY", "NTWPLKHSEQ", "AADRGGFDY", "VMCIHLNTRW"]
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "A: 3 leads (1 at Tier 2, 2 at Tier 1) of 2 lineages, 2 orderable; 1 near miss"
    assert said[1] == "B: 1 lead (1 at Tier 1) of 1 lineage, 0 orderable; 0 near misses"
    assert said[-1] == str(folder / "leads.html")
    assert (folder / "leads.html").is_file()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--tier", "2"], ["AADRGGYDY"]),
        (["--top", "1"], ["AADRGGYDY", "VMCIHLNTRW"]),
        (["--per-lineage", "1", "--antigen", "A"], ["AADRGGYDY", "NTWPLKHSEQ"]),
        (["--antigen", "B"], ["VMCIHLNTRW"]),
        (["--tier", "0", "--antigen", "A"], ["AADRGGYDY", "NTWPLKHSEQ", "VMCIHLNTRW", "AADRGGFDY"]),
    ],
    ids=["tier", "top", "per-lineage", "antigen", "tier-0"],
)
def test_options_choose_the_picks(folder: Path, options: list[str], expected: list[str]) -> None:
    assert main(["leads", str(folder), "--quiet", *options]) == 0
    assert keys(folder) == expected


def test_the_same_words_give_the_same_bytes(folder: Path) -> None:
    names = (
        "leads.csv",
        "leads.xlsx",
        "leads.parquet",
        "leads_near_misses.csv",
        "leads.fasta",
        "order.fasta",
    )
    found = []
    for _ in range(2):
        main(["leads", str(folder), "--quiet"])
        found.append([(folder / name).read_bytes() for name in names])
    assert found[0] == found[1]


def test_known_clonotypes_are_remembered_until_forgotten(folder: Path, tmp_path: Path) -> None:
    known = tmp_path / "known.csv"
    known.write_text("kind,cdr3,name\nparasite,AADRGGYDY,old\nbinder,NTWPLKHSEQ,mine\n")
    words = ["leads", str(folder), "--quiet", "--antigen", "A"]
    assert main([*words, "--known", str(known)]) == 0
    # AADRGGFDY is one residue off the parasite: the same lineage.
    assert keys(folder) == ["NTWPLKHSEQ"]
    assert main(words) == 0
    assert keys(folder) == ["NTWPLKHSEQ"]
    assert main([*words, "--allow-known"]) == 0
    assert keys(folder) == ["AADRGGYDY", "NTWPLKHSEQ", "AADRGGFDY"]
    assert main([*words, "--no-known"]) == 0
    assert pl.read_parquet(folder / "leads.parquet")["known"].to_list() == [None, None, None]


def test_known_and_no_known_contradict(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["leads", str(folder), "--known", "x.csv", "--no-known"]) == 2
    assert "--known and --no-known contradict each other. Leave one out." in capsys.readouterr().err


def test_a_gap_is_filled_on_request(folder: Path, invent: type[Invention], tmp_path: Path) -> None:
    reference = tmp_path / "reference.fasta"
    reference.write_text(f">ref\n{invent.codons(REFERENCE)}\n")
    assert main(["leads", str(folder), "--quiet", "--antigen", "A"]) == 0
    assert (folder / "order.fasta").read_text().count(">") == 2
    assert main(["leads", str(folder), "--quiet", "--antigen", "A", "--complete", str(reference)]) == 0
    assert (folder / "order.fasta").read_text().count(">") == 3
    row = pl.read_parquet(folder / "leads.parquet").row(1, named=True)
    assert row["filled"] == "IMGT 1–21, 75–78, 124–128 from ref"
    assert row["vhh"][66:70] == "rfti"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (">bad\nQVQL7\n", "record 1: '7' at position 5 is neither an amino acid nor a nucleotide. Correct "
         "the sequence or remove the record."),
        (f">x\n{REFERENCE[:40]}X{REFERENCE[41:]}\n",
         "record 1: 'x' has unread residues (X) of its own. Give a whole VHH."),
        (f">a\n{REFERENCE}\n>b\n{REFERENCE}\n", "the file holds 2 sequences. Give one reference VHH."),
    ],
    ids=["letter", "unread", "two"],
)  # fmt: skip
def test_a_reference_that_cannot_be_used_is_told(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, sentence: str
) -> None:
    reference = tmp_path / "reference.fasta"
    reference.write_text(content)
    assert main(["leads", str(folder), "--quiet", "--complete", str(reference)]) == 1
    said = capsys.readouterr().err
    assert said.startswith(str(reference))
    assert said.endswith(f"{sentence}\n")


def test_the_summary_is_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["leads", str(folder), "--quiet", "--json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert [row["antigen"] for row in summary["antigens"]] == ["A", "B"]
    assert summary["antigens"][0]["leads"] == 3
    assert str(folder / "leads.csv") in summary["files"]


def test_a_folder_without_a_selection_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["leads", str(tmp_path), "--quiet"]) == 1
    assert (
        "the file is not there. Name the folder that 'bactrian screen' or 'bactrian select' has written"
        in (capsys.readouterr().err)
    )


def test_an_antigen_that_is_no_target_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["leads", str(folder), "--quiet", "--antigen", "C"]) == 1
    assert capsys.readouterr().err == "'C' is no target antigen here. Write one of A, B.\n"


def test_explain_says_every_criterion(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["leads", str(folder), "--quiet"])
    capsys.readouterr()
    assert main(["leads", "explain", str(folder), "VMCIHLNTRW", "--antigen", "A"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "VMCIHLNTRW",
        "  CDR3 VMCIHLNTRW, lineage L000003: 100 reads in all samples, 1 clonotype.",
        "  Its CDR1–2 is unknown: recombination hides which one is its own.",
        "",
        "A: Tier 0, rank 4: not a lead, a near miss: enriched on B 42×; on A 32× over input, 16× over B",
        "  pass  enrichment fold   32× over input (more than 2.0× needed)",
        "  pass  enrichment FDR    FDR 1e-05 against input (below 0.05 needed)",
        "  pass  specificity fold  16× over B (more than 2.0× needed)",
        "  pass  specificity FDR   FDR 1e-04 against B (below 0.05 needed)",
        "  FAIL  veto              enriched on B too, 42× over input (none allowed)",
        "  pass  consistency       3 of 3 replicates consistent (2 needed)",
        "  FAIL  TREAT FDR         FDR 0.2 that both exceed 2.0× (below 0.05 needed for Tier 2)",
        "  counts:",
        "    target      S1          40 reads      4,000.0 CPM",
        "    comparator  C1           1 read         100.0 CPM",
        "    input       in1          0 reads          0.0 CPM",
    ]


def test_explain_takes_a_pick_and_gives_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["leads", str(folder), "--quiet"])
    capsys.readouterr()
    assert main(["leads", "explain", str(folder), "1", "--antigen", "B", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [verdict["antigen"] for verdict in told["verdicts"]] == ["B"]
    assert told["verdicts"][0]["key"] == "VMCIHLNTRW"
    assert told["verdicts"][0]["answer"].startswith("a lead: pick 1, plate 1 well A1. ")


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("leads", "{}", "--quiet"), "clonotypes.parquet"),
        (("leads", "explain", "{}", "1"), "clonotypes.parquet"),
        (("leads", "explain", "{}", "1"), "leads.parquet"),
        (("leads", "validate", "{}", "{}/r.csv"), "clonotypes.parquet"),
        (("leads", "validate", "{}", "{}/r.csv"), "selection.parquet"),
    ],
    ids=["pick", "explain", "explain-leads", "validate", "validate-selection"],
)
def test_a_damaged_file_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], name: str
) -> None:
    (folder / "r.csv").write_text("cdr3,antigen,binds\nAADRGGYDY,A,yes\n")
    (folder / name).write_text("no parquet")
    assert main([word.format(folder) for word in words]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"{folder / name}: the file cannot be read as PARQUET (")
    assert said.endswith("). Save it again in that format.\n")


def test_cross_reactive_leads_keep_their_mark_where_one_antigen_is_asked_for(
    invent: type[Invention], tmp_path: Path
) -> None:
    table = pl.concat([invent.table({"key": "AADRGGYDY"}), invent.table({"key": "AADRGGYDY"}, antigen="B")])
    folder = invent.folder(tmp_path / "out", table, None, wanted_with="A;B")
    assert main(["leads", str(folder), "--quiet", "--antigen", "A"]) == 0
    leads = pl.read_parquet(folder / "leads.parquet")
    assert leads.select("antigen", "cross_reactive").rows() == [("A", "B")]


def test_explain_suggests_the_nearest_keys(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["leads", "explain", str(folder), "AADRGGWDY"]) == 1
    assert capsys.readouterr().err == (
        "'AADRGGWDY' was not counted in any sample. The nearest tested: AADRGGFDY (1 residue off), AADRGGYDY "
        "(1 residue off).\n"
    )
    assert main(["leads", "explain", str(folder), "QQQQQQQQ"]) == 1
    assert capsys.readouterr().err == (
        "'QQQQQQQQ' was not counted in any sample. Nothing that was tested is near it.\n"
    )


def test_the_words_stand_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["leads", "--help"]) == 0
    said = capsys.readouterr().out
    assert (
        "Usage: bactrian leads DIR [OPTIONS]\n       bactrian leads explain DIR KEY | validate DIR RESULTS"
        in said
    )
    for word in ("--tier", "--per-lineage", "explain ", "validate "):
        assert word in said


def test_a_table_of_liabilities_of_ones_own_takes_the_place_of_the_packages(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        'version = "mine"\n\n[[liability]]\nname = "any tyrosine"\nkind = "oxidation"\nmotif = "Y"\n'
        'where = "anywhere"\ncdr = "high"\nvernier = "low"\nfr = "low"\nsource = "test"\n'
    )
    assert main(["leads", str(folder), "--quiet", "--liabilities", str(own)]) == 0
    leads = pl.read_parquet(folder / "leads.parquet")
    assert leads["triage_version"].str.contains("+mine-", literal=True).all()
    assert leads["n_liabilities_high"].sum() > 0
    capsys.readouterr()
    absent = tmp_path / "absent.toml"
    assert main(["leads", str(folder), "--quiet", "--liabilities", str(absent)]) == 1
    assert "absent.toml" in capsys.readouterr().err
