"""Censoring weights: the model of staying outside, and the rows cut by month."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from by_hand import Builder, Built, Registers, configuration

from pipeline.censoring import PersonMonths, start_stop
from pipeline.config import Config
from pipeline.pooled_logistic import event_probabilities


def weights(built: Built) -> pd.DataFrame:
    """censoring.parquet with whose row it is, and from which month."""
    pieces = pd.read_parquet(built.folder / "censoring.parquet")
    whose = built.cohort.loc[pieces["row"], ["person_id", "participant", "start_month"]].reset_index(drop=True)
    return pd.concat([whose, pieces], axis=1)


def pieces_of(built: Built, key: str, month: str) -> list[tuple[float, ...]]:
    found = weights(built).query("person_id == @key and start_month == @month")
    return list(found[["from_day", "to_day", "weight_factor"]].itertuples(index=False, name=None))


def joiners() -> Registers:
    """Ten people in JOB throughout, women and men alike; one joins in February, two in March, one in May."""
    r = Registers()
    for number in range(10):
        r.in_job(f"c{number}")
    r.started("c0", "02-15")
    r.started("c1", "03-10")
    r.started("c2", "03-31")
    r.started("c3", "05-20")
    return r


@pytest.fixture(scope="module")
def built(build: Builder) -> Built:
    return build(joiners())


def test_factor_is_one_over_the_share_that_stayed(built: Built) -> None:
    """Of 10 people 9 stay outside in February, 7 of 9 in March, all in April, 6 of 7 in May, after the intake.

    A control of 1 February is followed for 242 days; dates after 29 February are days 29 and on.
    """
    march, april, june = 10 / 9, 10 / 7, 10 / 7 * 7 / 6
    expected = [(0, 28, 1), (28, 59, march), (59, 120, april), (120, 242, june)]
    assert np.allclose(pieces_of(built, "c9", "2020-02"), expected, atol=1e-9)
    expected = [(0, 30, 1), (30, 91, 9 / 7), (91, 213, 9 / 6)]
    assert np.allclose(pieces_of(built, "c9", "2020-03"), expected, atol=1e-9)
    assert np.allclose(pieces_of(built, "c9", "2020-04"), [(0, 60, 1), (60, 182, 7 / 6)], atol=1e-9)


def test_pieces_end_at_joining(built: Built) -> None:
    """c1 joins on 10 March, 38 days after 1 February; c2 on the last of March, before its month is over."""
    assert np.allclose(pieces_of(built, "c1", "2020-02"), [(0, 28, 1), (28, 38, 10 / 9)], atol=1e-9)
    assert np.allclose(pieces_of(built, "c2", "2020-03"), [(0, 30, 1)], atol=1e-9)


def test_weights_restore_everyone(built: Built) -> None:
    """Once a month is over, the weights of those still outside sum to all who were controls in the index month."""
    pieces = weights(built)
    for month, people in (("2020-02", 10), ("2020-03", 9), ("2020-04", 7)):
        rows = pieces[pieces["start_month"] == month]
        for date in ("2020-04-15", "2020-07-15"):
            day = (dt.date.fromisoformat(date) - dt.date.fromisoformat(f"{month}-01")).days
            at_risk = rows[(rows["from_day"] < day) & (day <= rows["to_day"])]
            assert at_risk["weight_factor"].sum() == pytest.approx(people), (month, date)


def test_only_controls_are_weighted(built: Built) -> None:
    pieces = weights(built)
    assert set(pieces["participant"]) == {0}
    assert set(pieces["row"]) == set(np.flatnonzero(built.cohort["participant"] == 0))


def test_pieces_tile_the_follow_up_whatever_the_outcome(built: Built) -> None:
    pieces = weights(built)
    by_row = pieces.groupby("row")
    assert (by_row["from_day"].min() == 0).all()
    longest = built.cohort["follow_up_days"]
    assert (longest >= built.cohort[["work_days", "out_days"]].max(axis=1)).all()
    assert (by_row["to_day"].max() == longest[by_row.first().index]).all()
    follows = pieces["row"].eq(pieces["row"].shift())
    assert (pieces.loc[follows, "from_day"] == pieces["to_day"].shift()[follows]).all()
    assert (pieces["from_day"] < pieces["to_day"]).all()


def test_months_outside_the_programme_change_nothing(build: Builder) -> None:
    """Someone openly unemployed in March cannot join then: the weight stays that of the end of February."""
    r = joiners()
    r.rows["categories"] = [row for row in r.rows["categories"] if row[0] != "c9"]
    for code, start, end in (("70", "2019-06-01", "02-20"), ("11", "02-20", None)):
        r.category("c9", code, start, end)
    found = pieces_of(build(r), "c9", "2020-02")
    assert np.allclose(found, [(0, 28, 1), (28, 242, 10 / 9)], atol=1e-9)


def test_matching_variables_set_the_weights(build: Builder) -> None:
    """Only men join: women keep factor 1, and the class of a variable decides, not its value."""
    r = joiners()
    for number in range(10, 20):
        r.person(f"m{number}", sex="man")
        r.registered(f"m{number}", "2019-01-01")
        r.category(f"m{number}", "70", "2019-06-01")
    r.rows["participants"].clear()
    r.started("m10", "02-15")
    built = build(r)
    assert np.allclose(pieces_of(built, "c9", "2020-02"), [(0, 242, 1)])
    assert np.allclose(pieces_of(built, "m19", "2020-02"), [(0, 28, 1), (28, 242, 10 / 9)], atol=1e-9)


def test_entering_on_the_last_day_of_a_month(build: Builder) -> None:
    """The weight changes on day 0, so there is no piece with factor 1; entrants have a chance of their own."""
    r = joiners()
    for key in ("late1", "late2"):
        r.in_job(key, "02-29")
    r.in_job("late0", "02-20")
    r.started("late0", "02-28")
    found = pieces_of(build(r), "late1", "2020-02")
    assert found[0][:2] == (0, 31)
    # Twelve others and entrants: in February the model has entrants apart, in whom one of three joined.
    assert found[0][2] > 1.3


@pytest.mark.parametrize("change", [{"future_participants": "exclude"}, {"censoring_weights": False}])
def test_no_weights_without_censoring_at_joining(build: Builder, change: dict[str, object]) -> None:
    assert not (build(joiners(), **change).folder / "censoring.parquet").exists()


def test_one_row_a_person_is_weighted_by_the_same_model(build: Builder) -> None:
    built = build(joiners(), control_index="first_month")
    march, april, june = 10 / 9, 10 / 7, 10 / 6
    expected = [(0, 28, 1), (28, 59, march), (59, 120, april), (120, 242, june)]
    assert np.allclose(pieces_of(built, "c9", "2020-02"), expected, atol=1e-9)


def test_classes_of_every_kind(build: Builder) -> None:
    """Cut, groups and exact, with values missing and values in no group, give a weight to everyone."""
    variables = {
        "start_month": "exact",
        "age": {"cut": [30, 45]},
        "education": {"groups": {"low": ["compulsory"]}},
        "birth_region": "exact",
    }
    content = configuration().model_dump(by_alias=True, exclude_none=True)
    config = Config.model_validate({**content, "matching": {"variables": variables}})
    r = joiners()
    r.person("unknown", born=None, region=None, years={})
    r.background("unknown", 2019, education=None)
    r.registered("unknown", "2019-01-01")
    r.category("unknown", "70", "2019-06-01")
    assert np.isfinite(weights(build(r, config))["weight_factor"]).all()


def test_start_stop_by_hand() -> None:
    """Two people; the first is eligible in months 600 to 602 (2020-01 to 2020-03), the second in 601 only."""
    months = PersonMonths(
        people=pa.array(["a", "b"]),
        person=np.array([0, 0, 0, 1]),
        month=np.array([600, 601, 602, 601]),
        staying=np.log([0.5, 1.0, 0.8, 0.9]),
    )
    index_day = np.array(["2020-01-01", "2020-02-10", "2020-02-01"], "datetime64[D]")
    pieces = start_stop(np.array([4, 7, 9]), np.array([0, 0, 1]), index_day, np.array([100, 100, 28]), months)
    assert pieces.row.tolist() == [4, 4, 4, 7, 7, 9]
    assert pieces.from_day.tolist() == [0, 30, 90, 0, 50, 0]
    assert pieces.to_day.tolist() == [30, 90, 100, 50, 100, 28]
    assert pieces.weight_factor == pytest.approx([1, 2, 2.5, 1, 1.25, 1])


@pytest.fixture(scope="module")
def person_months() -> pd.DataFrame:
    """20,000 person-months with three factors and an event in 3% of them; none at one level of the first factor."""
    rng = np.random.default_rng(5)
    rows = pd.DataFrame({"month": rng.integers(0, 12, 20_000), "age": rng.integers(0, 4, 20_000)})
    rows["woman"] = rng.integers(0, 2, len(rows))
    linear = -3.5 + 0.1 * rows["month"] - 0.4 * rows["age"] + 0.3 * rows["woman"]
    rows["event"] = (rng.random(len(rows)) < 1 / (1 + np.exp(-linear))) & (rows["month"] != 5)
    return rows


def test_pooled_logistic_agrees_with_statsmodels(person_months: pd.DataFrame) -> None:
    """Counts by cell give the fit of the single person-months, glm(event ~ factors, binomial).

    The level without events is left out of statsmodels' fit, which would not converge with it.
    """
    from statsmodels.formula.api import logit

    names = ["month", "age", "woman"]
    cells = person_months.groupby(names)["event"].agg(["size", "sum"]).reset_index()
    ours = event_probabilities(cells[names], cells["size"].to_numpy(float), cells["sum"].to_numpy(float))
    open_rows = person_months[person_months["month"] != 5].astype({"event": int})
    theirs = logit("event ~ C(month) + C(age) + woman", open_rows).fit(disp=0, tol=1e-12)
    without = cells["month"] == 5
    assert ours[without] == pytest.approx(0, abs=0)
    assert np.allclose(ours[~without], theirs.predict(cells[~without]), atol=1e-9)


def test_pooled_logistic_order_of_cells_and_copies_change_nothing(person_months: pd.DataFrame) -> None:
    names = ["month", "age", "woman"]
    cells = person_months.groupby(names)["event"].agg(["size", "sum"]).reset_index().astype({"size": float})
    once = event_probabilities(cells[names], cells["size"].to_numpy(), cells["sum"].to_numpy(float))
    shuffled = cells.sample(frac=1, random_state=1)
    again = event_probabilities(shuffled[names], shuffled["size"].to_numpy(), shuffled["sum"].to_numpy(float))
    assert np.allclose(once[shuffled.index], again, atol=1e-10)
    thrice = event_probabilities(cells[names], 3 * cells["size"].to_numpy(), 3 * cells["sum"].to_numpy(float))
    assert np.allclose(once, thrice, atol=1e-8)


def test_pooled_logistic_certain_levels() -> None:
    """Nobody at level a, everyone at level c; then only b is left, where it is the share."""
    factors = pd.DataFrame({"class": ["a", "b", "b", "c"], "half": ["x", "x", "y", "y"]})
    fitted = event_probabilities(factors, np.array([5.0, 10.0, 20.0, 4.0]), np.array([0.0, 2.0, 5.0, 4.0]))
    assert fitted == pytest.approx([0, 0.2, 0.25, 1])


def test_pooled_logistic_without_events() -> None:
    factors = pd.DataFrame({"class": ["a", "b"]})
    assert event_probabilities(factors, np.array([5.0, 10.0]), np.zeros(2)).tolist() == [0, 0]


def test_pooled_logistic_collinear_factors_share_their_effect() -> None:
    factors = pd.DataFrame({"class": ["a", "b", "c"], "again": ["x", "y", "z"]})
    fitted = event_probabilities(factors, np.full(3, 10.0), np.array([1.0, 2.0, 5.0]))
    assert fitted == pytest.approx([0.1, 0.2, 0.5])
