"""Which tested unit a measured VHH is: joined where they are the same, named where they are nearly so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

JOINED: Final = "joined"
NEAR: Final = "near"
NONE: Final = "none"
MATCHES: Final = (JOINED, NEAR, NONE)

AMINO_ACIDS = "ACDEFGHIKLMNPQRSTVWY"
SEPARATOR = "_"
UNKNOWN = "?"

SCHEMA = {
    "match": pl.String,
    "library": pl.String,
    "key": pl.String,
    "near": pl.String,
    "match_reason": pl.String,
}


@dataclass(frozen=True, slots=True)
class _Tested:
    """Units tested for one antigen in one library, by what identifies them."""

    unit: str
    ranks: Mapping[str, int | None]
    clonotypes: Mapping[str, str | None]
    by_cdr3: Mapping[str, tuple[str, ...]]


def match_results(
    results: pl.DataFrame, table: pl.DataFrame, clonotypes: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Find the tested unit of each measured VHH.

    A VHH is joined to a unit only where they are the same by the unit that was tested: the CDR3, all three
    CDRs, or the lineage of the CDR3. One whose CDR3 is one substitution, insertion or deletion away is a
    near match: it is named and not joined.

    Args:
        results: One row per measurement: antigen, library (null: any), key, clonotype, cdr1, cdr2, cdr3 (null
            where unknown) and unread (why nothing identifies the VHH, or null).
        table: The selection's table: unit, key, clonotype, antigen, rank, library.
        clonotypes: The screen's clonotypes: library, clonotype, cdr3, lineage, count; None where the counts
            were made elsewhere.

    Returns:
        One row per row of `results`, in its order: match (joined, near, none), library, key (of the joined
        unit), near (";"-joined keys of near matches) and match_reason (null for a plain join).
    """
    seen = _index_clonotypes(clonotypes)
    tested = {
        (str(library), str(antigen)): _index_units(group, seen.get(str(library), {}))
        for (library, antigen), group in table.group_by(["library", "antigen"], maintain_order=True)
    }
    rows = [_match_row(row, tested, seen) for row in results.iter_rows(named=True)]
    return pl.DataFrame(rows, schema=SCHEMA)


_Seen = dict[str, dict[str, tuple[str | None, int]]]


def _index_clonotypes(clonotypes: pl.DataFrame | None) -> _Seen:
    """Give lineage and molecules of each CDR3 by library."""
    if clonotypes is None:
        return {}
    grouped = clonotypes.group_by("library", "cdr3").agg(
        pl.col("lineage").first(), pl.col("count").cast(pl.Int64).sum()
    )
    found: _Seen = {}
    for library, cdr3, lineage, count in grouped.select("library", "cdr3", "lineage", "count").iter_rows():
        found.setdefault(library, {})[cdr3] = (lineage, count)
    return found


def _index_units(group: pl.DataFrame, seen: Mapping[str, tuple[str | None, int]]) -> _Tested:
    unit = str(group["unit"][0])
    keys = group["key"].to_list()
    by_cdr3: dict[str, list[str]] = {}
    if unit == "lineage":
        known = set(keys)
        for cdr3, (lineage, _) in seen.items():
            if lineage in known:
                by_cdr3.setdefault(cdr3, []).append(str(lineage))
    else:
        for key in keys:
            by_cdr3.setdefault(key.rpartition(SEPARATOR)[2] if unit == "clonotype" else key, []).append(key)
    return _Tested(
        unit,
        dict(zip(keys, group["rank"].to_list(), strict=True)),
        dict(zip(keys, group["clonotype"].to_list(), strict=True)),
        {cdr3: tuple(found) for cdr3, found in by_cdr3.items()},
    )


def _match_row(
    row: Mapping[str, Any], tested: Mapping[tuple[str, str], _Tested], seen: _Seen
) -> dict[str, str | None]:
    """Match one measurement over the libraries it may come from; a join beats a near match beats none."""
    if row["unread"]:
        return _answer(NONE, reason=row["unread"])
    antigen, library = row["antigen"], row["library"]
    places = [place for place in tested if place[1] == antigen and (library is None or place[0] == library)]
    if not places:
        return _answer(NONE, reason=_foreign(antigen, library, tested))
    found = [(_match_unit(row, tested[place], seen.get(place[0], {})), place) for place in places]
    joined = [(answer, place) for answer, place in found if answer["match"] == JOINED]
    if len(joined) > 1:
        ranks = [(tested[place].ranks[str(answer["key"])], answer, place) for answer, place in joined]
        _, answer, place = min(ranks, key=lambda one: (one[0] is None, one[0] or 0))
        others = ", ".join(f"'{other[0]}'" for _, other in joined if other != place)
        note = f"tested in library {others} too; the better rank is shown"
        answer["match_reason"] = "; ".join(filter(None, (answer["match_reason"], note)))
        return answer | {"library": place[0]}
    answer, place = min(found, key=lambda one: MATCHES.index(str(one[0]["match"])))
    return answer | {"library": place[0] if answer["match"] != NONE else library}


def _foreign(antigen: str, library: str | None, tested: Iterable[tuple[str, str]]) -> str:
    places = list(tested)
    antigens = sorted({place[1] for place in places})
    if antigen not in antigens:
        return f"antigen '{antigen}' is no target of this screen; its targets are " + _list(antigens)
    libraries = sorted({place[0] for place in places if place[1] == antigen})
    return f"library '{library}' was not panned on '{antigen}'; these were: " + _list(libraries)


def _list(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _answer(
    match: str, *, key: str | None = None, near: Iterable[str] = (), reason: str | None = None
) -> dict[str, str | None]:
    return {
        "match": match,
        "library": None,
        "key": key,
        "near": ";".join(near) or None,
        "match_reason": reason,
    }


def _match_unit(
    row: Mapping[str, Any], tested: _Tested, seen: Mapping[str, tuple[str | None, int]]
) -> dict[str, str | None]:
    """Match one measurement within one library and antigen."""
    for name in ("key", "clonotype"):
        if row[name] in tested.ranks:
            return _answer(JOINED, key=row[name])
    cdr3 = row["cdr3"]
    if cdr3 is None:
        return _answer(NONE, reason=f"no tested {tested.unit} has the key '{row['key'] or row['clonotype']}'")
    whole = _spell(row)
    if tested.unit == "clonotype":
        if whole in tested.ranks:
            return _answer(JOINED, key=whole)
        return _match_clonotype(row, whole, tested, seen)
    keys = tested.by_cdr3.get(cdr3, ())
    if keys:
        main = tested.clonotypes[keys[0]]
        return _answer(JOINED, key=keys[0], reason=_compare(whole, main))
    return _match_near(cdr3, tested, seen)


def _spell(row: Mapping[str, Any]) -> str | None:
    """Give CDR1_CDR2_CDR3 where all three are known."""
    cdrs = (row["cdr1"], row["cdr2"], row["cdr3"])
    return SEPARATOR.join(cdrs) if all(cdrs) else None


def _compare(whole: str | None, main: str | None) -> str | None:
    """Say where a joined VHH has other CDR1–2 than the unit's main clonotype."""
    if whole is None or main is None or main.startswith(UNKNOWN) or whole == main:
        return None
    if whole.rpartition(SEPARATOR)[2] != main.rpartition(SEPARATOR)[2]:
        return None
    return f"its CDR1–2 are not those of the main clonotype '{main}'"


def _match_clonotype(
    row: Mapping[str, Any],
    whole: str | None,
    tested: _Tested,
    seen: Mapping[str, tuple[str | None, int]],
) -> dict[str, str | None]:
    """Match a VHH of unknown or other CDR1–2 where clonotypes were tested."""
    cdr3 = row["cdr3"]
    keys = tested.by_cdr3.get(cdr3, ())
    if not keys:
        return _match_near(cdr3, tested, seen)
    unknown = [key for key in keys if key.startswith(UNKNOWN)]
    if whole is None:
        if len(keys) == 1:
            return _answer(JOINED, key=keys[0], reason="joined by its CDR3, which one tested clonotype has")
        return _answer(
            NEAR, near=keys, reason=f"{len(keys)} tested clonotypes have its CDR3: give its whole sequence"
        )
    if len(keys) == 1 and unknown:
        return _answer(JOINED, key=keys[0], reason="joined by its CDR3: the CDR1–2 of the unit are unknown")
    return _answer(NEAR, near=keys, reason="a tested clonotype has its CDR3 and other CDR1–2")


def _match_near(
    cdr3: str, tested: _Tested, seen: Mapping[str, tuple[str | None, int]]
) -> dict[str, str | None]:
    """Name the tested units one residue away, and say whether the screen saw the CDR3 itself."""
    near = sorted({key for other in one_edit_away(cdr3) for key in tested.by_cdr3.get(other, ())})
    count = seen.get(cdr3, (None, 0))[1]
    if count:
        reads = "1 molecule" if count == 1 else f"{count:,} molecules"
        known = f"the screen saw its CDR3 ({reads} in all samples) and did not test it for this antigen"
    else:
        known = "the screen did not see its CDR3" if seen else "its CDR3 is not in the table"
    if near:
        return _answer(NEAR, near=near, reason=f"{known}; one residue away: {', '.join(near)}")
    return _answer(NONE, reason=known)


def one_edit_away(cdr3: str) -> set[str]:
    """Give all sequences one substitution, insertion or deletion away.

    Examples:
        >>> len(one_edit_away("AC"))
        98
    """
    cuts = range(len(cdr3) + 1)
    found = {cdr3[:at] + new + cdr3[at:] for at in cuts for new in AMINO_ACIDS}
    found |= {cdr3[:at] + new + cdr3[at + 1 :] for at in cuts[:-1] for new in ("", *AMINO_ACIDS)}
    return found - {cdr3, ""}
