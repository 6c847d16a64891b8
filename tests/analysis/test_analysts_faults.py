"""Every error of an analyst: one sentence with what to try, exit status 2; and nothing in a question is run."""

from __future__ import annotations

from pathlib import Path

import pytest
from matched_project import Project

from pipeline.errors import UserError
from pipeline.formula import read_terms

COLUMNS = ("woman", "age", "education", "a", "b")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--where", "womann"), "there is no column 'womann'. Did you mean woman?"),
        (("--where", "person_id == '1'"), "there is no column 'person_id'."),
        (("--where", "stratum == 1"), "there is no column 'stratum'."),
        (("--where", "age > 200"), "--where: picks nobody. Try a wider condition; `utfall describe` shows"),
        (("--where", "education == 'compulsary'"), "picks nobody. No row has education 'compulsary'; did you mean"),
        (("--where", "origin == 'AF'"), "--where: picks no controls, so there is nothing to compare."),
        (("--where", "age == 63 and woman and disability"), "--where: picks fewer than 10 participants, too few"),
        (("--where", "age between 45 and 47 and woman"), "of the participants picked reach the outcome, too few"),
        (("--where", "not (age == 24 and woman)"), "differs by fewer than 10 people from a group that is shown"),
        (("--by", "sexx"), "--by: there is no column 'sexx'. Did you mean sex?"),
        (("--by", "background_year*start_month*age:30,40,50"), "--by: "),
        (("--by", "start_month"), "--by: 'start_month' has 27 levels; 12 can be set side by side."),
        (("--by", "age:50,30"), "--by: 'age:50,30' gives no classes. Write rising limits, as in age:30,50."),
        (("--by", "education:30"), "--by: 'education' is not a number, so it has no limits. Write --by education."),
        (("--by", "age:nan"), "--by: 'age:nan' gives no classes."),
        (("--by", "sex*sex"), "--by: 'sex*sex' crosses a variable with itself. Name each of them once."),
        (
            ("--classes", "age=30", "--weights", "none"),
            "classes decide who is matched, and with weights none nobody",
        ),
        (("--outcome", "work_or_studie"), "--outcome: there is no outcome 'work_or_studie'. Did you mean"),
        (("--event", "category == 333"), "--event: no category has the code '333'. Near: 33"),
        (("--event", "reason in [1, 77]"), "--event: no reason has the code '77'."),
        (("--event", "categry == 33"), "--event: an event has no part 'categry'. Did you mean category?"),
        (("--event", "category > 33"), "--event: codes have no order and are never missing; use ==, != or in"),
        (("--event", "category"), "--event: 'category' is a code. Write it as in category in [33, 51]."),
        (("--event", "work_or_studies == 1"), "--event: 'work_or_studies' is an outcome. work_or_studies stands by"),
        (("--event", "category == 33 and reason == 1"), "--event: no code fits this condition."),
        (("--event", "category == 33", "--outcome", "return"), "give outcome or event, not both."),
        (("--event", "reason = 1"), "to compare, write == instead of = at character 8."),
        (("--model", "woman + aeg"), "--model: there is no column 'aeg'. Did you mean age?"),
        (("--model", "woman +"), "--model: cannot be read: Operator `+` has"),
        (("--model", "woman ~ age"), "--model: names an outcome with ~"),
        (("--varying", "sometimes"), "--varying: 'sometimes' is no way to vary. Write log, linear, or rising days"),
        (("--classes", "aeg=30"), "--classes: there is no column 'aeg'. Did you mean age?"),
        (("--classes", "age=thirty"), "--classes: 'age=thirty' gives no classes. Write rising limits as in age=30"),
        (("--varying", "nan"), "--varying: 'nan' is no way to vary."),
        (("--classes", "age=nan"), "--classes: 'age=nan' gives no classes."),
        (("--classes", "education=3,4"), "--classes: 'education' is not a number."),
        (("--interaction",), "--interaction: everyone is picked. Name a part of them"),
        (("--interaction", "--where", "woman", "--rematch"), "--interaction: compares with everyone else"),
        (("--interaction", "--where", "participant"), "--interaction: is about the ratio between participants and"),
        (("--interaction", "--by", "sex*participant"), "participants and controls, whom --by sets apart."),
        (("--varying", "log", "--where", "not participant"), "--varying: is about the ratio between participants and"),
        (("--format", "docx"), "--format: docx is no text. Name a file to write it to with --out"),
        (("--horizon", "-3"), "--horizon: must be days after 0."),
        (("--horizon", "nan"), "must be days after 0."),
        (("--horizon", "365", "--horizon", "365"), "--horizon: names a day twice."),
        (("--horizon", "5000"), "--horizon: day 5000 lies after the end of the follow-up in one of the groups."),
        (("--varying", "5000"), "--varying: all days lie after the end of the follow-up."),
        (("--save", "Women over 50"), "--save: 'Women over 50' cannot be a name."),
    ],
)
def test_an_analysts_error_is_a_sentence(utfall, arguments: tuple[str, ...], message: str) -> None:
    status, out, err = utfall("subgroup", *arguments)
    assert status == 2
    assert out == ""
    assert message in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("age = 3", "--where: to compare, write == instead of = at character 5."),
        ("aeg > 3", "there is no column 'aeg'. Did you mean age?"),
        ("age > 200", "--where: picks nobody. Try a wider condition"),
        ("education == 'compulsary'", "picks nobody. No row has education 'compulsary'; did you mean"),
    ],
)
def test_a_description_of_nobody_is_a_sentence(utfall, where: str, message: str) -> None:
    status, out, err = utfall("describe", "--where", where)
    assert (status, out) == (2, "")
    assert message in err


def test_curves_of_one_arm_are_no_comparison(utfall) -> None:
    status, out, err = utfall("curves", "--where", "participant")
    assert (status, out) == (2, "")
    assert "--where: picks one arm alone, and curves compare participants with controls." in err


def test_several_errors_are_told_at_once(utfall) -> None:
    status, _, err = utfall("subgroup", "--event", "category in [333, 444]")
    assert status == 2
    assert "2 faults:" in err


def test_a_failed_question_saves_nothing(project: Project, utfall) -> None:
    assert utfall("subgroup", "--where", "age > 200", "--save", "nobody")[0] == 2
    assert not (project.folder / "config.analyses.yaml").exists()


@pytest.mark.parametrize(
    "text",
    [
        "age.__class__",
        "__import__('os').system('touch made')",
        "category.__class__ == 33",
        "().__class__.__bases__[0].__subclasses__()",
        "eval('1')",
        "exec(\"open('made', 'w')\")",
        "woman if age else age",
        "(lambda: open('made', 'w'))()",
        "[open('made', 'w') for age in [1]]",
        "f'{open}' == ''",
        "'a' == 'b\\'' or open('made', 'w') or 'c'",
        "\"'\" + open('made', 'w').name + '\"'",
        "`open('made', 'w')`",
        "@woman",
        "woman; import os",
        "(" * 3000 + "woman" + ")" * 3000,
        "not " * 400 + "woman",
        "woman and " * 3000,
        "woman == " + "9" * 5000,
        "__builtins__",
        "__name__",
        "woman\x00",
    ],
)
@pytest.mark.parametrize("option", ["--where", "--event", "--model"])
def test_nothing_in_a_question_is_run(
    utfall, option: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, out, err = utfall("subgroup", option, text)
    assert status == 2, out
    assert "unexpectedly" not in err
    assert not Path("made").exists()


@pytest.mark.parametrize(
    "formula",
    [
        "{__import__('os').system('true')}",
        "I(age.__class__)",
        "C(age, __import__('os'))",
        "np.load('x')",
        "np.log.__globals__",
        "contr.__init__(age)",
        "bs(age, df=(lambda: 3)())",
        "I([age for age in (1,)])",
        "I(age if woman else 1)",
        "I(age ** 99999999)",
        "Q('age')",
        "poly(age, degree=getattr(age, 'x'))",
        "(a + b) ** 99",
        " + ".join(f"I(age + {i})" for i in range(100)),
        "(" * 100 + "age" + ")" * 100,
        "age" * 1000,
    ],
)
def test_formulas_hold_columns_and_known_functions_only(formula: str) -> None:
    with pytest.raises(UserError) as caught:
        read_terms(formula, COLUMNS, "--model")
    assert len(caught.value.faults) == 1


@pytest.mark.parametrize(
    ("formula", "terms"),
    [
        ("woman + age", ("woman", "age")),
        ("1 + woman", ("woman",)),
        ("a * b", ("a", "b", "a:b")),
        ("np.log(age) + bs(age, df=3)", ("np.log(age)", "bs(age, df=3)")),
        ("C(education, contr.treatment('compulsory'))", ("C(education, contr.treatment('compulsory'))",)),
        ("I(age ** 2) + I(age / 10 - 3)", ("I(age ** 2)", "I(age / 10 - 3)")),
    ],
)
def test_formulas_of_columns_are_read(formula: str, terms: tuple[str, ...]) -> None:
    assert read_terms(formula, COLUMNS, "--model") == terms
