"""Effects over time: without split rows, whatever the column, and plain when they do not vary."""

import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from survival_samples import COMPLETE, FORMULA, sample, seeds, split

import survival.fitting
from survival import Bands, Spline, cox
from survival.varying import Basis, basis, natural_spline

few = settings(max_examples=10, derandomize=True, deadline=None)
OPTIONS = COMPLETE | {"cluster": "person"}


@few
@given(seeds)
def test_a_function_of_time_that_is_constant_is_the_plain_model(seed):
    """One band over all of time: its coefficient is the plain one, errors and likelihood likewise."""
    table = sample(seed)
    plain = cox(FORMULA, table, **OPTIONS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys.modules["survival.cox"], "basis", lambda *_: Basis(("always",), constant=False, kind="bands"))
        constant = cox(FORMULA, table, **OPTIONS, varying={"participant": Bands([1]), "school": Bands([1])})
    np.testing.assert_allclose(constant.coefficients, plain.coefficients, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(constant.covariance, plain.covariance, rtol=1e-8, atol=1e-10)
    assert constant.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-12)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("varying", [{"age": "linear"}, {"age": Spline(df=2), "school": "log"}], ids=str)
def test_columns_of_many_values_are_followed_row_by_row_with_the_same_result(monkeypatch, ties, varying):
    table = sample(9)
    by_level = cox(FORMULA, table, **OPTIONS, ties=ties, varying=varying)
    monkeypatch.setattr(survival.fitting, "LEVEL_CELLS", 0)
    by_row = cox(FORMULA, table, **OPTIONS, ties=ties, varying=varying)
    assert by_row.parts.prepared.model.pathwise
    assert not by_level.parts.prepared.model.pathwise
    np.testing.assert_allclose(by_row.coefficients, by_level.coefficients, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(by_row.covariance, by_level.covariance, rtol=1e-8, atol=1e-10)
    people = table.iloc[:2]
    pd.testing.assert_frame_equal(by_row.predict(people, [5, 12]), by_level.predict(people, [5, 12]), rtol=1e-8)
    for kind in ("martingale", "score"):
        pd.testing.assert_frame_equal(by_row.residuals(kind), by_level.residuals(kind), rtol=1e-7, atol=1e-8)
    pd.testing.assert_frame_equal(by_row.proportionality("rank"), by_level.proportionality("rank"), rtol=1e-6)
    smaller, fresh = by_row.refit(without="age"), by_level.refit(without="age")
    np.testing.assert_allclose(smaller.covariance, fresh.covariance, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("columns", [["age"], ["participant", "age"]], ids=str)
def test_an_interaction_with_time_is_that_of_rows_split_at_every_event_time(columns):
    """R's advice where tt() fails: coxph on survSplit at every event time, with x * log(t) as a column."""
    table = sample(10)
    pieces = table
    for at in np.unique(table.loc[table["event"] == 1, "days"]):
        pieces = split(pieces, np.full(len(pieces), at))
    products = {f"{name}_log": pieces[name] * np.log(pieces["days"]) for name in columns}
    formula = FORMULA + "".join(f" + {name}_log" for name in columns)
    by_rows = cox(formula, pieces.assign(**products), **OPTIONS)
    fit = cox(FORMULA, table, **OPTIONS, varying=dict.fromkeys(columns, "log"))
    names = {f"{name}_log": f"{name}:log(t)" for name in columns}
    order = [names.get(name, name) for name in by_rows.coefficients.index]
    np.testing.assert_allclose(fit.coefficients[order], by_rows.coefficients, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(fit.covariance.loc[order, order], by_rows.covariance, rtol=1e-7, atol=1e-10)


def test_terms_stand_beside_the_column_they_multiply():
    fit = cox(FORMULA, sample(10), **OPTIONS, varying={"participant": "log", "C(school)": Bands([9])})
    assert list(fit.coefficients.index) == [
        "participant",
        "participant:log(t)",
        "age",
        "school: higher:(0, 9]",
        "school: higher:(9, inf)",
        "school: upper:(0, 9]",
        "school: upper:(9, inf)",
    ]
    assert fit.terms["participant"] == ["participant", "participant:log(t)"]


def test_bands_are_right_closed():
    """(0, 30], (30, 183], (183, inf): day 30 belongs to the first."""
    values = basis(Bands([30, 183]), np.array([1.0])).values(np.array([1.0, 30, 31, 183, 184]))
    assert values.argmax(axis=1).tolist() == [0, 0, 1, 1, 2]
    assert values.sum(axis=1).tolist() == [1] * 5


def test_a_natural_spline_is_linear_beyond_its_outer_knots():
    knots = np.array([2.0, 5, 9, 20])
    inside, outside = np.linspace(3, 19, 9), np.linspace(25, 60, 8)
    curvature = np.diff(natural_spline(outside, knots), 2, axis=0)
    np.testing.assert_allclose(curvature, 0, atol=1e-9)
    assert np.abs(np.diff(natural_spline(inside, knots)[:, 1:], 2, axis=0)).min() > 1e-3


def test_interactions_and_transforms_are_named_as_written():
    table = sample(10).assign(school=lambda t: t["school"].map({"basic": "a:b", "upper": "c [d]", "higher": "e, f"}))
    fit = cox("participant*C(school) + bs(age, df=3)", table, time="days", event="event")
    assert list(fit.coefficients.index) == [
        "participant",
        "school: c [d]",
        "school: e, f",
        "bs(age, df=3): 1",
        "bs(age, df=3): 2",
        "bs(age, df=3): 3",
        "participant:school: c [d]",
        "participant:school: e, f",
    ]
    assert fit.terms["participant:C(school)"] == ["participant:school: c [d]", "participant:school: e, f"]
