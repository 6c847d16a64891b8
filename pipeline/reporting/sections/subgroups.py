"""Subgroups: hazard ratios side by side, interaction tests, and curves of crossed groups (Figure 2)."""

from __future__ import annotations

from pipeline.reporting.document import Block, Bullets, Paragraph, Section
from pipeline.reporting.figures import Figure
from pipeline.reporting.material import (
    Material,
    difference_of,
    full_model,
    headline_shares,
    interval_of,
    treatment_term,
)
from pipeline.reporting.plots.curves import arms, draw_groups, ends_at
from pipeline.reporting.plots.ratios import draw_forest
from pipeline.reporting.sections.notes import axis_note, cut_note
from pipeline.reporting.tables import Column, Label, Table
from pipeline.reporting.words import labels, sentences
from pipeline.results import SubgroupResult, Term

SIGNIFICANT = 0.05


def both_arms(material: Material) -> dict[str, SubgroupResult]:
    """Subgroups that hold participants and controls, not those of one arm alone."""
    found = material.main.subgroups.items()
    return {n: g for n, g in found if g.participants != 0 and g.controls != 0}


def subgroups_section(material: Material) -> Section | None:
    """For whom the difference is larger or smaller."""
    groups = both_arms(material)
    if not groups:
        return None
    words = material.words
    blocks: list[Block] = [Paragraph(words("subgroups.reading", tests=_tests(groups)))]
    clear = [name for name, g in groups.items() if g.interaction and _below(g.interaction.p_adjusted)]
    if clear:
        done = material.verbs(material.main)["done"]
        blocks.append(Paragraph(words("subgroups.clear", done=done), "lead"))
        blocks.append(Bullets(tuple(group_sentence(material, groups[name]) for name in clear)))
    else:
        blocks.append(Paragraph(words("subgroups.none_clear"), "lead"))
    if _overall(material) is not None and any(treatment_term(full_model(g.models)) for g in groups.values()):
        blocks.append(forest_figure(material))
    blocks.append(subgroups_table(material))
    crossed = [g for g in groups.values() if " and " in g.where and len(arms(g.curves)) == 2]
    if len(crossed) > 1:
        blocks.append(groups_figure(material, crossed))
    return Section("subgroups", words("section.subgroups"), tuple(blocks))


def _tests(groups: dict[str, SubgroupResult]) -> int:
    return max((g.interaction.tests for g in groups.values() if g.interaction), default=0)


def _below(p: float | None) -> bool:
    return p is not None and p < SIGNIFICANT


def group_sentence(material: Material, group: SubgroupResult) -> str:
    """How far apart the arms of a subgroup are: by share at the last of the times told first, and by rate."""
    words, times = material.words, headline_shares(material, group.at)
    ratio = interval_of(treatment_term(full_model(group.models)))
    share = times[-1] if times else None
    return words(
        "subgroups.line",
        group=words.text(group.label),
        time=material.time(share.day) if share else "–",
        interval=sentences.points_more(words, difference_of(share)) if share else words("between.unknown"),
        rate=sentences.percent_higher(words, ratio),
    )


def _overall(material: Material) -> Term | None:
    return treatment_term(full_model(material.main.models))


def forest_figure(material: Material) -> Figure:
    """Hazard ratios of every subgroup under that of everyone."""
    words, overall = material.words, _overall(material)
    assert overall is not None
    rows = [
        (words.text(group.label), term)
        for group in both_arms(material).values()
        if (term := treatment_term(full_model(group.models))) is not None
    ]
    data = [("everyone", overall), *rows]
    codes = ["everyone", *(n for n, g in both_arms(material).items() if treatment_term(full_model(g.models)))]
    parts = [f"{labels.lower_first(name)} {words.number(term.hazard_ratio, 2)}" for name, term in rows]
    everyone = words.number(overall.hazard_ratio, 2)
    return Figure(
        name=f"subgroups_{material.main_name}",
        caption=words("caption.forest", outcome=labels.lower_first(words.text(material.main.label))),
        alternative=words("alt.forest", everyone=everyone, groups="; ".join(parts)),
        source=material.source,
        look=material.look,
        draw=lambda look: draw_forest(look, rows, overall),
        columns=("subgroup", "hazard_ratio", "lower", "upper", "p"),
        rows=tuple((code, t.hazard_ratio, t.lower, t.upper, t.p) for code, (_, t) in zip(codes, data, strict=True)),
        notes=cut_note(words, [limit for _, t in data for limit in (t.lower, t.upper)]),
    )


def subgroups_table(material: Material) -> Table:
    """People, shares at the last of the times told first, hazard ratio and interaction test of each subgroup."""
    words, groups = material.words, both_arms(material)
    times = headline_shares(material, material.main.at)
    day = times[-1].day if times else None
    columns = [
        Column("subgroup", words("column.subgroup")),
        Column("participants", words("column.n_of", group=material.participants), "count"),
        Column("controls", words("column.n_of", group=words("column.controls")), "count"),
    ]
    if day is not None:
        difference = words("column.difference_at", time=material.time(day))
        columns.append(Column("difference", difference, "points", interval=True))
    columns += [
        Column("hazard_ratio", words("column.hazard_ratio"), "ratio", interval=True),
        Column("interaction", words("column.interaction"), "ratio", interval=True),
        Column("p_adjusted", words("column.p_adjusted"), "p"),
    ]
    rows = tuple(_row(material, name, group, day) for name, group in groups.items())
    notes = (words("subgroups.note", tests=_tests(groups)), words("note.interval"), *material.rounded)
    return Table(f"subgroups_{material.main_name}", words("caption.subgroups"), tuple(columns), rows, notes)


def _row(material: Material, name: str, group: SubgroupResult, day: float | None) -> dict[str, object]:
    ratio = interval_of(treatment_term(full_model(group.models)))
    share = next((s for s in group.at if s.day == day), None)
    test = group.interaction
    return {
        "subgroup": Label(name, material.words.text(group.label)),
        "participants": group.participants,
        "controls": group.controls,
        "difference": share.difference if share else None,
        "difference_lower": share.lower if share else None,
        "difference_upper": share.upper if share else None,
        "hazard_ratio": ratio.value,
        "hazard_ratio_lower": ratio.lower,
        "hazard_ratio_upper": ratio.upper,
        "interaction": test.ratio if test else None,
        "interaction_lower": test.lower if test else None,
        "interaction_upper": test.upper if test else None,
        "p_adjusted": test.p_adjusted if test else None,
    }


def groups_figure(material: Material, groups: list[SubgroupResult]) -> Figure:
    """Curves of the crossed subgroups side by side."""
    words = material.words
    names = words.listed([labels.lower_first(words.text(group.label)) for group in groups])
    rows = [
        (words.text(group.label), p.group, p.day, p.cumulative_incidence, p.lower, p.upper)
        for group in groups
        for points in arms(group.curves).values()
        for p in points
    ]
    keys = {words.text(g.label): n for n, g in material.main.subgroups.items()}
    return Figure(
        name=f"subgroup_curves_{material.main_name}",
        caption=words("caption.groups", outcome=labels.lower_first(words.text(material.main.label))),
        alternative=words("alt.groups", groups=names, **_sentences(material, groups)),
        source=material.source,
        look=material.look,
        draw=lambda look: draw_groups(look, groups, material.days),
        columns=("subgroup", "group", "day", "cumulative_incidence", "lower", "upper"),
        rows=tuple((keys[row[0]], *row[1:]) for row in rows),
        notes=axis_note(words, max(ends_at(group.curves) for group in groups)),
    )


def _sentences(material: Material, groups: list[SubgroupResult]) -> dict[str, str]:
    """The hazard ratio of each group in words, for those who cannot see the curves."""
    words, parts = material.words, []
    for group in groups:
        ratio = interval_of(treatment_term(full_model(group.models)))
        if ratio.value is not None:
            parts.append(f"{labels.lower_first(words.text(group.label))} {sentences.percent_higher(words, ratio)}")
    return {"rates": "; ".join(parts)}
