"""What goes wrong, said in one sentence: found, where, expected, what to do.

Every error a person can meet derives from `BactrianError`; the command line prints its text and
uses its `exit_code`. Anything else that escapes is a bug of ours and says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Where:
    """A place in somebody's input: `sheet.csv, row 14, column 'round'`.

    Args:
        file: File name as the user wrote it.
        sheet: Sheet of a workbook.
        row: Row as a spreadsheet shows it (the header is row 1).
        column: Column name.
        record: Record of a sequence file, counted from 1.
        line: Line of a text file, counted from 1.
    """

    file: str | None = None
    sheet: str | None = None
    row: int | None = None
    column: str | None = None
    record: int | None = None
    line: int | None = None

    def __str__(self) -> str:
        parts = [self.file] if self.file else []
        if self.sheet:
            parts.append(f"sheet '{self.sheet}'")
        if self.row is not None:
            parts.append(f"row {self.row}")
        if self.record is not None:
            parts.append(f"record {self.record}")
        if self.line is not None:
            parts.append(f"line {self.line}")
        if self.column is not None:
            parts.append(f"column '{self.column}'")
        return ", ".join(parts)


class BactrianError(Exception):
    """Base of every error a person can meet.

    Args:
        message: What was found, what was expected and what to do, as sentences.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return self.message


class InputError(BactrianError):
    """The input is wrong and the user can mend it.

    Args:
        message: Sentence without the place.
        where: The place, put before the sentence.
    """

    def __init__(self, message: str, where: Where | None = None) -> None:
        super().__init__(message)
        self.where = where

    def __str__(self) -> str:
        place = str(self.where) if self.where else ""
        return f"{place}: {self.message}" if place else self.message

    def __reduce__(self) -> tuple[type[InputError], tuple[str, Where | None]]:
        return type(self), (self.message, self.where)


class InputErrors(InputError):  # noqa: N818 - it stands for several errors
    """Several mistakes of one input, found together so that they can be mended together.

    Args:
        errors: The single errors, in the order of the input.
    """

    def __init__(self, errors: list[InputError]) -> None:
        super().__init__("\n".join(str(error) for error in errors))
        self.errors = errors

    def __reduce__(self) -> tuple[type[InputErrors], tuple[list[InputError]]]:  # type: ignore[override]
        return type(self), (self.errors,)


class NotFoundError(BactrianError):
    """What was asked for does not exist."""


class NotAllowedError(BactrianError):
    """The person or the state does not allow it."""


class ConflictError(BactrianError):
    """Something changed meanwhile, or is in use."""


class ExternalError(BactrianError):
    """A program or service outside Bactrian failed."""


class CheckFailedError(BactrianError):
    """A check ran to its end and its answer is no."""

    exit_code: ClassVar[int] = 3
