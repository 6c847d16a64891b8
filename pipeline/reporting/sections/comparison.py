"""How the comparison was made: matching classes, balance before and after, who was left out."""

from __future__ import annotations

from pipeline.config import Cut, Groups
from pipeline.reporting.document import Block, Fold, Heading, Paragraph, Section
from pipeline.reporting.figures import Figure
from pipeline.reporting.material import Material
from pipeline.reporting.plots.balance import BALANCED, draw_balance, in_order, pairs
from pipeline.reporting.tables import Column, Label, Table
from pipeline.reporting.words import labels
from pipeline.results import BalanceRow, Matching

# Levels of a variable that is either or not.
YES_OR_NO = {"0": "no", "1": "yes"}


def comparison_section(material: Material) -> Section:
    """The design in words, the classes, and how alike the groups are."""
    words, matching = material.words, material.results.matching
    blocks: list[Block] = []
    if matching is None:
        blocks.append(Paragraph(words("comparison.randomised")))
    else:
        blocks += _matching(material, matching)
    if material.results.balance.before:
        blocks += _balance(material)
    return Section("comparison", words("section.comparison"), tuple(blocks))


def _matching(material: Material, matching: Matching) -> list[Block]:
    words = material.words
    counts = {
        "strata": words.number(matching.strata),
        "controls": words.number(matching.controls_matched),
        "effective": words.number(matching.effective_controls),
        "months": "",
        "rows": words("comparison.counts.people"),
    }
    if matching.control_rows_matched and matching.control_rows_matched != matching.controls_matched:
        counts["months"] = words("comparison.counts.months", count=words.number(matching.control_rows_matched))
        counts["rows"] = words("comparison.counts.rows")
    blocks: list[Block] = [
        Paragraph(words("comparison.matched")),
        variables_table(material),
        Paragraph(words("comparison.counts", **counts)),
    ]
    if matching.participants == matching.participants_matched:
        # Under disclosure control a few may have been left out all the same.
        exact = material.about.minimum_count <= 1
        blocks.append(Paragraph(words(f"comparison.{'nobody' if exact else 'hardly_anybody'}_left_out")))
    elif matching.unmatched:
        blocks += [Heading(words("comparison.left_out")), unmatched_table(material, matching)]
        blocks += [Paragraph(line) for line in [left_out_sentence(material)] if line]
    if matching.classes:
        blocks.append(Fold(words("comparison.classes"), (classes_table(material, matching),)))
    return blocks


def variables_table(material: Material) -> Table:
    """The matching variables and the classes within which people are compared."""
    words, config = material.words, material.config.matching
    rows = []
    for name, rule in (config.variables if config else {}).items():
        if isinstance(rule, Cut):
            limits = [f"{limit:g}" for limit in rule.cut]
            ends = zip(["-inf", *limits], [*limits, "inf"], strict=True)
            classes = "; ".join(labels.level(words, f"[{low}, {high})") for low, high in ends)
        elif isinstance(rule, Groups):
            classes = "; ".join(labels.level(words, group) for group in rule.groups)
        else:
            classes = words("comparison.exact")
        rows.append({"variable": Label(name, labels.variable(words, name)), "classes": classes})
    columns = Column("variable", words("column.variable")), Column("classes", words("column.classes"))
    return Table("matching_variables", words("caption.matching_variables"), columns, tuple(rows))


def classes_table(material: Material, matching: Matching) -> Table:
    """People in each class before matching."""
    words = material.words
    rows = tuple(
        {
            "variable": Label(c.variable, labels.variable(words, c.variable)),
            "level": Label(c.level, labels.level(words, YES_OR_NO.get(c.level, c.level))),
            "participants": c.participants,
            "controls": c.controls,
        }
        for c in matching.classes
    )
    columns = (
        Column("variable", words("column.variable")),
        Column("level", words("column.class")),
        Column("participants", material.participants, "count"),
        Column("controls", words("column.controls"), "count"),
    )
    notes = (words("comparison.classes.note"),) if material.about.control_index == "every_month" else ()
    return Table("matching_classes", words("caption.matching_classes"), columns, rows, notes + material.rounded)


def unmatched_table(material: Material, matching: Matching) -> Table:
    """For each variable, the participants who would have found a control without it."""
    words = material.words
    rows = tuple(
        {"variable": Label(u.variable, labels.variable(words, u.variable)), "participants": u.participants}
        for u in matching.unmatched
    )
    columns = Column("variable", words("column.variable")), Column("participants", words("column.would_match"), "count")
    return Table("unmatched", words("caption.unmatched"), columns, rows, material.rounded)


def left_out_sentence(material: Material) -> str | None:
    """In which respect the participants who are evaluated differ most from all of them, in standard deviations."""
    words, balance = material.words, material.results.balance
    after = {(row.variable, row.level): row for row in balance.after}
    moved = []
    for row in balance.before:
        evaluated = after.get((row.variable, row.level))
        spread = _spread(row)
        if evaluated is not None and spread and row.participants is not None and evaluated.participants is not None:
            moved.append((abs(evaluated.participants - row.participants) / spread, row, evaluated))
    if not moved:
        return None
    _, row, evaluated = max(moved, key=lambda found: found[0])
    share = is_share([row, evaluated])
    told = [words.percent(r.participants, 1) if share else words.number(r.participants, 1) for r in (row, evaluated)]
    name = labels.lower_first(labels.variable(words, row.variable))
    name = f"{name} ({labels.lower_first(labels.level(words, row.level))})" if row.level else name
    return words("comparison.changed", variable=name, before=told[0], after=told[1]) if told[0] != told[1] else None


def _spread(row: BalanceRow) -> float | None:
    """The participants' standard deviation before matching, which the standardised difference was divided by."""
    if row.smd is None or row.smd == 0 or row.participants is None or row.controls is None:
        return None
    return abs((row.participants - row.controls) / row.smd)


def _balance(material: Material) -> list[Block]:
    words, l1 = material.words, material.results.balance.l1
    blocks: list[Block] = [Heading(words("comparison.balance"))]
    worst = max((abs(a.smd or 0) for _, a in pairs(material.results.balance)), default=None)
    if worst is not None:
        key = "comparison.all_balanced" if worst < BALANCED else "comparison.not_all_balanced"
        blocks.append(Paragraph(words(key, limit=words.number(BALANCED, 1), worst=words.number(worst, 2))))
    blocks.append(balance_table(material))
    if pairs(material.results.balance):
        blocks.append(balance_figure(material))
    if material.matched and l1.before is not None and l1.after is not None:
        blocks.append(
            Paragraph(words("comparison.l1", before=words.number(l1.before, 2), after=words.number(l1.after, 2)))
        )
    return blocks


def balance_table(material: Material) -> Table:
    """Means and shares of both groups before and after matching, with standardised differences (Table 4)."""
    words, balance = material.words, material.results.balance
    sides = ("before", "after") if material.matched else ("before",)
    columns = [Column("variable", words("column.variable"))]
    for side in sides:
        group = words(f"balance.{side}") if material.matched else ""
        columns += [
            Column(f"participants_{side}", material.participants, "number", group=group),
            Column(f"controls_{side}", words("column.controls"), "number", group=group),
            Column(f"smd_{side}", words("column.smd"), "ratio", group=group),
        ]
    after = {(row.variable, row.level): row for row in balance.after}
    rows = []
    for row in in_order(balance.before):
        both = {"before": row, "after": after.get((row.variable, row.level), row)}
        rows += _balance_lines(material, {side: both[side] for side in sides})
    return Table("balance", words("caption.balance"), tuple(columns), tuple(rows), (words("balance.note"),))


def _balance_lines(material: Material, sides: dict[str, BalanceRow]) -> list[dict[str, object]]:
    """One line for a share (in per cent) or a mean, one more for a median that is known."""
    words, row = material.words, sides["before"]
    share = is_share(list(sides.values()))
    name = labels.variable(words, row.variable)
    if row.level:
        name = f"{name}: {labels.lower_first(labels.level(words, row.level))}"
    kind = words("balance.share") if share else words("balance.mean")
    line: dict[str, object] = {"variable": Label(f"{row.variable}.{row.level or ''}".rstrip("."), f"{name}, {kind}")}
    median: dict[str, object] = {
        "variable": Label(f"{row.variable}.median", f"{name}, {words('balance.median')}"),
    }
    for side, found in sides.items():
        factor = 100 if share else 1
        for group in ("participants", "controls"):
            value, middle = getattr(found, group), getattr(found, f"{group}_median")
            line[f"{group}_{side}"] = None if value is None else value * factor
            median[f"{group}_{side}"] = middle
        line[f"smd_{side}"], median[f"smd_{side}"] = found.smd, ""
    return [line, median] if row.participants_median is not None else [line]


def is_share(rows: list[BalanceRow]) -> bool:
    """Whether a row of the balance table is a share: a level, or a yes-or-no variable (no median, between 0 and 1)."""
    values = [value for row in rows for value in (row.participants, row.controls) if value is not None]
    return rows[0].participants_median is None and all(0 <= value <= 1 for value in values)


def balance_figure(material: Material) -> Figure:
    """The love plot."""
    words, balance = material.words, material.results.balance
    rows = tuple((b.variable, b.level or "", b.smd, a.smd) for b, a in pairs(balance))
    key = "matched" if material.matched else "randomised"
    return Figure(
        name="balance",
        caption=words(f"caption.love.{key}"),
        alternative=words(
            f"alt.love.{key}",
            count=len(rows),
            before=words.number(max(abs(r[2] or 0) for r in rows), 2),
            after=words.number(max(abs(r[3] or 0) for r in rows), 2),
        ),
        source=material.source,
        look=material.look,
        draw=lambda look: draw_balance(look, balance, material.matched),
        columns=("variable", "level", "smd_before", "smd_after"),
        rows=rows,
    )
