"""Background of people as it was known on a day, never after it."""

from __future__ import annotations

from typing import Any

import ibis

from pipeline.config import Population
from pipeline.periods import Table, ends_or_open, known, look_up, without_overlap

DAYS_IN_MONTH = 30.4375
BACKGROUND = ("education", "family_type", "has_children", "is_single", "sickness_benefit", "social_assistance")


def registration_at(rows: Table, registrations: Table) -> Table:
    """Rows with `registered_from`, the start of the registration in force on `index_date`, null where there is none."""
    periods = registrations.select(
        "person_id", starts_on="registered_on", ends_on=ends_or_open(registrations.deregistered_on)
    )
    spells = without_overlap(periods, join_adjacent=False).rename(registered_from="starts_on", registered_to="ends_on")
    found = look_up(
        rows,
        spells,
        lambda left, right: [right.registered_from <= left.index_date, left.index_date < right.registered_to],
    )
    return found.drop("registered_to")


def background_at(rows: Table, background: Table, rule: Population, *, earlier: bool = True) -> Table:
    """Rows with the yearly background used at `index_date`; null where there is none.

    before : the latest delivered year before the index date's year, the fresher of what was known then
    fixed : that year for everyone

    A person who has no row of that year has the one of the nearest year before it or, without `earlier`, none.
    """
    columns = ["person_id", "background_year", *BACKGROUND, "municipality"]
    years = background.rename(background_year="year").select(*columns)
    by_year = ibis.window(group_by="person_id", order_by="background_year")
    if rule.background_year == "fixed":
        years = years.filter(years.background_year <= rule.fixed_background_year)
        if not earlier:
            years = years.filter(years.background_year == rule.fixed_background_year)
        last = years.mutate(following=years.background_year.lead().over(by_year))
        return look_up(rows, last.filter(~known(last.following)).drop("following"), lambda left, right: [])
    if earlier:
        years = years.mutate(next_year=years.background_year.lead().over(by_year).fill_null(9999))
    else:
        delivered = years.select(delivered="background_year").distinct()
        following = delivered.mutate(next_year=delivered.delivered.lead().over(ibis.window(order_by="delivered")))
        years = years.inner_join(following, years.background_year == following.delivered).drop("delivered")
        years = years.mutate(next_year=years.next_year.fill_null(9999))
    found = look_up(
        rows,
        years,
        lambda left, right: [
            right.background_year < left.index_date.year(),
            left.index_date.year() <= right.next_year,
        ],
    )
    return found.drop("next_year")


def covariates_at(rows: Table, persons: Table, disabilities: Table) -> Table:
    """Rows (with registered_from and background) with the covariates as pipeline/match and the models use them."""
    rows = look_up(rows, persons, lambda left, right: [])
    codes = disabilities.select("person_id", starts_on="valid_from", ends_on=ends_or_open(disabilities.valid_to))
    spells = without_overlap(codes, join_adjacent=True).rename(disabled_from="starts_on", disabled_to="ends_on")
    rows = look_up(
        rows, spells, lambda left, right: [right.disabled_from <= left.index_date, left.index_date < right.disabled_to]
    )
    year = rows.index_date.year()
    # The code is AF's: of people who are not registered there it is not known.
    disabled = ibis.ifelse(known(rows.registered_from), known(rows.disabled_from), None)
    region_known = known(rows.birth_region) & (rows.birth_region != "unknown")
    rows = rows.mutate(
        age=(year - rows.birth_year).cast("int16"),
        woman=(rows.sex == "woman").cast("int8"),
        born_outside_europe=ibis.ifelse(region_known, (rows.birth_region == "outside_europe").cast("int8"), None),
        years_in_sweden=_years_in_sweden(rows, year),
        months_registered=rows.index_date.delta(rows.registered_from, unit="day").cast("float64") / DAYS_IN_MONTH,
        disability=disabled.cast("int8"),
        no_disability=(~disabled).cast("int8"),
        **{name: rows[name].cast("int8") for name in BACKGROUND if name not in ("education", "family_type")},
    )
    return rows


def _years_in_sweden(rows: Table, year: Any) -> Any:
    """Whole years since the latest immigration in the published classes; null when unknown or after the index date."""
    years = year - rows.immigration_year
    return ibis.cases(
        (rows.birth_region == "sweden", "born_in_sweden"),
        (years < 0, ibis.null("string")),
        (years <= 3, "0-3"),
        (years <= 7, "4-7"),
        (years <= 11, "8-11"),
        (years >= 12, "12+"),
        else_=ibis.null("string"),
    )
