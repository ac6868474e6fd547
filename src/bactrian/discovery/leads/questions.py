"""Which unit a person means: a key, a clonotype, a CDR3, a whole sequence, or the number of a pick."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from bactrian.core.errors import InputError
from bactrian.discovery.leads.distances import find_nearest
from bactrian.discovery.sequences import NUCLEOTIDE_LETTERS, PROTEIN_LETTERS
from bactrian.discovery.vhh.annotate import annotate

if TYPE_CHECKING:
    from collections.abc import Sequence

# A V domain without its ends has about 90 residues; the longest CDR3s known have 60.
SHORTEST_SEQUENCE: Final = 70
_PARTS: Final = 3


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked for.

    Args:
        asked: The words of the person.
        cdr3: CDR3 it names, None where it names none.
        clonotype: Clonotype it names, None where it names a CDR3 only.
        keys: Tested keys it means, the best ranked first; none where nothing of it was tested.
        antigen: Antigen it is about, "" for every one.
    """

    asked: str
    cdr3: str | None
    clonotype: str | None
    keys: tuple[str, ...]
    antigen: str = ""


def understand(
    asked: str,
    table: pl.DataFrame,
    *,
    clonotypes: pl.DataFrame | None = None,
    leads: pl.DataFrame | None = None,
    antigen: str = "",
) -> Question:
    """Find the unit that is meant.

    Args:
        asked: Key, clonotype CDR1_CDR2_CDR3, CDR3, sequence (amino acids or nucleotides), name of a lead, or
            number of a pick.
        table: `Selection.table`.
        clonotypes: `clonotypes.parquet`.
        leads: `leads.parquet`, for numbers and names of picks.
        antigen: Antigen it is about; a number needs one where there are several.

    Returns:
        The question with the tested keys.

    Raises:
        InputError: Nothing of the kind was counted, or it is not clear what is meant.
    """
    antigens = table["antigen"].unique(maintain_order=True).to_list()
    if antigen and antigen not in antigens:
        msg = f"'{antigen}' is no target antigen here. Write one of {', '.join(antigens)}."
        raise InputError(msg)
    words = asked.strip()
    text = "".join(words.split())
    ranked = table.sort("rank", "antigen", "key")["key"].unique(maintain_order=True)
    tested = set(ranked)
    # A tested key goes first: keys of a table made elsewhere may be numbers too.
    exact = next((key for key in (words, text, text.upper()) if key in tested), None)
    if exact is not None:
        cdr3, clonotype = _parts_of(exact, table["unit"][0] if table.height else "cdr3", clonotypes)
        return Question(words, cdr3, clonotype, (exact,), antigen)
    pick = _find_pick(words, leads, antigen)
    if pick is not None:
        return Question(words, pick["cdr3"], pick["clonotype"], (pick["key"],), pick["antigen"])
    cdr3, clonotype = _parse(text.upper())
    keys = _keys_of(
        cdr3, clonotype, ranked, unit=table["unit"][0] if table.height else "cdr3", known=clonotypes
    )
    if not keys and not _was_counted(cdr3, clonotypes):
        raise InputError(_say_unknown(words, cdr3, ranked.to_list(), clonotypes))
    return Question(words, cdr3, clonotype, keys, antigen)


def _find_pick(words: str, leads: pl.DataFrame | None, antigen: str) -> dict[str, Any] | None:
    """Give the lead that a number or a name means."""
    if leads is not None and words in set(leads["lead"]):
        return leads.row(leads["lead"].index_of(words) or 0, named=True)
    if not (words.isascii() and words.isdigit()):
        return None
    if leads is None or not leads.height:
        msg = f"There are no picks, so '{words}' means none. Write a CDR3, a clonotype or a sequence."
        raise InputError(msg)
    own = leads.filter(pl.col("antigen") == antigen) if antigen else leads
    antigens = own["antigen"].unique(maintain_order=True).to_list()
    if len(antigens) > 1:
        msg = f"Pick {words} of which antigen? Add --antigen with one of {', '.join(antigens)}."
        raise InputError(msg)
    found = own.filter(pl.col("pick") == int(words))
    if not found.height:
        of = f" of '{antigens[0]}'" if antigens else ""
        msg = f"There is no pick {words}{of}: there are {own.height}."
        raise InputError(msg)
    return found.row(0, named=True)


def _parts_of(key: str, unit: str, clonotypes: pl.DataFrame | None) -> tuple[str | None, str | None]:
    """Give CDR3 and clonotype of a tested key."""
    if unit == "clonotype":
        return key.rsplit("_", maxsplit=1)[-1], key
    if unit == "cdr3":
        return key, None
    if clonotypes is None:
        return None, None
    own = clonotypes.filter(pl.col("lineage") == key)
    return (own["cdr3"][0] if own.height else None), None


def _parse(text: str) -> tuple[str | None, str | None]:
    """Read a clonotype, a sequence or a CDR3."""
    parts = text.split("_")
    if len(parts) == _PARTS and parts[2]:
        return parts[2], None if "?" in parts[:2] else text
    letters = set(text)
    if len(text) >= SHORTEST_SEQUENCE and letters <= PROTEIN_LETTERS | NUCLEOTIDE_LETTERS:
        row = annotate([text]).row(0, named=True)
        if not row["cdr3"]:
            why = f": {row['reason']}" if row["reason"] else ""
            msg = f"The sequence of {len(text)} letters has no CDR3{why}. Write a whole VHH, or its CDR3."
            raise InputError(msg)
        clonotype = f"{row['cdr1']}_{row['cdr2']}_{row['cdr3']}" if row["cdr1"] and row["cdr2"] else None
        return row["cdr3"], clonotype
    return text or None, None


def _keys_of(
    cdr3: str | None, clonotype: str | None, ranked: pl.Series, *, unit: str, known: pl.DataFrame | None
) -> tuple[str, ...]:
    """Give the tested keys of a CDR3 or clonotype, the best ranked first."""
    if cdr3 is None:
        return ()
    if unit == "cdr3":
        return (cdr3,) if cdr3 in set(ranked) else ()
    if unit == "clonotype":
        if clonotype is not None:
            return (clonotype,) if clonotype in set(ranked) else ()
        return tuple(key for key in ranked if key.rsplit("_", maxsplit=1)[-1] == cdr3)
    if known is None:
        return ()
    lineages = set(known.filter(pl.col("cdr3") == cdr3)["lineage"])
    return tuple(key for key in ranked if key in lineages)


def _was_counted(cdr3: str | None, clonotypes: pl.DataFrame | None) -> bool:
    return clonotypes is not None and cdr3 is not None and cdr3 in set(clonotypes["cdr3"])


def _say_unknown(asked: str, cdr3: str | None, keys: Sequence[str], clonotypes: pl.DataFrame | None) -> str:
    """Say that nothing was counted by that name, and what stands near."""
    spelled = cdr3 is not None and set(cdr3) <= PROTEIN_LETTERS
    same = not spelled or cdr3 == "".join(asked.split()).upper()
    named = f"'{asked}'" if same else f"The CDR3 {cdr3} of what was asked for"
    unit = "residue" if spelled else "letter"
    where = "was not counted in any sample" if clonotypes is not None else "is no tested unit"
    near = [
        f"{key} ({distance} {unit if distance == 1 else f'{unit}s'} off)"
        for key, distance in find_nearest(cdr3 if cdr3 and spelled else asked, keys, most=3)
        if 2 * distance <= len(key)
    ]
    suggestion = f"The nearest tested: {', '.join(near)}." if near else "Nothing that was tested is near it."
    return f"{named} {where}. {suggestion}"
