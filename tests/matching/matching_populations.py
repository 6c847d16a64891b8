"""People to match: random, simulated with a known effect, or written out."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import settings
from hypothesis import strategies as st

from matching import Sample

COVARIATES = ["age", "logwage", "tenure", "place"]  # of the `unemployed` fixture
bounded = settings(max_examples=40, deadline=None, derandomize=True)
ESTIMANDS = st.sampled_from(["ATT", "ATC", "ATE"])


@st.composite
def populations(draw, lowest: int = 12) -> pd.DataFrame:
    """Some people of both arms with a number, a share, a category and base weights."""
    n, seed = draw(st.integers(lowest, 80)), draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    people = pd.DataFrame(
        {
            "treated": rng.integers(0, 2, n),
            "age": rng.integers(18, 66, n).astype(float),
            "woman": rng.integers(0, 2, n),
            "place": rng.choice(list("abc"), n),
            "months": rng.integers(1, 13, n).astype(float),
        }
    )
    people.loc[:1, "treated"] = [0, 1]
    return people


def simulated(n: int, seed: int, *, effect: float = 0.0) -> pd.DataFrame:
    """People whose joining and outcome both depend on age, education and sex; the effect on everyone is `effect`."""
    rng = np.random.default_rng(seed)
    age = rng.integers(20, 60, n)
    education = rng.choice(["low", "middle", "high"], n, p=[0.3, 0.5, 0.2])
    woman = rng.integers(0, 2, n)
    level = pd.Series(education).map({"low": 0.0, "middle": 0.5, "high": 1.0}).to_numpy()
    joins = 1 / (1 + np.exp(-(-1.5 - 0.03 * (age - 40) - 1.0 * level + 0.4 * woman)))
    treated = (rng.random(n) < joins).astype(int)
    outcome = 10 + 0.1 * (age - 40) + 3 * level - woman + effect * treated + rng.normal(0, 2, n)
    return pd.DataFrame({"treated": treated, "age": age, "education": education, "woman": woman, "y": outcome})


def people_with(x: list[float], treated: int = 3, **columns) -> pd.DataFrame:
    """The first `treated` are treated; x and the other columns as given."""
    return pd.DataFrame({"treated": [1] * treated + [0] * (len(x) - treated), "x": x, **columns})


def effect(sample: Sample) -> float:
    """The weighted difference in mean spell."""
    arms = {
        arm: np.average(rows["spell"], weights=rows["weight"]) for arm, rows in sample.data.groupby(sample.treatment)
    }
    return arms[1] - arms[0]
