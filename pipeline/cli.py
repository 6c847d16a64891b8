"""The command `utfall`: parse, call, print. Heavy imports stand in the commands that need them."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.analystcommands import config_option, curves, describe, sensitivity, subgroup
from pipeline.collector import collect_no_more, collect_rarely
from pipeline.errorlog import Unexpected, logged
from pipeline.errors import UserError
from pipeline.progress import Progress, progress, short_path

if TYPE_CHECKING:
    from pipeline.config import Config
    from pipeline.stages import Folders

STAGES = ("load", "cohort", "match", "estimate", "report")
# As pipeline.simulation.files.FORMATS, which is heavy to import; a test compares them.
SIMULATED_FORMATS = ("csv", "spss", "stata", "xlsx", "parquet", "sas-transport", "sqlite")
USER_FAULT, UNEXPECTED, INTERRUPTED, BROKEN_PIPE = 2, 1, 130, 141


def main() -> None:
    """Run the command and turn what stops it into a message and an exit status."""
    collect_rarely()
    status = run(sys.argv[1:])
    collect_no_more()
    sys.exit(status)


def run(arguments: list[str]) -> int:
    """Run the command with these arguments and give its exit status."""
    try:
        utfall.main(arguments, prog_name="utfall", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except UserError as error:
        _print_faults(error)
        return USER_FAULT
    except (KeyboardInterrupt, click.Abort):
        click.echo("Stopped. Nothing half-done was kept; the next run goes on from the last finished stage.", err=True)
        return INTERRUPTED
    except BrokenPipeError:  # whoever read the output has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except Unexpected as error:
        click.echo(str(error), err=True)
        return UNEXPECTED
    return 0


class _InOrder(click.Group):
    """Commands in the order in which they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


@click.group(cls=_InOrder, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="utfall", message="%(prog)s %(version)s")
def utfall() -> None:
    """From register extracts to a finished impact evaluation.

    \b
    utfall evaluate            everything, from config.yaml to reports/<name>/report.html
    utfall check               can these extracts be used?
    """


@utfall.command()
@config_option
@click.option("--from", "redo_from", type=click.Choice(STAGES), help="Do this stage and those after it again.")
@click.option("--fresh", is_flag=True, help="Do every stage again, reusing nothing.")
@click.option("--verify", is_flag=True, help="Fit the headline with lifelines too; the difference is in the manifest.")
def evaluate(config_path: Path, redo_from: str | None, fresh: bool, verify: bool) -> None:
    """Run all stages and write the report, reusing what is still valid.

    When data/raw/ holds no extracts, simulated ones are written there first.

    \b
    Example:
      utfall evaluate -c examples/unemployment/config.yaml
      utfall evaluate --from estimate
      utfall evaluate --verify
    """
    start = time.perf_counter()
    config = read_config(config_path)
    place = run_until(config, config_path, "report", STAGES[0] if fresh else redo_from)
    if verify:
        with logged(place.interim):
            from pipeline.verification import in_words, verify_headline

            click.echo(in_words(verify_headline(config, place.interim)))
        run_until(config, config_path, "report", "report")
    from pipeline.headline import headline
    from pipeline.results import read_results

    for line in headline(read_results(place.report / "results.json")):
        click.echo(line)
    click.echo(f"Report: {short_path(place.report / 'report.html')}")
    click.echo(f"Time: {time.perf_counter() - start:.1f} s")


def _stage_command(name: str, does: str) -> None:
    def command(config_path: Path) -> None:
        run_until(read_config(config_path), config_path, name)

    command.__doc__ = f"{does}\n\nEarlier stages are run too when they need to be.\n\n\b\nExample:\n  utfall {name}"
    utfall.command(name)(config_option(command))


_stage_command("load", "Read the extracts into canonical tables, with an account of their quality.")
_stage_command("cohort", "Make the cohort: index dates, covariates, follow-up, and the flow of exclusions.")


@utfall.command()
@config_option
@click.option("--frontier", is_flag=True, help="Also match under wider and narrower classes, with the effect at each.")
def match(config_path: Path, frontier: bool) -> None:
    """Match participants with controls.

    Earlier stages are run too when they need to be.

    \b
    Example:
      utfall match
      utfall match --frontier
    """
    config = read_config(config_path)
    place = run_until(config, config_path, "match")
    if not frontier:
        return
    with logged(place.interim):
        from pipeline.frontier import SHOWN, run_frontier

        table = run_frontier(config, place.interim, place.report.parent, lambda line: click.echo(f"  {line}"))
    click.echo(table[SHOWN].to_string(index=False, float_format="{:.3f}".format))
    click.echo(f"Table and figure: {short_path(place.report.parent / f'{config.evaluation.name}-frontier')}")


_stage_command("estimate", "Estimate effects from the matched cohort.")
_stage_command("report", "Write tables, figures and the report.")


@utfall.command()
@config_option
def check(config_path: Path) -> None:
    """Read and check the extracts only, and print everything that is wrong with them.

    \b
    Example:
      utfall check -c config.yaml
    """
    config = read_config(config_path)
    with logged(None):
        from pipeline import load
        from pipeline.accountremarks import worth_a_look
        from pipeline.accounttext import account_lines
        from pipeline.disclosure.policy import Policy
        from pipeline.errors import stop_if

        account, faults = load.check(config, config_path.resolve().parent)
        stop_if(faults)
        policy = Policy.of(config)
        for line in account_lines(account, policy):
            click.echo(line)
        remarks = [f"  {line}" for line in worth_a_look(account, config.population, policy)]
    click.echo("\n".join(["Look at this before you go on:", *remarks] if remarks else ["Nothing stands out."]))
    click.echo("No fault found: the extracts can be used.")


@utfall.command()
@click.option(
    "--out", default="data/raw", show_default=True, type=click.Path(path_type=Path), help="Folder to write to."
)
@click.option("--people", default=19_550, show_default=True, type=click.IntRange(min=1), help="People in JOB.")
@click.option("--seed", default=1, show_default=True, type=click.IntRange(min=0), help="Same seed, same extracts.")
@click.option(
    "--format", "file_format", default="csv", show_default=True, type=click.Choice(SIMULATED_FORMATS), help="File type."
)
@click.option("--faults", is_flag=True, help="With the faults of real extracts, and a ledger of them, FAULTS.csv.")
def simulate(out: Path, people: int, seed: int, file_format: str, faults: bool) -> None:
    """Write simulated extracts with a known effect, in the registers' own formats.

    \b
    Example:
      utfall simulate --out data/raw --people 5000 --seed 7
      utfall simulate --out data/raw --faults
    """
    with logged(None):
        from pipeline.simulated import write_simulated

        for path in write_simulated(out, people, seed, file_format, faults=faults):
            click.echo(short_path(path))


for analysts in (subgroup, curves, describe, sensitivity):
    utfall.add_command(analysts)


@utfall.command()
@click.argument("first")
@click.argument("second")
@click.option("--language", type=click.Choice(["sv", "en"]), help="Of the words; the second run's when left out.")
@click.option("--all", "everything", is_flag=True, help="Show numbers that are the same in both too.")
@click.option(
    "--format", "output_format", default="table", show_default=True,
    type=click.Choice(["table", "markdown", "csv", "json"]),
)  # fmt: skip
def compare(first: str, second: str, language: str | None, everything: bool, output_format: str) -> None:
    """Say what changed between two runs, in numbers and words.

    A run is a name under reports/, or the path of a report folder: keep a copy of one to compare with later.

    \b
    Example:
      utfall compare jobb published
      utfall compare kept/jobb-2022-12 jobb --language sv --format markdown
    """
    with logged(None):
        from pipeline import compare as runs
        from pipeline.comparetext import written
        from pipeline.reporting.words import Words

        before, after = (runs.read_run(run, Path("reports")) for run in (first, second))
        words = Words(language or after.results.evaluation.languages[0])
        comparison = runs.compare(before, after, words)
        click.echo(written(comparison, words, output_format, everything=everything))


@utfall.command()
@click.option("--markdown", is_flag=True, help="The page docs/configuration.md instead.")
def schema(markdown: bool) -> None:
    """Print the JSON schema of config.yaml, with which editors check it while you type.

    \b
    Example:
      utfall schema > config.schema.json
    """
    import json

    from pipeline.config import schema as config_schema
    from pipeline.configpage import configuration_page

    text = configuration_page() if markdown else json.dumps(config_schema(), indent=2, ensure_ascii=False)
    click.echo(text)


def read_config(path: Path) -> Config:
    """The configuration; its faults and those of the extracts it names are told together."""
    from pipeline.config import load_config, readable_sources

    try:
        return load_config(path)
    except UserError as error:
        faults = list(error.faults)
        sources = readable_sources(path) if path.is_file() else None
    base = path.resolve().parent
    with logged(None):
        from pipeline.simulated import extracts_wanting

        if sources is not None and not extracts_wanting(sources, base):
            from pipeline import load

            faults += load.check(sources, base)[1]
    raise UserError(faults)


def run_until(
    config: Config, config_path: Path, until: str, redo_from: str | None = None, *, to_stderr: bool = False
) -> Folders:
    """Run the stages up to `until`, reusing what is still valid; with extracts simulated first where there are none."""
    from pipeline.stages import folders, run_stages

    place, shown = folders(config, config_path), progress(to_stderr=to_stderr)
    with logged(place.interim):
        _simulate_if_empty(config, place.base, shown)
        run_stages(config, place, until=until, redo_from=redo_from, progress=shown)
        (place.interim / "error.log").unlink(missing_ok=True)
    return place


def _simulate_if_empty(config: Config, base: Path, shown: Progress) -> None:
    from pipeline.simulated import DEFAULT_PEOPLE, extracts_wanting, write_simulated

    if config.sources and extracts_wanting(config.sources, base):
        shown.say("data/raw holds no extracts: simulating some there. Put your own in their place to evaluate them.")
        with shown.working("simulating"):
            write_simulated(base / "data" / "raw", DEFAULT_PEOPLE, config.seed)


def _print_faults(error: UserError) -> None:
    many = len(error.faults) > 1
    if many:
        click.echo(f"{len(error.faults)} faults:", err=True)
    for number, fault in enumerate(error.faults, start=1):
        click.echo(f"{number}. {fault}" if many else str(fault), err=True)


if __name__ == "__main__":
    main()
