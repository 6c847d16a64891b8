"""The back of the report: goals, limitations, method, and how the report came to be."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

from pipeline.fingerprint import value_hash
from pipeline.manifest import configuration
from pipeline.reporting.document import Bullets, Facts, Paragraph, Section
from pipeline.reporting.material import Material
from pipeline.reporting.tables import Column, Table
from pipeline.reporting.words import labels

# As many as tell two settings apart; the whole checksum stands in manifest.json as configuration_hash.
CHECKSUM_LETTERS = 16
PACKAGES = ("utfall", "numpy", "pandas", "scipy", "duckdb")


def goals_section(material: Material) -> Section | None:
    """Goals the project set itself, with what came of them."""
    if not material.results.goals:
        return None
    words = material.words
    columns = tuple(Column(key, words(f"column.{key}")) for key in ("goal", "target", "result"))
    rows = tuple(
        {"goal": words.text(g.label), "target": words.text(g.target), "result": words.text(g.result)}
        for g in material.results.goals
    )
    table = Table("goals", words("caption.goals"), columns, rows, (words("goals.note"),))
    return Section("goals", words("section.goals"), (table,))


def limitations_section(material: Material) -> Section:
    """What the results do not tell, or tell with less certainty than the intervals say."""
    words, about = material.words, material.about
    keys = ["limits.unobserved" if material.matched else "limits.lot"]
    if material.matched:
        keys.append("limits.evaluated")
    keys.append("limits.average")
    if about.follow_up_to:
        keys.append("limits.follow_up")
    if about.other_exit:
        keys.append(f"limits.other_exit.{about.other_exit}")
    if about.future_participants:
        keys.append(f"limits.future.{about.future_participants}")
    keys += ["limits.selection", "limits.subgroups"]
    if about.simulated:
        keys.append("limits.simulated")
    return Section("limitations", words("section.limitations"), (Bullets(tuple(words(key) for key in keys)),))


def method_section(material: Material) -> Section:
    """How each number was computed, for those who want to check or repeat it."""
    words, about, config = material.words, material.about, material.config
    facts = []
    if about.control_index:
        facts.append((words("method.index"), words(f"method.index.{about.control_index}")))
    if about.future_participants:
        facts.append((words("method.future"), words(f"method.future.{about.future_participants}")))
    if config.population is not None and about.future_participants == "censor":
        which = "on" if config.population.censoring_weights else "off"
        facts.append((words("method.censoring_weights"), words(f"method.censoring_weights.{which}")))
    if about.other_exit:
        facts.append((words("method.other_exit"), words(f"method.other_exit.{about.other_exit}")))
    if config.matching is not None:
        facts.append((words("method.matching"), words(f"method.matching.{config.matching.estimand}")))
    facts += _estimation_facts(material)
    if config.outcomes:
        facts += _outcome_facts(material)
    return Section("method", words("section.method"), (Facts(tuple(facts)),))


def _estimation_facts(material: Material) -> list[tuple[str, str]]:
    """How curves, hazard ratios and tests were computed."""
    words, models = material.words, material.config.models
    weights = words("method.cox.weighted") if material.matched else ""
    ties, cluster = words(f"method.ties.{models.ties}"), words(f"method.cluster.{models.cluster}")
    facts = [
        (words("method.curves"), words(f"method.curves.{'weighted' if material.matched else 'unweighted'}")),
        (words("method.cox"), words("method.cox.text", ties=ties, cluster=cluster, weights=weights)),
        (words("method.tests"), words("method.tests.text")),
    ]
    if "backward" in models.selection:
        level = words.percent(models.selection_level)
        facts.insert(2, (words("method.selection"), words("method.selection.text", level=level)))
    if material.config.subgroups:
        facts.append((words("method.subgroups"), words("method.subgroups.text")))
    return facts


def _outcome_facts(material: Material) -> list[tuple[str, str]]:
    """Which codes count as reaching each outcome."""
    words, facts = material.words, []
    for outcome in material.config.outcomes.values():
        label = labels.lower_first(words.text(outcome.label))
        if outcome.after is not None:
            start = labels.lower_first(material.words.text(material.config.outcomes[outcome.after].label))
            facts.append((words("method.outcome", outcome=label), words("method.outcome.after", start=start)))
            continue
        parts = [words("method.outcome.reasons", codes=", ".join(outcome.reasons))] if outcome.reasons else []
        parts += [
            words(
                "method.outcome.categories", kind=labels.lower_first(labels.kind(words, kind)), codes=", ".join(codes)
            )
            for kind, codes in outcome.categories.items()
        ]
        facts.append((words("method.outcome", outcome=label), labels.upper_first("; ".join(parts)) + "."))
    return facts


def stamp_section(material: Material) -> Section:
    """What the report was made with; times and hashes stand in manifest.json, so that this page stays the same."""
    words, config = material.words, material.config
    facts = [
        (words("stamp.name"), config.evaluation.name),
        (words("stamp.settings"), value_hash(configuration(config))[:CHECKSUM_LETTERS]),
        (words("stamp.seed"), str(config.seed)),
        (words("stamp.python"), platform.python_version()),
        (words("stamp.packages"), ", ".join(f"{name} {found}" for name in PACKAGES if (found := _version(name)))),
    ]
    return Section("stamp", words("section.stamp"), (Facts(tuple(facts)), Paragraph(words("stamp.manifest"))))


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
