"""Stage 1: extracts, or one ready cohort, as canonical tables with a data-quality account.

Reads the files that `sources:` (or `cohort:`) names. Writes `persons`, `registrations`, `categories`, `background`,
`disabilities` and `participants` (or `cohort_input`) as Parquet, rows in a total order, and `account.json`, whose
fields are those of `pipeline.account`. Columns are described in `pipeline.registers.contracts`, cleaning rules in
`pipeline.registers.cleaning`.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import engine
from pipeline.account import Account, CodeAccount, FileAccount, write_account
from pipeline.accountremarks import worth_a_look
from pipeline.config import Config, Sources
from pipeline.disclosure.policy import Policy
from pipeline.errors import Fault, stop_if
from pipeline.provenance import simulated_extracts
from pipeline.registers import canonical, checks, extracts
from pipeline.registers.codes import unknown_in, unverified_codes
from pipeline.registers.months import programme_months
from pipeline.registers.people import flagged, people_rules, set_aside_elsewhere
from pipeline.registers.pseudonyms import Hashing, hashing, name_people, parquet_files
from pipeline.registers.rules import Cleaning
from pipeline.registers.usable import unusable
from pipeline.workspace import Run

if TYPE_CHECKING:
    from ibis import BaseBackend

_CHECKING = ".check-"  # and the number of the process
SOURCES = tuple(Sources.model_fields)


def run(run: Run) -> None:
    """Load what the configuration names into `run.write`.

    Raises
    ------
    UserError : every fault of the configuration's codes and of all files at once
    """
    account, faults = _load(run.config, run.base, run.write, run.say)
    stop_if(faults)
    # How many only: what they are may be told under the evaluation's rule of disclosure, which loading does not read.
    remarks = len(list(worth_a_look(account, run.config.population, Policy(1))))
    if remarks:
        run.say(f"worth a look before the results are: {remarks}; `utfall check` tells what")
    write_account(account, run.write / "account.json")


def check(wanted: Config | Sources, base: Path) -> tuple[Account, list[Fault]]:
    """Read and check the extracts (or the ready cohort) without keeping anything.

    Parameters
    ----------
    wanted : an evaluation, or only its sources when the rest of its configuration is not sound
    base : the folder that paths are relative to

    Returns
    -------
    The account, as far as it could be made, and every fault.
    """
    with _checking_folder(Path.cwd() / "data" / "interim") as folder:
        return _load(wanted, base, folder, lambda line: None)


@contextmanager
def _checking_folder(interim: Path) -> Iterator[Path]:
    """A private folder that is gone afterwards, with those of checks that were killed."""
    made = [path for path in (interim.parent, interim) if not path.exists()]
    interim.mkdir(parents=True, exist_ok=True, mode=0o700)
    for left in interim.glob(f"{_CHECKING}*"):
        if not _is_running(left.name.removeprefix(_CHECKING)):
            shutil.rmtree(left, ignore_errors=True)
    folder = interim / f"{_CHECKING}{os.getpid()}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        for path in reversed(made):
            with suppress(OSError):
                path.rmdir()


def _is_running(process: str) -> bool:
    """Whether a process of this number is there; it may be another one by now, whose end clears up then."""
    if not process.isdigit() or sys.platform == "win32":
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _load(
    wanted: Config | Sources, base: Path, folder: Path, say: Callable[[str], None]
) -> tuple[Account, list[Fault]]:
    if isinstance(wanted, Sources):
        return _load_extracts(wanted, base, folder, say)
    if wanted.cohort is not None:
        from pipeline.cohort_file import load_cohort

        return load_cohort(wanted, base, folder)
    account, faults = _load_extracts(wanted, base, folder, say)
    codes = [Fault(".".join(where), what, remedy) for where, what, remedy in unknown_in(wanted)]
    return account, [*codes, *faults]


def _load_extracts(
    wanted: Config | Sources, base: Path, folder: Path, say: Callable[[str], None]
) -> tuple[Account, list[Fault]]:
    config = wanted if isinstance(wanted, Config) else None
    sources, name = (config.sources, config.engine) if config else (wanted, "duckdb")
    assert isinstance(sources, Sources)
    files: dict[str, list[checks.Delivered]] = {source: [] for source in SOURCES}
    paths: list[Path] = []
    accounts: list[FileAccount] = []
    keys, faults = hashing(
        config.identity.key_file if config else None,
        base,
        config.population.follow_up_to if config and config.population else dt.date.today(),
    )
    with engine.session("duckdb", folder) as (text, scratch), _working(name, text, folder) as connection:
        for source in SOURCES:
            asked = getattr(sources, source)
            found, missing = extracts.parts(source, asked, base)
            faults += missing
            paths += [part.path for part in found if part.path is not None]
            for part in found:
                file, unreadable = extracts.deliver(text, connection, scratch, source, asked, part, keys)
                faults += unreadable
                if file is not None:
                    files[source].append(file)
            for counted, wrong in checks.examine(files[source]):
                accounts.append(counted)
                faults += wrong
            rows = sum(account.rows for account in accounts if account.source == source)
            say(f"{source}: {rows} rows in {len(found)} file{'s' if len(found) != 1 else ''}")
        keys.known.clear()  # original keys, and memory that cleaning needs
        account = Account(
            simulated=not faults and simulated_extracts(dict.fromkeys(paths)),
            files=tuple(accounts),
            codes=_code_accounts(files, accounts),
        )
        if not faults:
            account = _write_tables(account, files, folder, scratch, config)
            faults += unusable(account)
            _name_people(text, folder, scratch, keys)
    settings = config.cleaning if config else Cleaning()
    return account, [*faults, *_refused(account, settings)]


@contextmanager
def _working(name: str, text: BaseBackend, folder: Path) -> Iterator[BaseBackend]:
    """The engine that works on rows: the connection that reads text when that is DuckDB too."""
    if name == "duckdb":
        yield text
    else:
        with engine.session(name, folder) as (connection, _):
            yield connection


def _write_tables(
    account: Account, files: dict[str, list[checks.Delivered]], folder: Path, scratch: Path, config: Config | None
) -> Account:
    """Write the canonical tables; the account with what cleaning did, the rows of each table and the linkage."""
    settings, population = (config.cleaning, config.population) if config else (Cleaning(), None)
    typed = {source: extracts.typed_rows(files[source]) for source in SOURCES}
    delivered = {name for file in files["background"] for name in file.found.columns}
    people = flagged(typed["background"], typed["registrations"], delivered, settings)
    if people is not None:
        people = engine.kept(people, scratch / "people.parquet")
    judged = {
        source: canonical.judge(source, rows, scratch / f"{source}.parquet", people, settings)
        for source, rows in typed.items()
    }
    used, left_out, lost = canonical.leave_out(judged, settings)
    others = set_aside_elsewhere(judged["registrations"].rows, judged["participants"].rows)
    rows = {}
    for name, table in canonical.canonical_tables(used, people).items():
        rows[name] = int(engine.kept(table, _canonical(scratch, name)).count().to_pyarrow().as_py())
    persons = engine.read_parquet(typed["background"].get_backend(), _canonical(scratch, "persons"))
    categories = engine.read_parquet(typed["background"].get_backend(), _canonical(scratch, "categories"))
    of_rows = [rule for result in judged.values() for rule in result.rules]
    return replace(
        account,
        rules=(
            *(replace(r, rows=left_out.get(r.source, 0)) if r.rule == "no_usable_start" else r for r in of_rows),
            *people_rules(used, persons, settings, population),
        ),
        tables=rows,
        linkage={**canonical.linkage(used), "participants_set_aside": lost, "others_set_aside": others},
        months=programme_months(categories, population) if population else (),
    )


def _canonical(scratch: Path, name: str) -> Path:
    return scratch / f"canonical-{name}.parquet"


def _name_people(text: BaseBackend, folder: Path, scratch: Path, keys: Hashing) -> None:
    """Write the canonical tables with names of the run's own in the place of hashes of people's keys."""
    names = name_people(text.con, {name: _canonical(scratch, name) for name in canonical.KEYS})
    people = text.table(names)
    for name, order in canonical.KEYS.items():
        table = text.read_parquet(parquet_files(_canonical(scratch, name)))
        named = table.inner_join(people, table.person_id == people.person_id)
        columns = [column for column in table.columns if column != "person_id"]
        engine.write_parquet(
            named.select(*columns, person_id="name").relocate("person_id"), folder / f"{name}.parquet", order
        )
    if keys.kept:
        engine.write_parquet(
            people.select(person_id="name", pseudonym="person_id"), folder / "pseudonyms.parquet", ["person_id"]
        )


def _refused(account: Account, settings: Cleaning) -> list[Fault]:
    """A fault for each rule that met something and that the configuration does not put up with."""
    return [
        Fault(
            f"cleaning.{rule.rule}",
            f"{rule.rows} {rule.unit} of {rule.source} meet this rule, and its setting is to stop.",
            "See docs/extracts.md for what it means; choose another setting to go on without them.",
        )
        for rule in account.rules
        if rule.rows and getattr(settings, rule.rule) == "stop"
    ]


def _code_accounts(files: dict[str, list[checks.Delivered]], accounts: list[FileAccount]) -> tuple[CodeAccount, ...]:
    """Each column with unknown codes, or with a list that has unverified ones, over all files of its source."""
    found = []
    for source, delivered in files.items():
        for column in delivered[0].contract.columns if delivered else ():
            if column.codes is None:
                continue
            unknown = sum(account.unknown.get(column.name, 0) for account in accounts if account.source == source)
            texts = [file.values_of(column) for file in delivered if column.name in file.found.columns]
            if texts and (unknown or unverified_codes(column.codes)):
                found.append(checks.code_account(source, column, texts, unknown))
    return tuple(found)
