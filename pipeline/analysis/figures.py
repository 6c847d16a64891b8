"""The figures of an analysis: curves of its groups, and a forest plot when there are several."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pipeline.analysis.formats import material_of
from pipeline.analysis.people import EVERYONE
from pipeline.config import Config
from pipeline.errors import Fault, UserError
from pipeline.reporting import figures
from pipeline.reporting.figures import Drawn, Figure
from pipeline.reporting.material import Material, full_model, headline_shares, treatment_term
from pipeline.reporting.plots import Look
from pipeline.reporting.plots.curves import arms, draw_curves, draw_groups, ends_at
from pipeline.reporting.plots.ratios import draw_forest
from pipeline.reporting.sections.analyses import label_of, selection, with_controls_of
from pipeline.reporting.sections.notes import axis_note, cut_note
from pipeline.reporting.words import labels
from pipeline.results import Analysis, SubgroupResult


def draw(analysis: Analysis, config: Config, language: str | None, folder: Path, base: Path) -> list[Path]:
    """Write the figures of an analysis into a folder, with their numbers, captions and alternative texts; gives the
    files.

    base : the folder of the configuration, from which it names a house style

    Raises
    ------
    UserError : there is no curve that may be shown, or the folder cannot be written
    """
    found = drawn(analysis, config, language or config.language[0], base)
    if not found:
        raise UserError(Fault("--figure", "there is no curve that may be shown.", "Try a wider condition."))
    files: dict[str, bytes] = {}
    told: dict[str, dict[str, Any]] = {}
    for item in found:
        figure = item.figure
        for ending, content in item.formats.items():
            files[f"{figure.name}.{ending}"] = content
        files[f"{figure.name}.csv"] = figures.to_csv(figure).encode()
        about = {"caption": figure.caption, "alternative": figure.alternative}
        told[figure.name] = {**about, "notes": list(figure.notes), "source": figure.source}
    files["index.json"] = (json.dumps(told, ensure_ascii=False, indent=1) + "\n").encode()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
    except OSError as error:
        raise UserError(Fault("--figure", f"cannot be written: {error.strerror}.", "Name another folder.")) from None
    return [folder / name for name in files]


def drawn(analysis: Analysis, config: Config, language: str, base: Path) -> list[Drawn]:
    """The figures of an analysis in a language, as files; none where nothing may be shown.

    Raises
    ------
    UserError : the house style cannot be read
    """
    material = with_controls_of(material_of(config, language), analysis)
    house = base / config.report.figure_style if config.report.figure_style else None
    found = (curves(analysis, material), forest(analysis, material))
    return [figures.draw(figure, house, sizes={}) for figure in found if figure is not None]


def curves(analysis: Analysis, material: Material) -> Figure | None:
    """Curves with people under them for one group; several groups side by side."""
    words, days = material.words, analysis.question.horizon or material.days
    drawn = {key: group for key, group in analysis.groups.items() if arms(group.curves)}
    shown = {key: group for key, group in drawn.items() if key != EVERYONE} or drawn
    if not shown:
        return None
    outcome = labels.lower_first(words.text(analysis.outcome_label))
    points = {key: [p for arm in arms(group.curves).values() for p in arm] for key, group in shown.items()}
    first, *more = shown.values()
    clock, caption = material.clock(analysis.outcome), "caption.groups" if more else "caption.curves"

    def drawing(look: Look) -> figures.Drawing:
        if more:
            return draw_groups(look, [first, *more], days, clock)
        return draw_curves(look, first, days, clock)

    return Figure(
        name="curves",
        caption=f"{words(caption, outcome=outcome)}. {selection(material, analysis)}",
        alternative=words("alt.analysis.curves", outcome=outcome, shares=_shares(material, shown)),
        source=material.source,
        look=material.look,
        draw=drawing,
        columns=("subgroup", "group", "day", "cumulative_incidence", "lower", "upper", "at_risk"),
        rows=tuple(
            (key, p.group, p.day, p.cumulative_incidence, p.lower, p.upper, p.at_risk)
            for key, own in points.items()
            for p in own
        ),
        notes=_notes(material, max(ends_at(own) for own in points.values()), counted=not more),
    )


def _notes(material: Material, end: float, *, counted: bool) -> tuple[str, ...]:
    """How curves are to be read: what the people under them are, what is withheld, and where their axis ends."""
    words, least = material.words, material.about.minimum_count
    protected = (words("curves.note.protected", k=least),) if least > 1 else ()
    people = (words("curves.note.people"),) if counted else ()
    return (*people, *protected, *axis_note(words, end))


def _shares(material: Material, groups: dict[str, SubgroupResult]) -> str:
    """The shares of each group at the last of the times told first that has both, for who cannot see the curves."""
    words, parts = material.words, []
    for key, group in groups.items():
        known = [s for s in group.at if s.participants is not None and s.controls is not None]
        for share in headline_shares(material, known)[-1:]:
            arms_at = {arm: words.percent(getattr(share, arm)) for arm in ("participants", "controls")}
            told = words("alt.share", time=material.time(share.day), **arms_at)
            parts.append(f"{label_of(material, key, group)}: {labels.lower_first(told)}")
    return "; ".join(parts) or words("row.withheld").rstrip(".")


def forest(analysis: Analysis, material: Material) -> Figure | None:
    """The hazard ratio of each group under that of everyone picked; None for a single group."""
    words = material.words
    terms = {key: term for key, group in analysis.groups.items() if (term := treatment_term(full_model(group.models)))}
    overall = terms.pop(EVERYONE, None)
    if overall is None or not terms:
        return None
    rows = [(label_of(material, key, analysis.groups[key]), term) for key, term in terms.items()]
    outcome = labels.lower_first(words.text(analysis.outcome_label))
    told = "; ".join(f"{labels.lower_first(name)} {words.number(term.hazard_ratio, 2)}" for name, term in rows)
    data = {EVERYONE: overall, **terms}
    return Figure(
        name="forest",
        caption=f"{words('caption.forest', outcome=outcome)}. {selection(material, analysis)}",
        alternative=words("alt.forest", everyone=words.number(overall.hazard_ratio, 2), groups=told),
        source=material.source,
        look=material.look,
        draw=lambda look: draw_forest(look, rows, overall),
        columns=("subgroup", "hazard_ratio", "lower", "upper", "p"),
        rows=tuple((key, t.hazard_ratio, t.lower, t.upper, t.p) for key, t in data.items()),
        notes=cut_note(words, [limit for t in data.values() for limit in (t.lower, t.upper)]),
    )
