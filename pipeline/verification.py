"""A second opinion on the headline: the same regression fitted by lifelines, for the manifest."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

from pipeline.config import Config
from pipeline.fingerprint import file_hash

NAME = "verification.json"
MATCHED = "matched.parquet"


def verify_headline(config: Config, interim: Path) -> dict[str, Any]:
    """Fit the headline's full model with lifelines too, and keep what came of it in `interim`.

    Returns
    -------
    matched (hash of the cohort both were fitted on), outcome, software, agrees (None when lifelines cannot fit the
    model), the largest difference between coefficients and, relative, between model-based errors, and a note
    """
    from pipeline import effects, regression
    from pipeline.estimate import read_matched
    from survival.verify import second_opinion

    outcome = config.outcome_names[0]
    rows = effects.follow_up(read_matched(interim / MATCHED, config), outcome).rows
    fitted = regression.fit_full(rows, config.models)
    found: dict[str, Any] = {"matched": file_hash(interim / MATCHED), "outcome": outcome}
    if fitted.fit is None:
        found |= {"software": None, "agrees": None, "note": f"there is no model to compare: {fitted.note}"}
    else:
        other = second_opinion(fitted.fit)
        found |= {
            "software": other.software,
            "agrees": other.agrees,
            "coefficient_difference": _finite(other.coefficient_difference),
            "error_difference": _finite(other.error_difference),
            "note": other.note,
        }
    draft = interim / f".{NAME}.new"
    draft.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8", newline="\n")
    draft.chmod(0o600)
    os.replace(draft, interim / NAME)
    return found


def read_verification(interim: Path, matched: str | None) -> dict[str, Any] | None:
    """The second opinion on this matched cohort; None when there is none, or it is on another."""
    try:
        found: dict[str, Any] = json.loads((interim / NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if found.get("matched") == matched else None


def in_words(found: dict[str, Any]) -> str:
    """One line for a terminal."""
    if found["agrees"] is None:
        return f"Second opinion: none; {found['note']}."
    verdict = "agrees" if found["agrees"] else "DISAGREES"
    return (
        f"Second opinion: {found['software']} {verdict}; coefficients differ by at most "
        f"{found['coefficient_difference']:.1g}, model-based errors by {found['error_difference']:.1%}."
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
