"""The sections of a report in their order; each module makes one kind of section from the results."""

from __future__ import annotations

from pipeline.reporting.document import Document
from pipeline.reporting.material import Material
from pipeline.reporting.sections import (
    analyses,
    appendix,
    comparison,
    destinations,
    outcomes,
    population,
    quality,
    regressions,
    sensitivity,
    subgroups,
    summary,
    varying,
)


def build(material: Material) -> Document:
    """The whole report in the language of the material's words."""
    words, about = material.words, material.about
    found = [
        summary.headline_section(material),
        summary.about_section(material),
        population.flow_section(material),
        population.description_section(material),
        comparison.comparison_section(material),
        outcomes.main_section(material),
        varying.varying_section(material),
        destinations.destinations_section(material),
        *outcomes.other_sections(material),
        subgroups.subgroups_section(material),
        regressions.regressions_section(material),
        analyses.analyses_section(material),
        sensitivity.sensitivity_section(material),
        appendix.goals_section(material),
        appendix.limitations_section(material),
        quality.quality_section(material),
        appendix.method_section(material),
        quality.disclosure_section(material),
        appendix.stamp_section(material),
    ]
    return Document(
        language=words.language,
        title=words.text(about.title),
        subtitle=summary.subtitle(material),
        status=words(f"status.{about.status}"),
        final=about.status == "final",
        banner=words("banner.simulated") if about.simulated else None,
        sections=tuple(section for section in found if section is not None and section.blocks),
    )
