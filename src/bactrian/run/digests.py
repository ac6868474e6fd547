"""What a file or a setting is: a short name of its content, the same on every machine."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from bactrian.core.tables import atomic_path

DIGEST_LENGTH = 32
CODE = (".py", ".json")


def digest_values(*values: Any) -> str:
    """Give the digest of settings: plain values, frozen dataclasses, mappings, sequences, paths.

    Args:
        *values: What to name. The order of a mapping's keys does not matter.

    Returns:
        32 hexadecimal digits.

    Raises:
        TypeError: If a value has no canonical form.

    Examples:
        >>> digest_values({"a": 1, "b": 2}) == digest_values({"b": 2, "a": 1})
        True
    """
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), default=_as_plain)
    return hashlib.blake2b(text.encode(), digest_size=DIGEST_LENGTH // 2).hexdigest()


def _as_plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        return {"": type(value).__name__, **fields}
    if isinstance(value, Path):
        return str(value)
    msg = f"{type(value).__name__} has no canonical form for a digest"
    raise TypeError(msg)


@cache
def digest_package(package: str) -> str:
    """Give the digest of a package's code and tables: a changed method is never taken for the old one.

    Args:
        package: Its import name.
    """
    (root,) = import_module(package).__path__
    digest = hashlib.blake2b(digest_size=DIGEST_LENGTH // 2)
    for path in sorted(Path(root).rglob("*")):
        if path.suffix in CODE:
            digest.update(path.relative_to(root).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


class FileDigests:
    """Digests of file contents, remembered by size and time so that a big file is read once.

    Args:
        memory: JSON file that keeps what is known between runs.
    """

    def __init__(self, memory: Path) -> None:
        self._memory = memory
        self._known: dict[str, tuple[int, int, str]] = {}
        if memory.is_file():
            try:
                self._known = {key: tuple(entry) for key, entry in json.loads(memory.read_text()).items()}
            except (ValueError, TypeError, AttributeError):
                self._known = {}

    def digest(self, path: Path) -> str:
        """Give the digest of a file's bytes.

        Raises:
            OSError: If the file cannot be read.
        """
        status = path.stat()
        key = str(path.resolve())
        known = self._known.get(key)
        if known and known[0] == status.st_size and known[1] == status.st_mtime_ns:
            return known[2]
        with path.open("rb") as stream:
            value = hashlib.file_digest(stream, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
        self._known[key] = (status.st_size, status.st_mtime_ns, value)
        return value

    def save(self) -> None:
        """Write what is known for the next run."""
        with atomic_path(self._memory) as temporary:
            temporary.write_text(json.dumps(self._known, sort_keys=True, indent=0))
