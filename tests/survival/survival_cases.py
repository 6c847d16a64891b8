"""Reference cases of survival kinds: real data with values computed by R, read from JSON."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from survival import Bands, cox

HERE = Path(__file__).parent.parent / "reference"
SHARED = Path(__file__).parents[3] / "shared" / "reference"
CASES = ("rossi", "rossi_startstop", "lung", "unempdur", "penn")


def checks(*kinds: str, having: str | None = None) -> list[Any]:
    """Every check of these kinds (whose expected values include `having`), its R call in the id."""
    found = []
    for case in CASES:
        content = json.loads((HERE / f"{case}.json").read_text())
        for check in content["checks"]:
            if check["kind"] in kinds and (having is None or having in check["expected"]):
                data = check["spec"].get("data", content["data"])
                found.append(pytest.param(check, data, id=f"{case} {check['id']}: {check['r_call']}"))
    return found


@cache
def frame(data: str) -> pd.DataFrame:
    """The data of a case; skips the test when they may not be copied and are not here."""
    for folder in (HERE, SHARED):
        if (folder / data).is_file():
            return pd.read_csv(folder / data)
    return pytest.skip(f"{data} stays in shared/reference, which is not here")


def column(table: pd.DataFrame, name: str | None) -> pd.Series | None:
    """A column by the name a spec gives; "row" means each row is its own cluster."""
    return None if name in (None, "row") else table[name]


class Tolerances:
    """The tolerances of a check, e.g. {"coef": "abs 1e-6"}, applied to what they are stated for."""

    def __init__(self, check: dict[str, Any]) -> None:
        self.stated = check["tolerance"]

    def holds(self, of: str, found: Any, expected: Any) -> None:
        """Fail unless found equals expected within the tolerance stated for `of`; null in R is NaN here."""
        found, expected = np.asarray(found, dtype=float), np.asarray(expected, dtype=float)
        kind, _, size = self.stated[of].partition(" ")
        # Counts are exact; weighted counts are sums of floats, exact but for the order of summation.
        tolerance = {"abs": {"rtol": 0.0, "atol": float(size or 0)}, "rel": {"rtol": float(size or 0)}}
        exact = {"rtol": 1e-12}
        np.testing.assert_allclose(found, expected, **tolerance.get(kind, exact), equal_nan=True, err_msg=of)


@cache
def _fit(spec_json: str, data: str) -> Any:
    spec = json.loads(spec_json)
    cluster = spec.get("cluster")
    return cox(
        " + ".join(name.replace("factor(", "C(") for name in spec["covariates"]),
        frame(data),
        time=spec["time"],
        event=spec["event"],
        entry=spec.get("entry"),
        weights=spec.get("weights"),
        strata=spec.get("strata"),
        cluster=None if cluster == "row" else cluster,
        robust=spec.get("robust"),
        ties=spec["ties"],
        varying=_varying(spec),
    )


def fit_of(check: dict[str, Any], data: str) -> Any:
    """The Cox model a check describes; fitted once for the checks that share it."""
    described = {"time", "event", "entry", "weights", "strata", "cluster", "robust", "ties", "covariates"}
    varying = {"treat", "interaction", "cuts"}
    return _fit(json.dumps({k: v for k, v in check["spec"].items() if k in described | varying}), data)


def _varying(spec: dict[str, Any]) -> dict[str, Any] | None:
    if "interaction" not in spec:
        return None
    effects = {"treat*log(t)": "log", "treat*t": "linear"}
    return {spec["treat"]: effects.get(spec["interaction"]) or Bands(spec["cuts"])}
