"""Which analyses are made, before any is."""

from collections import Counter
from pathlib import Path

import pytest

from pipeline.config import Config, load_config
from pipeline.errors import UserError
from pipeline.sensitivity.choices import (
    choices,
    outcome_definitions,
    own_specification,
    specifications,
    varied_in,
)

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def config() -> Config:
    return load_config(ROOT / "config.yaml")


def changed(config: Config, **settings: object) -> Config:
    return config.model_copy(update={"sensitivity": config.sensitivity.model_copy(update=settings)})


def test_the_evaluation_comes_first_then_each_other_value_alone(config):
    found, own = specifications(config), own_specification(config)
    assert found[0] == own
    alone = [(varied_in(s, own)[0], s) for s in found if len(varied_in(s, own)) == 1]
    wanted = {(choice.name, value) for choice in choices(config) for value in choice.others}
    assert {(name, getattr(s, name)) for name, s in alone} >= wanted
    assert all(len(varied_in(s, own)) <= 1 for s in found[: len(wanted) + 1])


def test_as_many_as_configured_none_twice_and_the_same_every_time(config):
    found = specifications(config)
    assert len(found) == len(set(found)) == 200
    assert found == specifications(config)
    other = specifications(config.model_copy(update={"seed": 2}))
    assert set(found[:40]) == set(other[:40])
    assert set(found) != set(other)


def test_designs_known_to_be_biased_are_tried_alone_only(config):
    own = own_specification(config)
    for specification in specifications(config):
        if specification.future_participants == "exclude" or specification.weights == "none":
            assert len(varied_in(specification, own)) == 1


def test_values_of_a_choice_come_about_equally_often_among_combinations(config):
    own = own_specification(config)
    combined = [s for s in specifications(config) if len(varied_in(s, own)) > 1]
    counts = Counter(s.covariates for s in combined)
    assert set(counts) == {"full", "selected", "none"}
    assert max(counts.values()) - min(counts.values()) < 0.15 * len(combined)


def test_every_combination_when_there_are_few():
    config = load_config(ROOT / "examples" / "rossi" / "config.yaml")
    found = specifications(config)
    assert len(found) == 3 * 2 * 2  # covariates, ties, follow-up
    assert {s.weights for s in found} == {"none"}


def test_classes_do_not_matter_without_matching_nor_an_estimand_without_weights(config):
    for specification in specifications(config):
        if specification.weights != "cem":
            assert specification.coarsening == "configured"
        if specification.weights == "none":
            assert specification.estimand == "ATT"


def test_definitions_of_the_outcome_count_less(config):
    definitions, outcome = outcome_definitions(config), config.outcomes["work_or_studies"]
    assert "with_support" not in definitions["excluding with_support"].categories
    assert "33" not in definitions["excluding 33"].categories["with_support"]
    assert definitions["excluding 33"].reasons == outcome.reasons
    assert len(definitions) == 2 + 13


def test_a_list_names_the_values_and_an_empty_one_none(config):
    fewer = changed(config, estimand=["ATC"], weights=[], outcome=["excluding 33"])
    by_name = {choice.name: choice.others for choice in choices(fewer)}
    assert by_name["estimand"] == ("ATC",)
    assert by_name["outcome"] == ("excluding 33",)
    assert "weights" not in by_name


def test_values_an_evaluation_does_not_have_are_told_with_their_lines(tmp_path: Path):
    text = (ROOT / "config.yaml").read_text(encoding="utf-8")
    text = text.replace("first: 2020-02-01\n      last", "first: 2019-02-01\n      last")
    text = text.replace("sensitivity: ", "sensitivity:\n  coarsening: [wider agee]\n  outcome: [excluding 99] #", 1)
    path = tmp_path / "config.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as error:
        load_config(path)
    told = str(error.value)
    assert "Did you mean 'wider age'?" in told
    assert "'excluding 99' is no other choice" in told
    assert "lies outside the evaluation's intake" in told
