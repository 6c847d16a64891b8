"""The commands of analysts: subgroup, curves and describe. Heavy imports stand in the functions that need them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from pipeline.answers import ADJUSTMENTS, WEIGHTINGS
from pipeline.progress import short_path

FORMATS = ("table", "csv", "json", "latex", "markdown", "docx")

_WHO = (
    click.option("--where", help="Who: a condition on the cohort's columns. Everyone when left out."),
    click.option(
        "--by", multiple=True, help="Each level a column: sex, age:30,50, sex*disability. Repeat for several."
    ),
    click.option("--outcome", help="An outcome of the configuration; the first when left out."),
    click.option("--event", help="An outcome of your own: category in [33, 51]; work_or_studies and category != 33."),
)
_WEIGHTED = (
    click.option("--weights", type=click.Choice(WEIGHTINGS), default="matching", show_default=True,
                 help="What makes the groups alike."),
    click.option("--rematch", is_flag=True, help="Match again inside each group instead of using everyone's weights."),
    click.option("--classes", multiple=True, help="Other matching classes: age=30,40,50, woman=none, education=exact."),
)  # fmt: skip
_MODEL = (
    click.option("--model", help="Covariates as a formula; those of the configuration when left out."),
    click.option("--select", type=click.Choice(["none", "backward"]), default="none", show_default=True,
                 help="How covariates are chosen."),
    click.option("--varying", help="How the hazard ratio may change: log, linear, or days such as 30,183,274."),
    click.option("--cluster", type=click.Choice(["person", "stratum"]), help="Whose rows belong together in errors."),
    click.option("--interaction", is_flag=True, help="Test whether the hazard ratio differs from everyone else's."),
    click.option("--adjust", type=click.Choice(ADJUSTMENTS), default="holm", show_default=True,
                 help="How tests' p-values are adjusted for their number."),
)  # fmt: skip
_SHOWN = (
    click.option("--horizon", multiple=True, type=float, help="A day at which shares are given; may be repeated."),
    click.option("--figure", type=click.Path(path_type=Path, file_okay=False), help="Folder for curves, forest plot."),
    click.option("--format", "output_format", default="table", show_default=True, type=click.Choice(FORMATS)),
    click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="File to write to; docx needs one."),
    click.option("--language", type=click.Choice(["sv", "en"]), help="Of the words; English in a terminal, otherwise "
                 "the report's."),
)  # fmt: skip

config_option = click.option(
    "-c", "--config", "config_path", default="config.yaml", show_default=True, type=click.Path(path_type=Path),
    help="The evaluation, written down.",
)  # fmt: skip
Command = Callable[..., None]


def options(*groups: tuple[Callable[[Command], Command], ...]) -> Callable[[Command], Command]:
    """Several options in the order in which help shows them."""

    def add(command: Command) -> Command:
        for option in reversed([option for group in groups for option in group]):
            command = option(command)
        return command

    return add


def question_of(choices: dict[str, Any]) -> Any:
    """The options as a question; what is wrong with them is a fault of the option.

    Raises
    ------
    UserError : an option that cannot be read, or two that exclude each other
    """
    from pydantic import ValidationError

    from pipeline.errors import Fault, UserError
    from pipeline.question import Question

    try:
        return Question.model_validate({name: list(v) if isinstance(v, tuple) else v for name, v in choices.items()})
    except ValidationError as error:
        faults = []
        for fault in error.errors():
            option = f"--{fault['loc'][0]}" if fault["loc"] else "options"
            text = fault["msg"].removeprefix("Value error, ").replace("'", "")
            faults.append(Fault(option, text if text.endswith(".") else f"{text}."))
        raise UserError(faults) from None


@click.command()
@options(_WHO, _MODEL, _WEIGHTED, _SHOWN)
@click.option("--save", metavar="NAME", help="Add the analysis to the evaluation's report under this name.")
@config_option
def subgroup(
    config_path: Path,
    output_format: str,
    language: str | None,
    out: Path | None,
    figure: Path | None,
    save: str | None,
    **choices: Any,
) -> None:
    """The effect in a subgroup, in people and as a hazard ratio, from the matched data of a run.

    \b
    Example: women over 50 with a disability
      utfall subgroup --where "woman and age >= 50 and disability"
    Does it hold without nystartsjobb?
      utfall subgroup --event "work_or_studies and category != 33"
    Does it hang on who is matched with whom?
      utfall subgroup --classes age=25,35,45,55 --classes months_registered=12,24,48,96
    Women and men, participants and controls side by side, as in a published table:
      utfall subgroup --by sex --by participant --select backward
    Is the difference between groups more than chance?
      utfall subgroup --by education --interaction --adjust holm
    Sex crossed with birthplace, with curves and a forest plot:
      utfall subgroup --by "sex*born_outside_europe" --figure figures
    Matched again inside the group, another formula:
      utfall subgroup --where "social_assistance" --rematch --model "woman + age + C(education)"
    The first month, the half year and after, in a Word file:
      utfall subgroup --where woman --varying 30,183 --format docx --out women.docx
    Into the report, for good:
      utfall subgroup --where "woman and age >= 50" --save women_over_50

    Conditions know ==, !=, <, <=, >, >=, in [..], not in [..], between .. and .., is missing, and, or, not and
    parentheses; text stands in quotes. `utfall describe` shows the columns and their values.
    """
    from pipeline.cli import read_config, run_until
    from pipeline.errorlog import logged

    question = question_of(choices)
    config = read_config(config_path)
    place = run_until(config, config_path, "match", to_stderr=True)
    with logged(place.interim):
        from pipeline.analysis.answer import answer
        from pipeline.analysis.formats import written

        found = answer(question, config, place.interim, curves=figure is not None or output_format in ("json", "docx"))
        text = written(found, config, output_format, language, out, place.base)
        if figure is not None:
            from pipeline.analysis.figures import draw

            draw(found, config, language, figure, place.base)
        if save is not None:
            from pipeline.savedanalyses import save as save_question

            path = save_question(save, question, config_path, config.analyses)
            click.echo(f"Saved as '{save}' in {short_path(path)}.", err=True)
    if text:
        click.echo(text)
    if save is not None:
        run_until(read_config(config_path), config_path, "report", to_stderr=True)


@click.command()
@options(_WHO, _WEIGHTED, _SHOWN, (config_option,))
def curves(
    config_path: Path,
    output_format: str,
    language: str | None,
    out: Path | None,
    figure: Path | None,
    **choices: Any,
) -> None:
    """The share that has reached an outcome over time, in both groups of a subgroup, under disclosure control.

    \b
    Example: women born outside Europe, at half a year, a year and two years
      utfall curves --where "woman and born_outside_europe" --horizon 183 --horizon 365 --horizon 730
    Every step of the curves as data, and the figure:
      utfall curves --where disability --outcome deregistered --format csv --figure figures
    """
    from pipeline.cli import read_config, run_until
    from pipeline.errorlog import logged

    question = question_of(choices)
    config = read_config(config_path)
    place = run_until(config, config_path, "match", to_stderr=True)
    with logged(place.interim):
        from pipeline.analysis.answer import answer
        from pipeline.analysis.formats import only_curves, written

        found = only_curves(answer(question, config, place.interim, curves=True))
        text = written(found, config, output_format, language, out, place.base)
        if figure is not None:
            from pipeline.analysis.figures import draw

            draw(found, config, language, figure, place.base)
    if text:
        click.echo(text)


@click.command()
@click.option("--where", help="Only these people.")
@click.option("--format", "output_format", default="table", show_default=True,
              type=click.Choice(["table", "csv", "json"]))  # fmt: skip
@config_option
def describe(config_path: Path, where: str | None, output_format: str) -> None:
    """The matched data of a run: columns with their levels, matching classes, outcomes with their codes.

    \b
    Example: which columns are there, and how many people have each value?
      utfall describe
    Who is in the group, and by which codes did they reach the outcomes?
      utfall describe --where "woman and age >= 50"
    """
    from pipeline.cli import read_config, run_until
    from pipeline.errorlog import logged

    question = question_of({"where": where})
    config = read_config(config_path)
    place = run_until(config, config_path, "match", to_stderr=True)
    with logged(place.interim):
        from pipeline.analysis import description

        lines = description.describe(config, place.interim, config_path, question)
        if output_format == "table":
            click.echo(description.to_terminal(lines, config.disclosure.minimum_count))
        else:
            click.echo(description.to_csv(lines) if output_format == "csv" else description.to_data(lines))


@click.command()
@click.option("--processes", type=click.IntRange(min=1), help="At most so many; as many as there are processors.")
@click.option("--fresh", is_flag=True, help="Make every analysis again, reusing nothing.")
@config_option
def sensitivity(config_path: Path, processes: int | None, fresh: bool) -> None:
    """How much the headline depends on choices, for a terminal and for the report.

    The headline under some two hundred other sets of choices, two placebos, each month of start left out in turn, and
    people drawn anew. What is varied stands under `sensitivity:` in the configuration. A run that was stopped goes on
    where it was. The report is written again with what was found.

    \b
    Example:
      utfall sensitivity
      utfall sensitivity --processes 1
    """
    from pipeline.cli import read_config, run_until
    from pipeline.errorlog import logged
    from pipeline.lock import only_run
    from pipeline.progress import progress

    config = read_config(config_path)
    place = run_until(config, config_path, "estimate")
    with logged(place.interim):
        from pipeline.sensitivity.run import run_sensitivity

        with only_run(
            place.interim / ".sensitivity.lock", f"The analyses of '{config.evaluation.name}' are being made"
        ):
            run_sensitivity(config, place.interim, processes=processes, fresh=fresh, progress=progress())
    run_until(config, config_path, "report", "report")
    from pipeline.results import read_results
    from pipeline.sensitivity.summary import in_words

    found = read_results(place.report / "results.json").sensitivity
    for line in in_words(found) if found is not None else ():
        click.echo(line)
