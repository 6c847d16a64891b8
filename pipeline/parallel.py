"""Independent pieces of work, spread over processes that never outlive the one that asked for them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.connection import wait as wait_for
from typing import Any, TypeVar

T = TypeVar("T")
R = TypeVar("R")

# Each process reads its own copy of the data; more of them would cost memory and save little.
MOST = 8
# Set before the processes start: each has a core, so threads inside it would only get in each other's way.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def processors() -> int:
    """How many processors this process may use, at most `MOST`."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(allowed, MOST)


def spread(
    work: Callable[[T], R],
    pieces: Sequence[T],
    *,
    processes: int | None = None,
    prepare: Callable[..., None] | None = None,
    given: tuple[Any, ...] = (),
) -> Iterator[tuple[int, R]]:
    """Do the work on every piece, and yield number and result of each as it is done.

    With one processor, or one piece, everything happens in this process, in order. Otherwise the others take pieces
    from the front and this one takes them from the end. Processes are started afresh on every system (`spawn`), so
    `work`, `prepare`, pieces and results must be importable and picklable, and it is only worth it for pieces of
    seconds.

    Parameters
    ----------
    processes : at most so many, this one among them; by default as many as there are processors
    prepare, given : called as prepare(*given) once in each process before its first piece, to read what pieces share
    """
    count = min(processes or processors(), len(pieces))
    if count <= 1:
        if prepare is not None and pieces:
            prepare(*given)
        for number, piece in enumerate(pieces):
            yield number, work(piece)
        return
    context = multiprocessing.get_context("spawn")
    line, held = context.Pipe(duplex=False)
    with _one_thread_each():
        pool = ProcessPoolExecutor(count - 1, context, initializer=_begin, initargs=(line, prepare, given))
        asked = {pool.submit(work, piece): number for number, piece in enumerate(pieces)}
    try:
        if prepare is not None:
            prepare(*given)
        for future, number in reversed(list(asked.items())):
            if future.cancel():  # nobody has begun it
                del asked[future]
                yield number, work(pieces[number])
            yield from _done(asked)
        while asked:
            # A time limit lets Ctrl-C through on Windows, where a wait without one cannot be interrupted.
            wait(asked, timeout=0.5, return_when=FIRST_COMPLETED)
            yield from _done(asked)
    finally:
        held.close()
        pool.shutdown(wait=True, cancel_futures=True)
        line.close()


def _done(asked: dict[Future[R], int]) -> Iterator[tuple[int, R]]:
    """Take out what is done."""
    for future in [future for future in asked if future.done()]:
        yield asked.pop(future), future.result()


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """The environment that processes started within it have."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(ONE_THREAD)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _begin(line: Connection, prepare: Callable[..., None] | None, given: tuple[Any, ...]) -> None:
    """Leave Ctrl-C to the process that asked, and end when it drops the line, which its own end does too."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(line,), daemon=True).start()
    if prepare is not None:
        prepare(*given)


def _end_with(line: Connection) -> None:
    wait_for([line])
    os._exit(1)
