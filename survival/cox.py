"""Cox regression: weights, strata, delayed entry, clusters, ties and effects that vary over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import chdtrc, ndtr

from survival.fitting import Maximum, Prepared, maximise, prepare
from survival.formula import Design, design
from survival.inputs import Codes, Floats, FollowUp, Ints, asked_times, confidence, follow_up, grouping
from survival.partial_likelihood import evaluate, information, score
from survival.residuals import influence
from survival.varying import Bands, Basis, Layout, Spline, basis, layout

Column = str | ArrayLike


@dataclass(frozen=True, slots=True)
class WaldTest:
    """A joint test that coefficients are zero: chi-squared statistic, degrees of freedom, p; and which."""

    statistic: float
    df: int
    p: float
    tested: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CoxFit:
    """A fitted Cox model.

    coefficients, standard_errors (P,) Series by term name; covariance (P, P) the one errors are taken from, robust or
    not, and model_covariance the inverse information; log_likelihood and log_likelihood_null; n rows of positive
    weight; events (weighted sums are not taken); terms: formula term -> names of its coefficients; robust, ties.
    """

    formula: str
    coefficients: pd.Series
    standard_errors: pd.Series
    covariance: pd.DataFrame
    model_covariance: pd.DataFrame
    log_likelihood: float
    log_likelihood_null: float
    n: int
    events: int
    terms: dict[str, list[str]]
    robust: bool
    ties: str
    iterations: int
    parts: Parts

    def hazard_ratios(self, level: float = 0.95) -> pd.DataFrame:
        """term, hazard_ratio, lower, upper, p: a row per coefficient; p from Wald's test."""
        z = confidence(level)
        b, se = self.coefficients.to_numpy(), self.standard_errors.to_numpy()
        return pd.DataFrame(
            {
                "term": self.coefficients.index,
                "hazard_ratio": np.exp(b),
                "lower": np.exp(b - z * se),
                "upper": np.exp(b + z * se),
                "p": 2 * ndtr(-np.abs(b / se)),
            }
        )

    def wald(self, terms: str | Sequence[str] | None = None) -> WaldTest:
        """Joint test that all coefficients of `terms` (formula terms or coefficient names; all when left out) are 0."""
        names = list(self.coefficients.index) if terms is None else self.names_of(terms)
        b = self.coefficients[names].to_numpy()
        statistic = float(b @ np.linalg.solve(self.covariance.loc[names, names].to_numpy(), b))
        return WaldTest(statistic, len(names), float(chdtrc(len(names), statistic)), tuple(names))

    def names_of(self, terms: str | Sequence[str]) -> list[str]:
        """Coefficient names of formula terms or coefficient names; ValueError names what is not in the model."""
        asked = [terms] if isinstance(terms, str) else list(terms)
        names = []
        for term in asked:
            found = [term] if term in self.coefficients.index and term not in self.terms else self._coefficients(term)
            if found is None:
                raise ValueError(f"`terms`: {term} is not in the model; it has {', '.join(self.terms)}")
            names += [name for name in found if name not in names]
        return names

    def _coefficients(self, term: str) -> list[str] | None:
        columns = self.parts.design.find(term)
        return None if columns is None else coefficient_names(columns, self.parts.prepared.layout)

    def tests(self) -> pd.DataFrame:
        """test, statistic, df, p: likelihood ratio, score, Wald, and robust score when errors are robust."""
        rows = [("likelihood ratio", 2 * (self.log_likelihood - self.log_likelihood_null)), *_score_tests(self)]
        rows.append(("wald", self.wald().statistic))
        df = len(self.coefficients)
        return pd.DataFrame([{"test": t, "statistic": s, "df": df, "p": float(chdtrc(df, s))} for t, s in rows])

    def ratio_over_time(self, term: str, times: ArrayLike, level: float = 0.95) -> pd.DataFrame:
        """time, hazard_ratio, lower, upper of a term whose effect may vary, at asked times."""
        from survival.effects import ratio_over_time

        return ratio_over_time(self, term, times, level)

    def constancy(self, term: str) -> WaldTest:
        """Joint Wald test that a term in `varying` does not vary: bands equal, functions of time 0."""
        from survival.effects import constancy

        return constancy(self, term)

    def proportionality(self, transform: str = "km", by: str = "term") -> pd.DataFrame:
        """term, statistic, df, p, with a GLOBAL row: the score test of R `cox.zph` from survival 3.0 on."""
        from survival.proportionality import proportionality

        return proportionality(self, transform, by)

    def baseline(self, times: ArrayLike | None = None) -> pd.DataFrame:
        """time, cumulative_hazard at covariates 0 (and stratum); at event times when `times` is left out."""
        from survival.predict import baseline

        return baseline(self, times)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a fit keeps to answer further questions: the prepared likelihood, its maximum and the inputs."""

    prepared: Prepared
    maximum: Maximum
    data: FollowUp
    design: Design
    strata: Codes | None
    cluster: Ints | None


def cox(
    formula: str,
    data: pd.DataFrame,
    *,
    time: Column,
    event: Column,
    entry: Column | None = None,
    weights: Column | None = None,
    strata: Column | Sequence[str] | None = None,
    cluster: Column | None = None,
    robust: bool | None = None,
    ties: str = "efron",
    varying: Mapping[str, str | Bands | Spline] | None = None,
) -> CoxFit:
    """Cox regression whose robust errors know delayed entry, ties, strata and weights.

    Parameters
    ----------
    formula : covariates in formulaic's language, "participant + woman + C(education)"
    data : (n, ...) frame with the covariates
    time, event, entry, weights, cluster : column names of `data`, or (n,) arrays. At risk at t: entry < t <= time;
        weights >= 0 are not frequencies; rows of a cluster are summed before they are squared
    strata : column name, several, or an array: a baseline hazard of its own for each value
    robust : sandwich errors; by default with weights or clusters. No small-sample factor
    ties : "efron" or "breslow"
    varying : term -> "log" (b + c log t), "linear" (b + c t), Bands([30, 183]) or Spline(df=3)

    Raises
    ------
    ValueError : what is wrong with an argument, in words: not numbers, missing values, entry not before time, no event,
        a column that is constant, collinear with others, or separates the events

    Cox (1972), Efron (1977), Lin and Wei (1989). Checked against R `survival::coxph`.
    """
    if ties not in ("efron", "breslow"):
        raise ValueError(f'`ties` must be "efron" or "breslow"; got {ties!r}')
    if robust is False and cluster is not None:
        raise ValueError("`robust` is False but `cluster` is given; leave one of them out")
    n = len(data)
    observed = follow_up(
        _column(time, data, "time"),
        _column(event, data, "event"),
        entry=None if entry is None else _column(entry, data, "entry"),
        weights=None if weights is None else _column(weights, data, "weights"),
    )
    if observed.n != n:
        raise ValueError(f"`time` has {observed.n} rows and `data` has {n}; they must be as long")
    stratum = _strata(strata, data)
    owner = grouping(None if cluster is None else _column(cluster, data, "cluster"), "cluster", n, ordered=False)
    matrix = design(formula, data)
    plan = layout(matrix.columns, _bases(varying, matrix, observed))
    prepared = prepare(
        observed,
        matrix.values,
        plan,
        ties,
        None if stratum is None else stratum.codes,
        1 if stratum is None else len(stratum.labels),
    )
    maximum = maximise(prepared, [plan.names[i] for i in prepared.place])
    is_robust = (weights is not None or cluster is not None) if robust is None else robust
    parts = Parts(prepared, maximum, observed, matrix, stratum, None if owner is None else owner.codes)
    return _fit(formula, parts, is_robust)


def _fit(formula: str, parts: Parts, robust: bool) -> CoxFit:
    prepared, maximum = parts.prepared, parts.maximum
    model = prepared.model
    bread = np.linalg.inv(maximum.information)
    spread = bread
    if robust:
        u = influence(model, maximum.state, owners(parts))
        spread = bread @ (u.T @ u) @ bread
    names = prepared.layout.names
    null = evaluate(model, np.zeros(len(names))).log_likelihood
    covariance = _named(prepared, spread)
    coefficients = np.empty(len(names))
    coefficients[prepared.place] = maximum.b / prepared.unit
    kept = parts.data.weight() > 0
    return CoxFit(
        formula=formula,
        coefficients=pd.Series(coefficients, index=names, name="coefficient"),
        standard_errors=pd.Series(np.sqrt(np.diag(covariance)), index=names, name="standard_error"),
        covariance=covariance,
        model_covariance=_named(prepared, bread),
        log_likelihood=maximum.state.log_likelihood,
        log_likelihood_null=null,
        n=int(kept.sum()),
        events=int((parts.data.status[kept] > 0).sum()),
        terms={term: coefficient_names(columns, prepared.layout) for term, columns in parts.design.terms.items()},
        robust=robust,
        ties=prepared.ties,
        iterations=maximum.iterations,
        parts=parts,
    )


def owners(parts: Parts) -> Ints | None:
    """(m,) cluster of each member row, None when each row is its own."""
    return None if parts.cluster is None else parts.cluster[parts.prepared.rows]


def _named(prepared: Prepared, matrix: Floats) -> pd.DataFrame:
    """A matrix of the model's coefficients in the caller's units and order."""
    out = np.empty_like(matrix)
    out[np.ix_(prepared.place, prepared.place)] = matrix / np.outer(prepared.unit, prepared.unit)
    return pd.DataFrame(out, index=prepared.layout.names, columns=prepared.layout.names)


def coefficient_names(columns: Sequence[int], plan: Layout) -> list[str]:
    """Names of the coefficients of design columns, the varying ones beside the column they multiply."""
    place = dict(zip(plan.fixed, plan.column, strict=True)) | dict(zip(plan.moving, plan.source, strict=True))
    return [name for i, name in enumerate(plan.names) if place[i] in columns]


def _score_tests(fit: CoxFit) -> list[tuple[str, float]]:
    """Score test at coefficients 0, and its robust form when errors are robust."""
    model = fit.parts.prepared.model
    state = evaluate(model, np.zeros(len(fit.coefficients)))
    u = score(model, state)
    found = [("score", float(u @ np.linalg.solve(information(model, state), u)))]
    if fit.robust:
        rows = influence(model, state, owners(fit.parts))
        found.append(("robust score", float(u @ np.linalg.solve(rows.T @ rows, u))))
    return found


def _column(value: Any, data: pd.DataFrame, name: str) -> Any:
    """A column of `data` by name, or the array itself."""
    if not isinstance(value, str):
        return value
    if value not in data.columns:
        raise ValueError(f"`{name}` names {value}, not in `data`; its columns are {', '.join(map(str, data.columns))}")
    return data[value]


def _strata(strata: Any, data: pd.DataFrame) -> Codes | None:
    """Strata from one column, several, or an array."""
    if strata is None:
        return None
    if isinstance(strata, list | tuple) and strata and all(isinstance(name, str) for name in strata):
        if not all(name in data.columns for name in strata):
            return grouping(np.asarray(strata), "strata", len(data))
        parts = [grouping(data[name], "strata", len(data)) for name in strata]
        code = np.zeros(len(data), dtype=np.int64)
        for part in parts:
            assert part is not None
            code = code * len(part.labels) + part.codes
        _, codes = np.unique(code, return_inverse=True)
        first = pd.Series(np.arange(len(codes))).groupby(codes).first()
        labels = [tuple(row) for row in data.loc[:, list(strata)].iloc[first].itertuples(index=False)]
        return Codes(codes, labels)
    return grouping(_column(strata, data, "strata"), "strata", len(data))


def _bases(varying: Mapping[str, Any] | None, matrix: Design, data: FollowUp) -> dict[int, Basis]:
    """Design column -> its functions of time, from `varying`'s terms, factors or column names."""
    found: dict[int, Basis] = {}
    for key, effect in (varying or {}).items():
        columns = matrix.find(key)
        if columns is None:
            raise ValueError(f"`varying` names {key}, not in the formula; it has {', '.join(matrix.terms)}")
        own = basis(effect, data.time[(data.status > 0) & (data.weight() > 0)])
        found.update(dict.fromkeys(columns, own))
    return found


__all__ = ["CoxFit", "WaldTest", "asked_times", "cox"]
