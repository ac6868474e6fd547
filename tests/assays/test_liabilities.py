"""The table of liabilities: what the package's says, and what a wrong one is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bactrian.assays.liabilities import LiabilityTable, load_liabilities, read_liabilities
from bactrian.core.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

ENTRY = """
[[liability]]
name = "slow"
kind = "deamidation"
motif = "NT"
where = "anywhere"
cdr = "medium"
vernier = "low"
fr = "none"
source = "me"
"""


def test_the_table_of_the_package() -> None:
    table = load_liabilities()
    weights = {
        entry.name: (entry.motif.text, entry.cdr, entry.vernier, entry.fr) for entry in table.liabilities
    }
    assert weights["N-glycosylation"] == ("N[^P][ST]", "high", "high", "high")
    assert weights["Asn deamidation, NG"] == ("NG", "high", "high", "medium")
    assert weights["polyreactivity"] == ("RR|VG|VV|VVV|WW|WWW|W.W", "medium", "medium", "low")
    assert weights["integrin binding"] == ("RGD|RYD|LDV", "high", "high", "medium")
    assert {entry.kind for entry in table.liabilities} >= {
        "glycosylation", "deamidation", "isomerisation", "oxidation", "clipping", "unpaired cysteine",
        "integrin", "polyreactivity", "glycation", "pyroglutamate",
    }  # fmt: skip
    assert all(entry.source for entry in table.liabilities)
    assert table.version.startswith("1-")


def test_a_file_takes_its_place(tmp_path: Path) -> None:
    path = tmp_path / "ours.toml"
    path.write_text(f'version = "ours 3"\n{ENTRY}', encoding="utf-8")
    table = load_liabilities(path)
    assert isinstance(table, LiabilityTable)
    assert [entry.name for entry in table.liabilities] == ["slow"]
    assert table.file == str(path)
    assert table.version.startswith("ours 3-")


def test_the_version_changes_with_every_edit() -> None:
    one = read_liabilities(f'version = "1"\n{ENTRY}', file="a.toml")
    commented = read_liabilities(f'# ours\nversion = "1"\n{ENTRY}', file="b.toml")
    edited = read_liabilities(f'version = "1"\n{ENTRY}'.replace('"medium"', '"high"'), file="a.toml")
    assert one.version == commented.version != edited.version


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("version = 1", "t.toml: '1' is not a version. Begin the file with a line such as version = \"1\"."),
        (
            'version = "1"',
            "t.toml: the file holds no liability. Begin each with a line [[liability]].",
        ),
        (
            'version = "1"\nauthor = "x"\n' + ENTRY,
            "t.toml: 'author' is no key of the file. Expected version and [[liability]] tables.",
        ),
        (
            'version = "1"\n' + ENTRY.replace('motif = "NT"\n', ""),
            "t.toml, record 1: the key 'motif' is missing. Every liability has cdr, fr, kind, motif, name, "
            "source, vernier, where.",
        ),
        (
            'version = "1"\n' + ENTRY + 'colour = "red"\n',
            "t.toml, record 1: 'colour' is no key of a liability. Use cdr, except, fr, kind, motif, name, "
            "note, source, vernier, where.",
        ),
        (
            'version = "1"\n' + ENTRY.replace('"NT"', '"N[T"'),
            "t.toml, record 1: 'N[T' is not a motif: a '[' is not closed. Write one-letter codes, with '.' "
            "for any residue, [ST] for one of these, [^P] for none of these, | for or.",
        ),
        (
            'version = "1"\n' + ENTRY.replace('"NT"', "5"),
            "t.toml, record 1: the motif '5' is not a text. Write it in quotes.",
        ),
        (
            'version = "1"\n' + ENTRY.replace('"anywhere"', '"fv"'),
            "t.toml, record 1: 'fv' is no place. Write one of anywhere, n-terminus, free cysteine, paired "
            "cysteine.",
        ),
        (
            'version = "1"\n' + ENTRY.replace('"medium"', '"bad"'),
            "t.toml, record 1: 'bad' for cdr is no severity. Write one of high, medium, low, none.",
        ),
        (
            'version = "1"\n' + ENTRY + "except = [41]\n",
            "t.toml, record 1: '[41]' for except is no list of IMGT positions. Write one such as "
            '["41", "111A"].',
        ),
        (
            'version = "1"\n' + ENTRY + ENTRY,
            "t.toml, record 2: the name 'slow' stands twice. Give each liability its own.",
        ),
        (
            'version = "1"\n' + ENTRY.replace('"medium"', '"bad"').replace('"low"', '"worse"'),
            "t.toml, record 1: 'bad' for cdr is no severity. Write one of high, medium, low, none.\n"
            "t.toml, record 1: 'worse' for vernier is no severity. Write one of high, medium, low, none.",
        ),
    ],
    ids=["version", "empty", "top key", "missing", "unknown", "motif", "type", "place", "severity", "except",
         "twice", "two mistakes"],
)  # fmt: skip
def test_a_wrong_file_is_told_what_is_wrong(text: str, sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        read_liabilities(text, file="t.toml")
    assert str(caught.value) == sentence


def test_a_file_that_is_none(tmp_path: Path) -> None:
    absent, binary, broken = (tmp_path / name for name in ("absent.toml", "binary.toml", "broken.toml"))
    binary.write_bytes(b"\xff\xfe\x00\x80")
    broken.write_text("name: x", encoding="utf-8")
    for path, sentence in (
        (absent, "there is no such file. Check the path."),
        (binary, "the file is not text. Expected a TOML file of liabilities."),
    ):
        with pytest.raises(InputError) as caught:
            load_liabilities(path)
        assert str(caught.value) == f"{path}: {sentence}"
    with pytest.raises(InputError) as caught:
        load_liabilities(broken)
    assert str(caught.value).startswith(f"{broken}: the file is not TOML (")
    assert str(caught.value).endswith("). Expected a table in the form of liabilities.toml.")
