"""What runs, how far, how long still: on standard error, a bar for a person and lines for a file."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from types import TracebackType

    from rich.progress import TaskID

SECONDS_BETWEEN_LINES = 10.0


class Progress(Protocol):
    """What long work tells about itself."""

    def start(self, title: str, total: int) -> None:
        """Begin a part of the work with `total` pieces."""

    def advance(self, *, found: bool = False) -> None:
        """Tell that one piece is finished, or was found finished."""

    def say(self, sentence: str) -> None:
        """Tell one sentence that stays on the screen."""


class Silence:
    """Progress that nobody wants to see."""

    def start(self, title: str, total: int) -> None:
        """Say nothing."""

    def advance(self, *, found: bool = False) -> None:
        """Say nothing."""

    def say(self, sentence: str) -> None:
        """Say nothing."""


class TerminalProgress:
    """Progress on standard error: a moving bar on a terminal, a line now and then elsewhere.

    Args:
        quiet: Say nothing but the sentences.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        from rich.console import Console  # noqa: PLC0415 - keeps `--help` fast
        from rich.progress import (  # noqa: PLC0415
            BarColumn,
            MofNCompleteColumn,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )
        from rich.progress import Progress as Bars  # noqa: PLC0415

        self._console = Console(stderr=True, highlight=False)
        self._quiet = quiet
        self._moving = self._console.is_terminal and not quiet
        self._bars = Bars(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=self._console,
            disable=not self._moving,
        )
        self._task: TaskID | None = None
        self._title = ""
        self._total = self._done = self._found = 0
        self._spoken = 0.0

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def start(self, title: str, total: int) -> None:
        """Begin a part of the work with `total` pieces."""
        self._title, self._total, self._done, self._found = title, total, 0, 0
        self._spoken = time.monotonic()
        self._task = self._bars.add_task(title, total=total)

    def advance(self, *, found: bool = False) -> None:
        """Tell that one piece is finished, or was found finished."""
        self._done += 1
        self._found += found
        if self._task is not None:
            self._bars.update(self._task, advance=1)
        finished = self._done == self._total
        late = time.monotonic() - self._spoken > SECONDS_BETWEEN_LINES
        if not self._moving and not self._quiet and (finished or late):
            self._spoken = time.monotonic()
            found_words = f", {self._found} found finished" if self._found else ""
            sys.stderr.write(f"{self._title}: {self._done} of {self._total}{found_words}\n")
            sys.stderr.flush()

    def say(self, sentence: str) -> None:
        """Tell one sentence that stays on the screen."""
        self._console.print(sentence, soft_wrap=True, markup=False)
