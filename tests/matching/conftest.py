"""Data the matching tests share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

DATA = Path(__file__).parent.parent / "reference" / "data"


@pytest.fixture(scope="session")
def unemployed() -> pd.DataFrame:
    """Ecdat::UnempDur: 3,343 spells of unemployment with and without insurance (ui); columns as in make_r_values.R."""
    people = pd.read_csv(DATA / "unempdur.csv")
    return people.assign(
        place="r" + ((people["region"] - 1) // 5).astype(str),
        long=(people["tenure"] >= 5).astype(int),
        sw=1 + people["id"] % 3 / 2,
    )


@pytest.fixture(scope="session")
def r_values() -> dict[str, np.ndarray]:
    """Numbers computed by make_r_values.R."""
    text = (Path(__file__).parent / "r_values.csv").read_text().replace("NA", "nan")
    pairs = (line.split(",") for line in text.splitlines())
    return {name: np.array(values.split(";"), dtype=float) for name, values in pairs}
