from __future__ import annotations

import sys

import click
import pytest

from bactrian import __version__
from bactrian.cli import bactrian, main
from bactrian.core.errors import CheckFailedError, InputError, Where
from bactrian.core.rooms import find_rooms


def raise_input_error() -> None:
    msg = "'R3b' is not a round. Write a whole number from 0."
    raise InputError(msg, Where(file="samples.csv", row=14, column="round"))


def raise_check_failed() -> None:
    msg = "the chain is broken."
    raise CheckFailedError(msg)


def raise_bug() -> None:
    msg = "surprise"
    raise ValueError(msg)


def interrupt() -> None:
    raise KeyboardInterrupt


def misuse() -> None:
    msg = "--out is missing"
    raise click.UsageError(msg)


@pytest.mark.parametrize(
    ("callback", "code", "words"),
    [
        (lambda: None, 0, ""),
        (
            raise_input_error,
            1,
            "samples.csv, row 14, column 'round': 'R3b' is not a round. Write a whole number from 0.\n",
        ),
        (misuse, 2, "--out is missing"),
        (raise_check_failed, 3, "the chain is broken.\n"),
        (raise_bug, 70, "This is a bug in Bactrian, not in your input. Report it with the lines above."),
        (
            interrupt,
            130,
            "Interrupted. A screen keeps what was finished; the same command goes on from there.",
        ),
    ],
    ids=["done", "bad-input", "usage", "check-failed", "bug", "interrupted"],
)
def test_exit_codes(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    callback: object,
    code: int,
    words: str,
) -> None:
    command = click.Command("try", callback=callback)  # type: ignore[arg-type]
    monkeypatch.setattr(type(bactrian), "get_command", lambda *_: command)
    assert main(["try"]) == code
    out, err = capsys.readouterr()
    assert words in err
    assert out == ""


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"bactrian, version {__version__}\n"


def test_help_lists_every_announced_command_and_loads_none(capsys: pytest.CaptureFixture[str]) -> None:
    loaded = set(sys.modules)
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    for room in find_rooms():
        for command in room.commands:
            assert f"  {command.name} " in out
            assert command.target.partition(":")[0] not in set(sys.modules) - loaded


def test_every_announced_command_loads() -> None:
    for room in find_rooms():
        for command in room.commands:
            assert isinstance(command.load(), click.Command)


def test_unknown_command_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sreen"]) == 2
    assert "No such command 'sreen'" in capsys.readouterr().err
