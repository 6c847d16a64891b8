"""The figures of an analysis: curves of its groups, and a forest plot when there are several."""

from __future__ import annotations

from pathlib import Path

from pipeline.analysis.people import EVERYONE
from pipeline.config import Config
from pipeline.errors import Fault, UserError
from pipeline.reporting import figures
from pipeline.reporting.figures import Figure
from pipeline.reporting.material import full_model, treatment_term
from pipeline.reporting.plots import Look
from pipeline.reporting.plots.curves import arms, draw_curves, draw_groups
from pipeline.reporting.plots.ratios import draw_forest
from pipeline.reporting.words import Words, labels
from pipeline.results import Analysis, SubgroupResult


def draw(analysis: Analysis, config: Config, language: str | None, folder: Path) -> list[Path]:
    """Write the figures of an analysis into a folder, with their numbers; gives the files.

    Raises
    ------
    UserError : there is no curve that may be shown, or the folder cannot be written
    """
    words = Words(language or config.language[0])
    evaluation = config.evaluation
    look = Look(words, words.text(evaluation.participants), words.text(evaluation.controls), config.report.time_unit)
    source = words.text(evaluation.source) if evaluation.source else ""
    found = [f for f in (curves(analysis, config, look, source), forest(analysis, look, source)) if f is not None]
    if not found:
        raise UserError(Fault("--figure", "there is no curve that may be shown.", "Try a wider condition."))
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for figure in found:
            drawn = figures.draw(figure, sizes={})
            for ending, content in {**drawn.formats, "csv": figures.to_csv(figure).encode()}.items():
                written.append(folder / f"{figure.name}.{ending}")
                written[-1].write_bytes(content)
    except OSError as error:
        raise UserError(Fault("--figure", f"cannot be written: {error.strerror}.", "Name another folder.")) from None
    return written


def _name(words: Words, key: str, group: SubgroupResult) -> str:
    return words("subgroups.everyone") if key == EVERYONE else words.text(group.label)


def curves(analysis: Analysis, config: Config, look: Look, source: str) -> Figure | None:
    """Curves with people under them for one group; several groups side by side."""
    words, days = look.words, analysis.question.horizon or list(config.report.at)
    levels = {key: group for key, group in analysis.groups.items() if key != EVERYONE and arms(group.curves)}
    shown = levels or {key: group for key, group in analysis.groups.items() if arms(group.curves)}
    if not shown:
        return None
    outcome = labels.lower_first(words.text(analysis.outcome_label))
    names = words.listed([labels.lower_first(_name(words, key, group)) for key, group in shown.items()])
    rows = tuple(
        (key, p.group, p.day, p.cumulative_incidence, p.lower, p.upper, p.at_risk)
        for key, group in shown.items()
        for points in arms(group.curves).values()
        for p in points
    )
    first = next(iter(shown.values()))
    clock = words("clock.start")
    return Figure(
        name="curves",
        caption=words("caption.curves" if len(shown) == 1 else "caption.groups", outcome=outcome),
        alternative=words("alt.groups", groups=names, rates=names) if len(shown) > 1 else outcome,
        source=source,
        look=look,
        draw=lambda at: draw_groups(at, list(shown.values()), days) if len(shown) > 1 else draw_curves(at, first, days,
                                                                                                       clock),
        columns=("subgroup", "group", "day", "cumulative_incidence", "lower", "upper", "at_risk"),
        rows=rows,
    )  # fmt: skip


def forest(analysis: Analysis, look: Look, source: str) -> Figure | None:
    """The hazard ratio of each group under that of everyone picked; None for a single group."""
    words = look.words
    terms = {key: term for key, group in analysis.groups.items() if (term := treatment_term(full_model(group.models)))}
    overall = terms.pop(EVERYONE, None)
    if overall is None or not terms:
        return None
    rows = [(_name(words, key, analysis.groups[key]), term) for key, term in terms.items()]
    outcome = labels.lower_first(words.text(analysis.outcome_label))
    told = "; ".join(f"{labels.lower_first(name)} {words.number(term.hazard_ratio, 2)}" for name, term in rows)
    return Figure(
        name="forest",
        caption=words("caption.forest", outcome=outcome),
        alternative=words("alt.forest", everyone=words.number(overall.hazard_ratio, 2), groups=told),
        source=source,
        look=look,
        draw=lambda at: draw_forest(at, rows, overall),
        columns=("subgroup", "hazard_ratio", "lower", "upper", "p"),
        rows=tuple((k, t.hazard_ratio, t.lower, t.upper, t.p) for k, t in {EVERYONE: overall, **terms}.items()),
    )
