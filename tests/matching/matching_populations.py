"""Random people for the properties that must hold for any."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import settings
from hypothesis import strategies as st

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
