"""Regression tables: everyone with a plain sentence per row (Table 5), and all groups side by side (Table 6)."""

from __future__ import annotations

from pipeline.reporting.document import Block, Fold, Paragraph, Section
from pipeline.reporting.material import (
    TREATMENT,
    Material,
    full_model,
    interval_of,
    selected_model,
)
from pipeline.reporting.tables import Column, Label, Table
from pipeline.reporting.words import labels, sentences
from pipeline.reporting.words.numbers import WITHHELD
from pipeline.results import Model, Term

# The published Table 6 has these columns; other subgroups stand in their own table.
SIDE_BY_SIDE = ("women", "men", "participants_only", "controls_only")
COUNTS = ("people", "events")


def regressions_section(material: Material) -> Section | None:
    """Cox regressions of the main outcome."""
    words, models = material.words, material.main.models
    full = full_model(models)
    if full is None or not any(model.terms for model in models.values()):
        return None
    blocks: list[Block] = [Paragraph(words("regressions.reading")), everyone_table(material)]
    selected = selected_model(models)
    if selected is not None:
        blocks.append(Paragraph(_removed(material, selected), "note"))
    groups = _columns(material)
    if len(groups) > 1:
        blocks.append(side_by_side_table(material, "backward" if selected else "full"))
        if selected:
            blocks.append(Fold(words("regressions.full"), (side_by_side_table(material, "full"),)))
    return Section("regressions", words("section.regressions"), tuple(blocks))


def _removed(material: Material, model: Model) -> str:
    words = material.words
    if not model.selection.removed:
        return words("regressions.nothing_removed")
    parts = [
        f"{labels.lower_first(labels.variable(words, r.factor))} (p {words.p_value(r.p)})"
        for r in model.selection.removed
    ]
    return words("regressions.removed", factors=words.listed(parts))


def term_label(material: Material, term: Term) -> Label:
    """What a row compares."""
    text = labels.contrast(
        material.words, term, material.reference(term.factor), material.participants, material.controls
    )
    return Label(term.term, text)


def in_order(material: Material, models: list[Model]) -> list[Term]:
    """One term per row over several models: the treatment first, then as configured, levels as they stand.

    What a formula has besides comes last, each of its functions with all its columns: bs(age, df=3): 1, 2, 3.
    """
    found: dict[str, Term] = {}
    for model in models:
        for term in model.terms:
            found.setdefault(term.term, term)
    order = [TREATMENT, *(c.name for c in material.config.models.covariates), *(t.factor for t in found.values())]
    place = {name: i for i, name in enumerate(dict.fromkeys(order))}
    return sorted(found.values(), key=lambda term: (place[term.factor], labels.level_order(term.level)))


def plain_sentence(material: Material, term: Term) -> str:
    """A row of the regression in one sentence."""
    words, ratio = material.words, interval_of(term)
    if term.factor == TREATMENT:
        groups = material.groups()
        return sentences.row_sentence(words, ratio, labels.upper_first(groups["participants"]), groups["controls"])
    level = labels.lower_first(labels.level(words, term.level)) if term.level else None
    if level is None:
        subject = words.get(f"subject.{term.factor}", "")
        if subject:
            return sentences.row_sentence(words, ratio, subject, words(f"against.{term.factor}"))
        name = labels.lower_first(labels.variable(words, term.factor))
        other = words("per_unit.other", label=name)
        return sentences.row_sentence(words, ratio, words.get(f"per_unit.{term.factor}", other), None)
    return _level_sentence(material, term, level)


def _level_sentence(material: Material, term: Term, level: str) -> str:
    words, factor = material.words, term.factor
    base = material.reference(factor)
    reference = labels.lower_first(labels.level(words, base)) if base else words("regressions.base_level")
    plain = f"{labels.variable(words, factor)}: {level}"
    subject = words.get(f"subject.{factor}.{term.level}", words.get(f"subject.{factor}", plain))
    against = words.get(f"against.{factor}.{base}", words.get(f"against.{factor}", reference))
    return sentences.row_sentence(
        words, interval_of(term), subject.format(level=level), against.format(level=reference)
    )


def everyone_table(material: Material) -> Table:
    """Full and selected model side by side, with one plain sentence a row (Table 5)."""
    words, models = material.words, material.main.models
    full, selected = full_model(models), selected_model(models)
    shown = {"full": full, "backward": selected} if selected else {"full": full}
    columns = [Column("term", words("column.comparison"))]
    columns += [Column(name, words(f"model.{name}"), "ratio", interval=True, stars=True, decimals=3) for name in shown]
    columns.append(Column("sentence", words("column.in_words")))
    rows = []
    for term in in_order(material, [m for m in shown.values() if m]):
        line: dict[str, object] = {"term": term_label(material, term), "sentence": plain_sentence(material, term)}
        for name, model in shown.items():
            place = f"outcomes.{material.main_name}.models.{name}.{term.term}"
            line |= ratio_values(name, model, term, withheld=material.withheld(place))
        rows.append(line)
    notes = _notes(material, rows)
    rows += _count_rows(material, {name: model for name, model in shown.items() if model})
    absent = dict.fromkeys(shown, "–")
    caption = words("caption.regression", outcome=labels.lower_first(words.text(material.main.label)))
    return Table(f"regression_{material.main_name}", caption, tuple(columns), tuple(rows), notes, absent)


def is_withheld(value: object) -> bool:
    """Whether a cell is two dots."""
    return isinstance(value, Label) and str(value) == WITHHELD


def _notes(material: Material, rows: list[dict[str, object]]) -> tuple[str, ...]:
    words = material.words
    once = (words("note.once"),) if material.about.future_participants == "censor" else ()
    withheld = (words("page.withheld"),) if any(is_withheld(value) for row in rows for value in row.values()) else ()
    marks = (words("note.interval"), words("note.stars"), words("note.left_out_of_model"))
    return (*marks, *withheld, *once, *material.rounded)


def ratio_values(name: str, model: Model | None, term: Term, *, withheld: bool = False) -> dict[str, object]:
    """The cells of a term in a model's column: two dots where it is withheld, none where the model does not have it."""
    found = next((t for t in model.terms if t.term == term.term), None) if model else None
    if found is None or found.hazard_ratio is None:
        return {name: Label("", WITHHELD)} if withheld or found else {}
    ends = {"": found.hazard_ratio, "_lower": found.lower, "_upper": found.upper, "_p": found.p}
    return {f"{name}{end}": value for end, value in ends.items()}


def _count_rows(material: Material, models: dict[str, Model]) -> list[dict[str, object]]:
    """People and people with the event under each column, as whole numbers."""
    words, rows = material.words, []
    for count in COUNTS:
        line: dict[str, object] = {"term": Label(count, words(f"column.{count}"))}
        for name, model in models.items():
            value = getattr(model, count)
            line[name] = Label("" if value is None else str(value), words.number(value))
        rows.append(line)
    return rows


def _columns(material: Material) -> dict[str, tuple[str, dict[str, Model]]]:
    """The groups of the side-by-side table: everyone, then the published ones that are configured."""
    words, main = material.words, material.main
    found = {"everyone": (words("subgroups.everyone"), main.models)}
    for name in SIDE_BY_SIDE:
        group = main.subgroups.get(name)
        if group is not None and any(model.terms for model in group.models.values()):
            found[name] = (words.text(group.label), group.models)
    return found


def side_by_side_table(material: Material, which: str) -> Table:
    """Hazard ratios of every group's regression, after selection or with all covariates (Table 6)."""
    words = material.words
    pick = full_model if which == "full" else selected_model
    main = f"outcomes.{material.main_name}"
    models = {name: (label, model) for name, (label, found) in _columns(material).items() if (model := pick(found))}
    columns = [Column("term", words("column.comparison"))]
    columns += [Column(n, label, "ratio", interval=True, stars=True, decimals=3) for n, (label, _) in models.items()]
    rows = []
    for term in in_order(material, [model for _, model in models.values()]):
        line: dict[str, object] = {"term": term_label(material, term)}
        for name, (_, model) in models.items():
            place = main if name == "everyone" else f"{main}.subgroups.{name}"
            line |= ratio_values(name, model, term, withheld=material.withheld(f"{place}.models.{which}.{term.term}"))
        rows.append(line)
    notes = list(_notes(material, rows))
    rows += _count_rows(material, {name: model for name, (_, model) in models.items()})
    if which == "backward":
        notes.append(words("note.after_selection"))
    return Table(
        f"regressions_{which}_{material.main_name}",
        words(f"caption.regressions.{which}"),
        tuple(columns),
        tuple(rows),
        tuple(notes),
        dict.fromkeys(models, "–"),
    )
