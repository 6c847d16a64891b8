"""From which of their months controls are compared."""

from __future__ import annotations

import numpy as np
import pytest
from by_hand import Builder, Built, Registers, configuration, with_both_arms

from pipeline.index_months import draw_months

PEOPLE = [f"c{number}" for number in range(40)]


def everyone() -> Registers:
    """Forty controls with three eligible months, one with two, one with one, and P and J, who join."""
    r = with_both_arms()
    for key in PEOPLE:
        r.in_job(key)
    r.in_job("two", "03-05")
    r.in_job("one", "04-20")
    r.in_job("J")
    r.started("J", "04-10")
    return r


@pytest.fixture(scope="module")
def random_month(build: Builder) -> Built:
    return build(everyone(), control_index="random_month")


def test_every_month_has_weight_one(build: Builder) -> None:
    built = build(everyone())
    assert built.index_dates("c0") == ["02-01", "03-01", "04-01"]
    assert set(built.cohort["index_weight"]) == {1.0}


def test_first_month_takes_the_first(build: Builder) -> None:
    built = build(everyone(), control_index="first_month")
    dates = {key: built.index_dates(key) for key in ("c0", "two", "one", "J")}
    assert dates == {"c0": ["02-01"], "two": ["03-05"], "one": ["04-20"], "J": ["02-01"]}
    assert set(built.cohort["index_weight"]) == {1.0}


def test_random_month_draws_one_and_weighs_it(random_month: Built) -> None:
    controls = random_month.cohort[random_month.cohort["participant"] == 0]
    assert not controls.duplicated("person_id").any()
    weights = controls.set_index("person_id")["index_weight"]
    assert weights[["c0", "two", "one", "P", "J"]].tolist() == [3, 2, 1, 2, 3]
    # All three months are drawn: the chance that one is missing among forty people is under one in a million.
    assert set(controls.loc[controls["person_id"].isin(PEOPLE), "start_month"]) == {"2020-02", "2020-03", "2020-04"}


def test_random_month_leaves_participants_alone(random_month: Built) -> None:
    assert random_month.rows("P", "index_weight", participant=1) == [1]
    assert random_month.rows("J", "index_weight", participant=1) == [1]


def test_random_month_without_its_weight(build: Builder, random_month: Built) -> None:
    built = build(everyone(), control_index="random_month", index_weights=False)
    assert set(built.cohort["index_weight"]) == {1.0}
    assert built.cohort["index_date"].equals(random_month.cohort["index_date"])


def test_published_frame_has_one_row_a_person(build: Builder) -> None:
    built = build(everyone(), control_index="random_month", future_participants="exclude")
    assert not built.cohort["person_id"].duplicated().any()
    assert built.index_dates("J") == []
    assert built.step("eligible") == (2, 43, 2, 43)
    assert built.step("outcome_not_reached") == (2, 43, 2, 40 * 3 + 3 + 2 + 1)


def test_draw_is_the_same_on_every_machine() -> None:
    """Values written down once: another seed or person draws another month, the order of people does not matter."""
    people, months = ["1", "2", "3", "a", "å"], np.array([27, 27, 27, 27, 27])
    assert draw_months(people, months, 1).tolist() == [9, 20, 12, 18, 19]
    assert draw_months(people, months, 2).tolist() != draw_months(people, months, 1).tolist()
    assert draw_months(people[::-1], months, 1).tolist() == draw_months(people, months, 1).tolist()[::-1]


def test_draw_is_uniform() -> None:
    """Chi-square of 20,000 draws among nine months under its 99.9th percentile (26.1 with 8 degrees of freedom)."""
    drawn = draw_months([str(number) for number in range(20_000)], np.full(20_000, 9), 7)
    counts = np.bincount(drawn, minlength=9)
    assert ((counts - 20_000 / 9) ** 2 / (20_000 / 9)).sum() < 26.1


def test_another_seed_draws_other_months(random_month: Built, build: Builder) -> None:
    config = configuration(control_index="random_month").model_copy(update={"seed": 2})
    other = build(everyone(), config)
    assert not other.cohort["index_date"].equals(random_month.cohort["index_date"])
