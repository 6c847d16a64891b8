"""`kill -9` in the middle of sensitivity analyses: the next run goes on, and ends with the same bytes."""

from __future__ import annotations

import os
import pickle
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipeline.sensitivity.run import run_sensitivity

# Runs the analyses of a pickled configuration, and dies as by kill -9 before an event on a path that has a text in it.
RUN = """
import os, pickle, signal, sys
from pathlib import Path
config, interim, (deadly, part) = pickle.loads(Path(sys.argv[1]).read_bytes()), Path(sys.argv[2]), sys.argv[3:]

def watch(event, arguments):
    if event == deadly and str(arguments[0]).startswith(str(interim)) and part in str(arguments[0]):
        os.kill(os.getpid(), signal.SIGKILL)

from pipeline.sensitivity.run import run_sensitivity
sys.addaudithook(watch)
run_sensitivity(config, interim, processes=1)
"""
MOMENTS = (
    ("os.rename", "/.base."),  # the base cohort is made, but not in its place
    ("open", "/placebo-"),  # a placebo's cohort half made, resamples done
    ("os.rename", "/.months-"),  # an analysis written, but not in its place
    ("os.rename", "/.sensitivity.json"),  # everything done but the end
)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs kill -9")
def test_a_killed_run_goes_on_and_ends_with_the_same_bytes(small: Any, tmp_path: Path) -> None:
    """One run dies again and again, each time a little further on; an undisturbed one stands beside it."""
    settings = small.config.sensitivity.model_copy(update={"specifications": 2, "bootstrap": 2})
    config = small.config.model_copy(update={"sensitivity": settings})
    (tmp_path / "config").write_bytes(pickle.dumps(config))

    whole, killed = tmp_path / "whole", tmp_path / "killed"
    for folder in (whole, killed):
        shutil.copytree(small.interim, folder)
    run_sensitivity(config, whole, processes=1)
    kept: dict[Path, int] = {}
    for moment in MOMENTS:
        command = [sys.executable, "-c", RUN, str(tmp_path / "config"), str(killed), *moment]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == -signal.SIGKILL, done.stderr
        assert not (killed / "sensitivity.json").exists()
        now = {path: path.stat().st_mtime_ns for path in killed.glob("sensitivity/*/[!.]*.json")}
        assert kept.items() <= now.items()  # nothing is made twice
        kept = now
    assert len(kept) == len(list(whole.glob("sensitivity/*/*.json")))
    run_sensitivity(config, killed, processes=1)
    assert (killed / "sensitivity.json").read_bytes() == (whole / "sensitivity.json").read_bytes()
    assert not [path.name for path in killed.rglob("*") if path.name.startswith(".") or path.name.endswith(".new")]
