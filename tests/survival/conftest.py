"""Fixtures of the survival tests: Rossi's and the lung data, and values computed by R."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

HERE = Path(__file__).parent
DATA = HERE.parent / "reference" / "data"


@pytest.fixture(scope="session")
def rossi() -> pd.DataFrame:
    """432 released prisoners, weeks until arrest, with made-up weights w and sites."""
    return pd.read_csv(DATA / "rossi.csv")


@pytest.fixture(scope="session")
def lung() -> pd.DataFrame:
    """226 patients, with made-up late entry, weights w and their institution."""
    return pd.read_csv(DATA / "lung.csv")


@pytest.fixture(scope="session")
def by_r() -> dict[str, np.ndarray]:
    """Name -> values, from make_r_values.R."""
    table = pd.read_csv(HERE / "r_values.csv")
    return {name: own["value"].to_numpy() for name, own in table.groupby("name")}
