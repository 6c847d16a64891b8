"""docs/results.md, written from the models of results.json so that it cannot go stale.

`python -m pipeline.resultspage > docs/results.md` writes it.
"""

from __future__ import annotations

import sys
from typing import Any

from pipeline.configpage import in_order, type_in_words
from pipeline.results import Results

INTRODUCTION = """# results.json

What an evaluation found, as one file. `reports/<name>/results.json` is under disclosure control and may leave;
`data/interim/<name>/results.json` holds the same before it and may not. Both have the fields below. The file is written
from typed models (`pipeline/results.py`): reading it with `pipeline.results.read_results` refuses anything else.

- A number that was withheld, or that does not exist (a median that is not reached, an open limit), is `null`;
  `suppressed` lists what was withheld or rounded, and why.
- Shares and cumulative incidences go from 0 to 1. Differences of shares are in the same unit. Times are in the
  evaluation's time unit, from the index date. Intervals are 95% intervals.
- People are counted once, however many rows (person-months) they have. Shares and hazard ratios are weighted.
- Numbers have twelve significant digits before disclosure control and about four under it (disclosure.md). The same
  inputs give the same bytes.

This page is written by `python -m pipeline.resultspage`.
"""

# What a field means wherever it stands; MODEL.FIELD where it means something of its own.
MEANING = {
    "About.name": "folder under reports/ and data/interim/",
    "title": "title of the report",
    "programme": "what is evaluated",
    "About.participants": "what participants are called",
    "About.controls": "what the comparison group is called",
    "About.status": "draft or final",
    "About.source": "source line under tables and figures",
    "languages": "languages of the report, its own first",
    "time_unit": "unit of every time in the file",
    "estimand": "ATT, ATC or ATE; null when nothing was matched",
    "intake_first": "first day on which a start counts",
    "intake_last": "last day on which a start counts",
    "follow_up_to": "last day of follow-up",
    "control_index": "month from which controls are compared: every_month, random_month or first_month",
    "future_participants": "people who join later: censor or exclude",
    "other_exit": "other deregistrations: remain, censor or competing",
    "minimum_count": "no count below it leaves; 1 for public data",
    "simulated": "whether the extracts are simulated",
    "step": "selection step, in order; `eligible` is the last before matching",
    "variable": "column of the cohort",
    "level": "level or class of the variable; null for a number or a yes-or-no variable",
    "Term.level": "level of a factor; null for a number or a yes-or-no covariate",
    "count": "people",
    "DescriptionRow.share": "of all participants",
    "mean": "of those whose value is known",
    "median": "of those whose value is known",
    "FlowStep.participants": "people who took part",
    "FlowStep.controls": "people who may serve as controls",
    "participant_rows": "rows of participants",
    "control_rows": "rows of controls; null before months are looked at",
    "BalanceRow.participants": "mean or share",
    "BalanceRow.controls": "mean or share",
    "variance_ratio": "variance among participants over that among controls; null for shares",
    "participants_median": "weighted median; null for shares",
    "controls_median": "weighted median; null for shares",
    "BeforeAfter.before": "before matching",
    "BeforeAfter.after": "after matching",
    "Balance.before": "rows before matching",
    "Balance.after": "rows after matching, controls weighted",
    "l1": "overall imbalance, 0 to 1",
    "MatchedClass.participants": "people in the class",
    "MatchedClass.controls": "people in the class in any of their months",
    "Unmatched.variable": "matching variable",
    "Unmatched.participants": "participants who would find a control if it were left out",
    "Matching.participants": "eligible participants",
    "participants_matched": "participants with a control",
    "Matching.controls": "eligible controls",
    "controls_matched": "controls of matched participants",
    "control_rows_matched": "their rows",
    "strata": "combinations of classes with both arms",
    "classes": "a row per class of each matching variable",
    "unmatched": "a row per matching variable",
    "day": "time from the index date",
    "cumulative_incidence": "share that has reached the outcome",
    "lower": "lower limit of the 95% interval",
    "upper": "upper limit of the 95% interval",
    "at_risk": "people at risk just before the day; under disclosure control at the report's times only",
    "Share.participants": "share that has reached the outcome",
    "Share.controls": "share that has reached the outcome",
    "participants_lower": "lower limit for participants",
    "participants_upper": "upper limit for participants",
    "controls_lower": "lower limit for controls",
    "controls_upper": "upper limit for controls",
    "Share.difference": "participants less controls",
    "Share.lower": "lower limit of the difference",
    "Share.upper": "upper limit of the difference",
    "Share.participant_events": "participants who have reached it by then",
    "Share.control_events": "controls who have reached it by then",
    "value": "the number",
    "Arms.participants": "for participants",
    "Arms.controls": "for controls",
    "RestrictedMean.participants": "mean time without the outcome",
    "RestrictedMean.controls": "mean time without the outcome",
    "RestrictedMean.difference": "participants less controls",
    "until": "end of the restricted mean",
    "statistic": "chi-squared",
    "df": "degrees of freedom",
    "p": "p-value",
    "term": "name of the row",
    "Term.factor": "covariate; `participant` is the treatment",
    "hazard_ratio": "participants against controls, or the row's contrast",
    "coefficient": "logarithm of the hazard ratio",
    "std_error": "its standard error (robust)",
    "model_std_error": "its standard error from the information",
    "Removed.factor": "covariate",
    "Removed.p": "p of its joint Wald test when it went",
    "method": "none or backward",
    "Selection.level": "significance that a factor needs to stay",
    "removed": "factors that went, in order",
    "formula": "covariates of the regression",
    "people": "people in the fit",
    "Model.participants": "participants in the fit",
    "Model.controls": "controls in the fit; who joined later may be both",
    "terms": "rows of the regression",
    "selection": "how covariates were chosen",
    "Interaction.ratio": "hazard ratio here over that of everyone else",
    "tests": "subgroups tested",
    "label": "what readers call it",
    "where": "condition that picks the subgroup",
    "SubgroupResult.participants": "participants in the subgroup",
    "SubgroupResult.controls": "controls in the subgroup",
    "at": "shares at the report's times",
    "models": "regressions by name: `full`, `backward`",
    "interaction": "test against everyone else",
    "curves": "share that has reached the outcome over time",
    "from_day": "start of the band (after this day)",
    "to_day": "end of the band (up to this day)",
    "Band.events": "people who reached the outcome in the band",
    "Destination.group": "participants or controls",
    "Destination.people": "people who went there",
    "Destination.share": "of those of the group who reached the outcome, weighted",
    "incidence_lower": "lower limit of the incidence",
    "incidence_upper": "upper limit of the incidence",
    "KindShare.group": "participants or controls",
    "OutcomeResult.participants": "participants whose clock starts",
    "OutcomeResult.controls": "controls whose clock starts",
    "OutcomeResult.participant_events": "participants who reached the outcome",
    "OutcomeResult.control_events": "controls who reached the outcome",
    "median_days": "time until half have reached the outcome; null when fewer do",
    "logrank": "test that the curves are the same",
    "rmst": "mean time without the outcome up to the horizon; null when follow-up ends before it",
    "proportionality": "score test of proportional hazards, a row per term and GLOBAL",
    "hazard_ratio_over_time": "hazard ratio in bands of time",
    "hazard_ratio_curve": "hazard ratio as a smooth function of time, a natural spline",
    "destinations": "where those went who reached the outcome",
    "subgroups": "by name; for the main outcome",
    "choices": "choice: its value",
    "varied": "choices that differ from the evaluation's own",
    "own": "the evaluation's own value",
    "others": "the other values tried",
    "specifications": "the headline under each specification, the evaluation's own first",
    "placebos": "what the project cannot have changed: outcome_before_start, start_among_controls",
    "months": "the hazard ratio with each month of start left out",
    "bootstrap": "interval from people drawn with replacement",
    "resamples": "how many were drawn",
    "robust_lower": "lower limit of the robust interval",
    "robust_upper": "upper limit of the robust interval",
    "EffectRow.difference": "difference of shares at `day`",
    "SensitivityRow.difference": "difference of shares at `day`",
    "difference_lower": "lower limit of the difference",
    "difference_upper": "upper limit of the difference",
    "target": "what was aimed at",
    "result": "what came of it",
    "place": "path in this file",
    "reason": "key of the words `reason.*` in the report",
    "evaluation": "the evaluation as readers meet it",
    "flow": "selection steps",
    "description": "participants at their start",
    "matching": "null when nothing was matched",
    "balance": "how alike the groups are",
    "outcomes": "by name, the main outcome first",
    "sensitivity": "the headline under other choices",
    "goals": "goals of the project's own",
    "suppressed": "what disclosure control withheld or changed",
}


def results_page() -> str:
    """The page as Markdown."""
    schema = Results.model_json_schema()
    sections = [_section("results.json", "Results", schema)]
    sections += [_section(name, name, schema["$defs"][name]) for name in in_order(schema)]
    return "\n".join([INTRODUCTION, *sections])


def _section(title: str, name: str, schema: dict[str, Any]) -> str:
    rows = ["| field | value | |", "| --- | --- | --- |"]
    for key, field in schema.get("properties", {}).items():
        rows.append(f"| `{key}` | {type_in_words(field)} | {meaning(name, key, field)} |")
    about = "" if name == "Results" else schema.get("description", "").split("\n\n")[0].replace("\n", " ").strip()
    return "\n".join([f"## {title}", "", *([about, ""] if about else []), *rows, ""])


def meaning(model: str, key: str, field: dict[str, Any]) -> str:
    """What a field means: as its model says, or as this page does; empty when nobody says."""
    if "description" in field:
        return str(field["description"])
    if model == "Text":
        return {"sv": "in Swedish", "en": "in English"}[key]
    return MEANING.get(f"{model}.{key}", MEANING.get(key, ""))


if __name__ == "__main__":
    sys.stdout.write(results_page())
