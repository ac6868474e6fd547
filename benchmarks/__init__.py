"""Full-size proofs (`prove_*.py`) and benchmarks (`bench_*.py`), whose dated results stand in docs/results.

Each is a module whose docstring opens with its title and whose `main()` returns its result as Markdown.
It raises `NotHereError` where it cannot run, and `TargetMissedError` with its Markdown where it misses a
target.
"""

from __future__ import annotations


class NotHereError(Exception):
    """What a proof needs is not on this machine; the text says what."""


class TargetMissedError(Exception):
    """A proof ran to its end and missed a target.

    Args:
        markdown: The result, written all the same.
        reason: What was missed, in a sentence.
    """

    def __init__(self, markdown: str, reason: str) -> None:
        super().__init__(reason)
        self.markdown = markdown
