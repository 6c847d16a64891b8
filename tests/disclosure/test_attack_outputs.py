"""An intruder with the files of one small report alone; `make attack` does the same with fifty."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from attack import Attacked, attack, evaluate
from files import faults
from intruder import read
from unknowns import K


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("attacked")
    evaluate(found, people=830, seed=1)
    return found


@pytest.fixture(scope="module")
def attacked(folder: Path) -> Attacked:
    return attack(folder)


def test_no_small_count_follows_from_the_files(attacked: Attacked) -> None:
    assert attacked.looked_at > 250
    assert attacked.small == []


def test_no_file_holds_a_small_or_exact_count(attacked: Attacked) -> None:
    assert attacked.faults == []


def test_the_intruder_reasons_soundly(attacked: Attacked) -> None:
    """What it takes to be true has to be possible together with the truth, or it looks for the wrong thing."""
    assert attacked.sound


def test_the_intruder_finds_counts_where_there_is_no_protection(folder: Path, tmp_path: Path) -> None:
    shutil.copy(folder / "data/interim/jobb/results.json", tmp_path / "results.json")
    assert len(read(tmp_path, 1).solve()) > 20
    assert len(list(faults(tmp_path, K))) > 100
