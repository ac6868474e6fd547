"""What a room announces of itself, and how the doors find the rooms.

A room is found through the entry-point group `bactrian.rooms`, one of ours and one of somebody
else's package alike. An announcement names its commands as text, so that nothing heavy is imported
before a command is called.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from bactrian.core.errors import ConflictError

GROUP = "bactrian.rooms"


@dataclass(frozen=True, slots=True)
class CommandAnnouncement:
    """A command of a room.

    Args:
        name: The word on the command line.
        target: Where the Click command stands, as "module:attribute".
        summary: One line for the list of commands.
    """

    name: str
    target: str
    summary: str

    def load(self) -> Any:
        """Import the command."""
        module, _, attribute = self.target.partition(":")
        return getattr(import_module(module), attribute)


@dataclass(frozen=True, slots=True)
class Room:
    """What a room announces.

    Args:
        name: The room's name.
        commands: Its commands, in the order of the list.
    """

    name: str
    commands: tuple[CommandAnnouncement, ...] = ()


def find_rooms() -> tuple[Room, ...]:
    """Give the installed rooms, ours first, each in the order of its name.

    Raises:
        ConflictError: If two rooms announce a command of the same name.
    """
    points = sorted(
        entry_points(group=GROUP), key=lambda point: (not point.value.startswith("bactrian."), point.name)
    )
    rooms = tuple(point.load() for point in points)
    owners: dict[str, str] = {}
    for room in rooms:
        for command in room.commands:
            if command.name in owners:
                msg = (
                    f"the rooms '{owners[command.name]}' and '{room.name}' both announce the command "
                    f"'{command.name}'. Remove one of the two packages."
                )
                raise ConflictError(msg)
            owners[command.name] = room.name
    return rooms
