"""Who took part and who was evaluated: the flow of selections, and the participants at their start."""

from __future__ import annotations

from pipeline.reporting.document import Block, Paragraph, Section
from pipeline.reporting.material import Material
from pipeline.reporting.tables import Column, Label, Table
from pipeline.reporting.words import labels
from pipeline.results import DescriptionRow, FlowStep

YES = ("yes", "1", "true")


def flow_section(material: Material) -> Section:
    """How many were left after each selection."""
    words, matching = material.words, material.results.matching
    blocks: list[Block] = []
    if matching and matching.participants and matching.participants_matched:
        share = matching.participants_matched / matching.participants
        # Rounded, a few who were left out may be among all.
        key = "flow.matched_nearly_all" if share == 1 and material.rounded else "flow.matched_share"
        said = words(
            key,
            matched=words.number(matching.participants_matched),
            participants=words.number(matching.participants),
            share=words.small_percent(share),
        )
        blocks.append(Paragraph(said, "lead"))
    blocks.append(flow_table(material))
    return Section("flow", words("section.flow"), tuple(blocks))


def flow_table(material: Material) -> Table:
    """People, and for controls also person-months, after each selection step."""
    words, steps = material.words, list(material.results.flow)
    matching = material.results.matching
    if matching and steps and steps[-1].step != "matched":
        steps.append(
            FlowStep(
                step="matched",
                participants=matching.participants_matched,
                controls=matching.controls_matched,
                participant_rows=matching.participants_matched,
                control_rows=matching.control_rows_matched,
            )
        )
    shown = [s for i, s in enumerate(steps) if i in (0, len(steps) - 1) or _changes(s, steps[i - 1])]
    months = any(s.control_rows is not None and s.control_rows != s.controls for s in steps)
    columns = [
        Column("step", words("column.step")),
        Column("participants", material.participants, "count"),
        Column("controls", words("column.controls"), "count"),
    ]
    if months:
        columns.append(Column("control_rows", words("column.person_months"), "count"))
    rows = [
        {
            "step": _step(material, s),
            "participants": s.participants,
            "controls": s.controls,
            # Before a month is looked at there are no person-months.
            "control_rows": s.control_rows or (None if material.withheld(f"flow.{s.step}.control_rows") else ""),
        }
        for s in shown
    ]
    notes = [words("flow.note.months")] if months else []
    if hidden := [str(_step(material, s)) for s in steps if s not in shown]:
        notes.append(words("flow.note.unchanged", steps=words.listed([labels.lower_first(name) for name in hidden])))
    if material.about.future_participants == "censor":
        notes.append(words("flow.note.later"))
    return Table("flow", words("caption.flow"), tuple(columns), tuple(rows), tuple(notes))


def _step(material: Material, step: FlowStep) -> Label:
    """A selection step; a ready cohort comes in a file, not in extracts."""
    name = "in_file" if step.step == "in_extract" and material.config.cohort else step.step
    return Label(step.step, material.words.get(f"flow.{name}", name.replace("_", " ")))


def _changes(step: FlowStep, before: FlowStep) -> bool:
    """Whether a step removed or added anyone, as far as is shown."""
    return (step.participants, step.controls, step.control_rows or before.control_rows) != (
        before.participants,
        before.controls,
        before.control_rows or step.control_rows,
    )


def description_section(material: Material) -> Section | None:
    """The participants at their start (the published Table 2)."""
    if not material.results.description:
        return None
    return Section("description", material.words("section.description"), (description_table(material),))


def description_table(material: Material) -> Table:
    """Shares of levels, and mean and median of numbers; yes-or-no variables by their yes alone."""
    words = material.words
    rows = [row for row in material.results.description if _worth_a_row(row, material.results.description)]
    numbers = any(row.mean is not None for row in rows)
    columns = [
        Column("characteristic", words("column.characteristic")),
        Column("count", words("column.people"), "count"),
        Column("share", words("column.share"), "percent", decimals=0),
    ]
    if numbers:
        columns += [Column("mean", words("column.mean"), "number"), Column("median", words("column.median"), "number")]
    shown = [
        {
            "characteristic": _characteristic(material, row),
            "count": row.count,
            "share": row.share,
            "mean": row.mean if row.share is None and row.level is None else "",
            "median": row.median if row.share is None and row.level is None else "",
        }
        for row in rows
    ]
    for line in shown:
        if line["mean"] != "" and line["share"] is None:
            line["share"] = ""
    started = material.results.flow[0].participants if material.results.flow else None
    matching = material.results.matching
    notes = material.rounded
    if started and matching and matching.participants and matching.participants < started:
        notes = (words("description.note.all", people=words.number(started)), *notes)
    return Table("description", words("caption.description"), tuple(columns), tuple(shown), notes)


def _characteristic(material: Material, row: DescriptionRow) -> Label:
    """A variable, with its level unless that is a plain yes."""
    words = material.words
    name = labels.variable(words, row.variable)
    if row.level is None or row.level in YES:
        return Label(row.variable, name)
    # The unit in brackets belongs to the number, not to its classes.
    level = labels.lower_first(labels.level(words, row.level))
    return Label(f"{row.variable}.{row.level}", f"{name.split(' (')[0]}: {level}")


def _worth_a_row(row: DescriptionRow, rows: list[DescriptionRow]) -> bool:
    """Not what is left of a yes-or-no variable, nor that nobody's value is missing."""
    levels = {r.level for r in rows if r.variable == row.variable}
    rest = (row.level == "no" and "yes" in levels) or (row.level == "0" and levels <= {"0", "1", None})
    return not rest and not (row.level in ("unknown", "missing") and row.count == 0)
