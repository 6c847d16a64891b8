"""The programme month by month, counted by hand; what the terminal is told of it and of the files."""

from __future__ import annotations

from dataclasses import replace

import pytest
from small_extracts import CATEGORIES, small_extracts, write_files

from pipeline import load
from pipeline.account import Account, MonthAccount
from pipeline.accounttext import account_lines
from pipeline.config import Config
from pipeline.disclosure.policy import Policy


@pytest.fixture(scope="module")
def account(config: Config, tmp_path_factory: pytest.TempPathFactory) -> Account:
    """Person 11 is in the programme to 2020-10-25, 12 from 2019-05-02 to 2021-12-08, 13 to 2021-06-01; 15 comes in."""
    files = small_extracts()
    files[CATEGORIES] += [
        "15;2020-03-01;2020-03-20;70;",
        "15;2020-03-20;2020-04-01;98;",
        "15;2020-04-01;2020-05-15;79;",
        "15;2020-06-10;2020-07-01;70;",
    ]
    found, faults = load.check(config, write_files(files, tmp_path_factory.mktemp("months")))
    assert faults == []
    return found


def test_stock_and_inflow_by_hand(account: Account) -> None:
    """A break of twelve days is none, one of twenty-six is; who leaves on the first of a month is not there then."""
    months = {month.month: (month.stock, month.inflow) for month in account.months}
    assert (min(months), max(months)) == ("2019-01", "2022-09")
    assert len(months) == 45
    expected = {
        "2019-01": (1, 0), "2019-05": (1, 2), "2019-06": (3, 0), "2020-02": (3, 0), "2020-03": (4, 1),
        "2020-04": (4, 0), "2020-06": (3, 1), "2020-07": (3, 0), "2020-11": (2, 0), "2021-06": (1, 0),
        "2022-01": (0, 0),
    }  # fmt: skip
    assert {month: months[month] for month in expected} == expected


def test_the_sources_alone_know_no_programme(config: Config, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert config.sources is not None
    base = write_files(small_extracts(), tmp_path_factory.mktemp("sources"))
    assert load.check(config.sources, base)[0].months == ()


def test_rows_by_year_of_each_date(account: Account) -> None:
    registrations = next(file for file in account.files if file.source == "registrations")
    assert registrations.years == {
        "registered_on": {"2017": 1, "2018": 1, "2019": 1, "2021": 1},
        "deregistered_on": {"2020": 1, "2021": 1},
    }


def test_the_terminal_tells_no_small_count(account: Account) -> None:
    lines = list(account_lines(account, Policy(10)))
    assert any("without a value: deregistered_on fewer than 10 rows" in line for line in lines)
    assert any(
        line.startswith("  participants: not_in_af_register") and "fewer than 10 people" in line for line in lines
    )
    assert not any(line.lstrip().startswith("dates:") for line in lines), "no year has enough rows"
    exact = list(account_lines(account, Policy(1)))
    assert any("without a value: deregistered_on 50.0%" in line for line in exact)
    assert any("dates: registered_on 2017 to 2021" in line for line in exact)


def test_the_terminal_draws_the_months(account: Account) -> None:
    """Withheld numbers leave a gap; the highest month is the highest bar."""
    months = tuple(MonthAccount(f"2020-{month:02}", 1_000 * month, 5 if month == 2 else 80) for month in range(1, 13))
    lines = list(account_lines(replace(account, months=months), Policy(10)))
    stock, inflow = (next(line for line in lines if line.strip().startswith(name)) for name in ("stock", "inflow"))
    assert stock.endswith(" 10,000 11,000 12,000")
    assert "▁▂▃▃▄▅▅▆▇▇██" in stock
    assert inflow.split()[2:] == ["█", "█" * 10, "80", "..", *["80"] * 10]
