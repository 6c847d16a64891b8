"""Random follow-up for property tests: few distinct times, so that ties abound, and everything that can be given."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import strategies as st


def sample(seed: int, n: int = 120, days: int = 25) -> pd.DataFrame:
    """Rows of follow-up with two groups, a factor, a number, weights, clusters, strata and entry before the end."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "participant": rng.integers(0, 2, n).astype(float),
            "age": rng.normal(40, 10, n).round(1),
            "school": rng.choice(["basic", "upper", "higher"], n),
            "weight": rng.uniform(0.2, 3, n).round(3),
            "copies": rng.integers(1, 4, n),
            "person": rng.integers(0, n // 3, n),
            "office": rng.integers(0, 3, n),
        }
    )
    hazard = np.exp(0.4 * table["participant"] - 0.02 * (table["age"] - 40))
    time = np.ceil(rng.exponential(days / hazard))
    end = rng.integers(days // 2, days + 1, n)
    table["days"] = np.minimum(time, end)
    table["event"] = (time <= end).astype(int)
    table["cause"] = np.where(table["event"] == 1, rng.integers(1, 3, n), 0)
    table["entry"] = np.minimum(rng.integers(0, days // 2, n) * rng.integers(0, 2, n), table["days"] - 1)
    return table


seeds = st.integers(0, 10_000)
FORMULA = "participant + age + C(school)"
COMPLETE = {"time": "days", "event": "event", "entry": "entry", "weights": "weight", "strata": "office"}


def split(table: pd.DataFrame, at: np.ndarray) -> pd.DataFrame:
    """Each row cut in two at a time of its own, where that lies inside it; the event stays with the last piece."""
    inside = (table["entry"] < at) & (at < table["days"])
    first = table[inside].assign(days=at[inside], event=0, cause=0)
    last = table.assign(entry=np.where(inside, at, table["entry"]))
    return pd.concat([first, last], ignore_index=True)
