"""The difference in people, days and money: sentences and table for an outcome, columns for other tables."""

from __future__ import annotations

from pipeline.headline import MONTHS
from pipeline.reporting.document import Block, Heading, Paragraph
from pipeline.reporting.material import Material
from pipeline.reporting.tables import Column, Label, Table
from pipeline.reporting.words import Words, labels
from pipeline.reporting.words.numbers import rounded
from pipeline.results import CostPerExtra, Effects, Estimate, OutcomeResult

# Costs are estimates: more digits than this would say more than anyone knows.
COST_DIGITS = 3


def effects_blocks(material: Material, name: str) -> list[Block]:
    """What the difference in an outcome is in people, days and money; nothing where it is withheld."""
    outcome = material.results.outcomes[name]
    effects = outcome.effects
    if effects is None or not any(row.per_100.value is not None for row in effects.extra):
        return []
    costs = material.about.costs is not None
    blocks: list[Block] = [Heading(material.words("heading.effects.costs" if costs else "heading.effects"))]
    blocks.append(Paragraph(" ".join(_sentences(material, outcome, effects))))
    if costs:  # without them the table of shares says the same
        blocks.append(effects_table(material, name, outcome, effects))
    return blocks


def _sentences(material: Material, outcome: OutcomeResult, effects: Effects) -> list[str]:
    words, done = material.words, material.verbs(outcome)["done"]
    told = [row for row in effects.extra if labels.whole_months(row.day) in MONTHS] or effects.extra
    last = told[-1]
    found = []
    if last.per_100.lower is not None and last.per_100.upper is not None:
        interval = people_in_words(words, last.per_100)
        found.append(words("effects.people", time=material.time(last.day), interval=interval, done=done))
    gained = effects.days_gained
    if gained is not None and effects.until is not None and gained.lower is not None and gained.upper is not None:
        interval = time_in_words(words, gained, material.unit)
        found.append(words("effects.days", until=material.time(effects.until), interval=interval))
    cost = next((row for row in effects.costs if row.day == last.day), None)
    if cost is not None:
        found.append(cost_in_words(material, cost, done))
    if material.matched:
        found.append(words("effects.condition"))
    return found


def people_in_words(words: Words, people: Estimate) -> str:
    """Between how many more and fewer people."""
    return _two_sided(words, people, "people", ("fewer", "more"), 0)


def time_in_words(words: Words, gained: Estimate, unit: str) -> str:
    """Between how much earlier and later."""
    return _two_sided(words, gained, "time", ("later", "earlier"), 0, unit=unit)


def _two_sided(words: Words, estimate: Estimate, what: str, sides: tuple[str, str], decimals: int, **more: str) -> str:
    """An interval with its direction: (below zero, above zero) are the words' keys."""
    low, high = estimate.lower, estimate.upper
    assert low is not None
    assert high is not None
    side = "two" if low < 0 < high else sides[1] if low + high >= 0 else sides[0]
    small, large = (abs(low), abs(high)) if side == "two" else sorted((abs(low), abs(high)))
    decimals = decimals if rounded(small) != rounded(large) else 1
    key = f"between.{what}.{side}"
    return words(key, low=words.number(small, decimals), high=words.number(large, decimals), **more)


def cost_in_words(material: Material, cost: CostPerExtra, done: str) -> str:
    """The cost of a further person in a sentence: with an interval, with a lower limit only, or why there is none."""
    words, costs = material.words, material.about.costs
    assert costs is not None
    key = "unlimited" if cost.limits == "at_least" and cost.lower is None else cost.limits
    value, low, high = (money(words, v) for v in (cost.value, cost.lower, cost.upper))
    said = {"time": material.time(cost.day), "done": done, "currency": words.text(costs.currency)}
    sentence = words(f"effects.cost.{key}", value=value, low=low, high=high, **said)
    per_participant = words.number(costs.per_participant)
    return f"{sentence} {words('effects.cost.reading', cost=per_participant, currency=said['currency'])}"


def money(words: Words, amount: float | None) -> str:
    """An amount with as many digits as an estimate has a right to."""
    return words.number(None if amount is None else float(f"{amount:.{COST_DIGITS}g}"))


def cost_columns(material: Material) -> list[Column]:
    """The column of costs, where costs are configured."""
    costs = material.about.costs
    if costs is None:
        return []
    return [Column("cost", material.words("column.cost", currency=material.words.text(costs.currency)), "text")]


def cost_values(material: Material, effects: Effects | None, day: float) -> dict[str, object]:
    """The cell of a time in that column."""
    if material.about.costs is None:
        return {}
    cost = next((row for row in effects.costs if row.day == day), None) if effects else None
    return {"cost": cost_label(material.words, cost)}


def cost_label(words: Words, cost: CostPerExtra | None) -> Label:
    """A cost with its interval in a cell."""
    if cost is None:
        return Label("", words.number(None))
    code = "" if cost.value is None else f"{cost.value:.12g}"
    if cost.limits == "no_gain":
        return Label(code, words("limit.no_gain"))
    limit = words("limit.none") if cost.lower is None else words("limit.at_least", low=money(words, cost.lower))
    if cost.limits == "at_least":
        return Label(code, limit)
    limits = words("limits.plain", low=money(words, cost.lower), high=money(words, cost.upper))
    return Label(code, f"{money(words, cost.value)} ({limits})")


def effects_table(material: Material, name: str, outcome: OutcomeResult, effects: Effects) -> Table:
    """How many more of 100 participants by each time, and what each of them cost."""
    words = material.words
    columns = [
        Column("day", words("column.time")),
        Column("per_100", words("column.extra"), "number", interval=True),
        *cost_columns(material),
    ]
    rows = tuple(
        {
            "day": Label(f"{row.day:g}", material.time(row.day)),
            "per_100": row.per_100.value,
            "per_100_lower": row.per_100.lower,
            "per_100_upper": row.per_100.upper,
            **cost_values(material, effects, row.day),
        }
        for row in effects.extra
    )
    caption = words("caption.effects", outcome=labels.lower_first(words.text(outcome.label)))
    return Table(f"effects_{name}", caption, tuple(columns), rows, (words("note.interval"),))
