"""The code blocks of the README and of every page run, and commands print what the page shows.

Blocks run in the order of the page, in one folder; ```python blocks share one namespace. In ```console
blocks the lines that start with `$ bactrian` are run; what stands below them is their standard output, where
`…` stands for anything within a line, and a line of `…` for any lines. They end with exit code 0, or with the
one that the line names: `# exit code 1`.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import pytest

from bactrian.cli import main

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```(python|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = [
    ROOT / "README.md",
    *sorted(page for page in (ROOT / "docs").rglob("*.md") if not {"_build", "results"} & set(page.parts)),
]


@dataclass(frozen=True)
class Block:
    language: str
    text: str
    line: int


@dataclass(frozen=True)
class Command:
    words: tuple[str, ...]
    output: str
    code: int = 0


def find_blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [
        Block(match[1], match[2], text[: match.start()].count("\n") + 2) for match in FENCE.finditer(text)
    ]


def split_commands(text: str) -> list[Command]:
    """Give the `$ bactrian` commands of a console block with the output shown."""
    commands = []
    for part in re.split(r"^\$ ", text.replace("\\\n", " "), flags=re.MULTILINE)[1:]:
        line, _, output = part.partition("\n")
        words = shlex.split(line, comments=True)
        if words[:1] == ["bactrian"]:
            code = re.search(r"# exit code (\d+)$", line)
            commands.append(Command(tuple(words[1:]), output.strip("\n"), int(code[1]) if code else 0))
    return commands


def compile_output(shown: str) -> re.Pattern[str]:
    """Make the pattern that a shown output stands for."""
    lines = []
    for line in shown.splitlines():
        if line.strip() == "…":
            lines.append(r"(?:.*\n)*?")
        else:
            lines.append(".*".join(re.escape(piece) for piece in line.rstrip().split("…")) + r"[ ]*\n")
    return re.compile("".join(lines))


def run_console(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    for command in split_commands(text):
        capsys.readouterr()
        code = main(command.words)
        out, err = capsys.readouterr()
        assert code == command.code, f"$ bactrian {shlex.join(command.words)}\n{err}"
        if command.output:
            pattern = compile_output(command.output)
            assert pattern.fullmatch(out.rstrip("\n") + "\n"), f"shown:\n{command.output}\n\nprinted:\n{out}"


@pytest.mark.parametrize(
    "page", [page for page in PAGES if find_blocks(page)], ids=lambda page: str(page.relative_to(ROOT))
)
def test_code_blocks_run(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {"__name__": "page"}
    for block in find_blocks(page):
        if block.language == "python":
            code = compile("\n" * (block.line - 1) + block.text, str(page), "exec")
            exec(code, namespace)
        else:
            run_console(block.text, capsys)


def test_shown_output_is_compared() -> None:
    assert compile_output("a … c\n…\nz").fullmatch("a b c\n1\n2\nz\n")
    assert compile_output("a\n…").fullmatch("a\n")
    assert not compile_output("a … c").fullmatch("a b d\n")
    assert not compile_output("a.c").fullmatch("abc\n")


def test_console_blocks_are_split_into_commands() -> None:
    text = (
        "$ cd x\n$ bactrian screen s.csv \\\n  --out d  # why\nline 1\nline 2\n$ bactrian --help\n"
        "$ bactrian screen check s.csv  # exit code 1\n"
    )
    assert split_commands(text) == [
        Command(("screen", "s.csv", "--out", "d"), "line 1\nline 2"),
        Command(("--help",), ""),
        Command(("screen", "check", "s.csv"), "", 1),
    ]


def test_links_between_pages_lead_somewhere() -> None:
    lost = []
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
            if "://" not in target and not (page.parent / target).exists():
                lost.append(f"{page.relative_to(ROOT)}: {target}")
    assert lost == []


def test_pages_need_no_network() -> None:
    # TeX would be drawn by a script from the network: formulas are written in Unicode.
    texts = {
        page: re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
        for page in PAGES
    }
    assert [page.name for page, text in texts.items() if "$" in text] == []


def test_change_notes_are_well_formed() -> None:
    wrong = [
        note.name
        for note in (ROOT / "changes").iterdir()
        if not re.fullmatch(r"[a-z0-9-]+\.(added|changed|fixed)\.md", note.name)
        or not note.read_text(encoding="utf-8").strip().endswith(".")
    ]
    assert wrong == []
