"""The command line's page says what the commands say."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from bactrian.cli import bactrian

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def writer() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "write_cli_reference", ROOT / "scripts" / "write_cli_reference.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_reference_is_what_the_commands_say() -> None:
    # In a process of its own: Click remembers the help option under which a command was first called.
    script = ROOT / "scripts" / "write_cli_reference.py"
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_command_and_option_says_what_it_does(writer: ModuleType) -> None:
    silent = []
    for context in writer.walk_commands(bactrian, None, "bactrian"):
        if not (context.command.help or "").strip():
            silent.append(context.command_path)
        for param in context.command.params:
            if isinstance(param, click.Option) and not param.hidden and not (param.help or "").strip():
                silent.append(f"{context.command_path} {param.opts[0]}")
    assert silent == []


def test_every_command_stands_in_a_page_written_for_people(writer: ModuleType) -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages if page != writer.PAGE)
    paths = [
        context.command_path
        for context in writer.walk_commands(bactrian, None, "bactrian")
        if not isinstance(context.command, click.Group)
    ]
    assert [path for path in paths if path not in text] == []
