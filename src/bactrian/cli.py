"""The root command: finds the rooms' commands and loads one only when it is called.

Exit codes: 0 done, 1 bad input, 2 wrong usage, 3 a check said no, 70 a bug of ours, 130 interrupted.
"""

from __future__ import annotations

import sys
import traceback
from typing import TYPE_CHECKING, NoReturn

import click

from bactrian import __version__
from bactrian.core.errors import BactrianError
from bactrian.core.rooms import CommandAnnouncement, find_rooms

if TYPE_CHECKING:
    from collections.abc import Sequence

EXIT_BUG = 70
EXIT_INTERRUPTED = 130


class RoomGroup(click.Group):
    """A group whose commands are announced by the rooms."""

    def _announced(self) -> dict[str, CommandAnnouncement]:
        return {command.name: command for room in find_rooms() for command in room.commands}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the commands' names in the order in which the rooms announce them."""
        return list(self._announced())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command when it is called."""
        announced = self._announced().get(cmd_name)
        if announced is None:
            return None
        command: click.Command = announced.load()
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without loading any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.summary) for name, command in self._announced().items()])


@click.group(
    cls=RoomGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done, 1 bad input, 2 wrong usage, 3 a check said no, 70 a bug, 130 interrupted.",
)
@click.version_option(__version__, prog_name="bactrian")
def bactrian() -> None:
    """Turn the reads of a VHH (nanobody) panning into clonotype counts one may trust."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and give its exit code.

    Args:
        arguments: Words after the program's name; default: those of this process.
    """
    try:
        result = bactrian.main(
            args=None if arguments is None else list(arguments), prog_name="bactrian", standalone_mode=False
        )
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except BactrianError as error:
        click.echo(str(error), err=True)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        message = "Interrupted. A screen keeps what was finished; the same command goes on from there."
        click.echo(message, err=True)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        sys.stdout = None
        return 0
    except Exception:  # noqa: BLE001 - whatever else escapes is a bug, and says so
        click.echo(traceback.format_exc(), err=True)
        click.echo("This is a bug in Bactrian, not in your input. Report it with the lines above.", err=True)
        return EXIT_BUG
    return result if isinstance(result, int) else 0


def run() -> NoReturn:
    """Run this process's command line and leave."""
    sys.exit(main())
