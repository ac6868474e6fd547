"""The table of liabilities: motifs of chemical and biological risk, and what each weighs where.

The table is data (`liabilities.toml`): a file of the user's own can take its place.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from bactrian.assays.motifs import Motif, parse_motif
from bactrian.assays.scales import fingerprint
from bactrian.core.errors import InputError, InputErrors, Where

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Severity = Literal["high", "medium", "low", "none"]
Place = Literal["anywhere", "n-terminus", "free cysteine", "paired cysteine"]
Side = Literal["cdr", "vernier", "fr"]

DEFAULT: Final = "liabilities.toml"

_KEYS: Final = {"name", "kind", "motif", "where", "cdr", "vernier", "fr", "source"}
_OPTIONAL: Final = {"note", "except"}


@dataclass(frozen=True, slots=True)
class Liability:
    """One motif and what it weighs.

    Args:
        name: What it is called.
        kind: Word for the change it may undergo, such as deamidation.
        motif: The motif.
        where: Where it counts at all.
        cdr: Severity in a CDR.
        vernier: Severity at a framework position that carries the CDRs.
        fr: Severity elsewhere in the frameworks.
        source: Where the motif comes from.
        note: What else to know.
        exceptions: IMGT positions where it does not count.
    """

    name: str
    kind: str
    motif: Motif
    where: Place
    cdr: Severity
    vernier: Severity
    fr: Severity
    source: str
    note: str = ""
    exceptions: frozenset[str] = frozenset()

    def weigh(self, side: Side) -> Severity:
        """Give the severity on one side."""
        severity: Severity = getattr(self, side)
        return severity


@dataclass(frozen=True, slots=True)
class LiabilityTable:
    """Motifs with the version of their data.

    Args:
        liabilities: The motifs in the order of the file.
        version: The version that the file states, and a fingerprint of what it says: the second changes
            with every edit.
        file: Where they were read.
    """

    liabilities: tuple[Liability, ...]
    version: str
    file: str


def load_liabilities(path: str | Path | None = None) -> LiabilityTable:
    """Read a table of liabilities.

    Args:
        path: A TOML file in the form of the package's `liabilities.toml`; that one without a path.

    Returns:
        The table.

    Raises:
        InputError: The file is absent, no TOML, or not in that form; all mistakes are named together.
    """
    if path is None:
        text = resources.files(__package__).joinpath(DEFAULT).read_text(encoding="utf-8")
        return read_liabilities(text, file=DEFAULT)
    path = Path(path)
    where = Where(file=str(path))
    if not path.is_file():
        message = "there is no such file. Check the path."
        raise InputError(message, where)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        message = "the file is not text. Expected a TOML file of liabilities."
        raise InputError(message, where) from error
    return read_liabilities(text, file=str(path))


def read_liabilities(text: str, *, file: str) -> LiabilityTable:
    """Read the text of a table of liabilities; see `load_liabilities`."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = f"the file is not TOML ({error}). Expected a table in the form of {DEFAULT}."
        raise InputError(message, Where(file=file)) from error
    version = document.get("version")
    if not isinstance(version, str) or not version:
        message = f"'{version}' is not a version. Begin the file with a line such as version = \"1\"."
        raise InputError(message, Where(file=file))
    entries = document.get("liability")
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
        message = "the file holds no liability. Begin each with a line [[liability]]."
        raise InputError(message, Where(file=file))
    unknown = sorted(set(document) - {"version", "liability"})
    if unknown:
        message = f"'{unknown[0]}' is no key of the file. Expected version and [[liability]] tables."
        raise InputError(message, Where(file=file))
    errors: list[InputError] = []
    liabilities: list[Liability] = []
    for number, entry in enumerate(entries, start=1):
        where = Where(file=file, record=number)
        problems = list(_find_problems(entry))
        if any(entry.get("name") == earlier.name for earlier in liabilities):
            problems.append(f"the name '{entry['name']}' stands twice. Give each liability its own.")
        if problems:
            errors += [InputError(problem, where) for problem in problems]
        else:
            liabilities.append(_make_liability(entry))
    if errors:
        raise errors[0] if len(errors) == 1 else InputErrors(errors)
    meaning = [sorted((key, str(value)) for key, value in entry.items()) for entry in entries]
    return LiabilityTable(tuple(liabilities), f"{version}-{fingerprint(meaning)}", file)


def _find_problems(entry: Mapping[str, Any]) -> Iterator[str]:
    """Say what is wrong with one liability of a file."""
    missing = sorted(_KEYS - set(entry))
    if missing:
        yield f"the key '{missing[0]}' is missing. Every liability has {', '.join(sorted(_KEYS))}."
    for key in sorted(set(entry) - _KEYS - _OPTIONAL):
        yield f"'{key}' is no key of a liability. Use {', '.join(sorted(_KEYS | _OPTIONAL))}."
    for key in sorted((_KEYS | {"note"}) & set(entry)):
        if not isinstance(entry[key], str) or (key != "note" and not entry[key]):
            yield f"the {key} '{entry[key]}' is not a text. Write it in quotes."
            return
    if "motif" in entry:
        try:
            parse_motif(entry["motif"])
        except ValueError as error:
            yield (
                f"'{entry['motif']}' is not a motif: {error}. Write one-letter codes, with '.' for any "
                "residue, [ST] for one of these, [^P] for none of these, | for or."
            )
    if "where" in entry and entry["where"] not in get_args(Place):
        yield f"'{entry['where']}' is no place. Write one of {', '.join(get_args(Place))}."
    for side in get_args(Side):
        if side in entry and entry[side] not in get_args(Severity):
            yield f"'{entry[side]}' for {side} is no severity. Write one of {', '.join(get_args(Severity))}."
    exceptions = entry.get("except", [])
    if not isinstance(exceptions, list) or not all(_is_label(label) for label in exceptions):
        yield f'\'{exceptions}\' for except is no list of IMGT positions. Write one such as ["41", "111A"].'


def _is_label(label: object) -> bool:
    if not isinstance(label, str):
        return False
    digits = label.rstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return digits.isdecimal() and 1 <= int(digits) <= 128


def _make_liability(entry: Mapping[str, Any]) -> Liability:
    return Liability(
        name=entry["name"],
        kind=entry["kind"],
        motif=parse_motif(entry["motif"]),
        where=entry["where"],
        cdr=entry["cdr"],
        vernier=entry["vernier"],
        fr=entry["fr"],
        source=entry["source"],
        note=entry.get("note", ""),
        exceptions=frozenset(entry.get("except", ())),
    )
