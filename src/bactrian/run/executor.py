"""The seam between work and where it runs: any `concurrent.futures.Executor` will do.

Tasks are module-level functions on paths and small frozen objects, so that they can travel.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any

from bactrian.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def count_cores() -> int:
    """Give the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


class HereExecutor(Executor):
    """Runs each task at once in this process: one worker, nothing to start."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run `fn` now and give its finished future.

        Raises:
            KeyboardInterrupt: If the person interrupts; no future swallows it.
        """
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - a future carries whatever its task raised
            future.set_exception(error)
        return future


def _start_worker() -> None:
    """Leave Ctrl-C to the parent, which stops its workers itself, and do not outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this worker when its parent is killed; nobody would take its result, and it would wait forever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


@contextmanager
def open_executor(workers: int | None = None) -> Iterator[Executor]:
    """Open the executor of this machine.

    Args:
        workers: Number of worker processes; one runs the tasks in this process. Default: every core.

    Yields:
        An executor. When the block ends by an error or Ctrl-C its workers are stopped at once.

    Raises:
        InputError: If `workers` is below 1.
    """
    number = count_cores() if workers is None else workers
    if number < 1:
        msg = f"'{workers}' is no number of workers. Write a whole number from 1."
        raise InputError(msg)
    if number == 1:
        yield HereExecutor()
        return
    threads = str(max(1, count_cores() // number))
    with _environment(POLARS_MAX_THREADS=threads, NUMBA_NUM_THREADS=threads, OMP_NUM_THREADS=threads):
        pool = ProcessPoolExecutor(
            number, mp_context=multiprocessing.get_context("spawn"), initializer=_start_worker
        )
        try:
            yield pool
        except BaseException:
            _stop_at_once(pool)
            raise
        pool.shutdown(wait=True)


def _stop_at_once(pool: ProcessPoolExecutor) -> None:
    """Cancel what waits and end the worker processes."""
    workers = list((pool._processes or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for worker in workers:
        worker.terminate()
    for worker in workers:
        worker.join(timeout=5)


@contextmanager
def _environment(**variables: str) -> Iterator[None]:
    """Set variables that worker processes inherit, and put back what was there."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
