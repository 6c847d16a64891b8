"""Missing covariates: nobody is lost, nobody is matched to someone who is known to be otherwise."""

from __future__ import annotations

import pytest
from by_hand import Builder, Registers, configuration

from pipeline import match
from pipeline.config import Config


@pytest.mark.parametrize("control_index", ["every_month", "random_month"])
def test_missing_values_are_matched_among_themselves(build: Builder, control_index: str) -> None:
    """Participants and controls of known and unknown origin: each stratum holds one kind, and all are matched."""
    r = Registers()
    for key, region in (("P", "europe"), ("U", None), ("C", "europe"), ("D", "unknown")):
        r.person(key, region=region, born=None if region is None else 1980)
        r.registered(key, "03-10")
        r.category(key, "70", "03-10")
    r.started("P", "03-10")
    r.started("U", "03-10")
    content = configuration(control_index=control_index, intake={"first": "2020-03-01", "last": "2020-03-31"})
    variables = {"start_month": "exact", "born_outside_europe": "exact", "months_registered": {"cut": [24]}}
    config = Config.model_validate(
        {**content.model_dump(by_alias=True, exclude_none=True), "matching": {"variables": variables}}
    )
    built = build(r, config)
    assert built.step("eligible") == (2, 2, 2, 2)
    data = match.match(built.cohort, config).data
    strata = data.groupby("stratum")["person_id"].agg(sorted).tolist()
    assert strata == [["C", "P"], ["D", "U"]]
