"""Every way of calling wrongly is a sentence that names the argument; degenerate data are right or refused."""

import numpy as np
import pandas as pd
import pytest
from survival_samples import sample

from survival import (
    Bands,
    Spline,
    cox,
    cumulative_incidence,
    gray_test,
    kaplan_meier,
    logrank,
    restricted_mean,
)

N = 12
GOOD = {
    "time": np.arange(1.0, N + 1),
    "event": np.tile([1, 0, 1], N // 3),
    "entry": np.zeros(N) + 0.5,
    "weights": np.ones(N),
    "cluster": np.arange(N) // 2,
    "group": np.arange(N) % 2,
}


def curves(**changed):
    return kaplan_meier(**GOOD | changed)


def incidence(**changed):
    options = GOOD | changed
    return cumulative_incidence(cause=options.pop("event"), **options)


def test_of_groups(**changed):
    return logrank(**GOOD | changed)


def means(**changed):
    return restricted_mean(**GOOD | changed, until=5)


def model(**changed):
    options = GOOD | changed
    table = pd.DataFrame({"x": options.pop("group"), "z": np.linspace(0, 1, N) ** 2})
    return cox("x + z", table, **options)


test_of_groups.__test__ = False
ESTIMATORS = [curves, incidence, test_of_groups, means, model]


def with_first(name, value):
    values = GOOD[name].astype(object if isinstance(value, str) else float)
    values[0] = value
    return values


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda f: f.__name__)
@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"time": with_first("time", np.nan)}, r"`time` is missing or infinite in 1 of 12 rows"),
        ({"time": with_first("time", np.inf)}, r"`time` is missing or infinite in 1 of 12 rows"),
        ({"time": with_first("time", "soon")}, r"`time` must hold numbers"),
        ({"time": with_first("time", -1), "entry": None}, r"`time` is negative in 1 of 12 rows"),
        ({"time": GOOD["time"].reshape(3, 4)}, r"`time` must be one-dimensional"),
        ({"time": pd.to_timedelta(GOOD["time"], unit="D")}, r"`time` must hold numbers"),
        ({"event": with_first("event", np.nan)}, r"`(event|cause)` is missing"),
        ({"event": with_first("event", -1)}, r"`(event|cause)` must be"),
        ({"event": with_first("event", 0.5)}, r"`(event|cause)` must be"),
        ({"event": GOOD["event"][:-1]}, r"`(event|cause)` has 11 rows and `time` has 12"),
        ({"entry": with_first("entry", 1.0)}, r"`entry` is not before `time` in 1 of 12 rows"),
        ({"entry": with_first("entry", np.nan)}, r"`entry` is missing"),
        ({"weights": with_first("weights", -1)}, r"`weights` is negative in 1 of 12 rows"),
        ({"weights": with_first("weights", np.nan)}, r"`weights` is missing"),
        ({"weights": np.zeros(N)}, r"`weights` is zero in every row"),
        ({"weights": with_first("weights", "heavy")}, r"`weights` must hold numbers"),
        ({"cluster": with_first("cluster", np.nan)}, r"`cluster` is missing in 1 of 12 rows"),
        ({"cluster": GOOD["cluster"][:-1]}, r"`cluster` has 11 rows"),
        ({"cluster": np.zeros(N)}, r"`cluster` is the same in all rows"),
    ],
)
def test_what_is_wrong_is_named(estimator, changed, message):
    with pytest.raises(ValueError, match=message):
        estimator(**changed)


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda f: f.__name__)
def test_no_rows_are_refused(estimator):
    empty = {name: values[:0] for name, values in GOOD.items()}
    if estimator is model:
        with pytest.raises(ValueError, match="`time` is empty"):
            cox("x", pd.DataFrame({"x": []}), time=[], event=[])
    else:
        with pytest.raises(ValueError, match="`time` is empty"):
            estimator(**empty)


@pytest.mark.parametrize("estimator", [curves, incidence, test_of_groups, means], ids=lambda f: f.__name__)
def test_a_missing_group_is_refused(estimator):
    with pytest.raises(ValueError, match="`group` is missing in 1 of 12 rows"):
        estimator(group=with_first("group", np.nan))


@pytest.mark.parametrize("call", [curves, incidence])
def test_unknown_intervals_and_levels_are_refused(call):
    with pytest.raises(ValueError, match="`interval` must be one of log-log, log, plain; got 'loglog'"):
        call(interval="loglog")
    with pytest.raises(ValueError, match="`level` must lie between 0 and 1"):
        call(level=95)


def test_one_row_has_a_curve_but_no_model():
    one = kaplan_meier([3.0], [1])
    assert one.table()["survival"].tolist() == [0.0]
    assert one.at([2, 3])["at_risk"].tolist() == [1, 1]
    assert restricted_mean([3.0], [1], until=3).mean.tolist() == [3.0]
    with pytest.raises(ValueError, match="x is constant"):
        cox("x", pd.DataFrame({"x": [1.0]}), time=[3.0], event=[1])


def test_without_events_curves_stay_at_one_and_tests_are_refused():
    none = np.zeros(N)
    table = kaplan_meier(GOOD["time"], none).at([0, 5, 12])
    assert table["survival"].tolist() == [1.0] * 3
    assert table["censored"].tolist() == [0, 5, 7]
    assert kaplan_meier(GOOD["time"], none).table().empty
    assert np.isnan(kaplan_meier(GOOD["time"], none).quantile(0.5)["quantile"]).all()
    assert cumulative_incidence(GOOD["time"], none).at([5])["incidence"].tolist() == [0.0]
    assert restricted_mean(GOOD["time"], none, until=5).mean.tolist() == [5.0]
    with pytest.raises(ValueError, match="`event` never happens"):
        logrank(GOOD["time"], none, GOOD["group"])
    with pytest.raises(ValueError, match="`event` never happens"):
        model(event=none)
    with pytest.raises(ValueError, match="`cause` is 0 in every row"):
        gray_test(GOOD["time"], none, GOOD["group"])


def test_all_events_on_one_day():
    time, event = np.full(N, 7.0), np.ones(N)
    assert kaplan_meier(time, event).table()["survival"].tolist() == [0.0]
    with pytest.raises(ValueError, match=r"`event`: whenever it happens, .* everybody has it"):
        logrank(time, event, GOOD["group"])
    fit = cox("x", pd.DataFrame({"x": GOOD["group"]}), time=time, event=np.tile([1, 0, 0], 4))
    assert np.isfinite(fit.coefficients).all()
    with pytest.raises(ValueError, match="`transform`: all events happen at one time"):
        fit.proportionality()


def test_one_event():
    event = (np.arange(N) == 5).astype(int)
    table = kaplan_meier(GOOD["time"], event).table()
    assert table[["at_risk", "events", "survival"]].to_numpy().tolist() == [[7, 1, pytest.approx(6 / 7)]]
    fit = cox("z", pd.DataFrame({"z": [3.0, 1, 4, 1, 5, 2, 6, 5, 3, 5, 8, -9]}), time=GOOD["time"], event=event)
    # One event: its row's value is the mean of those at risk at the maximum.
    at_risk = np.array([2.0, 6, 5, 3, 5, 8, -9])
    weights = np.exp(fit.coefficients["z"] * at_risk)
    assert np.average(at_risk, weights=weights) == pytest.approx(2.0, abs=1e-9)


def test_an_empty_arm_is_refused():
    with pytest.raises(ValueError, match="`group` has one group only"):
        logrank(GOOD["time"], GOOD["event"], np.zeros(N))
    with pytest.raises(ValueError, match="x is constant"):
        model(group=np.zeros(N))
    arms = pd.Categorical(["a"] * N, categories=["a", "b"])
    assert kaplan_meier(GOOD["time"], GOOD["event"], group=arms).at([3])["group"].tolist() == ["a"]


def test_a_group_that_enters_after_the_last_event_cannot_be_compared():
    time, event = np.array([1, 2, 3, 9, 9, 9.0]), np.array([1, 1, 1, 0, 0, 0])
    entry = np.array([0, 0, 0, 5, 5, 5.0])
    with pytest.raises(ValueError, match="`group`: fewer than two groups have anybody at risk"):
        logrank(time, event, [0, 0, 0, 1, 1, 1], entry=entry)


def test_a_horizon_beyond_follow_up_is_refused():
    with pytest.raises(ValueError, match="`until` is 40, but group 0 is followed to 11 only"):
        restricted_mean(GOOD["time"], np.zeros(N), group=GOOD["group"], until=40)
    with pytest.raises(ValueError, match="`until` must be a time after 0"):
        restricted_mean(GOOD["time"], GOOD["event"], until=0)
    # Where everybody has had the event, the curve is 0 for good.
    assert restricted_mean([1.0, 2.0], [1, 1], until=40).mean[0] == pytest.approx(1.5)


@pytest.mark.parametrize(
    ("formula", "changed", "options", "message"),
    [
        ("participant + agee", {}, {}, "`formula` names agee, not in `data`; its columns are"),
        ("participant + ", {}, {}, "`formula`"),
        ("1", {}, {}, "`formula` names no covariates"),
        ("participant + constant", {"constant": 5.0}, {}, "constant is constant among those at risk"),
        ("participant + age + months", {}, {}, "months is collinear with age; leave one of them out"),
        ("C(office) + C(school) + one + two", {}, {}, "two is collinear with office: 1, office: 2, one"),
        ("age + holes", {}, {}, r"`data` has missing values in holes \(1 of 120 rows\)"),
        ("age + endless", {}, {}, "`formula` gives missing or infinite values in endless"),
        ("age + perfect", {}, {}, "perfect separates those who have the event"),
        ("age", {}, {"ties": "exact"}, '`ties` must be "efron" or "breslow"'),
        ("age", {}, {"cluster": "person", "robust": False}, "`robust` is False but `cluster` is given"),
        ("age", {}, {"weights": "wight"}, "`weights` names wight, not in `data`"),
        ("age", {}, {"strata": ["office", "town"]}, "`strata` names town, not in `data`"),
        ("age", {}, {"varying": {"agee": "log"}}, "`varying` names agee, not in the formula"),
        ("age", {}, {"varying": {"age": "square"}}, '`varying` must be "log", "linear", Bands'),
        ("age", {}, {"varying": {"age": Bands([5, 3])}}, "`varying` bands need cuts above 0 in rising order"),
        ("age", {}, {"varying": {"age": Spline(df=0)}}, "`varying` spline needs df of at least 1"),
        ("age", {"days": lambda t: t["days"] - 1}, {"varying": {"age": "log"}}, '`varying` cannot be "log" when'),
    ],
)
def test_what_stops_a_fit_is_said_in_words(formula, changed, options, message):
    table = sample(2).assign(
        months=lambda t: t["age"] * 12 + 3,
        one=lambda t: (t["office"] == 0) + 0.0,
        two=lambda t: t["office"] * 1.0,
        holes=lambda t: t["age"].where(t.index > 0),
        endless=lambda t: t["age"].where(t.index > 0, np.inf),
        perfect=lambda t: t["event"] * 1.0,
    )
    if formula.startswith("C(office)"):
        table["one"] = table["age"]
        table["two"] = table["age"] + 2 * (table["office"] == 1) - (table["office"] == 2)
    with pytest.raises(ValueError, match=message):
        cox(formula, table.assign(**changed), time="days", event="event", **options)
