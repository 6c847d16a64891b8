"""People, days and money: Fieller's interval against a search of its definition, and against simple division."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.config import Costs
from pipeline.results import Estimate, RestrictedMean, Share
from pipeline.worth import Z, cost_per_extra, effects_of, fieller


def share(difference: float | None, error: float = 0.02, day: float = 365) -> Share:
    limits = (None, None) if difference is None else (difference - Z * error, difference + Z * error)
    nothing = dict.fromkeys(
        ("participants", "participants_lower", "participants_upper", "controls", "controls_lower", "controls_upper")
    )
    return Share(day=day, **nothing, difference=difference, lower=limits[0], upper=limits[1])


def confidence_set(cost: float, cost_error: float, difference: float, error: float) -> list[float]:
    """Where the set of ratios that are not refused begins and ends, found on a grid of step 0.05."""
    ratios = np.arange(-60_000, 60_000, 0.05)
    kept = np.abs(cost - ratios * difference) <= Z * np.hypot(cost_error, ratios * error)
    return ratios[1:][np.diff(kept.astype(int)) != 0].tolist()


@pytest.mark.parametrize("cost_error", [0, 10, 60])
@pytest.mark.parametrize("difference", [0.1, 0.05, -0.1])
def test_an_interval_where_the_difference_is_clear(cost_error: float, difference: float) -> None:
    value, lower, upper, limits = fieller(100, cost_error, difference, 0.02)
    if difference < 0:
        assert (value, lower, upper, limits) == (None, None, None, "no_gain")
        return
    assert limits == "bounded"
    assert value == pytest.approx(100 / difference)
    assert [lower, upper] == pytest.approx(confidence_set(100, cost_error, difference, 0.02), abs=0.06)


def test_with_a_known_cost_it_is_the_cost_over_the_limits_of_the_difference() -> None:
    _, lower, upper, _ = fieller(100, 0, 0.1, 0.02)
    assert (lower, upper) == (pytest.approx(100 / (0.1 + Z * 0.02)), pytest.approx(100 / (0.1 - Z * 0.02)))


@pytest.mark.parametrize(("cost_error", "difference"), [(0, 0.03), (10, 0.03), (0, -0.03), (10, 0.0), (10, 0.001)])
def test_no_upper_limit_where_the_difference_may_be_none(cost_error: float, difference: float) -> None:
    """The set then runs from a positive limit to infinity, and on from minus infinity: at least the limit."""
    value, lower, upper, limits = fieller(100, cost_error, difference, 0.02)
    assert (upper, limits) == (None, "at_least")
    assert lower == pytest.approx(max(confidence_set(100, cost_error, difference, 0.02)), abs=0.06)
    assert (value is None) == (difference <= 0)


@pytest.mark.parametrize("difference", [0.0, -0.05])
def test_a_difference_known_not_to_be_above_zero_has_no_cost(difference: float) -> None:
    """As numbers under disclosure control may be, rounded to no difference and no interval."""
    assert fieller(100, 0, difference, 0.0) == (None, None, None, "no_gain")


def test_no_limit_at_all_where_the_cost_may_be_none_too() -> None:
    assert confidence_set(100, 60, 0.01, 0.02) == []
    assert fieller(100, 60, 0.01, 0.02) == (pytest.approx(10_000), None, None, "at_least")


def test_nothing_jumps_where_the_difference_becomes_clear() -> None:
    """On the edge of significance the lower limit is the same from both sides, and the upper one runs away."""
    edge = Z * 0.02
    clear, unclear = fieller(100, 10, edge + 1e-9, 0.02), fieller(100, 10, edge - 1e-9, 0.02)
    assert clear[1] == pytest.approx(unclear[1], rel=1e-6)
    assert clear[2] is not None
    assert clear[2] > 1e6


def test_extra_people_days_and_cost_come_from_the_numbers_given() -> None:
    mean = RestrictedMean(
        until=730, p=0.01, difference=Estimate(value=-80, lower=-95, upper=-65),
        participants=Estimate(value=500, lower=None, upper=None), controls=Estimate(value=580, lower=None, upper=None),
    )  # fmt: skip
    found = effects_of([share(0.125), share(None, day=730)], mean, Costs(per_participant=50_000))
    assert found is not None
    assert found.extra[0].per_100.value == 12.5
    assert found.extra[0].per_100.lower == pytest.approx(12.5 - 2 * Z)
    assert found.days_gained == Estimate(value=80, lower=65, upper=95)
    assert [cost.day for cost in found.costs] == [365]
    assert found.costs[0].value == 400_000
    # A withheld share gives nothing away here.
    assert found.extra[1].per_100 == Estimate(value=None, lower=None, upper=None)
    assert cost_per_extra(share(None), Costs(per_participant=1)) is None
    assert effects_of([], None, None) is None
