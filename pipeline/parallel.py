"""Independent pieces of work, spread over processes that never outlive the one that asked for them."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import pickle
import signal
import threading
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.connection import wait as wait_for
from typing import Any, TypeVar, overload

from pipeline.collector import collect_rarely

S = TypeVar("S")
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


@overload
def spread(work: Callable[[T], R], pieces: Sequence[T], *, processes: int | None = None) -> Iterator[tuple[int, R]]: ...


@overload
def spread(
    work: Callable[[S, T], R],
    pieces: Sequence[T],
    *,
    processes: int | None = None,
    prepare: Callable[..., S],
    given: tuple[Any, ...] = (),
) -> Iterator[tuple[int, R]]: ...


def spread(
    work: Callable[..., R],
    pieces: Sequence[T],
    *,
    processes: int | None = None,
    prepare: Callable[..., Any] | None = None,
    given: tuple[Any, ...] = (),
) -> Iterator[tuple[int, R]]:
    """Do the work on every piece, and yield number and result of each as it is done.

    With one processor, or one piece, everything happens in this process, in order. Otherwise each process, this one
    too, takes the next piece when it has done its last: so those that take longest should stand first. Processes are
    started afresh on every system (`spawn`), so `work`, `prepare`, pieces and results must be importable and picklable,
    and it is only worth it for pieces of seconds.

    Parameters
    ----------
    processes : at most so many, this one among them; by default as many as there are processors
    prepare, given : called as prepare(*given) once in each process before its first piece, to make what pieces share;
        the work is then done as work(shared, piece)
    """
    count = min(processes or processors(), len(pieces))
    task = _Task(work, prepare, pickle.dumps(given), uuid.uuid4().hex)
    try:
        if count > 1:
            yield from _spread(task, pieces, count, kept=_keeping and processes is None)
        else:
            yield from ((number, task(piece)) for number, piece in enumerate(pieces))
    finally:
        _forget()


def _spread(task: _Task, pieces: Sequence[Any], count: int, kept: bool) -> Iterator[tuple[int, Any]]:
    """Do a task in `count` processes, this one among them, or in those that are kept."""
    with _environment():
        pool = _shared(processors() - 1) if kept else _Pool.of(count - 1)
        handed = _Handed(pool.executor, task, deque(enumerate(pieces)))
        for _ in range(count - 1):
            handed.over()
    try:
        while (mine := handed.next()) is not None:
            number, piece = mine
            yield number, task(piece)
            yield from handed.done()
        while asked := handed.asked():
            # A time limit lets Ctrl-C through on Windows, where a wait without one cannot be interrupted.
            wait(asked, timeout=0.5, return_when=FIRST_COMPLETED)
            yield from handed.done()
    finally:
        handed.stop()
        if not kept:
            pool.close()


@dataclass(slots=True)
class _Handed:
    """The pieces of a task that wait, and those that other processes have.

    An executor given all pieces would line some up for a process that is still busy, while this one has nothing to do.
    So each process is handed its next piece when it has done the one before: in the executor's own thread, since this
    one is at work on a piece itself.
    """

    executor: ProcessPoolExecutor
    task: _Task
    waiting: deque[tuple[int, Any]]
    given: dict[Future[Any], int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def over(self, before: Future[Any] | None = None) -> None:
        """Hand the next piece to another process, and one more whenever that is done and went well."""
        if before is not None and (before.cancelled() or before.exception() is not None):
            return
        with self.lock:
            if not self.waiting:
                return
            number, piece = self.waiting.popleft()
            future = self.executor.submit(self.task, piece)
            self.given[future] = number
        future.add_done_callback(self.over)

    def next(self) -> tuple[int, Any] | None:
        """The next piece, for this process."""
        with self.lock:
            return self.waiting.popleft() if self.waiting else None

    def asked(self) -> list[Future[Any]]:
        """What other processes have, or have done and nobody has taken."""
        with self.lock:
            return list(self.given)

    def done(self) -> Iterator[tuple[int, Any]]:
        """Take what is done."""
        for future in self.asked():
            if future.done():
                yield self.given.pop(future), future.result()

    def stop(self) -> None:
        """Hand out nothing more."""
        with self.lock:
            self.waiting.clear()
        for future in self.asked():
            future.cancel()


def _shared(others: int) -> _Pool:
    global _kept
    if _kept is None:
        _kept = _Pool.of(others)
    return _kept


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
    """Work as each process does it. `given` is packed once for all pieces; `name` tells one task from the next."""

    work: Callable[..., Any]
    prepare: Callable[..., Any] | None
    given: bytes
    name: str

    def __call__(self, piece: Any) -> Any:
        global _prepared
        if self.prepare is None:
            return self.work(piece)
        if _prepared is None or _prepared[0] != self.name:
            _forget()
            _prepared = (self.name, self.prepare(*pickle.loads(self.given)))
        return self.work(_prepared[1], piece)


# The name of the task that this process last prepared for, and what its pieces share.
_prepared: tuple[str, Any] | None = None


def _forget() -> None:
    """Give back the memory of what this process has prepared."""
    global _prepared
    _prepared = None


def _begin(line: Connection) -> None:
    """Leave Ctrl-C to the process that asked, and end when it drops the line, which its own end does too."""
    collect_rarely()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(line,), daemon=True).start()


def _end_with(line: Connection) -> None:
    wait_for([line])
    os._exit(1)


def _import(modules: tuple[str, ...]) -> None:
    for name in modules:
        importlib.import_module(name)
