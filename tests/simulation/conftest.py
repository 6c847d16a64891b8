"""Simulated extracts that several tests look at: made once, changed by none."""

from __future__ import annotations

import pytest

from pipeline.simulation import Simulated, simulate

SMALL = 2_000


@pytest.fixture(scope="session")
def default() -> Simulated:
    return simulate()


@pytest.fixture(scope="session")
def small() -> Simulated:
    return simulate(SMALL, seed=3)


@pytest.fixture(scope="session")
def without_effect() -> Simulated:
    return simulate(effect="none")
