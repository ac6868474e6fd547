"""Rows of a table shared out over threads, in blocks that never depend on how many threads there are.

The kernels release the interpreter lock and write to their own rows, so the result is the same with
one thread and with many.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

BLOCK = 4096
"""Rows of one block: large beside the cost of handing it over, small beside a table of 100,000 rows."""


def over_blocks(kernel: Callable[[int, int], None], rows: int) -> None:
    """Call a kernel on every block of rows.

    Args:
        kernel: Called with the first row of a block and the row after its last; writes its result into
            arrays it holds.
        rows: Number of rows.

    Raises:
        Exception: Whatever the kernel raises.
    """
    starts = range(0, rows, BLOCK)
    workers = min(len(starts), _processors())
    if workers <= 1:
        for start in starts:
            kernel(start, min(start + BLOCK, rows))
        return
    with ThreadPoolExecutor(workers) as pool:
        for done in [pool.submit(kernel, start, min(start + BLOCK, rows)) for start in starts]:
            done.result()


def _processors() -> int:
    """Give the number of processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
