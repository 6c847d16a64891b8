"""Answers against the same numbers found another way: by separate runs, by the stages, by hand."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matched_project import Project

from pipeline import effects, match, regression
from pipeline.analysis.formats import to_csv
from pipeline.config import Models
from pipeline.results import SubgroupResult, Term
from pipeline.workspace import Run

EXACT = 1  # a disclosure minimum at which nothing is withheld


def treatment(group: SubgroupResult) -> Term:
    (model,) = group.models.values()
    return next(term for term in model.terms if term.term == "participant")


def test_columns_are_separate_runs_to_the_last_digit(project: Project) -> None:
    side_by_side = project.ask(by=["sex", "age:40", "sex*disability"], minimum=EXACT, curves=True).groups
    apart = {
        "sex=woman": "woman",
        "sex=man": "not woman",
        "age=[40, inf)": "age >= 40",
        "sex=woman and disability=no": "woman and not disability",
    }
    for key, where in apart.items():
        alone = project.ask(where=where, minimum=EXACT, curves=True).groups["everyone"]
        same = side_by_side[key].model_copy(update={"label": alone.label, "where": alone.where})
        assert same == alone
        assert len(alone.models["full"].terms) > 2


def test_levels_stand_as_in_the_published_table(project: Project) -> None:
    groups = project.ask(by=["sex", "participant"], minimum=EXACT).groups
    assert list(groups) == ["everyone", "sex=woman", "sex=man", "participant=yes", "participant=no"]
    told = [group.label.sv for group in groups.values()]
    assert told[1:] == ["Kvinnor", "Män", "Bara deltagare", "Bara kontrollgrupp"]
    assert groups["participant=no"].participants == 0
    assert {t.term for t in groups["participant=yes"].models["full"].terms} >= {"woman", "age"}


def test_rematching_is_a_full_evaluation_of_the_subgroup(project: Project, tmp_path: Path) -> None:
    """Match and estimate, as stages, on a cohort that holds nobody else."""
    cohort = pd.read_parquet(project.interim / "cohort.parquet")
    censoring = pd.read_parquet(project.interim / "censoring.parquet")
    place = np.flatnonzero((cohort["woman"] == 1) & (cohort["age"] >= 35))
    cohort.iloc[place].to_parquet(tmp_path / "cohort.parquet", index=False)
    match.run(Run(project.config, tmp_path, tmp_path, tmp_path, lambda line: None))
    matched = pd.read_parquet(tmp_path / "matched.parquet")
    own = censoring.assign(row=censoring["row"].map(dict(zip(place, range(len(place)), strict=True))))
    data = effects.follow_up(matched, "work_or_studies", own.dropna(subset="row").astype({"row": "int64"}))
    fitted = regression.model_of(regression.fit_full(data.rows, project.config.models))
    share = effects.shares(effects.curves_of(data), data, [183, 365])
    mean = effects.restricted_mean_days(data, 365)

    found = project.ask(where="woman and age >= 35", rematch=True, minimum=EXACT)
    group = found.groups["everyone"]
    assert found.matching == "again"
    assert group.at == share
    assert group.rmst == mean
    assert group.models["full"].terms == fitted.terms
    assert group.controls == fitted.controls
    overall = project.ask(where="woman and age >= 35", minimum=EXACT)
    assert overall.matching == "everyone"
    assert overall.groups["everyone"].at != share


def test_an_event_spelt_out_is_the_configured_outcome(project: Project) -> None:
    """Follow-up, curves and regressions alike, so that other events are followed as outcomes are."""
    spelt = "category in [21, 22, 31, 35, 41, 30, 33, '38', 39, 42, 43, 51, 58] or reason in [1, 2, 3, 4, 7]"
    own = project.ask(event=spelt, minimum=EXACT, curves=True)
    configured = project.ask(outcome="work_or_studies", minimum=EXACT, curves=True)
    assert own.groups["everyone"] == configured.groups["everyone"]
    named = project.ask(event="work_or_studies", minimum=EXACT)
    assert treatment(named.groups["everyone"]) == treatment(configured.groups["everyone"])
    assert own.codes.en.endswith("categories 21, 22, 30, 31, 33, 35, 38, 39, 41, 42, 43, 51, 58")


def test_without_nystartsjobb_fewer_get_there_and_are_followed_on(project: Project) -> None:
    without = project.ask(event="work_or_studies and category != 33", minimum=EXACT)
    categories = "21, 22, 30, 31, 35, 38, 39, 41, 42, 43, 51, 58"
    assert without.codes.en == f"reasons for deregistration 1, 2, 3, 4, 7; applicant categories {categories}"
    assert without.codes.sv == f"avregistreringsorsak 1, 2, 3, 4, 7; sökandekategori {categories}"
    everything = project.ask(minimum=EXACT).groups["everyone"]
    for less, more in zip(without.groups["everyone"].at, everything.at, strict=True):
        assert less.participants < more.participants
        assert less.controls < more.controls


def test_censoring_weights_reach_events_that_come_after_the_outcome(project: Project) -> None:
    """Someone in nystartsjobb is still followed to deregistration, with the weight of whoever stays outside."""
    deregistered = project.ask(event="reason in [1, 2, 3, 4, 7]", minimum=EXACT).groups["everyone"]
    assert deregistered == project.ask(outcome="deregistered", minimum=EXACT).groups["everyone"]


def test_other_classes_and_other_weights_are_other_comparisons(project: Project) -> None:
    answers = {
        "as configured": project.ask(minimum=EXACT),
        "classes": project.ask(classes=["age=25,30,35,40,45,50,55", "months_registered=none"], minimum=EXACT),
        "entropy": project.ask(weights="entropy", minimum=EXACT),
        "propensity": project.ask(weights="propensity", minimum=EXACT),
        "none": project.ask(weights="none", minimum=EXACT),
    }
    assert [found.matching for found in answers.values()] == [
        "everyone", "other_classes", "entropy", "propensity", "none"
    ]  # fmt: skip
    ratios = [treatment(found.groups["everyone"]).hazard_ratio for found in answers.values()]
    assert len(set(ratios)) == 5
    assert all(1 < ratio < 3 for ratio in ratios)


@pytest.mark.parametrize(
    ("arguments", "said", "controls"),
    [
        (("--weights", "none", "--rematch"), "are not matched and are compared as they are.", "Comparison group"),
        (("--weights", "entropy", "--rematch"), "made inside each group by itself", "Weighted comparison group"),
        (("--weights", "entropy", "--classes", "woman=none"), "woman=none.", "Weighted comparison group"),
        (("--rematch", "--classes", "woman=none"), "woman=none.", "Matched comparison group"),
    ],
)
def test_nobody_is_called_matched_who_is_not(utfall, arguments: tuple[str, ...], said: str, controls: str) -> None:
    status, out, err = utfall("subgroup", *arguments, "--where", "age >= 30")
    assert status == 0, err
    assert said in out.splitlines()[0]
    assert ("Matching was done" in out) == (controls == "Matched comparison group")
    assert re.findall(r"Participants against (.*?)  ", out) == [controls.lower()]
    assert controls in re.split(r"  +", out.splitlines()[4])


def test_interaction_tests_are_the_reports_and_pairs_count_once(project: Project) -> None:
    found = project.ask(by=["sex", "education"], interaction=True, minimum=EXACT)
    rows = effects.follow_up(pd.read_parquet(project.interim / "matched.parquet"), "work_or_studies").rows
    woman = regression.interaction(rows, (rows["woman"] == 1).to_numpy(), project.config.models)
    shown = found.groups["sex=woman"].interaction
    assert (shown.ratio, shown.p) == (woman.ratio, woman.p)
    assert found.groups["sex=man"].interaction.ratio == pytest.approx(1 / woman.ratio)
    tests = [group.interaction for group in found.groups.values() if group.interaction]
    distinct = sorted({test.p for test in tests})
    assert {test.tests for test in tests} == {len(distinct)}
    assert shown.p_adjusted == pytest.approx(regression.holm(distinct)[distinct.index(woman.p)])
    # Two levels: the joint test is the same test.
    assert found.differences["sex"].p == pytest.approx(woman.p, rel=1e-6)
    joint = found.differences["education"]
    assert joint.df == sum(key.startswith("education") for key in found.groups) - 1
    assert f"education,levels_differ_chi_squared,{joint.df},{joint.statistic:.12g},,,{joint.p:.12g}" in to_csv(found)


def test_adjusted_p_values_agree_with_r() -> None:
    """p.adjust(c(.01, .04, .03, .005), "BH")"""
    p = [0.01, 0.04, 0.03, 0.005]
    np.testing.assert_allclose(regression.adjusted(p, "bh"), [0.02, 0.04, 0.04, 0.02])
    np.testing.assert_allclose(regression.adjusted(p, "holm"), [0.03, 0.06, 0.06, 0.02])
    assert regression.adjusted(p, "none") == p


def test_a_ratio_that_varies_is_given_in_bands_or_at_times(project: Project) -> None:
    bands = project.ask(varying="60,183", minimum=EXACT).groups["everyone"]
    assert [(b.from_day, b.to_day) for b in bands.hazard_ratio_over_time] == [(0, 60), (60, 183), (183, None)]
    assert bands.constancy.df == 2
    smooth = project.ask(varying="log", horizon=[100, 200], minimum=EXACT).groups["everyone"]
    assert [point.day for point in smooth.hazard_ratio_curve] == [100, 200]
    assert [share.day for share in smooth.at] == [100, 200]
    assert smooth.constancy.df == 1


def test_selection_formula_and_cluster_are_the_questions(project: Project) -> None:
    chosen = project.ask(model="woman + I(age ** 2) + C(education)", select="backward", minimum=EXACT)
    (model,) = chosen.groups["everyone"].models.values()
    removed, kept = {r.factor for r in model.selection.removed}, {t.factor for t in model.terms}
    assert model.selection.method == "backward"
    assert {"participant", "woman", "I(age ** 2)"} <= kept | removed
    assert ("education" in kept) != ("C(education)" in removed)
    plain = project.ask(model="woman", minimum=EXACT).groups["everyone"]
    by_stratum = project.ask(model="woman", cluster="stratum", minimum=EXACT).groups["everyone"]
    assert treatment(plain).hazard_ratio == treatment(by_stratum).hazard_ratio
    assert treatment(plain).std_error != treatment(by_stratum).std_error


def test_effects_stand_beside_ratios(project: Project) -> None:
    group = project.ask(minimum=EXACT).groups["everyone"]
    assert [row.per_100.value for row in group.effects.extra] == [100 * share.difference for share in group.at]
    assert group.effects.days_gained.value == -group.rmst.difference.value
    year = group.effects.costs[-1]
    assert year.value == pytest.approx(40_000 / group.at[-1].difference)


def test_a_covariate_nobody_at_a_level_of_which_has_the_event_is_left_out_and_named(project: Project) -> None:
    rows = effects.follow_up(pd.read_parquet(project.interim / "matched.parquet"), "work_or_studies").rows
    rows = rows.assign(marked=np.where((rows.index % 50 == 0) & (rows["event"] == 0), "rare", "usual"))
    without = Models.model_validate({"covariates": ["woman", "age"]})
    marked = Models.model_validate({"covariates": ["woman", "age", {"name": "marked", "reference": "usual"}]})
    fitted = regression.model_of(regression.fit_full(rows, marked))
    assert fitted.unidentified == ["marked"]
    assert fitted.terms == regression.model_of(regression.fit_full(rows, without)).terms


def test_data_formats_hold_the_same_numbers(project: Project, utfall) -> None:
    status, out, err = utfall("subgroup", "--by", "sex", "--format", "json")
    assert status == 0, err
    data = json.loads(out)
    status, out, _ = utfall("subgroup", "--by", "sex", "--format", "csv")
    table = pd.read_csv(pd.io.common.StringIO(out))
    ratio = table[(table["quantity"] == "hazard_ratio") & (table["of"] == "participant")].set_index("group")["value"]
    for key, group in data["groups"].items():
        term = next(t for t in group["models"]["full"]["terms"] if t["term"] == "participant")
        assert ratio[key] == pytest.approx(term["hazard_ratio"], rel=1e-11)


def test_a_question_about_a_configured_outcome_needs_no_data_engine() -> None:
    """Importing it takes as long as many an answer."""
    code = "import sys, pipeline.analysis.answer, pipeline.analysis.formats; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"ibis", "duckdb", "matplotlib", "lifelines"} & set(found.stdout.split())
