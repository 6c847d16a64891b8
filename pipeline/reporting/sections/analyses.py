"""Further analyses: who was asked about, shares and what they mean in people and money, ratios, regressions, tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pipeline.reporting.document import Block, Heading, Paragraph, Section
from pipeline.reporting.material import TREATMENT, Material, full_model, interval_of, treatment_term
from pipeline.reporting.sections.effects import cost_columns, cost_values
from pipeline.reporting.sections.regressions import in_order, is_withheld, ratio_values, term_label
from pipeline.reporting.tables import Column, Label, Table
from pipeline.reporting.words import both, labels
from pipeline.reporting.words.numbers import WITHHELD
from pipeline.results import Analysis, Model, SubgroupResult

COUNTS = ("people", "events")


def analyses_section(material: Material) -> Section | None:
    """The analyses that were saved, each under a heading of its own."""
    words, analyses = material.words, material.results.analyses
    blocks: list[Block] = [Paragraph(words("analyses.reading"))]
    for name, analysis in analyses.items():
        question = analysis.question
        blocks.append(Heading(words.text(question.label) if question.label else question.where or name))
        blocks += analysis_blocks(material, name, analysis)
    return Section("analyses", words("section.analyses"), tuple(blocks)) if analyses else None


def analysis_blocks(material: Material, name: str, analysis: Analysis) -> list[Block]:
    """What an analysis found; `name` stands in the names of its tables."""
    material = with_controls_of(material, analysis)
    blocks: list[Block] = [Paragraph(" ".join(_about(material, analysis)))]
    shown = {key: group for key, group in analysis.groups.items() if not group.withheld}
    blocks += [Paragraph(text, "note") for text in _not_told(material, analysis)]
    if any(group.at for group in shown.values()):
        blocks.append(shares_table(material, name, analysis, shown))
    if any(treatment_term(full_model(group.models)) for group in shown.values()):
        blocks.append(groups_table(material, name, analysis, shown))
    if any(map(_over_time, shown.values())):
        blocks.append(varying_table(material, name, analysis, shown))
    if any(group.models for group in shown.values()):
        blocks.append(regression_table(material, name, analysis, shown))
    return blocks


def with_controls_of(material: Material, analysis: Analysis) -> Material:
    """The material with a name for the comparison group that is true of an analysis in which it is not matched."""
    if analysis.matching in ("everyone", "again", "other_classes"):
        return material
    label = both(f"analysis.controls.{'none' if analysis.matching == 'none' else 'weighted'}")
    about = material.about.model_copy(update={"controls": label})
    return replace(material, results=material.results.model_copy(update={"evaluation": about}))


def _about(material: Material, analysis: Analysis) -> list[str]:
    """Who, which outcome, and what made the groups alike."""
    words, question = material.words, analysis.question
    outcome = words.text(analysis.outcome_label)
    found = [selection(material, analysis)]
    if analysis.codes is None:
        found.append(words("analysis.outcome", outcome=labels.lower_first(outcome)))
    else:
        found.append(words("analysis.codes", outcome=outcome, codes=words.text(analysis.codes)))
    if material.after(analysis.outcome):
        found.append(words("analysis.clock", clock=material.clock(analysis.outcome)))
    classes = ", ".join(question.classes)
    found.append(words(f"analysis.matching.{analysis.matching}", classes=classes))
    if classes and analysis.matching not in ("other_classes", "none"):
        found.append(words("analysis.classes", classes=classes))
    if analysis.unknown_rows:
        found.append(words("analysis.unknown", n=words.number(analysis.unknown_rows)))
    return [*found, *map(words.text, analysis.notes)]


def _not_told(material: Material, analysis: Analysis) -> Iterator[str]:
    """A sentence for each reason why groups have no numbers, or no hazard ratio, with the groups it holds for."""
    without: dict[str, list[str]] = {}
    for key, group in analysis.groups.items():
        model = full_model(group.models)
        if group.withheld:
            without.setdefault(f"analysis.withheld.{group.withheld}", []).append(label_of(material, key, group))
        elif model is not None and not model.terms:
            without.setdefault("analysis.unfitted", []).append(label_of(material, key, group))
        elif analysis.question.varying and treatment_term(model) and not _over_time(group):
            without.setdefault("analysis.unvaried", []).append(label_of(material, key, group))
    for reason, groups in without.items():
        yield material.words(reason, groups="; ".join(groups))


def _over_time(group: SubgroupResult) -> bool:
    return bool(group.hazard_ratio_over_time or group.hazard_ratio_curve)


def selection(material: Material, analysis: Analysis) -> str:
    """Who was asked about, as a sentence."""
    where = analysis.question.where
    return material.words("analysis.who", where=where) if where else material.words("analysis.everyone")


def label_of(material: Material, key: str, group: SubgroupResult) -> str:
    """What readers call a group of an analysis."""
    if key != "everyone":
        return material.words.text(group.label)
    return material.words("analysis.selected" if group.where else "subgroups.everyone")


def _outcome(material: Material, analysis: Analysis) -> str:
    return labels.lower_first(material.words.text(analysis.outcome_label))


def shares_table(material: Material, name: str, analysis: Analysis, shown: dict[str, SubgroupResult]) -> Table:
    """Shares of both arms at each time, and how many more that is of 100 participants, with the cost of each."""
    words = material.words
    columns = [
        Column("group", words("column.group")),
        Column("day", words("column.time")),
        Column("participants", words("column.percent_of", group=material.participants), "percent", interval=True),
        Column("controls", words("column.percent_of", group=material.controls), "percent", interval=True),
        Column("difference", words("column.extra"), "points", interval=True),
    ]
    columns += cost_columns(material)
    rows = []
    for key, group in shown.items():
        for share in group.at:
            line: dict[str, object] = {
                "group": Label(key, label_of(material, key, group)),
                "day": Label(f"{share.day:g}", material.time(share.day)),
                **{k: getattr(share, k) for column in columns[2:4] for k in column.keys},
                "difference": share.difference,
                "difference_lower": share.lower,
                "difference_upper": share.upper,
            }
            rows.append(line | cost_values(material, group.effects, share.day))
    notes = (words("note.interval"), *material.rounded)
    caption = words("caption.analysis.shares", outcome=_outcome(material, analysis))
    return Table(f"{name}_shares", caption, tuple(columns), tuple(rows), notes)


def groups_table(material: Material, name: str, analysis: Analysis, shown: dict[str, SubgroupResult]) -> Table:
    """People, hazard ratio and days gained of each group, and how its ratio compares with the others'."""
    words = material.words
    until = next((g.effects.until for g in shown.values() if g.effects and g.effects.until), None)
    columns = [
        Column("group", words("column.group")),
        Column("participants", words("column.n_of", group=material.participants), "count"),
        Column("controls", words("column.n_of", group=words("column.controls")), "count"),
        Column("hazard_ratio", words("column.hazard_ratio"), "ratio", interval=True, stars=True),
    ]
    if until is not None:
        columns.append(_gained_column(material, until))
    tests = [group.interaction for group in shown.values() if group.interaction]
    if tests:
        columns.append(Column("interaction", words("column.interaction"), "ratio", interval=True))
        columns.append(Column("p_adjusted", words("column.p_adjusted"), "p"))
    rows = tuple(_group_row(material, key, group) for key, group in shown.items())
    withheld = [words("page.withheld")] if any(is_withheld(row["hazard_ratio"]) for row in rows) else []
    absent = dict.fromkeys(("interaction", "p_adjusted", "hazard_ratio", "days_gained"), "–")
    dashes = any(row[column.key] is None for row in rows for column in columns if column.key in absent)
    notes = [words("note.interval"), words("note.stars"), *([words("analysis.absent")] if dashes else []), *withheld]
    notes += material.rounded
    notes += _crossed_treatment(material, shown)
    if tests:
        how = "one" if tests[0].tests == 1 else analysis.question.adjust
        notes.append(words(f"analysis.note.interaction.{how}", tests=tests[0].tests))
    notes += [
        words("analysis.differences", variable=labels.crossed(words, variable),
              statistic=words.number(test.statistic, 1), df=test.df, p=words.p_value(test.p))
        for variable, test in analysis.differences.items()
    ]  # fmt: skip
    caption = words("caption.analysis.groups", outcome=_outcome(material, analysis))
    return Table(f"{name}_groups", caption, tuple(columns), rows, tuple(notes), absent)


def _crossed_treatment(material: Material, shown: dict[str, SubgroupResult]) -> list[str]:
    """A note where a formula lets the treatment's ratio depend on other variables, so that one ratio is not all."""
    words, models = material.words, [full_model(group.models) for group in shown.values()]
    factors = [term.factor.split(":") for model in models if model for term in model.terms if ":" in term.factor]
    others = dict.fromkeys(name for names in factors if TREATMENT in names for name in names if name != TREATMENT)
    named = [labels.lower_first(labels.variable(words, name)) for name in others]
    return [words("analysis.crossed.treatment", variables=words.listed(named))] if named else []


def _gained_column(material: Material, until: float) -> Column:
    words = material.words
    days = labels.is_days(material.about.time_unit)
    heading = words(
        "column.days_gained" if days else "column.time_gained",
        until=material.time(until),
        unit=labels.upper_first(material.unit),
    )
    return Column("days_gained", heading, "time", interval=True, decimals=0 if days else 1)


def _group_row(material: Material, key: str, group: SubgroupResult) -> dict[str, object]:
    model = full_model(group.models)
    term = treatment_term(model)
    ratio, test = interval_of(term), group.interaction
    compared = any(t.factor == TREATMENT for t in model.terms) if model else False
    gained = group.effects.days_gained if group.effects else None
    return {
        "group": Label(key, label_of(material, key, group)),
        "participants": group.participants,
        "controls": group.controls,
        "hazard_ratio": Label("", WITHHELD) if compared and term is None else ratio.value,
        "hazard_ratio_lower": ratio.lower,
        "hazard_ratio_upper": ratio.upper,
        "hazard_ratio_p": term.p if term else None,
        "days_gained": gained.value if gained else None,
        "days_gained_lower": gained.lower if gained else None,
        "days_gained_upper": gained.upper if gained else None,
        "interaction": test.ratio if test else None,
        "interaction_lower": test.lower if test else None,
        "interaction_upper": test.upper if test else None,
        "p_adjusted": test.p_adjusted if test else None,
    }


def regression_table(material: Material, name: str, analysis: Analysis, shown: dict[str, SubgroupResult]) -> Table:
    """The regression of each group, side by side as in the published Table 6."""
    words = material.words
    models = {key: model for key, group in shown.items() if (model := next(iter(group.models.values()), None))}
    columns = [Column("term", words("column.comparison"))]
    columns += [
        Column(key, label_of(material, key, shown[key]), "ratio", interval=True, stars=True, decimals=3)
        for key in models
    ]
    rows: list[dict[str, object]] = []
    for term in in_order(material, list(models.values())):
        line: dict[str, object] = {"term": term_label(material, term)}
        for key, model in models.items():
            line |= ratio_values(key, model, term)
        rows.append(line)
    withheld = [words("page.withheld")] if any(is_withheld(value) for row in rows for value in row.values()) else []
    for count in COUNTS:
        values = {key: getattr(model, count) for key, model in models.items()}
        told = {k: Label("" if v is None else str(v), words.number(v)) for k, v in values.items()}
        rows.append({"term": Label(count, words(f"column.{count}")), **told})
    notes = [words("note.interval"), words("note.stars"), words("note.left_out_of_model"), *withheld, *material.rounded]
    if any(":" in term.factor for model in models.values() for term in model.terms):
        notes.append(words("analysis.crossed"))
    functions = dict.fromkeys(
        term.factor for model in models.values() for term in model.terms if "(" in term.factor and term.level
    )
    if functions:
        notes.append(words("analysis.columns", functions=words.listed(list(functions))))
    notes += _model_notes(material, analysis, models, shown)
    caption = words("caption.analysis.regression", outcome=_outcome(material, analysis))
    return Table(f"{name}_regression", caption, tuple(columns), tuple(rows), tuple(notes), dict.fromkeys(models, "–"))


def _model_notes(
    material: Material, analysis: Analysis, models: dict[str, Model], shown: dict[str, SubgroupResult]
) -> list[str]:
    """Rows that a model lost, and covariates: by selection, or because nobody at a level reached the outcome."""
    words, found = material.words, []
    for key, model in models.items():
        group = f"{label_of(material, key, shown[key])}. " if len(models) > 1 else ""
        if model.left_out != 0:
            found.append(group + words("analysis.left_out", n=words.number(model.left_out)))
        if model.unidentified:
            names = [labels.lower_first(labels.variable(words, name)) for name in model.unidentified]
            found.append(group + words("analysis.unidentified", factors=words.listed(names)))
        if model.selection.removed:
            parts = [f"{labels.lower_first(labels.variable(words, r.factor))} (p {words.p_value(r.p)})"
                     for r in model.selection.removed]  # fmt: skip
            found.append(group + words("analysis.removed", factors=words.listed(parts)))
    return found


def varying_table(material: Material, name: str, analysis: Analysis, shown: dict[str, SubgroupResult]) -> Table:
    """The hazard ratio between days, or at the times asked for, of each group."""
    words = material.words
    columns = (
        Column("group", words("column.group")),
        Column("from_day", words("column.period")),
        Column("hazard_ratio", words("column.hazard_ratio"), "ratio", interval=True),
    )
    rows, notes = [], [words("note.interval")]
    for key, group in shown.items():
        label = Label(key, label_of(material, key, group))
        for band in group.hazard_ratio_over_time:
            rows.append({"group": label, "from_day": _period(material, band.from_day, band.to_day), **_limits(band)})
        for point in group.hazard_ratio_curve:
            at = Label(f"{point.day:g}", material.time(point.day))
            rows.append({"group": label, "from_day": at, **_limits(point)})
        if group.constancy is not None:
            test = group.constancy
            notes.append(words("analysis.constancy", group=labels.lower_first(str(label)), df=test.df,
                               statistic=words.number(test.statistic, 1), p=words.p_value(test.p)))  # fmt: skip
    caption = words("caption.analysis.varying", outcome=_outcome(material, analysis))
    return Table(f"{name}_varying", caption, columns, tuple(rows), tuple(notes))


def _period(material: Material, start: float, end: float | None) -> Label:
    words = material.words
    if end is None:
        return Label(f"{start:g}", words("band.from", low=material.time(start)))
    if start == 0:
        return Label("0", words("band.to", high=material.time(end)))
    return Label(f"{start:g}", words("band.between", low=material.time(start), high=material.time(end)))


def _limits(row: object) -> dict[str, object]:
    ends = {"": "hazard_ratio", "_lower": "lower", "_upper": "upper"}
    return {f"hazard_ratio{end}": getattr(row, name) for end, name in ends.items()}
