"""How much the headline depends on choices: the specification curve, placebos, months and people drawn anew."""

from __future__ import annotations

from pipeline.reporting.document import Block, Fold, Heading, Paragraph, Section
from pipeline.reporting.figures import Figure
from pipeline.reporting.material import Material
from pipeline.reporting.plots.specifications import Line, draw_specifications
from pipeline.reporting.tables import Column, Label, Table
from pipeline.reporting.words import labels
from pipeline.sensitivity.choices import CONFIGURED, EXCLUDING, WHOLE
from pipeline.sensitivity.record import EffectRow, MonthRow, Sensitivity, SensitivityRow
from pipeline.sensitivity.summary import spread_of

ONE = "one"


def sensitivity_section(material: Material) -> Section | None:
    """The headline under other choices; None when `utfall sensitivity` has not been run on this evaluation."""
    found, words = material.results.sensitivity, material.words
    if found is None or spread_of(found.specifications) is None:
        return None
    blocks: list[Block] = [
        *(Paragraph(text, "lead") for text in _lead(material, found)),
        Paragraph(words("sensitivity.reading")),
        specifications_figure(material, found),
        alone_table(material, found),
        *_placebo(material, found),
        *_stability(material, found),
        *_hidden(material, found),
    ]
    return Section("sensitivity", words("section.sensitivity"), tuple(blocks))


def _lead(material: Material, found: Sensitivity) -> list[str]:
    """How the hazard ratios and their intervals lie, for the report's outcome and for those that count less."""
    words, own = material.words, found.specifications[0]
    outcome = own.choices.get("outcome")
    same = spread_of([row for row in found.specifications if row.choices.get("outcome") == outcome])
    everything = spread_of(found.specifications)
    if same is None or everything is None:
        return []
    numbers = {
        "lowest": same.lowest,
        "highest": same.highest,
        "first": same.first_quarter,
        "last": same.last_quarter,
        "own": own.hazard_ratio,
    }
    told = {name: words.number(value, 2) for name, value in numbers.items()}
    counts = {
        name: words.number(count) if (count := getattr(same, name)) else words("sensitivity.none")
        for name in ("above", "below", "across")
    }
    analyses, made = words.number(same.analyses), len(found.specifications)
    few = everything.analyses < made
    shown = words("sensitivity.lead.shown", shown=words.number(everything.analyses)) if few else ""
    return [
        words("sensitivity.lead", n=words.number(made), same=analyses, shown=shown, **told),
        words("sensitivity.intervals", same=analyses, **counts),
        *_other_outcomes(material, found, outcome),
    ]


def _other_outcomes(material: Material, found: Sensitivity, own: str | None) -> list[str]:
    """A sentence for each definition of the outcome that is part of combinations."""
    words = material.words
    sentences = []
    for choice in found.choices:
        for value in choice.others if choice.name == "outcome" else ():
            rows = [row for row in found.specifications if row.choices["outcome"] == value]
            spread = spread_of(rows)
            if value == own or spread is None or spread.analyses < 2:
                continue
            limits = {"lowest": words.number(spread.lowest, 2), "highest": words.number(spread.highest, 2)}
            name = option(material, "outcome", value)
            sentences.append(
                words("sensitivity.other_outcome", outcome=name, n=words.number(spread.analyses), **limits)
            )
    return sentences


def specifications_figure(material: Material, found: Sensitivity) -> Figure:
    """The specification curve."""
    words = material.words
    rows = sorted((row for row in found.specifications if row.hazard_ratio), key=lambda row: row.hazard_ratio or 0)
    lines = _lines(material, found, rows)
    time = material.time(found.day)
    title = words("axis.specifications.difference", time=time)
    choices = [choice.name for choice in found.choices]
    numbers = ("hazard_ratio", "lower", "upper", "difference", "difference_lower", "difference_upper")
    own = found.specifications[0].hazard_ratio
    return Figure(
        name="specifications",
        caption=words("caption.specifications"),
        alternative=words(
            "alternative.specifications",
            n=len(rows),
            lowest=words.number(rows[0].hazard_ratio, 2),
            highest=words.number(rows[-1].hazard_ratio, 2),
            own=words.number(own, 2),
        ),
        source=material.source,
        look=material.look,
        draw=lambda look: draw_specifications(look, rows, lines, title),
        columns=(*choices, "varied", *numbers),
        rows=tuple(
            (*(row.choices[name] for name in choices), len(row.varied), *(getattr(row, name) for name in numbers))
            for row in rows
        ),
        notes=(words("specifications.note"), words("specifications.note.choices")),
    )


def _lines(material: Material, found: Sensitivity, rows: list[SensitivityRow]) -> list[Line]:
    """For each choice a heading and a line for each of its values, similar values together."""
    lines: list[Line] = []
    for choice in found.choices:
        lines.append(Line(material.words(f"choice.{choice.name}")))
        families: dict[str, list[str]] = {}
        for value in (choice.own, *choice.others):
            families.setdefault(_family(material, choice.name, value), []).append(value)
        for family, values in families.items():
            marked = tuple(row.choices[choice.name] in values for row in rows)
            lines.append(Line(option(material, choice.name, family), marked))
    return lines


def _family(material: Material, choice: str, value: str) -> str:
    """What a value is shown as in the figure: changes of one variable, and of one category, share a line."""
    if choice == "coarsening" and value != CONFIGURED and not value.endswith(" all"):
        return ONE
    if choice == "outcome" and value.startswith(EXCLUDING):
        outcome = material.config.outcomes.get(material.main_name)
        groups = outcome.categories if outcome else {}
        return value if value.removeprefix(f"{EXCLUDING} ") in groups else ONE
    return value


def option(material: Material, choice: str, value: str) -> str:
    """A value of a choice as readers know it."""
    words = material.words
    if choice == "intake" and value != WHOLE:
        return labels.lower_first(words.text(material.config.sensitivity.intake[value].label))
    if choice == "follow_up" and value != WHOLE:
        return words("option.follow_up.until", time=material.time(float(value)))
    if choice == "outcome" and value != ONE:
        if not value.startswith(EXCLUDING):
            return labels.lower_first(words.text(material.results.outcomes[value].label))
        what = value.removeprefix(f"{EXCLUDING} ")
        name = words.get(f"kind.{what}", labels.destination(words, f"category_{what}"))
        return words("option.outcome.excluding", what=labels.lower_first(name))
    if choice == "coarsening" and value not in (CONFIGURED, ONE) and not value.endswith(" all"):
        change, _, variable = value.partition(" ")
        name = labels.lower_first(labels.variable(words, variable))
        return labels.lower_first(words(f"frontier.{change}", variable=name))
    return words.get(f"option.{choice}.{value}", value)


def alone_table(material: Material, found: Sensitivity) -> Table:
    """The headline with one choice changed at a time."""
    words = material.words
    columns = (
        Column("choice", words("column.choice")),
        Column("value", words("column.value")),
        Column("hazard_ratio", words("column.hazard_ratio"), "ratio", interval=True),
        # Two digits are known of these differences (`pipeline.disclosure.sensitivity`): whole points of most.
        Column("difference", words("column.difference_points"), "points", interval=True, decimals=0),
    )
    rows, withheld = [], []
    for row in found.specifications:
        if len(row.varied) > 1:
            continue
        name = row.varied[0] if row.varied else ""
        value = row.choices[name] if name else ""
        told = option(material, name, value) if name else ""
        if row.hazard_ratio is None:
            withheld.append(told)
            continue
        choice = Label(name or "own", words(f"choice.{name}") if name else words("value.own"))
        rows.append({"choice": choice, "value": Label(value, told), **_ratio(row), **_difference(row)})
    notes = [words("note.interval")]
    if withheld:
        notes.append(words("alone.withheld", values=words.listed(withheld)))
    return Table("sensitivity", words("caption.alone"), columns, tuple(rows), tuple(notes))


def _ratio(row: EffectRow | MonthRow) -> dict[str, float | None]:
    """The cells of a hazard ratio with its interval."""
    return {"hazard_ratio": row.hazard_ratio, "hazard_ratio_lower": row.lower, "hazard_ratio_upper": row.upper}


def _difference(row: EffectRow) -> dict[str, float | None]:
    """The cells of a difference in shares with its interval."""
    return {
        "difference": row.difference,
        "difference_lower": row.difference_lower,
        "difference_upper": row.difference_upper,
    }


def _placebo(material: Material, found: Sensitivity) -> list[Block]:
    """Tests in which no difference should show."""
    words = material.words
    known = {name: row for name, row in found.placebos.items() if row.hazard_ratio is not None}
    if not known:
        return []
    columns = (
        Column("test", words("column.test")),
        Column("hazard_ratio", words("column.hazard_ratio"), "ratio", interval=True),
        Column("difference", words("column.difference_points"), "points", interval=True),
        Column("p", words("column.p"), "p"),
    )
    rows = tuple(
        {"test": Label(name, words(f"placebo.{name}")), **_ratio(row), **_difference(row), "p": row.p}
        for name, row in sorted(known.items())
    )
    clear = any((row.lower or 0) > 1 or (row.upper or 1) < 1 for row in known.values())
    table = Table("placebo", words("caption.placebo"), columns, rows, (words("note.interval"),))
    return [
        Heading(words("placebo.heading")),
        Paragraph(words("placebo.reading", time=material.time(found.placebo_before))),
        table,
        Paragraph(words("placebo.failed"), "caution") if clear else Paragraph(words("placebo.passed")),
    ]


def _stability(material: Material, found: Sensitivity) -> list[Block]:
    """Months left out and people drawn anew."""
    words, again = material.words, found.bootstrap
    blocks: list[Block] = []
    ratios = [row.hazard_ratio for row in found.months if row.hazard_ratio is not None]
    if ratios:
        lowest, highest = (words.number(value, 2) for value in (min(ratios), max(ratios)))
        blocks.append(Paragraph(words("stability.months", lowest=lowest, highest=highest)))
        blocks.append(Fold(words("stability.months.all"), (_months_table(material, found),)))
    if again is not None:
        limits = {"low": again.lower, "high": again.upper}
        limits |= {"robust_low": again.robust_lower, "robust_high": again.robust_upper}
        told = {name: words.number(value, 2) for name, value in limits.items()}
        blocks.append(Paragraph(words("stability.bootstrap", n=words.number(again.resamples), **told)))
    return [Heading(words("stability.heading")), *blocks] if blocks else []


def _months_table(material: Material, found: Sensitivity) -> Table:
    words = material.words
    columns = (
        Column("month", words("column.left_out_month")),
        Column("hazard_ratio", words("column.hazard_ratio"), "ratio", interval=True),
    )
    rows = tuple({"month": Label(row.month, words.month(row.month)), **_ratio(row)} for row in found.months)
    return Table("months_left_out", words("caption.months"), columns, rows, (words("note.interval"),))


def _hidden(material: Material, found: Sensitivity) -> list[Block]:
    """What could explain the result that no register shows, and what the study could not have seen."""
    words = material.words
    blocks: list[Block] = []
    if found.e_value is not None and found.e_value_limit is not None:
        if found.e_value_limit > 1:
            numbers = {"estimate": words.number(found.e_value, 1), "limit": words.number(found.e_value_limit, 1)}
            blocks.append(Paragraph(words("hidden.e_value", **numbers)))
        else:
            blocks.append(Paragraph(words("hidden.e_value_across")))
    if found.detectable_ratio is not None:
        ratio, inverse = words.number(found.detectable_ratio, 2), words.number(1 / found.detectable_ratio, 2)
        blocks.append(Paragraph(words("hidden.detectable", ratio=ratio, inverse=inverse)))
    return [Heading(words("hidden.heading")), *blocks] if blocks else []
