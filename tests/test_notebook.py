"""Results as notebooks show them: a table each, everything escaped, no scripts; plots take and return axes."""

from __future__ import annotations

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from matching import Cut, Exact, cem, entropy_balance
from survival import cox, cumulative_incidence, kaplan_meier, logrank, restricted_mean
from survival.plots import plot_hazard_ratios

NASTY = "<script>alert('x')</script>"


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    data = pd.DataFrame({"treated": np.arange(300) % 2, "age": rng.integers(20, 60, 300)})
    named = {NASTY: np.where(rng.random(300) < 0.5, NASTY, "b & c"), "arm": np.where(data["treated"] == 1, NASTY, "!c")}
    return data.assign(**named, days=rng.integers(1, 90, 300), event=rng.integers(0, 2, 300))


def results(people: pd.DataFrame) -> dict[str, object]:
    follow_up = people["days"], people["event"]
    sample = cem(people, treatment="treated", coarsening={"age": Cut([40]), NASTY: Exact()})
    return {
        "cem": sample,
        "entropy": entropy_balance(people, "treated", ["age", NASTY]),
        "curves": kaplan_meier(*follow_up, group=people["arm"]),
        "incidence": cumulative_incidence(*follow_up, group=people["arm"]),
        "means": restricted_mean(*follow_up, group=people["arm"], until=60),
        "log-rank": logrank(*follow_up, people["arm"]),
        "cox": cox("age + C(arm)", people, time="days", event="event"),
    }


@pytest.mark.parametrize("name", ["cem", "entropy", "curves", "incidence", "means", "log-rank", "cox"])
def test_a_result_shows_as_a_table_without_scripts(people: pd.DataFrame, name: str) -> None:
    html = results(people)[name]._repr_html_()
    assert html.count("<table") >= 1
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_long_tables_are_shortened(people: pd.DataFrame) -> None:
    html = kaplan_meier(people["days"], people["event"])._repr_html_()
    assert html.count("<tr") < 20


def test_forest_plots_take_and_return_axes(people: pd.DataFrame) -> None:
    fit = cox("treated + age", people, time="days", event="event")
    figure, ax = plt.subplots()
    assert plot_hazard_ratios(fit.hazard_ratios(), ax) is ax
    assert [label.get_text() for label in ax.get_yticklabels()] == ["treated", "age"]
    assert ax.get_xscale() == "log"
    plt.close(figure)
