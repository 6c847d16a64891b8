"""Incidence at given times equals the curve there."""

import numpy as np
import pandas as pd
import pytest

from survival import cumulative_incidence
from survival.pointwise import incidence_at


@pytest.mark.parametrize("used", [(), ("weights",), ("weights", "cluster"), ("weights", "cluster", "entry")])
def test_incidence_at_times_is_that_of_the_curve(used):
    """Two derivations of the same influence function: in closed form at a time, and by running cross products."""
    rng = np.random.default_rng(4)
    n = 500
    time = rng.integers(1, 40, n).astype(float)
    given = {
        "weights": rng.uniform(0.2, 3, n),
        "cluster": rng.integers(0, 90, n),
        "entry": np.minimum(rng.integers(0, 25, n), time - 1),
    }
    options = {"group": rng.integers(0, 2, n)} | {name: given[name] for name in used}
    cause, times = rng.integers(0, 4, n), [0, 1, 17, 39, 60]
    curve = cumulative_incidence(time, cause, **options).at(times)
    found = incidence_at(time, cause, times, **options)
    pd.testing.assert_frame_equal(found, curve, check_exact=False, rtol=1e-10, atol=1e-13)
