"""Sanger reads: bases and qualities of an .ab1 (ABIF) file, and the stretch of them worth keeping."""

from __future__ import annotations

import struct
from dataclasses import dataclass

TRIM_ERROR = 0.05
"""Error probability at which Mott trimming of a Sanger read breaks even: phred's own default."""

_ENTRY = struct.Struct(">4siHHIII")
_ENTRY_SIZE = 28
_INLINE = 4


@dataclass(frozen=True, slots=True)
class SangerRead:
    """Base calls of a Sanger read.

    Args:
        bases: Called bases.
        qualities: Phred quality of each base.
    """

    bases: str
    qualities: tuple[int, ...]


def parse_ab1(content: bytes) -> SangerRead:
    """Read base calls and qualities of an ABIF file.

    The calls of the base caller (PBAS2, PCON2) are taken; where a program kept only the edited ones
    (PBAS1, PCON1), those.

    Args:
        content: The whole file.

    Returns:
        Bases and qualities.

    Raises:
        ValueError: The file is cut off, or has no bases with one quality each.

    References:
        Applied Biosystems Genetic Analysis Data File Format, 2009.
    """
    if not content.startswith(b"ABIF"):
        message = "it does not begin with ABIF"
        raise ValueError(message)
    found: dict[tuple[bytes, int], bytes] = {}
    try:
        _, _, _, _, n_entries, _, place = _ENTRY.unpack_from(content, 6)
        for start in range(place, place + _ENTRY_SIZE * n_entries, _ENTRY_SIZE):
            name, number, _, _, _, size, where = _ENTRY.unpack_from(content, start)
            begin = start + 20 if size <= _INLINE else where
            found[name, number] = content[begin : begin + size]
    except struct.error as error:
        message = "it is cut off"
        raise ValueError(message) from error
    for number in (2, 1):
        bases, qualities = found.get((b"PBAS", number)), found.get((b"PCON", number))
        if bases and qualities is not None and len(bases) == len(qualities):
            return SangerRead(bases.decode("ascii", errors="replace"), tuple(qualities))
    message = "it holds no bases with one quality each"
    raise ValueError(message)


def trim_qualities(qualities: tuple[int, ...], *, error: float = TRIM_ERROR) -> tuple[int, int]:
    """Find the stretch of a Sanger read worth keeping, by Mott's rule.

    Args:
        qualities: Phred quality of each base.
        error: Error probability at which a base neither adds nor costs.

    Returns:
        Start and end, half open: the stretch with the largest sum of `error` less the error
        probability; (0, 0) where no base is good enough.

    References:
        Phred documentation, option trim_alt (R. Mott).

    Examples:
        >>> trim_qualities((5, 5, 40, 40, 40, 5, 5))
        (2, 5)
    """
    best, best_span = 0.0, (0, 0)
    running, start = 0.0, 0
    for place, quality in enumerate(qualities):
        running += error - 10 ** (-quality / 10)
        if running < 0:
            running, start = 0.0, place + 1
        elif running > best:
            best, best_span = running, (start, place + 1)
    return best_span
