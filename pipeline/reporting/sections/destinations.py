"""Where those went who reached the main outcome."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.reporting.document import Block, Paragraph, Section
from pipeline.reporting.figures import Figure
from pipeline.reporting.material import Material
from pipeline.reporting.plots.destinations import (
    by_destination,
    by_kind,
    draw_destinations,
    draw_kinds,
    is_rest,
    kinds_end,
    kinds_in_order,
)
from pipeline.reporting.sections.notes import axis_note
from pipeline.reporting.tables import Column, Label, Table
from pipeline.reporting.words import labels
from pipeline.results import Destination, KindShare

GROUPS = ("participants", "controls")
# So many of the most common destinations are named in the text.
NAMED = 3


def destinations_section(material: Material) -> Section | None:
    """Destinations per arm, supported and unsupported."""
    rows = material.main.destinations
    if len({row.destination for row in rows if row.share is not None}) < 2:
        return None
    words = material.words
    blocks: list[Block] = [Paragraph(_kinds_sentence(material), "lead")]
    if material.main.kinds_over_time:
        blocks += [kinds_figure(material), kinds_table(material)]
    blocks += [
        Paragraph(" ".join(_most_common(material, rows, group) for group in GROUPS)),
        destinations_figure(material),
        destinations_table(material),
    ]
    return Section("destinations", words("section.destinations"), tuple(blocks))


def _kinds_sentence(material: Material) -> str:
    """The share of everyone that went to each kind by the last of the report's times, one group against the other."""
    words, day, kinds = material.words, *_kinds_at_last(material)
    parts = [
        words(
            "destinations.kind",
            kind=labels.lower_first(labels.kind(words, kind)),
            participants=words.small_percent(shares["participants"]),
            controls=words.small_percent(shares["controls"]),
        )
        for kind, shares in kinds.items()
    ]
    return words("destinations.kinds", time=material.time(day), kinds="; ".join(parts), **material.groups())


def _kinds_at_last(material: Material) -> tuple[float, Mapping[str, Mapping[str, float | None]]]:
    """The last time that both groups have shares by kind at, and these; sums of destinations where there are none."""
    rows = material.main.kinds_over_time
    days = [day for day in {row.day for row in rows} if {row.group for row in rows if row.day == day} == set(GROUPS)]
    if not days:
        return material.days[-1], by_kind(material.main.destinations)
    found = {(row.kind, row.group): row.incidence for row in rows if row.day == max(days)}
    return max(days), {kind: {group: found.get((kind, group)) for group in GROUPS} for kind in kinds_in_order(rows)}


def _most_common(material: Material, rows: list[Destination], group: str) -> str:
    words = material.words
    found = [row for row in rows if row.group == group and row.share is not None and not is_rest(row.destination)]
    top = sorted(found, key=lambda row: -(row.share or 0))[:NAMED]
    parts = [f"{labels.lower_first(labels.destination(words, r.destination))} ({words.percent(r.share)})" for r in top]
    return words(
        "destinations.most",
        group=material.groups()[group],
        places=words.listed(parts),
        **material.verbs(material.main),
    )


def _outcome(material: Material) -> str:
    return labels.lower_first(material.words.text(material.main.label))


def kinds_figure(material: Material) -> Figure:
    """Cumulative incidence at the report's times, stacked by kind of destination, in both groups."""
    words, rows, shares = material.words, material.main.kinds_over_time, material.main.at
    parts = [
        f"{material.time(row.day)}, {labels.lower_first(labels.kind(words, row.kind))}: "
        f"{material.groups()[row.group]} {words.percent(row.incidence)}"
        for row in _by_time(rows)
        if row.day in (rows[0].day, rows[-1].day)
    ]
    return Figure(
        name=f"kinds_{material.main_name}",
        caption=words("caption.kinds", outcome=_outcome(material)),
        alternative=words("alt.kinds", shares="; ".join(parts), **material.groups()),
        source=material.source,
        look=material.look,
        draw=lambda look: draw_kinds(look, rows, shares),
        columns=("group", "kind", "day", "incidence", "lower", "upper", "people"),
        rows=tuple((r.group, r.kind, r.day, r.incidence, r.lower, r.upper, r.people) for r in rows),
        notes=(words("kinds.figure.note"), *_steps(material), *axis_note(words, kinds_end(rows))),
    )


def _steps(material: Material) -> tuple[str, ...]:
    k = material.about.minimum_count
    return (material.words("kinds.note.steps", k=k),) if k > 1 else ()


def _by_time(rows: list[KindShare]) -> list[KindShare]:
    order = kinds_in_order(rows)
    return sorted(rows, key=lambda row: (row.day, order.index(row.kind), GROUPS.index(row.group)))


def kinds_table(material: Material) -> Table:
    """The share of everyone that had gone to each kind by each of the report's times, with its interval."""
    words, rows = material.words, material.main.kinds_over_time
    columns = (
        Column("kind", words("column.kind")),
        Column("day", labels.upper_first(words("column.within", clock=words("clock.start")))),
        Column("participants", words("column.percent_of", group=material.participants), "percent", interval=True),
        Column("controls", words("column.percent_of", group=material.controls), "percent", interval=True),
    )
    found = {(row.day, row.kind, row.group): row for row in rows}
    lines = tuple(
        {
            "kind": Label(kind, labels.kind(words, kind)),
            "day": Label(f"{day:g}", material.time(day)),
            **{
                f"{group}{end}": getattr(found.get((day, kind, group)), name, None)
                for group in GROUPS
                for end, name in (("", "incidence"), ("_lower", "lower"), ("_upper", "upper"))
            },
        }
        for kind in kinds_in_order(rows)
        for day in sorted({row.day for row in rows})
    )
    notes = (words("kinds.note"), *_steps(material), words("note.interval"))
    return Table(
        f"kinds_{material.main_name}", words("caption.kinds", outcome=_outcome(material)), columns, lines, notes
    )


def destinations_figure(material: Material) -> Figure:
    """Paired bars by destination: shares of those who reached the outcome."""
    words, rows = material.words, material.main.destinations
    parts = [
        f"{labels.lower_first(labels.destination(words, name))} {words.small_percent(shares['participants'])} "
        f"{words('against')} {words.small_percent(shares['controls'])}"
        for name, shares in by_destination(rows).items()
    ]
    return Figure(
        name=f"destinations_{material.main_name}",
        caption=words("caption.destinations_figure", outcome=_outcome(material)),
        alternative=words("alt.destinations", shares="; ".join(parts), **material.groups()),
        source=material.source,
        look=material.look,
        draw=lambda look: draw_destinations(look, rows),
        columns=("group", "destination", "kind", "share", "incidence"),
        rows=tuple((r.group, r.destination, r.kind, r.share, r.incidence) for r in rows if r.share is not None),
    )


def destinations_table(material: Material) -> Table:
    """People, share of those who reached the outcome, and share of everyone, by destination and group."""
    words, rows = material.words, material.main.destinations
    columns = [Column("destination", words("column.destination")), Column("kind", words("column.kind"))]
    for group in GROUPS:
        name = material.participants if group == "participants" else words("column.controls")
        columns += [
            Column(f"{group}_people", words("column.people"), "count", group=name),
            Column(f"{group}_share", words("column.share"), "percent", decimals=0, group=name),
            Column(f"{group}_incidence", words("column.incidence"), "percent", interval=True, group=name),
        ]
    order = list(by_destination(rows)) + [r.destination for r in rows if r.share is None]
    found = {(row.group, row.destination): row for row in rows}
    lines = [
        _line(material, name, {group: found.get((group, name)) for group in GROUPS}) for name in dict.fromkeys(order)
    ]
    last = material.time(material.days[-1])
    notes = (words("destinations.note", time=last), words("note.interval"), *material.rounded)
    return Table(
        f"destinations_{material.main_name}", words("caption.destinations"), tuple(columns), tuple(lines), notes
    )


def _line(material: Material, name: str, arms: dict[str, Destination | None]) -> dict[str, object]:
    words = material.words
    kind = next(row.kind for row in arms.values() if row is not None)
    line: dict[str, object] = {
        "destination": Label(name, labels.destination(words, name)),
        "kind": Label(kind, labels.kind(words, kind)),
    }
    for group, row in arms.items():
        if row is None:
            line |= {f"{group}_people": 0, f"{group}_share": 0.0, f"{group}_incidence": 0.0}
            continue
        line |= {
            f"{group}_people": row.people,
            f"{group}_share": row.share,
            f"{group}_incidence": row.incidence,
            f"{group}_incidence_lower": row.incidence_lower,
            f"{group}_incidence_upper": row.incidence_upper,
        }
    return line
