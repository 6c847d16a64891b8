"""config.yaml: what is accepted, and that every fault is told at once with its line and what to do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline import cli
from pipeline.config import Config, Cut, Groups, load_config, readable_sources, schema
from pipeline.configpage import configuration_page
from pipeline.errors import UserError

ROOT = Path(__file__).parents[1]
SHIPPED = ["config.yaml", "config-published.yaml", "examples/unemployment/config.yaml", "examples/rossi/config.yaml"]


@pytest.fixture
def text() -> str:
    return (ROOT / "config.yaml").read_text(encoding="utf-8")


def faults(folder: Path, text: str) -> list[str]:
    path = folder / "config.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as caught:
        load_config(path)
    return [str(fault).replace(str(path), "config.yaml") for fault in caught.value.faults]


def line_with(text: str, fragment: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if fragment in line)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_configurations_are_valid(name: str) -> None:
    assert load_config(ROOT / name).evaluation.name in {"jobb", "jobb-published", "unemployment", "rossi"}


def test_default_design_is_the_one_the_design_names(text: str) -> None:
    config = load_config(ROOT / "config.yaml")
    population, matching = config.population, config.matching
    assert population is not None
    assert matching is not None
    assert (population.control_index, population.future_participants, population.other_exit) == (
        "every_month",
        "censor",
        "remain",
    )
    assert population.programme_categories == ["70", "79"]
    assert matching.estimand == "ATT"
    assert matching.variables["age"] == Cut(cut=[30, 45, 60])
    assert isinstance(matching.variables["education"], Groups)
    assert config.outcome_names == ["work_or_studies", "deregistered", "return"]
    published = load_config(ROOT / "config-published.yaml").population
    assert published is not None
    assert (published.control_index, published.future_participants) == ("random_month", "exclude")


def test_codes_keep_their_zeros_and_need_no_quotes(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text.replace('municipality: "1280"', "municipality: [0114, 1280, '0180']"), encoding="utf-8")
    population = load_config(path).population
    assert population is not None
    assert population.municipality == ["0114", "1280", "0180"]


def test_matching_none_is_for_randomised_treatment() -> None:
    assert load_config(ROOT / "examples/rossi/config.yaml").matching is None


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("  follow_up_to:", "  folow_up_to:", "unknown key 'population.folow_up_to'. Did you mean 'follow_up_to'?"),
        ("matching:", "matchning:", "unknown key 'matchning'. Did you mean 'matching'?"),
        ('where: "woman"', 'wher: "woman"', "unknown key 'subgroups.women.wher'. Did you mean 'where'?"),
        ("2022-09-30", "2022-09-31", "'population.follow_up_to':"),
        ("last: 2022-04-30", "last: 2019-04-30", "'last' is before 'first'."),
        ("follow_up_to: 2022-09-30", "follow_up_to: 2022-04-30", "must be after the last day of intake."),
        ("every_month      #", "each_month      #", "Choose 'every_month', 'random_month' or 'first_month'."),
        ("cut: [30, 45, 60]", "cut: [30, 60, 45]", "cutpoints must stand in rising order"),
        ("more: [upper_secondary,", "more: [unknown,", "'unknown' stands in both 'compulsory_or_unknown' and 'more'."),
        ("exact\n    age", "axact\n    age", "give exact, {cut: [limits]} or {groups:"),
        ("selection_level: 0.05", "selection_level: 5", "less than 1."),
        ("minimum_count: 10", "minimum_count: 0", "greater than or equal to 1."),
        ("minimum_count: 10", "minimum_count: ten", "valid integer"),
        ("name: jobb ", "name: ../jobb ", "pattern"),
        ("after: deregistered", "after: work", "'after' must name an outcome with reasons for deregistration."),
        ("estimand: ATT", "estimand: ATT\n  estimand: ATE", "the key 'estimand' stands twice. Keep one of them."),
        ("seed: 1 ", "seed: [1 ", "is not valid YAML"),
    ],
)  # fmt: skip
def test_fault_names_line_and_remedy(tmp_path: Path, text: str, before: str, after: str, message: str) -> None:
    assert before in text
    (fault,) = faults(tmp_path, text.replace(before, after, 1))
    assert message in fault
    assert fault.startswith("config.yaml, line ")


def test_line_is_the_one_in_the_file(tmp_path: Path, text: str) -> None:
    changed = text.replace("gap_days:", "gap_day:")
    line = line_with(changed, "gap_day:")
    told = f"config.yaml, line {line}: unknown key 'population.gap_day'. Did you mean 'gap_days'?"
    assert faults(tmp_path, changed) == [told]


def test_all_faults_are_told_at_once(tmp_path: Path, text: str) -> None:
    changed = text.replace("seed: 1", "sead: 1").replace("2022-09-30", "2022-13-01").replace("ATT", "ATX")
    changed = changed.replace('where: "not woman"', 'where: "not (woman"')
    told = faults(tmp_path, changed)
    assert len(told) == 4
    for number, fragment in enumerate(["'sead'", "follow_up_to", "'ATX'", "expected ')'"]):
        assert any(fragment in fault for fault in told), (number, told)


def test_condition_of_a_subgroup_that_cannot_be_read_names_its_line(tmp_path: Path, text: str) -> None:
    changed = text.replace('where: "social_assistance"', 'where: "social_assistance = 1"')
    (fault,) = faults(tmp_path, changed)
    assert fault.endswith("'subgroups.social_assistance.where': to compare, write == instead of = at character 19.")
    assert fault.startswith(f"config.yaml, line {line_with(changed, '= 1')}:")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "there is no such configuration file. Name one with -c"),
        (b"", "is empty. Start from the config.yaml that comes with the project."),
        (b"- a\n- b\n", "must be a mapping of sections"),
        ("evaluation: {title: åäö}".encode("latin-1"), "it is not UTF-8 text. Save it as UTF-8 text."),
        (b"a: b: c\n", "line 1: is not valid YAML"),
    ],
)
def test_file_that_is_no_configuration(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "config.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError) as caught:
        load_config(path)
    assert message in str(caught.value)


def test_either_sources_or_a_cohort(tmp_path: Path, text: str) -> None:
    without = text.replace("sources:\n", "xsources:\n")
    assert any("unknown key 'xsources'" in fault for fault in faults(tmp_path, without))
    both = (
        text
        + "\ncohort:\n  file: a.csv\n  treatment: {column: t}\n"
        + "  outcomes: {o: {label: O, time: t, event: {column: e}}}\n"
    )
    assert any("name either 'sources' (register extracts) or 'cohort'" in fault for fault in faults(tmp_path, both))


def test_sources_can_be_read_when_the_rest_is_wrong(tmp_path: Path, text: str) -> None:
    """So that faults of the extracts are told in the same run."""
    path = tmp_path / "config.yaml"
    path.write_text(text.replace("matching:", "matchning:"), encoding="utf-8")
    sources = readable_sources(path)
    assert sources is not None
    assert sources.background.files == ["data/raw/lisa_*.csv"]
    path.write_text(text.replace("register: lisa", "register: liza"), encoding="utf-8")
    assert readable_sources(path) is None


def test_yaml_can_run_no_code(tmp_path: Path, text: str) -> None:
    marker = tmp_path / "ran"
    changed = text.replace("seed: 1", f"seed: !!python/object/apply:pathlib.Path.touch [{marker}]")
    assert faults(tmp_path, changed)
    assert not marker.exists()


def test_schema_knows_every_key_of_the_shipped_configuration(text: str) -> None:
    described = schema()
    assert described["additionalProperties"] is False
    assert set(yaml.safe_load(text)) <= set(described["properties"])
    assert described["$defs"]["Source"]["properties"].keys() >= {"register", "files", "columns", "encoding"}


def test_command_prints_the_schema_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == schema()


def test_documentation_is_what_the_schema_says() -> None:
    """Written with `utfall schema --markdown > docs/configuration.md`."""
    assert (ROOT / "docs/configuration.md").read_text(encoding="utf-8") == configuration_page() + "\n"


def test_every_key_is_explained() -> None:
    rows = [line for line in configuration_page().splitlines() if line.startswith("| `")]
    unexplained = [row for row in rows if not row.rstrip("| ").split("|")[-1].strip() or row.endswith("|  |")]
    assert unexplained == []
    assert len(rows) > len(Config.model_fields)


def test_defaults_are_those_of_the_commented_configuration(text: str) -> None:
    """Leaving out what config.yaml states as the usual choice changes nothing."""
    content: dict[str, Any] = yaml.safe_load(text)
    for key in (
        "gap_days",
        "gap_categories",
        "control_index",
        "future_participants",
        "censoring_weights",
        "other_exit",
    ):
        del content["population"][key]
    del content["matching"]["estimand"]
    shorter = Config.model_validate(content)
    assert shorter == load_config(ROOT / "config.yaml")


def test_codes_and_columns_are_told_with_the_other_faults(tmp_path: Path, text: str) -> None:
    changed = (
        text.replace("seed: 1", "sead: 1")
        .replace("[30, 33, 38", "[30, 333, 38")
        .replace("    age: {cut", "    agee: {cut")
    )
    changed = changed.replace("    - months_registered", "    - monthsregistered").replace(
        '"social_assistance"', '"assistance"'
    )
    told = faults(tmp_path, changed)
    assert len(told) == 5
    assert "'333' is no applicant category." in told[1]
    for fragment, name, fault in zip(
        ["agee: {cut", "covariates:", 'where: "assistance"'],
        ["agee", "monthsregistered", "assistance"],
        told[2:],
        strict=True,
    ):
        assert f"the cohort has no column '{name}'." in fault
        assert abs(line_with(changed, fragment) - int(fault.split("line ")[1].split(":")[0])) <= 1
