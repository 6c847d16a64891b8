"""What readers get of the analyses: protected, in both languages, and never a claim that there is nothing."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.config import load_config
from pipeline.disclosure.policy import Log, Policy
from pipeline.disclosure.sensitivity import protect_sensitivity
from pipeline.reporting.material import Material
from pipeline.reporting.plots import SLIDE_WIDTH
from pipeline.reporting.sections.sensitivity import alone_table, option, sensitivity_section, specifications_figure
from pipeline.reporting.tables import cell
from pipeline.reporting.words import Words, catalogue
from pipeline.results import About, OutcomeResult, Results
from pipeline.sensitivity.choices import choices, own_specification, specifications, varied_in
from pipeline.sensitivity.record import Bootstrap, ChoiceResult, EffectRow, MonthRow, Sensitivity, SensitivityRow
from pipeline.sensitivity.summary import in_words, spread_of
from pipeline.sensitivity.table import to_csv

ROOT = Path(__file__).parents[2]
COUNTS = {"participants": 2821, "controls": 18140, "participant_events": 1209, "control_events": 7165}


def effect(ratio: float, **more: object) -> dict[str, object]:
    found = {"hazard_ratio": ratio, "lower": ratio / 1.1, "upper": ratio * 1.1, "p": 0.0123456789}
    found |= {"difference": 0.13221292, "difference_lower": 0.11175673, "difference_upper": 0.15266910}
    return {**found, **COUNTS, **more}


@pytest.fixture
def found() -> Sensitivity:
    config = load_config(ROOT / "config.yaml")
    own, varied = own_specification(config), choices(config)
    rows = [
        SensitivityRow(
            choices={choice.name: getattr(s, choice.name) for choice in varied},
            varied=varied_in(s, own),
            **effect(1.5 + i / 100, control_events=7165 + 50 * i),
        )
        for i, s in enumerate(specifications(config)[:8])
    ]
    return Sensitivity(
        day=365, choices=[ChoiceResult(name=c.name, own=c.own, others=list(c.others)) for c in varied],
        specifications=rows,
        placebos={"outcome_before_start": EffectRow(**effect(1.02)), "start_among_controls": EffectRow(**effect(0.97))},
        placebo_before=1095,
        months=[MonthRow(month="2021-07", hazard_ratio=1.588, lower=1.4, upper=1.8, **{**COUNTS, "participants": 7})],
        bootstrap=Bootstrap(resamples=500, lower=1.4, upper=1.7, robust_lower=1.41, robust_upper=1.69),
        e_value=2.1, e_value_limit=1.9, detectable_ratio=1.1, effective_events=7803.4,
    )  # fmt: skip


def test_counts_are_rounded_and_estimates_have_no_digits_to_search_with(found):
    row = protect_sensitivity(found, Policy(10), Log()).specifications[0]
    assert (row.participants, row.controls, row.participant_events) == (2820, 18140, 1210)
    assert (row.p, row.difference) == (0.01235, 0.13)


def test_analyses_of_few_people_or_events_are_withheld_and_listed(found):
    few = found.specifications[1].model_copy(update={"participant_events": 9, "note": "3 rows of somebody"})
    log = Log()
    protected = protect_sensitivity(
        found.model_copy(update={"specifications": [found.specifications[0], few]}), Policy(10), log
    )
    assert protected.specifications[1].hazard_ratio is None
    assert protected.specifications[1].participant_events is None
    assert protected.specifications[1].note == "no estimate"
    assert "sensitivity.specifications.1" in log.entries
    assert protected.months[0].hazard_ratio is None
    assert "sensitivity.months.2021-07" in log.entries


def test_an_outcome_that_a_few_events_tell_from_the_reports_is_withheld(found):
    near = found.specifications[1].model_copy(update={**COUNTS, "control_events": 7165 - 4})
    both = found.model_copy(update={"specifications": [found.specifications[0], near]})
    assert protect_sensitivity(both, Policy(10), Log()).specifications[1].hazard_ratio is None
    assert protect_sensitivity(both, Policy(4), Log()).specifications[1].hazard_ratio is not None


def test_the_curve_in_numbers(found):
    spread = spread_of(found.specifications)
    assert (spread.analyses, spread.above, spread.below, spread.across) == (8, 8, 0, 0)
    assert (spread.lowest, spread.highest) == (1.5, 1.57)
    told = "\n".join(in_words(found))
    assert "hazard ratio 1.50 to 1.57" in told
    assert "500 resamples of people: 95% interval 1.40 to 1.70" in told


def test_the_csv_has_a_row_per_analysis_with_its_choices(found):
    header, *rows = to_csv(found).splitlines()
    assert header.startswith("control_index,future_participants,other_exit,intake,coarsening,weights")
    assert len(rows) == 8
    assert rows[0].startswith(
        "every_month,censor,remain,whole,configured,cem,ATT,work_or_studies,full,efron,whole,0,1.5"
    )
    assert json.loads(found.model_dump_json())["months"][0]["month"] == "2021-07"


def test_every_choice_and_value_has_words_in_both_languages():
    config = load_config(ROOT / "config.yaml")

    class Stub:
        main_name = "work_or_studies"

        def __init__(self, language: str) -> None:
            self.words, self.config = Words(language), config

        def time(self, day: float) -> str:
            return f"{day:g}"

    for language in ("sv", "en"):
        for choice in choices(config):
            assert f"choice.{choice.name}" in catalogue()
            for value in choice.others:
                told = option(Stub(language), choice.name, value)  # type: ignore[arg-type]
                assert "_" not in told
                assert told != value or language == "en"


def material_of(protected: Sensitivity, language: str) -> Material:
    config, words = load_config(ROOT / "config.yaml"), Words(language)
    label = config.outcomes["work_or_studies"].label
    outcomes = {"work_or_studies": OutcomeResult.model_construct(label=label)}
    results = Results.model_construct(sensitivity=protected, outcomes=outcomes, evaluation=About.model_construct(
        time_unit=config.report.time_unit, source=config.evaluation.source, minimum_count=10,
        participants=config.evaluation.participants, controls=config.evaluation.controls,
        headline="work_or_studies"))  # fmt: skip
    return Material(results, config, {}, words)


@pytest.mark.parametrize("language", ["sv", "en"])
def test_what_cannot_be_shown_is_counted_and_named(found, language):
    """Rows of dots tell nobody anything; how many analyses are missing does, and differences show only known digits."""
    near = found.specifications[2].model_copy(update={"control_events": 7165 + 4})
    with_one_withheld = found.model_copy(update={"specifications": [*found.specifications[:2], near]})
    protected = protect_sensitivity(with_one_withheld, Policy(10), Log())
    material = material_of(protected, language)
    table, words = alone_table(material, protected), material.words
    told = [[cell(words, column, row, {}) for column in table.columns] for row in table.rows]
    assert [row[-1] for row in told] == ["13 (11–15)"] * 2
    name = near.varied[0]
    assert option(material, name, near.choices[name]) in table.notes[-1]
    section = sensitivity_section(material)
    assert section is not None
    lead = section.blocks[0].text
    assert (" 3 sätt" in lead and "; 2 av dem kan visas" in lead) or (" 3 ways" in lead and "; 2 of them" in lead)
    assert any(none in section.blocks[1].text for none in ("under 1 i ingen", "below 1 in none"))


def test_the_curve_fits_a_slide_without_the_lines_of_choices(found):
    figure = specifications_figure(material_of(found, "sv"), found)
    slide = figure.draw(replace(figure.look, width=SLIDE_WIDTH))
    assert slide.get_figheight() <= 0.63 * SLIDE_WIDTH
    assert (len(slide.axes), len(figure.draw(figure.look).axes)) == (2, 3)


def test_no_words_claim_that_there_is_nothing():
    phrases = [text.lower() for key, entry in catalogue().items() for text in entry.values()
               if key.startswith(("sensitivity.", "placebo.", "stability.", "hidden.", "specifications."))]  # fmt: skip
    assert len(phrases) > 20
    for claim in ("ingen effekt", "no effect", "saknar effekt", "bevisar"):
        assert not [text for text in phrases if claim in text]
