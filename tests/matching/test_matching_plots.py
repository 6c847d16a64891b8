"""The figures draw the numbers they are given."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matching_populations import simulated

from matching import Cut, Exact, cem
from matching.plots import distribution_plot, frontier_plot, love_plot

mpl.use("Agg")
PEOPLE = simulated(400, 9).assign(sick=lambda p: p["y"].where(p["age"] > 25))


@pytest.fixture
def sample():
    return cem(PEOPLE, "treated", {"age": Cut([30, 40, 50]), "education": Exact(), "woman": Exact()})


def test_love_plot(sample) -> None:
    balance = sample.balance()
    ax = love_plot(balance)
    before, after = (points.get_offsets()[:, 0] for points in ax.collections[1:])
    assert sorted(before) == pytest.approx(sorted(balance["smd_before"].abs()))
    assert sorted(after) == pytest.approx(sorted(balance["smd_after"].abs()))
    top = ax.get_yticklabels()[-1].get_text()
    largest = balance.loc[balance["smd_before"].abs().idxmax()]
    assert top == f"{largest['variable']} {largest['level']}".strip()
    assert love_plot(balance, ax) is ax


def test_love_plot_leaves_out_what_has_no_difference(sample) -> None:
    balance = sample.balance()
    balance.loc[0, ["smd_before", "smd_after"]] = np.nan
    assert len(love_plot(balance).collections[1].get_offsets()) == len(balance) - 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_distribution_of_a_number_shows_the_ks_distance(sample, when: str) -> None:
    ax = distribution_plot(sample, "sick", when=when)
    curves = [np.asarray(line.get_ydata(), dtype=float) for line in ax.lines]
    table = sample.balance(["sick"])
    assert np.abs(curves[0] - curves[1]).max() == pytest.approx(table[f"ks_{when}"][0])
    assert [curve[-1] for curve in curves] == pytest.approx([1, 1])


def test_distribution_of_categories_shows_the_shares(sample) -> None:
    ax = distribution_plot(sample, "education", when="before")
    heights = [bar.get_height() for bar in ax.patches]
    table = sample.balance(["education"])
    assert heights == pytest.approx([*table["mean_treated_before"], *table["mean_controls_before"]])
    assert [label.get_text() for label in ax.get_xticklabels()] == table["level"].tolist()


def test_frontier_plot() -> None:
    table = pd.DataFrame({"coarsening": list("abcd"), "treated": [10, 20, 15, 0], "l1": [0.1, 0.3, 0.4, np.nan]})
    ax = frontier_plot(table)
    assert len(ax.collections[0].get_offsets()) == 3
    np.testing.assert_array_equal(ax.lines[0].get_xydata(), [[10, 0.1], [20, 0.3]])
    assert ax.get_ylabel() == "L1 after matching"


def test_mistakes(sample) -> None:
    with pytest.raises(ValueError, match="when='during' is unknown"):
        distribution_plot(sample, "age", when="during")
    with pytest.raises(ValueError, match="no column named 'income'"):
        distribution_plot(sample, "income")
    with pytest.raises(ValueError, match="no column named 'effect'"):
        frontier_plot(pd.DataFrame({"coarsening": ["a"], "treated": [1]}), against="effect")


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    import matplotlib.pyplot as plt

    plt.close("all")
