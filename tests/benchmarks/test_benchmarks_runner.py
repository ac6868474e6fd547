"""The runner of proofs writes dated pages, and says what was missed and what could not run."""

from __future__ import annotations

import platform
import sys
from types import ModuleType
from typing import TYPE_CHECKING

import benchmarks.__main__ as runner
import pytest

from benchmarks import NotHereError, TargetMissedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def give_markdown() -> str:
    return "| a | b |"


def miss_target() -> str:
    raise TargetMissedError("| a | c |", "a is 1 and should be 2.")


def lack_data() -> str:
    msg = "the folder ../shared/data is not beside this checkout."
    raise NotHereError(msg)


@pytest.fixture
def add_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], str]], None]:
    """Put a proof named `trial` where the runner finds it; its page goes to a temporary folder."""

    def add(main: Callable[[], str]) -> None:
        module = ModuleType("benchmarks.prove_trial", "What a trial proves.\n\nMore words.")
        module.main = main  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "benchmarks.prove_trial", module)
        monkeypatch.setattr(runner, "FOLDER", tmp_path / "benchmarks")
        monkeypatch.setattr(runner, "RESULTS", tmp_path / "results")
        (tmp_path / "benchmarks").mkdir()
        (tmp_path / "benchmarks" / "prove_trial.py").touch()

    return add


def test_a_result_stands_on_a_dated_page(
    add_module: Callable[[Callable[[], str]], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add_module(give_markdown)
    assert runner.main(["prove"]) == 0
    lines = (tmp_path / "results" / "trial.md").read_text().splitlines()
    assert lines[0] == "# What a trial proves"
    assert lines[2][:2] == "20"
    assert f"Bactrian {runner.__version__}" in lines[2]
    assert lines[-1] == "| a | b |"
    assert capsys.readouterr().out == "prove_trial: met; results/trial.md\n"


def test_a_missed_target_is_written_and_fails(
    add_module: Callable[[Callable[[], str]], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add_module(miss_target)
    assert runner.main(["prove", "trial"]) == 3
    page = (tmp_path / "results" / "trial.md").read_text()
    assert "**Missed:** a is 1 and should be 2." in page
    assert page.endswith("| a | c |\n")


def test_what_cannot_run_leaves_its_page_alone(
    add_module: Callable[[Callable[[], str]], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add_module(lack_data)
    assert runner.main(["prove"]) == 0
    assert not (tmp_path / "results").exists()
    assert "prove_trial: not run: the folder" in capsys.readouterr().out


def test_an_unknown_name_is_wrong_usage(
    add_module: Callable[[Callable[[], str]], None], capsys: pytest.CaptureFixture[str]
) -> None:
    add_module(give_markdown)
    assert runner.main(["prove", "triall"]) == 2
    assert capsys.readouterr().err == "There is no prove 'triall'. There are: trial.\n"
    assert runner.main([]) == 2


def test_the_machine_is_described_without_its_name() -> None:
    words = runner.describe_machine()
    assert "cores of" in words
    assert platform.node() not in words.split()
