"""Pieces of work keyed by their content: done once, found again, whole or absent.

A stage is a module-level task that fills a folder. The folder's name holds the digest of all that
the result depends on, so a changed input or setting makes another folder and everything else is
found as it was. A task works in a temporary folder that takes its name in one rename at the end.
"""

from __future__ import annotations

import fcntl
import glob
import os
import shutil
from concurrent.futures import FIRST_COMPLETED as ANY_DONE
from concurrent.futures import Executor, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any
from uuid import uuid4

from bactrian.core.errors import BactrianError, ConflictError, ExternalError, InputError, Where
from bactrian.run.progress import Silence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from bactrian.run.progress import Progress

TEMPORARY = ".part-"
# One may go back to the settings of before, and once more, without waiting again.
KEPT_RESULTS = 3


@dataclass(frozen=True, slots=True)
class Stage:
    """One piece of work.

    Args:
        name: What is done ("reads"), the name of the folder of all its results.
        label: To what ("03-A2"); unique within `name`.
        key: Digest of everything that the result depends on.
        task: Module-level function called as `task(folder, *arguments)`; fills the folder.
        arguments: Paths and small frozen objects.
    """

    name: str
    label: str
    key: str
    task: Callable[..., None]
    arguments: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a stage: its folder, or the error of its input.

    Args:
        stage: The stage.
        folder: Where its files stand; None after an error.
        error: Why it has none.
        found: Whether an earlier run had finished it.
    """

    stage: Stage
    folder: Path | None
    error: BactrianError | None
    found: bool


class StageStore:
    """The finished stages of one working folder.

    Args:
        root: Folder of the store; made when needed.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Hold the store for this run alone, and clear what a killed run left half-done.

        Raises:
            InputError: If the folder cannot be made or written to.
            ConflictError: If another run holds it.
        """
        with self._open_lock() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                msg = (
                    f"{self.root.parent}: another run is writing here. Wait for it, or choose another folder."
                )
                raise ConflictError(msg) from error
            self._clear_half_done()
            try:
                yield
            finally:
                self._clear_half_done()

    def _open_lock(self) -> IO[str]:
        """Make the store's folder and open its lock file."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            return (self.root / "lock").open("w")
        except OSError as error:
            reason = (error.strerror or "unknown reason").lower()
            msg = f"nothing can be written here ({reason}). Name a folder that you may write to."
            raise InputError(msg, Where(file=str(self.root.parent))) from error

    def folder(self, stage: Stage) -> Path:
        """Give the folder in which a stage's files stand once it is finished."""
        return self.root / stage.name / f"{stage.label}-{stage.key}"

    def is_done(self, stage: Stage) -> bool:
        """Say whether a stage is finished."""
        return self.folder(stage).is_dir()

    def run(
        self,
        stages: Sequence[Stage],
        executor: Executor,
        *,
        progress: Progress | None = None,
        keep_going: bool = False,
    ) -> list[Outcome]:
        """Finish stages, redoing none that is done.

        Args:
            stages: What to do; in any order, as they do not depend on each other.
            executor: Where to do it.
            progress: Told of every stage that ends.
            keep_going: Let the other stages finish when one fails on its input.

        Returns:
            One outcome per stage, in the order of `stages`.

        Raises:
            BactrianError: The first error of a stage's input, unless `keep_going`.
        """
        progress = progress or Silence()
        outcomes: dict[int, Outcome] = {}
        waiting: dict[Future[None], int] = {}
        for index, stage in enumerate(stages):
            if self.is_done(stage):
                outcomes[index] = Outcome(stage, self.folder(stage), None, found=True)
                progress.advance(found=True)
        try:
            todo = iter([index for index in range(len(stages)) if index not in outcomes])
            slots = 2 * (getattr(executor, "_max_workers", 1) or 1)
            exhausted = False
            while not exhausted or waiting:
                while not exhausted and len(waiting) < slots:
                    following = next(todo, None)
                    if following is None:
                        exhausted = True
                        break
                    stage = stages[following]
                    waiting[executor.submit(_fill, stage, self.folder(stage))] = following
                if not waiting:
                    break
                for future in sorted(wait(waiting, return_when=ANY_DONE).done, key=waiting.__getitem__):
                    index = waiting.pop(future)
                    outcomes[index] = self._outcome(stages[index], future, keep_going=keep_going)
                    progress.advance()
        except BaseException:
            for future in waiting:
                future.cancel()
            raise
        return [outcomes[index] for index in range(len(stages))]

    def sweep(self, stages: Sequence[Stage], *, keep: int = KEPT_RESULTS) -> None:
        """Remove old results of `stages`, made with other settings or inputs; other labels stay.

        Args:
            stages: What the last run used.
            keep: Results kept for each name and label, those used last first.
        """
        for stage in stages:
            used = self.folder(stage)
            if used.is_dir():
                os.utime(used)
            results = [
                folder
                for folder in used.parent.glob(f"{glob.escape(stage.label)}-*")
                if len(folder.name) == len(used.name)
            ]
            results.sort(key=lambda folder: (folder == used, folder.stat().st_mtime_ns), reverse=True)
            for folder in results[keep:]:
                _remove(folder)

    def _outcome(self, stage: Stage, future: Future[None], *, keep_going: bool) -> Outcome:
        try:
            future.result()
        except BactrianError as error:
            if not keep_going:
                raise
            return Outcome(stage, None, error, found=False)
        except BrokenProcessPool as error:
            msg = (
                f"{stage.label}: the system ended a worker process, most likely for want of memory. "
                "Run the same command again with fewer --workers."
            )
            raise ExternalError(msg) from error
        return Outcome(stage, self.folder(stage), None, found=False)

    def _clear_half_done(self) -> None:
        for folder in self.root.glob(f"*/{TEMPORARY}*"):
            shutil.rmtree(folder, ignore_errors=True)


def _fill(stage: Stage, folder: Path) -> None:
    """Run a task in a temporary folder and give it its name at the end."""
    temporary = folder.parent / f"{TEMPORARY}{uuid4().hex}"
    temporary.mkdir(parents=True)
    try:
        stage.task(temporary, *stage.arguments)
        os.replace(temporary, folder)  # noqa: PTH105 - one rename, atomic
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _remove(folder: Path) -> None:
    """Take a finished folder away: out of sight by one rename first, then file by file."""
    hidden = folder.parent / f"{TEMPORARY}{uuid4().hex}"
    folder.rename(hidden)
    shutil.rmtree(hidden, ignore_errors=True)
