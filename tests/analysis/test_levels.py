"""Levels side by side when one of them has no answer: the others are answered, and it is said which is not, and why."""

from __future__ import annotations

import re

import pytest
from matched_project import Project

from pipeline.errors import UserError

UNMATCHABLE = "years_in_sweden=0-3"  # no stratum of these few holds both arms


def test_a_level_that_cannot_be_matched_does_not_stop_the_others(project: Project, utfall) -> None:
    found = project.ask(by=["years_in_sweden"], rematch=True)
    assert found.groups[UNMATCHABLE].withheld == "unmatched"
    assert found.groups[UNMATCHABLE].participants is None
    with pytest.raises(UserError, match=r"--rematch: .*Try a wider condition"):
        project.ask(where="years_in_sweden == '0-3'", rematch=True)
    alone = project.ask(where="years_in_sweden == '12+'", rematch=True).groups["everyone"]
    assert found.groups["years_in_sweden=12+"].models == alone.models

    status, out, err = utfall("subgroup", "--by", "years_in_sweden", "--rematch")
    assert status == 0, err
    (sentence,) = re.findall(r"Cannot be compared: (.*)", out)
    assert sentence == "Years in Sweden: 0–3 years. No weights make participants and controls there alike."
    assert out.count("Years in Sweden: 0–3 years") == 1
    status, out, _ = utfall("subgroup", "--by", "years_in_sweden", "--rematch", "--format", "csv")
    assert status == 0
    assert f"{UNMATCHABLE},withheld,unmatched,,,," in out.splitlines()


def test_levels_with_few_people_are_named_without_a_count(utfall) -> None:
    status, out, err = utfall("subgroup", "--by", "age:21,40")
    assert status == 0, err
    (sentence,) = re.findall(r"Not shown: (.*)", out)
    assert "Age (years): under 21" in sentence
    assert not re.search(
        r"\d", sentence.replace("under 21", "").replace("21 to under 40", "").replace("40 or more", "")
    )


@pytest.mark.parametrize(
    ("arguments"), [("--by", "origin", "--rematch"), ("--by", "age:24,25,26", "--where", "age < 27")]
)
def test_when_no_level_has_an_answer_the_question_has_none(utfall, arguments: tuple[str, ...]) -> None:
    status, out, err = utfall("subgroup", *arguments)
    assert (status, out) == (2, "")
    assert "--by: none of the levels can be shown" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--classes", "origin=exact"), "--classes: no participant has a control in the same classes"),
        (("--rematch", "--where", "years_in_sweden == '0-3'"), "--rematch: there are no participants to compare."),
        (("--rematch", "--where", "participant"), "--rematch: there are no controls to compare."),
        (("--weights", "entropy", "--classes", "origin=exact"), "--classes: no weights (entropy) make participants"),
    ],
)
def test_no_weights_is_a_sentence_without_a_count(utfall, arguments: tuple[str, ...], message: str) -> None:
    status, out, err = utfall("subgroup", *arguments)
    last = err.strip().splitlines()[-1]
    assert (status, out) == (2, "")
    assert last.startswith(message)
    assert not re.search(r"\d", last)


def test_a_level_without_a_regression_is_named(project: Project, utfall) -> None:
    """Among controls alone, nothing varies when the model has nothing but the treatment."""
    status, out, err = utfall("subgroup", "--by", "participant", "--model", "participant")
    assert status == 0, err
    assert re.search(r"Without a hazard ratio: .*Controls only", out)


def test_a_group_whose_ratio_cannot_vary_is_named(project: Project, utfall) -> None:
    """On the first days hardly anyone has reached the outcome: a ratio of its own cannot be estimated there."""
    days = "1,183"
    assert not project.ask(where="woman", varying=days).groups["everyone"].hazard_ratio_over_time
    status, out, err = utfall("subgroup", "--where", "woman", "--varying", days)
    assert status == 0, err
    assert "Without hazard ratios over time: Everyone selected." in out
    assert "Hazard ratio over time" not in out
    _, out, _ = utfall("subgroup", "--where", "woman", "--varying", "183")
    assert "Hazard ratio over time" in out
    assert "Without hazard ratios" not in out


def test_levels_stand_as_readers_are_used_to_them(project: Project) -> None:
    found = [key for key in project.ask(by=["education"], minimum=1).groups if key != "everyone"]
    levels = ("compulsory", "upper_secondary", "post_secondary", "unknown")
    assert found == [f"education={level}" for level in levels]
    assert [*project.ask(by=["sex"]).groups][1:] == ["sex=woman", "sex=man"]
    found = [key for key in project.ask(by=["age:9,30,100"], minimum=1).groups if key != "everyone"]
    assert found == ["age=[9, 30)", "age=[30, 100)"]


def test_crossed_variables_are_named_in_words(utfall) -> None:
    status, out, err = utfall("subgroup", "--by", "sex*disability", "--interaction", "--language", "sv")
    assert status == 0, err
    assert "på alla nivåer av kön × funktionsnedsättning: " in out


@pytest.mark.parametrize(
    ("arguments", "remark"),
    [
        (("--where", "deregistered_event"), "people picked by it"),
        (("--by", "deregistered_event"), "people picked by it"),
        (("--model", "woman + log(deregistered_days + 1)"), "making the groups alike in it"),
        (("--classes", "follow_up_days=365,730"), "making the groups alike in it"),
    ],
)
def test_what_is_known_only_after_the_start_is_remarked_on(utfall, arguments: tuple[str, ...], remark: str) -> None:
    status, out, err = utfall("subgroup", *arguments)
    assert status == 0, err
    (column,) = re.findall(r"(\w+) is known only after the start: " + remark, out)
    assert column in arguments[1]
    _, out, _ = utfall("subgroup", "--by", "sex", "--model", "woman + age", "--classes", "age=30,50")
    assert "known only after" not in out


@pytest.mark.parametrize("column", ["person_id", "row", "index_weight", "sex"])
def test_people_are_not_matched_by_columns_that_are_not_for_readers(utfall, column: str) -> None:
    status, out, err = utfall("subgroup", "--classes", f"{column}=exact")
    assert (status, out) == (2, "")
    assert f"--classes: there is no column '{column}'." in err
    assert not re.search(r"\b(person_id|row|index_weight)\b", err.partition("The columns are")[2])
