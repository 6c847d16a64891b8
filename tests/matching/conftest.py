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


def simulated(n: int, seed: int, *, effect: float = 0.0) -> pd.DataFrame:
    """People whose joining and outcome both depend on age, education and sex; the effect on everyone is `effect`."""
    rng = np.random.default_rng(seed)
    age = rng.integers(20, 60, n)
    education = rng.choice(["low", "middle", "high"], n, p=[0.3, 0.5, 0.2])
    woman = rng.integers(0, 2, n)
    level = pd.Series(education).map({"low": 0.0, "middle": 0.5, "high": 1.0}).to_numpy()
    joins = 1 / (1 + np.exp(-(-1.5 + 0.03 * (age - 40) - 1.0 * level + 0.4 * woman)))
    treated = (rng.random(n) < joins).astype(int)
    outcome = 10 + 0.1 * (age - 40) + 3 * level - woman + effect * treated + rng.normal(0, 2, n)
    return pd.DataFrame({"treated": treated, "age": age, "education": education, "woman": woman, "y": outcome})
