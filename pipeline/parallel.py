"""Independent pieces of work, spread over processes that never outlive the one that asked for them."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import pickle
import signal
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.connection import wait as wait_for
from typing import Any, TypeVar

T = TypeVar("T")
R = TypeVar("R")

# Each process reads its own copy of the data; more of them would cost memory and save little.
MOST = 8
# Set before the processes start: each has a core, so threads inside it would only get in each other's way.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
# Python removes the semaphores of a run that was killed and warns of them, which tells a user nothing. The filter is
# for these warnings alone; errors are shown.
UNTOLD = "ignore:resource_tracker"


def processors() -> int:
    """How many processors this process may use, at most `MOST`."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(allowed, MOST)


@dataclass(frozen=True, slots=True)
class _Pool:
    """Processes, and the two ends of the line that they end with."""

    executor: ProcessPoolExecutor
    line: Connection
    held: Connection

    @classmethod
    def of(cls, others: int) -> _Pool:
        context = multiprocessing.get_context("spawn")
        line, held = context.Pipe(duplex=False)
        return cls(ProcessPoolExecutor(others, context, initializer=_begin, initargs=(line,)), line, held)

    def close(self) -> None:
        self.held.close()
        self.executor.shutdown(wait=True, cancel_futures=True)
        self.line.close()


# The processes of a run in which `processes_kept` is in force; None before they are needed.
_keeping = False
_kept: _Pool | None = None


@contextmanager
def processes_kept() -> Iterator[None]:
    """Let everything that is spread within it share processes: starting one takes longer than many a piece."""
    global _keeping, _kept
    _keeping = True
    try:
        yield
    finally:
        _keeping = False
        if _kept is not None:
            _kept.close()
            _kept = None


def start_early(modules: Sequence[str]) -> None:
    """Where processes are kept, start them now and import what their work needs, beside what this process does."""
    others = processors() - 1
    if _keeping and _kept is None and others:
        with _environment():
            for _ in range(others):
                _shared(others).executor.submit(_import, tuple(modules))


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
    task = _Task(work, prepare, pickle.dumps(given), uuid.uuid4().hex)
    share = _keeping and processes is None
    with _environment():
        pool = _shared(processors() - 1) if share else _Pool.of(count - 1)
        asked = {pool.executor.submit(task, piece): number for number, piece in enumerate(pieces)}
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
        for future in asked:
            future.cancel()
        if not share:
            pool.close()


def _shared(others: int) -> _Pool:
    global _kept
    if _kept is None:
        _kept = _Pool.of(others)
    return _kept


def _done(asked: dict[Future[R], int]) -> Iterator[tuple[int, R]]:
    """Take out what is done."""
    for future in [future for future in asked if future.done()]:
        yield asked.pop(future), future.result()


@contextmanager
def _environment() -> Iterator[None]:
    """The environment that processes started within it have."""
    filters = ",".join(filter(None, [os.environ.get("PYTHONWARNINGS"), UNTOLD]))
    wanted = {**ONE_THREAD, "PYTHONWARNINGS": filters}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@dataclass(frozen=True, slots=True)
class _Task:
    """Work as another process does it: `prepare` is called with what `given` packs before the first piece of a name."""

    work: Callable[[Any], Any]
    prepare: Callable[..., None] | None
    given: bytes
    name: str

    def __call__(self, piece: Any) -> Any:
        global _prepared
        if self.prepare is not None and _prepared != self.name:
            self.prepare(*pickle.loads(self.given))
            _prepared = self.name
        return self.work(piece)


# The task this process has been prepared for.
_prepared = ""


def _begin(line: Connection) -> None:
    """Leave Ctrl-C to the process that asked, and end when it drops the line, which its own end does too."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(line,), daemon=True).start()


def _end_with(line: Connection) -> None:
    wait_for([line])
    os._exit(1)


def _import(modules: tuple[str, ...]) -> None:
    for name in modules:
        importlib.import_module(name)
