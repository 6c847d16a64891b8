"""Where those went who reached the main outcome."""

from __future__ import annotations

from pipeline.reporting.document import Paragraph, Section
from pipeline.reporting.figures import Figure
from pipeline.reporting.material import Material
from pipeline.reporting.plots.destinations import by_destination, by_kind, draw_destinations, is_rest
from pipeline.reporting.tables import Column, Label, Table
from pipeline.reporting.words import labels
from pipeline.results import Destination

GROUPS = ("participants", "controls")
# So many of the most common destinations are named in the text.
NAMED = 3


def destinations_section(material: Material) -> Section | None:
    """Destinations per arm, supported and unsupported."""
    rows = material.main.destinations
    if len({row.destination for row in rows if row.share is not None}) < 2:
        return None
    words = material.words
    blocks = (
        Paragraph(_kinds_sentence(material, rows), "lead"),
        Paragraph(" ".join(_most_common(material, rows, group) for group in GROUPS)),
        destinations_figure(material),
        destinations_table(material),
    )
    return Section("destinations", words("section.destinations", **material.verbs(material.main)), blocks)


def _kinds_sentence(material: Material, rows: list[Destination]) -> str:
    """The share of everyone that went to each kind, one group against the other."""
    words = material.words
    parts = [
        words(
            "destinations.kind",
            kind=labels.lower_first(labels.kind(words, kind)),
            participants=words.small_percent(shares["participants"]),
            controls=words.small_percent(shares["controls"]),
        )
        for kind, shares in by_kind(rows).items()
    ]
    time = material.time(material.days[-1])
    return words("destinations.kinds", time=time, kinds="; ".join(parts), **material.groups())


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


def destinations_figure(material: Material) -> Figure:
    """Cumulative incidence stacked by kind, paired bars by destination."""
    words, rows = material.words, material.main.destinations
    kinds = by_kind(rows)
    parts = [
        f"{labels.lower_first(labels.kind(words, kind))} {words.percent(s['participants'])} "
        f"{words('against')} {words.percent(s['controls'])}"
        for kind, s in kinds.items()
    ]
    return Figure(
        name=f"destinations_{material.main_name}",
        caption=words("caption.destinations_figure", **material.verbs(material.main)),
        alternative=words(
            "alt.destinations", kinds="; ".join(parts), time=material.time(material.days[-1]), **material.groups()
        ),
        source=material.source,
        look=material.look,
        draw=lambda look: draw_destinations(look, rows, material.time(material.days[-1])),
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
