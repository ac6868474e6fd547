"""The page on triage says what the data say: liabilities, pKa values, ranges, columns."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bactrian.assays.liabilities import load_liabilities
from bactrian.assays.ranges import CLINICAL
from bactrian.assays.scales import PKA_SETS
from bactrian.assays.sites import VERNIERS
from bactrian.discovery.leads.triage import MOST_UNREAD, SITE_COLUMNS
from bactrian.discovery.leads.triage_table import triage_columns
from bactrian.discovery.leads.verdicts import MOST_MEDIUM

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "triage.md"


@pytest.fixture(scope="module")
def sections() -> dict[str, str]:
    parts = re.split(r"^## (.+)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def read_rows(section: str) -> list[list[str]]:
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[2:]]


def test_the_liabilities_are_those_of_the_data(sections: dict[str, str]) -> None:
    expected = [
        [
            entry.name,
            f"`{entry.motif.text}`".replace("|", r"\|"),
            entry.where
            + (f", not {' and '.join(sorted(entry.exceptions, key=int))}" if entry.exceptions else ""),
            entry.cdr,
            entry.vernier,
            entry.fr,
        ]
        for entry in load_liabilities().liabilities
    ]
    assert read_rows(sections["Liabilities"])[: len(expected)] == expected
    assert f"IMGT {', '.join(map(str, VERNIERS[:-1]))} and {VERNIERS[-1]}" in sections["Liabilities"]


def test_the_pka_values_are_those_in_use(sections: dict[str, str]) -> None:
    expected = [
        [
            f"`{pka.name}`",
            *(f"{pka.side_chains[residue]:g}" for residue in "CDEHKRY"),
            f"{pka.n_terminus:g}",
            f"{pka.c_terminus:g}",
        ]
        for pka in PKA_SETS.values()
    ]
    assert read_rows(sections["pI and charge"])[: len(expected)] == expected


def test_the_ranges_are_those_in_use(sections: dict[str, str]) -> None:
    expected = [
        [f"{limits.name}", f"{limits.low:g} to {limits.high:g}", f"{limits.least:g} to {limits.most:g}"]
        for limits in CLINICAL.values()
    ]
    assert [row[:3] for row in read_rows(sections["Clinical ranges"])] == expected


def test_every_column_is_described(sections: dict[str, str]) -> None:
    named = set(re.findall(r"`([^`]+)`", sections["Columns"]))
    assert set(triage_columns()) - named == set()
    assert set(SITE_COLUMNS) - named == set()


def test_the_rule_names_its_limits(sections: dict[str, str]) -> None:
    assert f"more than {MOST_MEDIUM} of medium" in sections["The word"]
    assert f"more than {MOST_UNREAD} residues" in sections["What was not read"]
