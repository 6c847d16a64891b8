"""Figures hold the numbers they should; axes go in and come out."""

import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from survival_samples import sample

from survival import cox, cumulative_incidence, kaplan_meier
from survival.plots import plot_curves, plot_incidence, plot_ratio, risk_table


@pytest.fixture
def table():
    return sample(3)


@pytest.fixture
def curves(table):
    return kaplan_meier(
        table["days"], table["event"], group=table["participant"], weights=table["weight"], cluster=table["person"]
    )


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


@pytest.mark.parametrize("incidence", [False, True])
def test_curves_are_drawn_as_steps_from_the_start(curves, incidence):
    _, ax = plt.subplots()
    assert plot_curves(curves, ax, incidence=incidence, labels={0.0: "Controls"}) is ax
    line = ax.get_lines()[0]
    assert line.get_label() == "Controls"
    assert line.get_drawstyle() == "steps-post"
    own = curves.curves[0]
    drawn = np.append(1.0, own.survival)
    np.testing.assert_allclose(line.get_ydata()[:-1], 1 - drawn if incidence else drawn)
    assert line.get_xdata()[0] == 0
    assert len(ax.collections) == 2  # a band each
    styles = {line.get_linestyle() for line in ax.get_lines()}
    assert len(styles) == 2  # told apart without colour


def test_a_risk_table_shows_people_at_the_ticks(curves):
    ax = plot_curves(curves, until=20)
    below = risk_table(curves, ax, [0, 5, 10, 20], labels={0.0: "Controls", 1.0: "Participants"})
    counts = curves.counts([0, 5, 10, 20])
    texts = [text.get_text() for text in below.texts]
    for column in ("at_risk", "censored", "events"):
        for value in counts[column]:
            assert str(value) in texts
    assert [text for text in texts if text in ("Controls", "Participants", "At risk", "Censored", "Events")] == [
        "Controls",
        "At risk",
        "Censored",
        "Events",
        "Participants",
        "At risk",
        "Censored",
        "Events",
    ]
    assert ax.get_xticks().tolist() == [0, 5, 10, 20]
    ax.figure.canvas.draw()
    assert below.get_position().y1 < ax.get_position().y0


def test_words_of_a_risk_table_can_be_said_otherwise(curves):
    below = risk_table(curves, plot_curves(curves), [0, 5], words={"at_risk": "I risk"})
    assert sum(text.get_text() == "I risk" for text in below.texts) == 2
    assert not any(text.get_text() == "Events" for text in below.texts)


def test_incidence_and_ratios_are_drawn(table):
    risks = cumulative_incidence(table["days"], table["cause"], group=table["participant"])
    ax = plot_incidence(risks, 2)
    np.testing.assert_allclose(ax.get_lines()[1].get_ydata()[1:-1], risks.curves[3].incidence)
    with pytest.raises(ValueError, match="`cause` 7 is not in these incidences"):
        plot_incidence(risks, 7)
    fit = cox("participant + age", table, time="days", event="event", varying={"participant": "log"})
    ratios = fit.ratio_over_time("participant", range(1, 21))
    drawn = plot_ratio(ratios)
    assert drawn.get_yscale() == "log"
    np.testing.assert_allclose(drawn.get_lines()[0].get_ydata(), ratios["hazard_ratio"])
