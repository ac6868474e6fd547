"""Numbers, shares and lists as people read them, and marked text to HTML that is safe to show."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from collections.abc import Sequence

_LINK = re.compile(r"\[([^\]]+)\]\(((?:https://|#|[\w.-])[\w./#?=&;%+-]*)\)")
_STRONG = re.compile(r"\*\*(.+?)\*\*")
_MONO = re.compile(r"`([^`]+)`")


def count(number: float) -> str:
    """Give a whole number with its thousands apart.

    >>> count(28785)
    '28,785'
    """
    return f"{round(number):,}"


def share(fraction: float, *, digits: int = 1) -> str:
    """Give a fraction as a percentage, its sign kept beside it by a no-break space.

    A share that is not nought never reads as nought, nor one that is not whole as whole.

    >>> share(0.9731).replace(chr(160), " ")
    '97.3 %'
    >>> share(0.00002).replace(chr(160), " "), share(0.99999).replace(chr(160), " ")
    ('< 0.1 %', '> 99.9 %')
    """
    least = 10.0**-digits
    percent = 100 * fraction
    if 0 < percent < least / 2:
        return f"<\u00a0{least:.{digits}f}\u00a0%"
    if 100 - least / 2 < percent < 100:
        return f">\u00a0{100 - least:.{digits}f}\u00a0%"
    return f"{percent:.{digits}f}\u00a0%"


def plural(number: int, noun: str, *, many: str | None = None) -> str:
    """Give a count with its noun.

    >>> plural(1, "sample"), plural(1200, "library", many="libraries")
    ('1 sample', '1,200 libraries')
    """
    return f"{count(number)} {noun if number == 1 else many or noun + 's'}"


def listing(words: Sequence[str], *, limit: int = 6) -> str:
    """Join words into a sentence, and say how many are left out.

    >>> listing(["a", "b", "c"]), listing(["a", "b", "c", "d"], limit=2)
    ('a, b and c', 'a, b and 2 more')
    """
    if len(words) > limit:
        return f"{', '.join(words[:limit])} and {count(len(words) - limit)} more"
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else list(words))


def marked(text: str) -> Markup:
    """Give text as HTML: `**strong**`, `` `mono` `` and `[words](address)`; all else is escaped.

    An address is a place in the page (`#…`), a file beside it or one that starts with https.

    >>> marked("**2** < `A`")
    Markup('<strong>2</strong> &lt; <code>A</code>')
    """
    html = str(escape(text))
    html = _LINK.sub(r'<a href="\2">\1</a>', html)
    html = _STRONG.sub(r"<strong>\1</strong>", html)
    return Markup(_MONO.sub(r"<code>\1</code>", html))


def anchor(text: str) -> str:
    """Give words as an id of the page.

    >>> anchor("CDR3 length, by rung")
    'cdr3-length-by-rung'
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "part"
