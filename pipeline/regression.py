"""Cox regressions of an evaluation: covariates as configured, whole factors selected or kept, rows for the results."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from pipeline.config import Covariate, Models
from pipeline.few_events import fewest_events
from pipeline.formula import parts_of, variables_of
from pipeline.results import ChiSquared, Interaction, Model, Removed, Selection, Term

TREATMENT = "participant"
TIME, EVENT, WEIGHT, PERSON = "days", "event", "weight", "person_id"
SUBGROUP = "in_subgroup"
# What a fit is made from beside its covariates; the cohort's other columns need not be carried along.
FIT_COLUMNS = (TREATMENT, TIME, EVENT, WEIGHT, PERSON, "stratum", SUBGROUP)


@dataclass(frozen=True, slots=True)
class Fitted:
    """A regression and how it came about. `fit` is None when there is nothing to fit; `note` then says why."""

    fit: Any
    data: pd.DataFrame
    factors: tuple[str, ...]
    left_out: int
    removed: tuple[Removed, ...] = ()
    note: str | None = None
    method: str = "none"
    level: float | None = None
    unidentified: tuple[str, ...] = ()


def fit_full(data: pd.DataFrame, models: Models, *, varying: dict[str, Any] | None = None) -> Fitted:
    """The Cox model with every configured covariate that varies among these rows.

    Where it cannot be fitted, covariates with a level at which nobody has the event are left out as a whole: the
    hazard ratio of such a level is 0. They are named in `unidentified`.
    """
    complete, factors, left_out = prepare(data, models.covariates)
    fitted = _fitted(complete, factors, left_out, models, varying=varying)
    empty = without_events(complete, factors) if fitted.fit is None and complete[EVENT].any() else ()
    if not empty:
        return fitted
    kept = [name for name in factors if name not in empty]
    return replace(_fitted(complete, kept, left_out, models, varying=varying), unidentified=empty)


def without_events(data: pd.DataFrame, factors: Sequence[str]) -> tuple[str, ...]:
    """Factors with levels, the treatment left aside, at one of whose levels nobody has the event."""
    found = []
    for name in factors:
        if name != TREATMENT and name in data and (name not in _numbers(data) or data[name].nunique() <= 2):
            events = data.groupby(name, observed=True)[EVENT].sum()
            if (events == 0).any():
                found.append(name)
    return tuple(found)


def _numbers(data: pd.DataFrame) -> set[str]:
    return {str(name) for name in data if pd.api.types.is_numeric_dtype(data[name])}


def fit_backward(full: Fitted, models: Models) -> Fitted:
    """Remove whole factors, the least significant first by joint Wald test, until all left are significant.

    The treatment is never removed. Standard errors do not know of the selection: p-values after it are too small.
    """
    current, removed = full, list[Removed]()
    while current.fit is not None:
        tests = {name: float(current.fit.wald(name).p) for name in current.factors if name != TREATMENT}
        worst = max(tests, key=lambda name: tests[name], default=None)
        if worst is None or tests[worst] <= models.selection_level:
            break
        removed.append(Removed(factor=worst, p=tests[worst]))
        kept = tuple(name for name in current.factors if name != worst)
        if not kept:
            break
        # Rows stay those of the full model: a covariate that left does not bring its missing rows back.
        try:
            current = replace(current, fit=current.fit.refit(without=worst), factors=kept)
        except ValueError as error:
            current = replace(current, fit=None, factors=kept, note=str(error))
    return Fitted(
        fit=current.fit,
        data=current.data,
        factors=current.factors,
        left_out=current.left_out,
        removed=tuple(removed),
        note=current.note,
        method="backward",
        level=models.selection_level,
        unidentified=full.unidentified,
    )


def prepare(data: pd.DataFrame, covariates: Sequence[Covariate]) -> tuple[pd.DataFrame, tuple[str, ...], int]:
    """Rows with every covariate, factors with their reference first, and what can be estimated among them.

    A covariate is a column or a formula term. Returns the complete rows, the treatment and covariates with more than
    one value, and the number of rows left out because a covariate is missing.
    """
    variables = sorted({v for covariate in covariates for v in variables_of(covariate.name)})
    used = [name for name in dict.fromkeys([*FIT_COLUMNS, *variables]) if name in data]
    complete = data[used].dropna(subset=variables)
    typed = {c.name: _typed(complete[c.name], c) for c in covariates if c.name in complete}
    # People as numbers: every fit on these rows tells them apart, which takes long with names.
    people = {PERSON: pd.factorize(complete[PERSON])[0]} if PERSON in complete else {}
    complete = complete.assign(**typed, **people)
    names = (TREATMENT, *(covariate.name for covariate in covariates))
    factors = tuple(name for name in names if name not in complete or _varies(complete[name]))
    return complete, factors, len(data) - len(complete)


def _varies(values: pd.Series) -> bool:
    return len(values) > 0 and bool((values != values.iloc[0]).any())


def _typed(values: pd.Series, covariate: Covariate) -> pd.Series:
    """A covariate as numbers, or as a factor whose first level is the reference; only levels that occur."""
    if covariate.reference is None:
        return values.astype(float) if pd.api.types.is_numeric_dtype(values) else values
    factor = values if isinstance(values.dtype, pd.CategoricalDtype) else values.astype(str).astype("category")
    present = factor.cat.categories[np.bincount(factor.cat.codes, minlength=len(factor.cat.categories)) > 0]
    others = sorted(set(present) - {covariate.reference}, key=_by_number)
    first = [covariate.reference] if covariate.reference in present else []
    return factor.cat.set_categories([*first, *others])


def _by_number(level: str) -> list[tuple[bool, float, str]]:
    """Sort key that puts "4-7" before "12+"."""
    parts = re.split(r"(\d+)", level)
    return [(part.isdigit(), float(part) if part.isdigit() else 0.0, part) for part in parts]


def _fitted(
    data: pd.DataFrame, factors: Sequence[str], left_out: int, models: Models, *, varying: dict[str, Any] | None = None
) -> Fitted:
    if not factors or not data[EVENT].any():
        note = "no events" if len(factors) else "nothing varies among these rows"
        return Fitted(None, data, tuple(factors), left_out, note=note)
    try:
        fit = cox_fit(data, factors, models, varying=varying)
    except ValueError as error:
        return Fitted(None, data, tuple(factors), left_out, note=str(error))
    return Fitted(fit, data, tuple(factors), left_out)


def cox_fit(
    data: pd.DataFrame, factors: Sequence[str], models: Models, *, varying: dict[str, Any] | None = None
) -> Any:
    """`survival.cox` as an evaluation calls it: weighted, robust, clustered on people or strata."""
    from survival import cox

    return cox(
        " + ".join(factors),
        data,
        time=TIME,
        event=EVENT,
        weights=WEIGHT,
        cluster="stratum" if models.cluster == "stratum" else PERSON,
        robust=True,
        ties=models.ties,
        varying=varying,
    )


def model_of(fitted: Fitted) -> Model:
    """A regression as results.json holds it."""
    data = fitted.data
    people = data.groupby(TREATMENT)[PERSON].nunique()
    return Model(
        formula=" + ".join(fitted.factors),
        n=len(data),
        people=int(data[PERSON].nunique()),
        participants=int(people.get(1, 0)),
        controls=int(people.get(0, 0)),
        events=int(data.loc[data[EVENT] == 1, PERSON].nunique()),
        left_out=fitted.left_out,
        terms=terms_of(fitted) if fitted.fit is not None else [],
        selection=Selection(method=fitted.method, level=fitted.level, removed=list(fitted.removed)),
        note=fitted.note,
        unidentified=list(fitted.unidentified),
    )


def terms_of(fitted: Fitted) -> list[Term]:
    """Each coefficient as a row: factor and level apart, hazard ratio with interval, robust and model-based errors."""
    fit = fitted.fit
    reached = fitted.data.loc[fitted.data[EVENT] == 1]
    model_errors = np.sqrt(np.diag(fit.model_covariance))
    rows = zip(fit.hazard_ratios().itertuples(), fit.coefficients, fit.standard_errors, model_errors, strict=True)
    crossed = {name: parts_of(name) for term, names in fit.terms.items() if ":" in term for name in names}
    found = []
    for row, coefficient, std_error, model_error in rows:
        factor, _, level = row.term.partition(": ")
        if row.term in crossed:
            factor, level = ":".join(part.partition(": ")[0] for part in crossed[row.term]), ""
        found.append(
            Term(
                term=row.term,
                factor=factor,
                level=level or None,
                hazard_ratio=float(row.hazard_ratio),
                lower=float(row.lower),
                upper=float(row.upper),
                p=float(row.p),
                coefficient=float(coefficient),
                std_error=float(std_error),
                model_std_error=float(model_error),
                fewest_events=fewest_events(reached, PERSON, crossed.get(row.term, (row.term,)), crossed.values()),
            )
        )
    return found


def interaction(data: pd.DataFrame, picked: np.ndarray, models: Models) -> Interaction | None:
    """How many times larger the treatment's hazard ratio is among the picked rows than among all others.

    None where there is nothing to compare: a subgroup without both arms, everyone, or too few events for the model.
    """
    if len(np.unique(data[TREATMENT] + 2 * picked)) < 4:
        return None
    marked = data.assign(**{SUBGROUP: picked.astype(float)})
    complete, factors, _ = prepare(marked, models.covariates)
    cells = complete.groupby([TREATMENT, SUBGROUP])[EVENT].sum()
    if len(cells) < 4 or (cells == 0).any():
        return None
    complete["treated_in_subgroup"] = complete[TREATMENT] * complete[SUBGROUP]
    # A subgroup that a covariate already marks (women) needs no main effect of its own.
    own = [] if _spanned(complete, SUBGROUP, factors) else [SUBGROUP]
    fit = _fit_where_possible(complete, factors, [*own, "treated_in_subgroup"], models)
    if fit is None:
        return None
    row = fit.hazard_ratios().set_index("term").loc["treated_in_subgroup"]
    ratio, lower, upper, p = (float(row[name]) for name in ("hazard_ratio", "lower", "upper", "p"))
    return Interaction(ratio=ratio, lower=lower, upper=upper, p=p, p_adjusted=p, tests=1)


def _spanned(data: pd.DataFrame, name: str, factors: Sequence[str]) -> bool:
    """Whether a column is a linear combination of a constant and the factors, whose products with treatment aside."""
    from survival.formula import design

    others = [factor for factor in factors if TREATMENT not in variables_of(factor)]
    columns = design(" + ".join(others), data).values if others else []
    matrix = np.column_stack([np.ones(len(data)), *columns])
    target = data[name].to_numpy()
    solution = np.linalg.lstsq(matrix, target, rcond=None)[0]
    return bool(np.abs(target - matrix @ solution).max() < 1e-8)


def differences(data: pd.DataFrame, level: np.ndarray, models: Models) -> ChiSquared | None:
    """Test that the treatment's hazard ratio is the same at all levels of a variable: joint Wald test.

    level : (n,) codes from 0. The levels have effects of their own unless the covariates already span them. None where
    a level lacks an arm, or an arm in it lacks events.
    """
    marked = data.assign(**{SUBGROUP: level})
    complete, factors, _ = prepare(marked, models.covariates)
    events = complete.groupby([TREATMENT, SUBGROUP])[EVENT].sum()
    levels = sorted(complete[SUBGROUP].unique())
    if len(levels) < 2 or len(events) < 2 * len(levels) or (events == 0).any():
        return None
    names: list[str] = []
    own: list[str] = []
    for code in levels[1:]:
        here = (complete[SUBGROUP] == code).astype(float)
        complete[f"level_{code}"], complete[f"treated_{code}"] = here, here * complete[TREATMENT]
        names.append(f"treated_{code}")
        if not _spanned(complete, f"level_{code}", [*factors, *own]):
            own.append(f"level_{code}")
    fit = _fit_where_possible(complete, factors, [*own, *names], models)
    if fit is None:
        return None
    test = fit.wald(names)
    return ChiSquared(statistic=float(test.statistic), df=int(test.df), p=float(test.p))


def _fit_where_possible(data: pd.DataFrame, factors: Sequence[str], more: Sequence[str], models: Models) -> Any:
    """The fit of a test; without factors that have a level without events when it needs that, None without a fit."""
    for left_out in ((), without_events(data, factors)):
        try:
            return cox_fit(data, [*(name for name in factors if name not in left_out), *more], models)
        except ValueError:
            continue
    return None


def adjusted(p_values: Sequence[float], how: str) -> list[float]:
    """p-values adjusted for how many there are: "holm", "bh" or "none"; R `p.adjust`."""
    if how == "none":
        return list(p_values)
    return holm(p_values) if how == "holm" else benjamini_hochberg(p_values)


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Benjamini and Hochberg's (1995) adjusted p-values, in the order given; R `p.adjust(method = "BH")`."""
    p = np.asarray(p_values, dtype=float)
    order = np.argsort(p, kind="stable")[::-1]
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.minimum.accumulate(p[order] * len(p) / np.arange(len(p), 0, -1)), 1.0)
    return adjusted.tolist()


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's (1979) adjusted p-values, in the order given; R `p.adjust(method = "holm")`."""
    p = np.asarray(p_values, dtype=float)
    order = np.argsort(p, kind="stable")
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)), 1.0)
    return adjusted.tolist()
