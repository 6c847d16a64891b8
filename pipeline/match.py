"""Stage 3: cohort -> strata, weights and balance."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

import matching
from matching.balance import Arms, balance_table
from matching.coarsen import Rule
from pipeline import config as settings
from pipeline.config import Config
from pipeline.errors import Fault, UserError
from pipeline.results import Balance, BalanceRow, BeforeAfter, MatchedClass, Matching, Unmatched
from pipeline.stratum_totals import use_expected_totals, with_totals_among
from pipeline.workspace import Run

TREATMENT = "participant"
WEIGHT = "index_weight"


def run(run: Run) -> None:
    """Match `cohort.parquet` and write `matched.parquet` (with stratum and weight) and `match.json`."""
    cohort = pd.read_parquet(run.read / "cohort.parquet")
    cohort["row"] = range(len(cohort))
    if run.config.matching is None:
        matched, summary = _randomised(cohort, run.config)
    else:
        sample = match(cohort, run.config)
        matched, summary = sample.data, summarise(sample, cohort, run.config)
        counts = summary["matching"]
        run.say(
            f"{run.told(counts['participants_matched'])} of {run.told(counts['participants'])} participants matched to "
            f"{run.told(counts['controls_matched'])} people in {counts['strata']} strata"
        )
    matched.to_parquet(run.write / "matched.parquet", index=False)
    (run.write / "match.json").write_text(json.dumps(summary, indent=1, sort_keys=True), encoding="utf-8")


def match(cohort: pd.DataFrame, config: Config, months: pd.DataFrame | None = None) -> matching.MatchedSample:
    """Coarsened exact matching of a cohort as configured.

    months : where the cohort is not the one the cohort stage made for these classes, as in `strata`

    Raises
    ------
    UserError : a matching variable is not in the cohort, or no participant finds a control
    """
    assert config.matching is not None
    _check_columns(config.matching.variables, cohort, "matching.variables")
    _check_columns(config.matching.balance, cohort, "matching.balance")
    try:
        return strata(cohort, rules(config.matching.variables), config.matching.estimand, months)
    except ValueError as error:
        raise UserError(
            Fault("matching", f"{str(error).rstrip('.')}.", "Change 'matching.variables' in the configuration.")
        ) from None


def strata(
    cohort: pd.DataFrame, classes: Mapping[str, Rule], estimand: str, months: pd.DataFrame | None = None
) -> matching.MatchedSample:
    """Coarsened exact matching under any classes.

    months : person-months as `stratum_totals.read_months` gives them. Totals of strata are taken from them instead of
        from the cohort, which knows those of the configured classes alone; None where no month was drawn.

    Raises
    ------
    ValueError : as in `matching.cem`
    """
    people = with_totals_among(cohort, months, classes)
    return use_expected_totals(matching.cem(people, TREATMENT, classes, estimand, weights=WEIGHT))


def rules(variables: dict[str, settings.Coarsening]) -> dict[str, Rule]:
    """Configured classes as the matching library knows them; a missing value is a class of its own."""
    return {name: _coarsening(rule) for name, rule in variables.items()}


def _coarsening(rule: settings.Coarsening) -> Rule:
    if isinstance(rule, settings.Cut):
        return matching.Cut(rule.cut, missing="class")
    if isinstance(rule, settings.Groups):
        return matching.Groups(rule.groups, missing="class")
    return matching.Exact(missing="class")


def _check_columns(names: Iterable[str], cohort: pd.DataFrame, where: str) -> None:
    missing = [name for name in names if name not in cohort]
    if missing:
        known = ", ".join(column for column in cohort if not column.endswith(("_days", "_event", "_kind", "_day_zero")))
        faults = [Fault(where, f"the cohort has no column '{name}'.", f"It has: {known}.") for name in missing]
        raise UserError(faults)


def summarise(sample: matching.MatchedSample, cohort: pd.DataFrame, config: Config) -> dict[str, Any]:
    """What report and estimate need to know of a matching: people, classes, balance."""
    assert config.matching is not None
    variables = config.matching.balance or described(config.matching)
    matched = sample.data
    controls = matched[TREATMENT] == 0
    weights = matched.loc[controls, "weight"]
    result = Matching(
        participants=_people(cohort[cohort[TREATMENT] == 1]),
        participants_matched=_people(matched[~controls]),
        controls=_people(cohort[cohort[TREATMENT] == 0]),
        controls_matched=_people(matched[controls]),
        control_rows_matched=int(controls.sum()),
        strata=int(sample.cells.matched.sum()),
        effective_controls=float(weights.sum() ** 2 / (weights**2).sum()),
        classes=_classes(sample, cohort),
        unmatched=_left_out(sample),
    )
    table, medians = sample.balance(variables=variables), _medians(cohort, sample.arms(), variables)
    balance = _balance(table, medians, sample.l1)
    return {"matching": result.model_dump(mode="json"), "balance": balance.model_dump(mode="json")}


def described(matching: settings.Matching) -> list[str]:
    """The matching variables that describe a person; the calendar month is the same in a stratum by construction."""
    return [name for name in matching.variables if name != "start_month"] or list(matching.variables)


def _people(rows: pd.DataFrame) -> int:
    return int(rows["person_id"].nunique())


def _classes(sample: matching.MatchedSample, cohort: pd.DataFrame) -> list[MatchedClass]:
    """People of each arm in each class, everyone offered: a person may stand in several classes over the months."""
    rows = []
    for name, classes in sample.classes.items():
        people = pd.DataFrame(
            {"code": classes.codes, "arm": cohort[TREATMENT].to_numpy(), "person_id": cohort["person_id"].to_numpy()}
        )
        count = people.groupby(["code", "arm"])["person_id"].nunique()
        rows += [
            MatchedClass(
                variable=name,
                level=str(label),
                participants=int(count.get((code, 1), 0)),
                controls=int(count.get((code, 0), 0)),
            )
            for code, label in enumerate(classes.labels)
        ]
    return rows


def _left_out(sample: matching.MatchedSample) -> list[Unmatched]:
    """For each variable, the participants without a control who would have one if it were left out."""
    return [
        Unmatched(variable=cost.variable, participants=int(cost.if_dropped - cost.matched))
        for cost in sample.costs().itertuples()
    ]


def _randomised(cohort: pd.DataFrame, config: Config) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Everyone in one stratum: the treatment was given by lot. Balance is shown all the same."""
    data = cohort.assign(stratum=0, weight=cohort[WEIGHT].astype(float))
    names = [c.name for c in config.models.covariates]
    _check_columns(names, cohort, "models.covariates")
    weights = data["weight"].to_numpy()
    arms = Arms.of((data[TREATMENT] == 1).to_numpy(), weights, weights)
    balance = None
    if names:
        table = balance_table(cohort, arms, names, estimand="ATE")
        balance = _balance(table, _medians(cohort, arms, names), None).model_dump(mode="json")
    return data, {"matching": None, "balance": balance or _balance(None, {}, None).model_dump(mode="json")}


def _balance(table: pd.DataFrame | None, medians: dict[str, list[float]], l1: matching.L1 | None) -> Balance:
    """The balance table and L1 as results.json holds them."""
    sides = {
        when: [
            BalanceRow(
                variable=row["variable"],
                level=row["level"] or None,
                participants=_number(row[f"mean_treated_{when}"]),
                controls=_number(row[f"mean_controls_{when}"]),
                smd=_number(row[f"smd_{when}"]),
                variance_ratio=_number(row[f"variance_ratio_{when}"]),
                participants_median=medians.get(row["variable"], [None] * 4)[0 if when == "before" else 2],
                controls_median=medians.get(row["variable"], [None] * 4)[1 if when == "before" else 3],
            )
            for row in ([] if table is None else table.to_dict("records"))
        ]
        for when in ("before", "after")
    }
    if l1 is None:
        return Balance(before=sides["before"], after=sides["after"], l1=BeforeAfter(before=None, after=None))
    bins = {name: ", ".join(map(str, breaks)) for name, breaks in l1.bins.items()}
    return Balance(
        before=sides["before"], after=sides["after"], l1=BeforeAfter(before=l1.before, after=l1.after), l1_bins=bins
    )


def _medians(cohort: pd.DataFrame, arms: Arms, variables: Iterable[str]) -> dict[str, list[float]]:
    """Weighted medians of the numbers that are not shares: participants and controls, before and after."""
    medians = {}
    for name in variables:
        if not pd.api.types.is_numeric_dtype(cohort[name]) or cohort[name].nunique() <= 2:
            continue
        values = cohort[name].to_numpy(dtype=float, na_value=np.nan)
        order = np.argsort(values, kind="stable")
        order = order[~np.isnan(values[order])]
        steps = np.cumsum(arms.shares[:, order], axis=1)
        steps /= steps[:, -1:]
        medians[name] = [float(values[order[np.searchsorted(step, 0.5)]]) for step in steps]
    return medians


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
