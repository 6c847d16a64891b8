"""The registers: exact counts, and what one of them says must agree with the others."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pipeline.simulation import Simulated, simulate
from pipeline.simulation import parameters as p

JOB = ["70", "79"]
AUTOMATIC = ["96", "97", "98"]
LAST = pd.Timestamp(p.FOLLOW_UP_END)
CODES_FROM = pd.Timestamp("1995-01-01")
LATER = LAST + pd.Timedelta(days=1)


@pytest.fixture(scope="module")
def categories(default: Simulated) -> pd.DataFrame:
    table = default.tables["af_sokandekategori"].copy()
    table["number"] = table["LopNr"].astype(int)
    return table.sort_values(["number", "inskadm"], kind="stable", ignore_index=True)


@pytest.fixture(scope="module")
def in_malmo(default: Simulated) -> set[str]:
    lisa = pd.concat([default.tables[f"lisa_{year}"] for year in (2018, 2019, 2020, 2021)])
    return set(lisa.loc[lisa["Kommun"] == p.MUNICIPALITY, "LopNr"])


def test_published_counts_are_exact(default: Simulated, categories: pd.DataFrame, in_malmo: set[str]) -> None:
    """2,821 in JOB at start, 3,045 in the ESF file, 16,729 others in JOB in Malmö at some time in the window."""
    esf = default.tables["esf_deltagare"]
    from_af = esf.loc[esf["ursprung"] == "AF", "LopNr"]
    assert (len(from_af), len(esf), esf["LopNr"].is_unique) == (2_821, 3_045, True)
    ends = categories["utskadm"].fillna(LATER)
    in_window = (categories["inskadm"] <= p.WINDOW_END) & (ends > p.WINDOW_START)
    in_job = set(categories.loc[in_window & categories["skat"].isin(JOB), "LopNr"]) & in_malmo
    assert len(in_job) == 19_550
    assert len(in_job - set(esf["LopNr"])) == 16_729
    assert set(from_af) <= in_job


def test_participants_not_at_af_are_in_no_register_of_its(default: Simulated) -> None:
    esf = default.tables["esf_deltagare"]
    elsewhere = set(esf.loc[esf["ursprung"] != "AF", "LopNr"])
    assert len(elsewhere) == 224
    for name in ("af_inskrivning", "af_sokandekategori"):
        assert not elsewhere & set(default.tables[name]["LopNr"])
    assert elsewhere <= set(default.tables["lisa_2019"]["LopNr"]) | set(default.tables["lisa_2018"]["LopNr"])


def test_counts_scale_with_people() -> None:
    tables = simulate(1_000, seed=5).tables
    esf = tables["esf_deltagare"]
    assert (esf["ursprung"] == "AF").sum() == round(2_821 * 1_000 / 19_550)
    assert (esf["ursprung"] != "AF").sum() == round(224 * 1_000 / 19_550)


def test_participants_are_in_job_on_the_day_they_start(default: Simulated, categories: pd.DataFrame) -> None:
    """In JOB, or in one of the short automatic categories between two JOB periods."""
    esf = default.tables["esf_deltagare"]
    starts = esf.loc[esf["ursprung"] == "AF", ["LopNr", "startdatum"]]
    rows = categories.merge(starts, on="LopNr")
    holds = (rows["inskadm"] <= rows["startdatum"]) & (rows["utskadm"].fillna(LATER) > rows["startdatum"])
    category = rows[holds].set_index("LopNr")["skat"]
    assert category.index.is_unique
    assert set(category.index) == set(starts["LopNr"])
    assert set(category) <= {*JOB, *AUTOMATIC}
    assert category.isin(JOB).mean() > 0.99


def test_nobody_starts_while_intake_is_paused(default: Simulated) -> None:
    months = default.tables["esf_deltagare"]["startdatum"].dt.strftime("%Y-%m")
    assert not months.between("2020-10", "2021-04").any()
    assert months.between("2020-02", "2022-04").all()


def test_category_periods_tile_the_registrations(default: Simulated, categories: pd.DataFrame) -> None:
    """Each registration period is filled by category periods that follow each other without gap or overlap.

    From 1995 on, when the codes came into use.
    """
    registrations = default.tables["af_inskrivning"]
    registrations = registrations[registrations["AVAKT_DATUM"].fillna(LATER) > CODES_FROM]
    since = registrations["INTR_DAT"].clip(lower=CODES_FROM)
    starts = set(zip(registrations["LopNr"], since, strict=True))
    ends = set(zip(registrations["LopNr"], registrations["AVAKT_DATUM"].fillna(LATER), strict=True))
    end = categories["utskadm"].fillna(LATER)
    assert (end > categories["inskadm"]).all()
    continues = categories["LopNr"].eq(categories["LopNr"].shift()) & categories["inskadm"].eq(end.shift())
    first = categories[~continues]
    assert set(zip(first["LopNr"], first["inskadm"], strict=True)) == starts
    assert len(first) == len(registrations)
    last = ~continues.shift(-1, fill_value=False)
    assert set(zip(categories.loc[last, "LopNr"], end[last], strict=True)) == ends


def test_registration_periods_of_a_person_do_not_overlap(default: Simulated) -> None:
    table = default.tables["af_inskrivning"].sort_values(["LopNr", "INTR_DAT"])
    same = table["LopNr"].eq(table["LopNr"].shift())
    assert (table["INTR_DAT"] > table["AVAKT_DATUM"].shift())[same].all()
    assert (table["AVAKT_DATUM"].isna() == table["AVAKT_ORSAK"].isna()).all()
    assert table["AVAKT_DATUM"].dropna().max() <= LAST
    assert set(table["AVAKT_ORSAK"].dropna()) <= {"1", "2", "3", "4", "5", "6", "7", "8"}


def test_short_automatic_categories_split_some_stays_in_job(categories: pd.DataFrame) -> None:
    automatic = categories["skat"].isin(AUTOMATIC)
    days = (categories["utskadm"] - categories["inskadm"]).dt.days[automatic]
    assert days.between(1, 10).all()
    assert categories["skat"].shift(1)[automatic].isin(JOB).all()
    back = categories["skat"].shift(-1)[automatic].isin(JOB).mean()
    assert 0.2 < back < 0.95  # some stays go on, others have ended


def test_background_does_not_contradict_itself(default: Simulated) -> None:
    for year in (2018, 2019, 2020, 2021):
        table = default.tables[f"lisa_{year}"]
        assert table["LopNr"].is_unique
        assert ((table["SocBidrTypF"] == "1") == (table["SocBidrFam"] > 0)).all()
        assert (table["SenInvAr"].astype(int) <= year).all()
        assert (table.loc[table["FodGrEg5"] == "00", "SenInvAr"] == "0000").all()
        born = table["FodelseAr"]
        arrived = table["SenInvAr"].astype(int)
        assert ((arrived == 0) | (arrived >= born)).all()
        minors = table[["Barn0_3", "Barn4_6", "Barn7_10", "Barn11_15", "Barn16_17"]].sum(axis=1)
        with_minors = table["FamTypF"].isin(["12", "22", "31", "41"])
        assert (minors[with_minors] > 0).all()
        assert (minors[~with_minors & (table["FamTypF"] != "50")] == 0).all()
    columns = default.tables["lisa_2018"].columns, default.tables["lisa_2019"].columns
    assert "Sun2000niva_old" in columns[0]
    assert "Sun2020Niva_Old" in columns[1]


def test_sex_birth_and_municipality_are_the_same_every_year(default: Simulated) -> None:
    lisa = pd.concat([default.tables[f"lisa_{year}"] for year in (2018, 2019, 2020, 2021)])
    values = lisa.groupby("LopNr")[["Kon", "FodelseAr", "FodGrEg5", "SenInvAr", "Kommun"]].nunique()
    assert (values == 1).all(axis=None)


def test_everyone_in_the_frame_has_background_before_the_window(default: Simulated) -> None:
    known = set(default.tables["lisa_2018"]["LopNr"]) | set(default.tables["lisa_2019"]["LopNr"])
    assert set(default.people["person_id"]) <= known
    rows = sum(len(default.tables[f"lisa_{year}"]) for year in (2018, 2019, 2020, 2021))
    assert 0.98 < rows / (4 * len(default.people)) < 0.995  # some are away on 31 December


def test_yearly_values_drift_but_keep_their_share(default: Simulated) -> None:
    tables = [default.tables[f"lisa_{year}"].set_index("LopNr") for year in (2019, 2020)]
    both = tables[0].join(tables[1], how="inner", rsuffix="_next")
    now, later = both["SocBidrTypF"] == "1", both["SocBidrTypF_next"] == "1"
    assert 0.05 < (now != later).mean() < 0.2
    assert now.mean() == pytest.approx(later.mean(), abs=0.01)


def test_running_numbers_say_nothing_of_the_person(default: Simulated) -> None:
    people = default.people
    number = people["person_id"].astype(int)
    assert number.is_unique
    for trait in (people["group"] == "frame", people["joined_on"].notna(), people["birth_year"], people["woman"]):
        # 5 standard errors of a correlation of nothing
        assert abs(np.corrcoef(number, trait.astype(float))[0, 1]) < 5 / np.sqrt(len(people))


def test_nobody_registers_before_coming_to_sweden_or_as_a_child(default: Simulated) -> None:
    people = default.people.set_index("person_id")
    table = default.tables["af_inskrivning"]
    year = table["INTR_DAT"].dt.year.to_numpy()
    assert (year >= people.loc[table["LopNr"], "immigration_year"].to_numpy()).all()
    assert (year - people.loc[table["LopNr"], "birth_year"].to_numpy() >= 16).all()
