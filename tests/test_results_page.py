"""docs/results.md is what the models of results.json say, and says something of every field."""

from __future__ import annotations

from pathlib import Path

from pipeline.results import Results
from pipeline.resultspage import MEANING, results_page

ROOT = Path(__file__).parents[1]


def test_documentation_is_what_the_models_say() -> None:
    """Written with `python -m pipeline.resultspage > docs/results.md`."""
    assert (ROOT / "docs/results.md").read_text(encoding="utf-8") == results_page()


def test_every_field_is_explained() -> None:
    rows = [line for line in results_page().splitlines() if line.startswith("| `")]
    assert len(rows) > 150
    assert [row for row in rows if not row.rstrip("| ").split("|")[-1].strip() or row.endswith("|  |")] == []


def test_no_explanation_is_left_of_a_field_that_went() -> None:
    schema = Results.model_json_schema()
    models = {name: set(model.get("properties", {})) for name, model in schema["$defs"].items()}
    fields = set().union(*models.values(), schema["properties"])
    for key in MEANING:
        model, _, field = key.rpartition(".")
        assert field in (models[model] if model else fields), key
