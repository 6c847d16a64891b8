"""Cox regression: weights, strata, delayed entry, clusters, ties and effects that vary over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import ndtr

from survival.arrays import Floats, Ints, crossproduct
from survival.columns import column_of, strata_of
from survival.fitting import Maximum, Prepared, maximise, prepare
from survival.formula import Design, design
from survival.hypotheses import WaldTest, overall, wald
from survival.inputs import Codes, FollowUp, clusters, confidence, follow_up
from survival.residuals import influence
from survival.varying import Bands, Basis, Layout, Spline, basis, layout

if TYPE_CHECKING:
    from survival.concordance import Concordance
    from survival.verify import SecondOpinion

Column = str | ArrayLike


@dataclass(frozen=True, slots=True)
class Parts:
    """What a fit keeps to answer further questions: inputs, the prepared likelihood and its maximum."""

    data: FollowUp
    design: Design
    strata: Codes | None
    cluster: Ints | None
    prepared: Prepared
    maximum: Maximum

    @property
    def owner(self) -> Ints | None:
        """(m,) cluster of each member row of the likelihood, None when each row is its own."""
        return None if self.cluster is None else self.cluster[self.prepared.rows]


@dataclass(frozen=True, slots=True)
class CoxFit:
    """A fitted Cox model.

    Attributes
    ----------
    coefficients, standard_errors : (P,) Series by term name
    covariance : (P, P) frame that errors, intervals and Wald tests use: the sandwich when robust
    model_covariance : (P, P) frame, inverse of the information
    log_likelihood, log_likelihood_null : at the coefficients and at 0
    n, events : rows of positive weight, and how many of them have the event
    terms : formula term -> names of its coefficients
    iterations : Newton steps taken
    verification : what lifelines makes of the same model, when `verify` was asked for
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
    verification: SecondOpinion | None = None

    def _repr_html_(self) -> str:
        """For notebooks: the model, and its hazard ratios."""
        from survival.notebook import as_html

        errors = "robust" if self.robust else "model-based"
        head = f"Cox regression: {self.formula}; {self.n:,} rows, {self.events:,} events, {errors} errors, {self.ties}"
        return as_html([head], self.hazard_ratios())

    def hazard_ratios(self, level: float = 0.95) -> pd.DataFrame:
        """term, hazard_ratio, lower, upper, p: a row per coefficient; p from Wald's test."""
        spread = confidence(level) * self.standard_errors.to_numpy()
        b = self.coefficients.to_numpy()
        p = 2 * ndtr(-np.abs(b / self.standard_errors.to_numpy()))
        with np.errstate(over="ignore"):  # a limit may be infinite
            ratios = {"hazard_ratio": np.exp(b), "lower": np.exp(b - spread), "upper": np.exp(b + spread)}
        return pd.DataFrame({"term": self.coefficients.index, **ratios, "p": p})

    def names_of(self, terms: str | Sequence[str]) -> list[str]:
        """Coefficient names of formula terms, variables or coefficients; ValueError names what the model has not."""
        names: list[str] = []
        for term in [terms] if isinstance(terms, str) else terms:
            columns = self.parts.design.find(term)
            if columns is not None:
                found = coefficient_names(columns, self.parts.prepared.layout)
            elif term in self.coefficients.index:
                found = [term]
            else:
                raise ValueError(f"`terms` names {term}, not in the model; it has {', '.join(self.terms)}")
            names += [name for name in found if name not in names]
        return names

    def wald(self, terms: str | Sequence[str] | None = None) -> WaldTest:
        """Joint test that all coefficients of `terms` (formula terms or coefficients; all when left out) are 0."""
        return wald(self, terms)

    def tests(self) -> pd.DataFrame:
        """test, statistic, df, p: likelihood ratio, score, Wald, and robust score when errors are robust."""
        return overall(self)

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
        """time, cumulative_hazard at covariates 0 (stratum first, if any); at event times when `times` is left out."""
        from survival.predict import baseline

        return baseline(self, times)

    def predict(
        self, data: pd.DataFrame, times: ArrayLike, interval: str = "log-log", level: float = 0.95
    ) -> pd.DataFrame:
        """row, time, survival, std_error, lower, upper for each row of covariates (stratum first, if any)."""
        from survival.predict import predict

        return predict(self, data, times, interval, level)

    def residuals(self, kind: str = "martingale") -> pd.DataFrame:
        """Residuals in the rows of the data: "martingale", "score" or "dfbeta"; rows of weight 0 have none (NaN)."""
        from survival.residuals import residuals

        return residuals(self, kind)

    def concordance(self) -> Concordance:
        """How often of two rows the one with the higher predicted hazard has the event first."""
        from survival.concordance import fit_concordance

        return fit_concordance(self)

    def refit(self, *, without: str | Sequence[str] = (), weights: ArrayLike | None = None) -> CoxFit:
        """The same model without some terms, or with other weights (n,), without sorting the rows again.

        For backward selection and the bootstrap. Starts from this fit's coefficients; `verify` is not repeated.
        """
        from survival.refit import reweighted
        from survival.refit import without as narrowed

        parts, start, formula = self.parts, self.parts.maximum.b, self.formula
        if without:
            parts, start, formula = narrowed(parts, [without] if isinstance(without, str) else list(without))
        if weights is not None:
            parts = reweighted(parts, weights)
        return _fitted(formula, _maximised(parts.prepared, start), parts, self.robust)

    def k_step(self, weights: ArrayLike, steps: int = 2) -> pd.Series:
        """Coefficients under other weights (n,) after `steps` Newton steps from this fit's; NaN where they run away.

        For the bootstrap: how far resamples lie from the fit is of the order of its error, and each step squares that.
        A third of the time of `refit` (Davidson and MacKinnon 1999, Andrews 2002).
        """
        from survival.refit import k_step

        return k_step(self.parts, weights, steps)


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
    verify: bool = False,
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
    verify : fit the same with lifelines where lifelines is right, and keep the difference in `verification`

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
    followed = follow_up(
        column_of(time, data, "time"),
        column_of(event, data, "event"),
        column_of(entry, data, "entry"),
        column_of(weights, data, "weights"),
    )
    if followed.n != len(data):
        raise ValueError(f"`time` has {followed.n} rows and `data` has {len(data)}; they must be as long")
    stratum = strata_of(strata, data)
    owner = clusters(column_of(cluster, data, "cluster"), followed.n)
    matrix = design(formula, data)
    plan = layout(matrix.columns, _bases(varying, matrix, followed))
    codes, count = (None, 1) if stratum is None else (stratum.codes, len(stratum.labels))
    prepared = prepare(followed, matrix.values, plan, ties, codes, count)
    maximum = _maximised(prepared)
    parts = Parts(followed, matrix, stratum, None if owner is None else owner.codes, prepared, maximum)
    fit = _fitted(formula, maximum, parts, weights is not None or cluster is not None if robust is None else robust)
    if verify:
        from survival.verify import second_opinion

        fit = replace(fit, verification=second_opinion(fit))
    return fit


def _maximised(prepared: Prepared, start: Floats | None = None) -> Maximum:
    return maximise(prepared.model, [prepared.layout.names[i] for i in prepared.place], start)


def _fitted(formula: str, maximum: Maximum, parts: Parts, robust: bool) -> CoxFit:
    parts = replace(parts, maximum=maximum)
    prepared, names = parts.prepared, parts.prepared.layout.names
    bread = np.linalg.inv(maximum.information)
    spread = bread
    if robust:
        u = influence(prepared.model, maximum.state, parts.owner)
        spread = bread @ crossproduct(u) @ bread
    coefficients = np.empty(len(names))
    coefficients[prepared.place] = maximum.b / prepared.unit
    covariance = _in_callers_units(prepared, spread)
    kept = parts.data.weight() > 0
    return CoxFit(
        formula=formula,
        coefficients=pd.Series(coefficients, index=names, name="coefficient"),
        standard_errors=pd.Series(np.sqrt(np.diag(covariance)), index=names, name="standard_error"),
        covariance=covariance,
        model_covariance=_in_callers_units(prepared, bread),
        log_likelihood=maximum.state.log_likelihood,
        log_likelihood_null=maximum.null,
        n=int(kept.sum()),
        events=int((parts.data.status[kept] > 0).sum()),
        terms={term: coefficient_names(columns, prepared.layout) for term, columns in parts.design.terms.items()},
        robust=robust,
        ties=prepared.ties,
        iterations=maximum.iterations,
        parts=parts,
    )


def _in_callers_units(prepared: Prepared, matrix: Floats) -> pd.DataFrame:
    """A matrix of the model's coefficients in the caller's units and order."""
    out = np.empty_like(matrix)
    out[np.ix_(prepared.place, prepared.place)] = matrix / np.outer(prepared.unit, prepared.unit)
    return pd.DataFrame(out, index=prepared.layout.names, columns=prepared.layout.names)


def coefficient_names(columns: Sequence[int], plan: Layout) -> list[str]:
    """Names of the coefficients of design columns, the varying ones beside the column they multiply."""
    place = dict(zip(plan.fixed, plan.column, strict=True)) | dict(zip(plan.moving, plan.source, strict=True))
    return [name for i, name in enumerate(plan.names) if place[i] in columns]


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
