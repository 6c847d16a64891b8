"""What analysts are shown is under the rule for what may leave, also beside everything else that is shown."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matched_project import Project

from pipeline.disclosure import Policy
from pipeline.disclosure.differencing import crowds, hidden_levels, told_by_outcomes, told_by_subtraction
from pipeline.errors import UserError

K = 10


def people(count: int) -> pd.DataFrame:
    """So many participants and as many controls, everyone with the event."""
    return pd.DataFrame(
        {
            "person": np.arange(2 * count),
            "participant": np.repeat([1, 0], count),
            "event": np.ones(2 * count, dtype=int),
        }
    )


def first(rows: pd.DataFrame, participants: int, controls: int) -> np.ndarray:
    """The rows of the first so many of each arm."""
    place = rows.groupby("participant").cumcount()
    return (place < rows["participant"].map({1: participants, 0: controls})).to_numpy()


@pytest.mark.parametrize(("participants", "told"), [(100, False), (99, True), (91, True), (90, False), (0, False)])
def test_a_part_tells_of_a_few_when_it_leaves_a_few_out(participants: int, told: bool) -> None:
    rows = people(100)
    part, whole = crowds(rows, [first(rows, participants, 50), np.ones(len(rows), dtype=bool)])
    assert told_by_subtraction(part, [whole], Policy(K)) is told
    assert told_by_subtraction(whole, [part], Policy(K)) is told


def test_a_few_with_the_event_among_those_left_out_are_told_of_too() -> None:
    rows = people(100)
    rows.loc[rows.index[60:95], "event"] = 0
    part, whole = crowds(rows, [first(rows, 60, 50), np.ones(len(rows), dtype=bool)])
    assert told_by_subtraction(part, [whole], Policy(K))
    assert not told_by_subtraction(part, [whole], Policy(5))


def test_groups_that_only_overlap_tell_nothing_of_each_other() -> None:
    rows = people(100)
    left, right = first(rows, 95, 95), ~first(rows, 5, 5)
    one, other = crowds(rows, [left, right])
    assert not told_by_subtraction(one, [other], Policy(K))


def test_the_smallest_levels_go_until_those_hidden_are_enough() -> None:
    rows = people(100)
    place = rows.groupby("participant").cumcount().to_numpy()
    levels = [place < 50, (place >= 50) & (place < 80), (place >= 80) & (place < 96), place >= 96]
    whole, *found = crowds(rows, [np.ones(len(rows), dtype=bool), *levels])
    assert hidden_levels(whole, found, [True, True, True, False], Policy(K)) == [True, True, False, False]
    assert hidden_levels(whole, found[:3], [True] * 3, Policy(4)) == [True] * 3


def test_a_level_with_a_few_people_is_hidden_with_another(project: Project) -> None:
    """Nobody under 22 or so is shown, nor a group that everyone and the others would give away."""
    found = project.ask(by=["age:21,40"])
    sizes = project.ask(by=["age:21,40"], minimum=1).groups
    youngest = sizes["age=(-inf, 21)"]
    assert 0 < min(youngest.participants, youngest.controls) < K or youngest.participants == 0
    assert found.groups["age=(-inf, 21)"].participants is None
    assert not found.groups["age=(-inf, 21)"].models
    assert [key for key, group in found.groups.items() if not group.models] != ["age=(-inf, 21)"]
    assert {s.place for s in found.suppressed} >= {"groups.age=(-inf, 21)"}


def test_tests_between_levels_are_shown_as_other_tests_are_and_not_of_one_level(project: Project) -> None:
    question = {"by": ["age:21", "education"], "interaction": True}
    found, exact = project.ask(**question), project.ask(**question, minimum=1)
    assert set(exact.differences) == {"age", "education"}
    assert set(found.differences) == {"education"}
    assert found.differences["education"].statistic == float(f"{exact.differences['education'].statistic:.4g}")


def test_counts_are_rounded_and_shares_coarse(project: Project) -> None:
    exact, shown = project.ask(where="woman", minimum=1), project.ask(where="woman")
    for arm in ("participants", "controls"):
        count = getattr(shown.groups["everyone"], arm)
        assert count % K == 0
        assert abs(count - getattr(exact.groups["everyone"], arm)) <= K / 2
    # Derived numbers come from what is shown, not from what is withheld.
    group = shown.groups["everyone"]
    for row, share in zip(group.effects.extra, group.at, strict=True):
        assert row.per_100.value == (None if share.difference is None else 100 * share.difference)


def test_a_saved_analysis_counts_as_shown(project: Project) -> None:
    """Women under 60 are fine by themselves, but not beside all women but the oldest one or two."""
    ages = pd.read_parquet(project.interim / "matched.parquet").query("woman == 1 and participant == 1")
    oldest = ages.groupby("person_id")["age"].max().sort_values().to_numpy()
    cut = int(oldest[-3])
    few = int((oldest >= cut).sum())
    assert few < K
    where = f"woman and not disability and age < {cut}"
    beside = {"older": {"where": f"woman and not disability and age < {cut + 1}"}}
    saved = project.config.model_validate({**project.config.model_dump(by_alias=True), "analyses": beside})
    try:
        project.ask(where=where)
    except UserError:
        pytest.skip("the subgroups of this draw give it away already")
    with pytest.raises(UserError, match="shown elsewhere"):
        Project(project.folder, saved).ask(where=where)


def test_describe_withholds_small_counts_and_what_would_give_them_away(project: Project, utfall) -> None:
    status, out, err = utfall("describe", "--format", "csv")
    assert status == 0, err
    table = pd.read_csv(pd.io.common.StringIO(out), keep_default_na=False)
    for arm in ("participants", "controls"):
        counts = table.loc[table[arm] != "", arm].astype(int)
        assert (counts % K == 0).all()
        hidden = table[(table[arm] == "") & (table["table"] != "classes") & (table["level"] != "")]
        for (_, name), rows in hidden.groupby(["table", "name"]):
            levels = table[(table["name"] == name) & (table["table"] == rows["table"].iloc[0]) & (table["level"] != "")]
            others = levels[(levels[arm] != "") & (levels[arm] != "0")]
            assert len(rows) > 1 or others.empty, name
    classes = table[(table["table"] == "classes") & (table["name"] == "age")]
    assert "cut at 30, 45, 60 (config.yaml, line " in classes["label"].iloc[0]
    assert set(table["table"]) == {"columns", "classes", "outcomes"}
    assert "person_id" not in out


def test_what_is_withheld_does_not_hang_on_the_format(project: Project) -> None:
    """A table shows what the data with every point of the curves show, and withholds what they withhold."""
    question = {"by": ["sex*disability", "age:30,50"]}
    table, data = project.ask(**question), project.ask(**question, curves=True)
    assert any(group.curves for group in data.groups.values())
    for key, group in table.groups.items():
        assert group == data.groups[key].model_copy(update={"curves": []})
    assert not [s.place for s in table.suppressed if ".curves." in s.place]


def test_an_outcome_may_not_differ_by_a_few_from_one_of_the_report(project: Project) -> None:
    """Without a code that few have, everything as it is and the outcome of the report would tell of those few."""
    matched = pd.read_parquet(project.interim / "matched.parquet").query("work_or_studies_event == 1")
    had = matched.groupby("work_or_studies_destination")["person_id"].nunique()
    rare = had[had.index.str.startswith("category_") & (had < K)].index[0].removeprefix("category_")
    with pytest.raises(UserError, match=r"--event: differs for fewer than 10 people from work_or_studies"):
        project.ask(event=f"work_or_studies and category != {rare}")
    assert project.ask(event=f"work_or_studies and category != {rare}", minimum=1).groups["everyone"].at
    assert project.ask(event="work_or_studies and category != 33").groups["everyone"].at
    assert project.ask(event="work_or_studies").groups["everyone"].at


@pytest.mark.parametrize(("more", "told"), [(0, False), (1, True), (9, True), (10, False)])
def test_outcomes_tell_of_who_reaches_only_one_of_them(more: int, told: bool) -> None:
    rows = people(100)
    everyone = np.ones(len(rows), dtype=bool)
    (one,) = crowds(rows.assign(event=first(rows, 40, 50).astype(int)), [everyone])
    (other,) = crowds(rows.assign(event=first(rows, 40 + more, 50).astype(int)), [everyone])
    assert told_by_outcomes(one, other, Policy(K)) is told
    assert told_by_outcomes(other, one, Policy(K)) is told
