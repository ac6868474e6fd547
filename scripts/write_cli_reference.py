"""Write docs/reference/command-line.md from the commands' own help.

python scripts/write_cli_reference.py          writes it
python scripts/write_cli_reference.py --check  fails if it is stale
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bactrian.cli import bactrian

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "command-line.md"
WIDTH = 100
HEAD = """# Command line

What every command says with `--help`. This page is written by `scripts/write_cli_reference.py`.
"""


def walk_commands(command: click.Command, parent: click.Context | None, name: str) -> Iterator[click.Context]:
    """Yield the context of a command and of all below it, in the order of their lists.

    Args:
        command: Where to start.
        parent: Context of the group it stands in.
        name: Its name there.

    Yields:
        Contexts that know their command's path.
    """
    settings = {"terminal_width": WIDTH, "max_content_width": WIDTH, **command.context_settings}
    context = command.context_class(command, info_name=name, parent=parent, **settings)
    yield context
    if isinstance(command, click.Group):
        for word in command.list_commands(context):
            below = command.get_command(context, word)
            if below is not None and not below.hidden:
                yield from walk_commands(below, context, word)


def render_reference() -> str:
    """Give the page's text."""
    parts = [HEAD]
    for context in walk_commands(bactrian, None, "bactrian"):
        text = "\n".join(line.rstrip() for line in context.command.get_help(context).splitlines())
        parts.append(f"## `{context.command_path}`\n\n```text\n{text}\n```\n")
    return "\n".join(parts)


def main(words: list[str]) -> int:
    """Write the page, or with `--check` only compare it; give the exit code."""
    text = render_reference()
    if "--check" not in words:
        PAGE.write_text(text, encoding="utf-8")
    elif PAGE.read_text(encoding="utf-8") != text:
        print(f"{PAGE.name} is stale. Run: python scripts/write_cli_reference.py", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
