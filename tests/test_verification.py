"""`utfall evaluate --verify`: lifelines' fit of the headline, told and kept in the manifest."""

import json
from pathlib import Path

import pytest

from pipeline.cli import run
from pipeline.verification import in_words, read_verification

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def verified(tmp_path_factory) -> Path:
    """A folder in which the Rossi example was evaluated with a second opinion."""
    folder = tmp_path_factory.mktemp("verified")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert run(["evaluate", "--verify", "-c", str(ROOT / "examples" / "rossi" / "config.yaml")]) == 0
    return folder


def test_lifelines_agrees_and_the_manifest_says_so(verified):
    manifest = json.loads((verified / "reports" / "rossi" / "manifest.json").read_text())
    found = manifest["verification"]
    assert found["agrees"] is True
    assert found["software"].startswith("lifelines ")
    assert found["coefficient_difference"] < 1e-4
    assert found["error_difference"] < 1e-3
    assert found["outcome"] == "arrest"


def test_a_second_opinion_on_another_cohort_is_not_taken(verified):
    interim = verified / "data" / "interim" / "rossi"
    matched = json.loads((interim / "verification.json").read_text())["matched"]
    assert read_verification(interim, matched) is not None
    assert read_verification(interim, "another") is None
    assert read_verification(verified, matched) is None


def test_disagreement_cannot_be_overlooked():
    found = {"software": "lifelines 1", "agrees": False, "coefficient_difference": 0.02, "error_difference": 0.1}
    assert "DISAGREES" in in_words(found)
    assert "none" in in_words({"agrees": None, "note": "there is no model to compare: no events"})
