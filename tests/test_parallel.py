"""Work spread over processes: the same results, errors that come through, nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline import parallel
from pipeline.parallel import processes_kept, spread, start_early


def prepare(word: str) -> list[str]:
    return [word, str(os.getpid())]


def squared(shared: list[str], piece: int) -> tuple[int, str]:
    return piece**2, shared[0]


def failing(piece: int) -> int:
    if piece == 2:
        raise ValueError("piece 2 cannot be done")
    return piece


def whose(_: int) -> int:
    time.sleep(0.5)
    return os.getpid()


def told(shared: list[str], _: int) -> tuple[int, str]:
    time.sleep(0.2)
    assert shared[1] == str(os.getpid())
    shared.append("seen")
    return os.getpid(), f"{shared[0]} {shared.count('seen')}"


@pytest.mark.parametrize("processes", [1, 2])
def test_results_come_with_the_number_of_their_piece(processes):
    found = dict(spread(squared, [3, 4, 5], processes=processes, prepare=prepare, given=("ready",)))
    assert found == {0: (9, "ready"), 1: (16, "ready"), 2: (25, "ready")}


def test_pieces_are_done_here_and_in_another_process_and_the_environment_stays():
    before = os.environ.get("OMP_NUM_THREADS")
    workers = {pid for _, pid in spread(whose, list(range(8)), processes=2)}
    assert len(workers) == 2
    assert os.getpid() in workers
    assert os.environ.get("OMP_NUM_THREADS") == before


def long_or_short(seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


def test_no_piece_waits_for_a_process_that_is_busy(monkeypatch):
    monkeypatch.setattr(parallel, "processors", lambda: 2)
    with processes_kept():
        list(spread(long_or_short, [0.2, 0.2]))  # the other process has started
        done = dict(spread(long_or_short, [0.01, 2.0, 0.01, 0.01, 0.01, 0.01]))
    assert list(done.values()).count(done[1]) <= 2


@pytest.mark.parametrize("processes", [1, 2])
def test_an_error_in_a_piece_is_the_callers(processes):
    with pytest.raises(ValueError, match="piece 2 cannot be done"):
        list(spread(failing, [1, 2, 3], processes=processes))


def test_kept_processes_do_one_task_after_another_and_are_gone_afterwards(monkeypatch):
    monkeypatch.setattr(parallel, "processors", lambda: 2)
    with processes_kept():
        start_early(("json",))
        first = {pid for _, pid in spread(whose, list(range(4)))}
        for word in ("once", "again"):
            found = dict(spread(told, list(range(6)), prepare=prepare, given=(word,)))
            assert {pid for pid, _ in found.values()} == first
            said = sorted(text for _, text in found.values())  # what was prepared serves a process's later pieces too
            assert said[:2] == [f"{word} 1"] * 2
            assert said[-1] >= f"{word} 3"
            assert parallel._prepared is None
        with pytest.raises(ValueError, match="piece 2 cannot be done"):
            list(spread(failing, [1, 2, 3, 4, 5]))
    assert len(first) == 2
    assert _all_gone([pid for pid in first if pid != os.getpid()])
    assert parallel._kept is None


def test_nothing_to_do_starts_nothing():
    assert list(spread(failing, [], prepare=prepare, given=("never",))) == []


SLOW = """
import os, time
from pathlib import Path
from pipeline import parallel
from pipeline.parallel import processes_kept, spread, start_early

def write(folder):
    (Path(folder) / str(os.getpid())).touch()
    time.sleep(60)

if __name__ == "__main__":
    try:
        with processes_kept():
            list(spread(write, [{folder!r}] * 4, processes={processes}))
    except KeyboardInterrupt:
        print("interrupted", flush=True)
        raise SystemExit(130)
"""


@pytest.fixture(params=[2, None], ids=["own processes", "kept processes"])
def slow_run(tmp_path, request):
    """A run that is asleep in its piece as its worker is; the run, and the process ids of both."""
    script, folder = tmp_path / "slow.py", tmp_path / "workers"
    folder.mkdir()
    script.write_text(SLOW.format(folder=str(folder), processes=request.param), encoding="utf-8")
    root = str(Path(__file__).resolve().parent.parent)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    run = subprocess.Popen([sys.executable, script], env={**os.environ, "PYTHONPATH": root}, **pipes)
    deadline = time.monotonic() + 60
    while len(list(folder.iterdir())) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    yield run, [int(file.name) for file in folder.iterdir()]
    run.kill()
    run.wait()


@pytest.mark.skipif(os.name == "nt", reason="process ids are looked up the POSIX way")
def test_workers_end_when_the_run_is_killed(slow_run):
    run, workers = slow_run
    assert len(workers) == 2
    run.kill()
    run.wait()
    assert _all_gone(workers)
    assert run.stderr.read() == b""  # read to its end: Python's helper that tidies up has gone, too


@pytest.mark.skipif(os.name == "nt", reason="signals are sent the POSIX way")
def test_ctrl_c_reaches_the_run_alone(slow_run):
    run, workers = slow_run
    assert run.pid in workers
    for pid in workers:  # as a terminal does
        os.kill(pid, signal.SIGINT)
    assert run.wait(20) == 130
    assert run.stdout.read().split() == [b"interrupted"]
    assert _all_gone(workers)


def _all_gone(workers: list[int]) -> bool:
    deadline = time.monotonic() + 20
    while any(_alive(pid) for pid in workers):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")  # a process nobody has asked after is still listed, as a zombie
    return not (stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] == "Z")
