"""L1 by hand and at its ends; the reference cases hold its values against the cem package."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from matching import Cut, Exact, Groups, cem

PEOPLE = pd.DataFrame(
    {
        "treated": [1, 1, 0, 0, 0, 0],
        "x": [1.0, 9.0, 1.0, 1.0, 9.0, 9.0],
        "place": ["n", "s", "n", "n", "n", "s"],
        "one": 1,
    }
)


def sample_of(people: pd.DataFrame = PEOPLE, **options):
    return cem(people, "treated", {"one": Exact()}, **options)


def test_by_hand() -> None:
    """Cells (1, n) 1/2 against 2/4, (9, s) 1/2 against 1/4, (9, n) 0 against 1/4."""
    found = sample_of().imbalance(["x", "place"], bins={"x": [0, 5, 10]})
    assert found.before == pytest.approx((1 / 4 + 1 / 4) / 2)
    assert found.common_support_before == pytest.approx(2 / 3)
    assert found.variables.set_index("variable")["before"].to_dict() == pytest.approx({"x": 0, "place": 1 / 4})
    assert found.bins == {"x": (0, 5, 10), "place": ("n", "s")}


def test_nothing_in_common_and_nothing_apart() -> None:
    apart = PEOPLE.assign(x=np.where(PEOPLE["treated"] == 1, 1.0, 9.0))
    assert sample_of(apart).imbalance(["x"], bins={"x": [0, 5, 10]}).before == 1
    assert sample_of().imbalance(["one"]).before == 0


def test_values_outside_the_breaks_share_a_bin() -> None:
    people = PEOPLE.assign(x=[-100.0, 3.0, 100.0, 3.0, np.nan, 3.0])
    found = sample_of(people).imbalance(["x"], bins={"x": [0, 5]})
    assert found.before == 0  # half inside and half outside in both arms


def test_bins_may_be_coarsening_rules() -> None:
    rules = {"x": Cut([5]), "place": Groups({"all": ["n", "s"]})}
    assert sample_of().imbalance(["x", "place"], bins=rules).before == pytest.approx(0)


def test_weights_are_used_before_and_after() -> None:
    base = [1, 1, 1, 1, 1, 3]
    found = sample_of(weights=base).imbalance(["place"])
    assert found.before == pytest.approx(0)  # controls: three of six in s, as one of two treated


def test_bins_of_an_unknown_variable() -> None:
    with pytest.raises(ValueError, match="bins are given for 'y', not among the variables"):
        sample_of().imbalance(["x"], bins={"y": [0, 1]})


def test_l1_of_the_sample_is_on_its_own_variables_and_kept() -> None:
    sample = cem(PEOPLE, "treated", {"x": Cut([5]), "place": Exact()})
    assert list(sample.l1.bins) == ["x", "place"]
    assert sample.l1 is sample.l1
    assert sample.l1.after == pytest.approx(0)
