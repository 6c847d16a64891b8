"""The outcomes: curves with people at risk, shares with their differences, time to the outcome."""

from __future__ import annotations

from pipeline.reporting.document import Block, Heading, Paragraph, Section
from pipeline.reporting.figures import Figure
from pipeline.reporting.material import Material, headline_shares
from pipeline.reporting.plots.curves import arms, draw_curves, ends_at
from pipeline.reporting.sections.effects import effects_blocks
from pipeline.reporting.sections.notes import axis_note
from pipeline.reporting.sections.summary import rate_sentence, share_sentence
from pipeline.reporting.tables import Column, Label, Table
from pipeline.reporting.words import labels, sentences
from pipeline.reporting.words.sentences import Interval
from pipeline.results import OutcomeResult, RestrictedMean


def main_section(material: Material) -> Section:
    """The main outcome (Figure 1)."""
    blocks = [*_outcome(material, material.main_name), *effects_blocks(material, material.main_name)]
    title = material.words("section.main", outcome=labels.lower_first(material.words.text(material.main.label)))
    return Section("main", title, tuple(blocks))


def other_sections(material: Material) -> list[Section]:
    """A section for each further outcome; one that starts its clock at another outcome is read with caution."""
    words, found = material.words, []
    for name, outcome in material.results.outcomes.items():
        if name == material.main_name:
            continue
        blocks = _outcome(material, name)
        if len(blocks) > 1:
            blocks.insert(1, Paragraph(rate_sentence(material, outcome)))
        after = material.after(name)
        if after is not None:
            start = labels.lower_first(words.text(material.results.outcomes[after].label))
            blocks.insert(0, Paragraph(words("outcome.after", start=start), "caution"))
        title = words("section.outcome", outcome=words.text(outcome.label))
        found.append(Section(f"outcome-{name}", title, tuple(blocks)))
    return found


def _outcome(material: Material, name: str) -> list[Block]:
    words, outcome = material.words, material.results.outcomes[name]
    if not arms(outcome.curves):
        return [Paragraph(words("outcome.withheld"))]
    blocks: list[Block] = [
        Paragraph(share_sentence(material, name, share), "lead") for share in headline_shares(material, outcome.at)[-1:]
    ]
    blocks.append(curves_figure(material, name))
    if outcome.at:
        blocks.append(shares_table(material, name))
    blocks += [Heading(words("outcome.time")), Paragraph(" ".join(_time_sentences(material, name)))]
    blocks.append(time_table(material, name))
    return blocks


def curves_figure(material: Material, name: str) -> Figure:
    """Share that has reached the outcome over time, with 95% bands and the people under it."""
    words, outcome = material.words, material.results.outcomes[name]
    label = labels.lower_first(words.text(outcome.label))
    points = [p for group in arms(outcome.curves).values() for p in group]
    notes = [words("curves.note.people")]
    if material.about.control_index == "every_month":
        notes.append(words("curves.note.months"))
    if material.about.minimum_count > 1:
        notes.append(words("curves.note.protected", k=material.about.minimum_count))
    notes += axis_note(words, ends_at(points))
    return Figure(
        name=f"curves_{name}",
        caption=words("caption.curves", outcome=label),
        alternative=words("alt.curves", outcome=label, shares=_shares_in_words(material, outcome)),
        source=material.source,
        look=material.look,
        draw=lambda look: draw_curves(look, outcome, material.days, material.clock(name)),
        columns=("group", "day", "cumulative_incidence", "lower", "upper", "at_risk", "events"),
        rows=tuple((p.group, p.day, p.cumulative_incidence, p.lower, p.upper, p.at_risk, p.events) for p in points),
        notes=tuple(notes),
    )


def _shares_in_words(material: Material, outcome: OutcomeResult) -> str:
    words = material.words
    parts = [
        words(
            "alt.share",
            time=material.time(share.day),
            participants=words.percent(share.participants),
            controls=words.percent(share.controls),
        )
        for share in outcome.at
        if share.participants is not None and share.controls is not None
    ]
    return "; ".join(parts)


def shares_table(material: Material, name: str) -> Table:
    """Shares of both groups at the report's times, and their difference in percentage points."""
    words, outcome = material.words, material.results.outcomes[name]
    columns = (
        Column("day", labels.upper_first(words("column.within", clock=material.clock(name)))),
        Column("participants", words("column.percent_of", group=material.participants), "percent", interval=True),
        Column("controls", words("column.percent_of", group=material.controls), "percent", interval=True),
        Column("difference", words("column.difference_points"), "points", interval=True),
    )
    rows = tuple(
        {
            "day": Label(f"{share.day:g}", material.time(share.day)),
            **{key: getattr(share, key) for column in columns[1:3] for key in column.keys},
            "difference": share.difference,
            "difference_lower": share.lower,
            "difference_upper": share.upper,
        }
        for share in outcome.at
    )
    caption = words("caption.shares", outcome=labels.lower_first(words.text(outcome.label)))
    return Table(f"shares_{name}", caption, columns, rows, (words("note.interval"),))


def _time_sentences(material: Material, name: str) -> list[str]:
    words, outcome = material.words, material.results.outcomes[name]
    done = material.verbs(outcome)["done"]
    withheld = material.withheld(f"outcomes.{name}.median_days")
    found = [
        sentences.median_reached(
            words,
            Interval(median.value, median.lower, median.upper),
            material.unit,
            withheld,
            group=material.groups()[group],
            done=done,
        )
        for group, median in (
            ("participants", outcome.median_days.participants),
            ("controls", outcome.median_days.controls),
        )
    ]
    medians = outcome.median_days.participants.value, outcome.median_days.controls.value
    if medians == (None, None) and not withheld:
        found = [words("median.neither", done=done)]
    found = [labels.upper_first(sentence) for sentence in found]
    if outcome.rmst is not None:
        found.append(_mean_sentence(material, outcome.rmst, done))
    return found


def _mean_sentence(material: Material, mean: RestrictedMean, done: str) -> str:
    words = material.words
    gap = Interval(mean.difference.value, mean.difference.lower, mean.difference.upper)
    sentence = words(
        "mean.difference",
        interval=sentences.days_more(words, gap, material.unit),
        until=material.time(mean.until),
        done=done,
        **material.groups(),
    )
    return f"{sentence} {sentences.certainty(words, gap, 0, 'time')}"


def time_table(material: Material, name: str) -> Table:
    """Median, restricted mean and log-rank test."""
    words, outcome = material.words, material.results.outcomes[name]
    decimals = 0 if labels.is_days(material.about.time_unit) else 1
    columns = (
        Column("measure", words("column.measure")),
        Column("participants", material.participants, "time", interval=True, decimals=decimals),
        Column("controls", words("column.controls"), "time", interval=True, decimals=decimals),
        Column("difference", words("column.difference"), "time", interval=True, decimals=decimals),
        Column("p", words("column.p"), "p"),
    )
    median, mean, test = outcome.median_days, outcome.rmst, outcome.logrank
    rows = [
        {
            "measure": Label("median", words("time.median", unit=material.unit)),
            **_spread("participants", median.participants),
            **_spread("controls", median.controls),
            "difference": "",
            "p": "",
        }
    ]
    if mean is not None:
        rows.append(
            {
                "measure": Label(
                    "restricted_mean", words("time.mean", unit=material.unit, until=material.time(mean.until))
                ),
                **_spread("participants", mean.participants),
                **_spread("controls", mean.controls),
                **_spread("difference", mean.difference),
                "p": mean.p,
            }
        )
    if test is not None:
        name_of = words("time.logrank", statistic=words.number(test.statistic, 1), df=test.df)
        blank = {"participants": "", "controls": "", "difference": ""}
        rows.append({"measure": Label("logrank", name_of), **blank, "p": test.p})
    withheld = material.withheld(f"outcomes.{name}.median_days")
    absent = {} if withheld else dict.fromkeys(("participants", "controls"), words("time.not_reached"))
    caption = words("caption.time", outcome=labels.lower_first(words.text(outcome.label)))
    return Table(f"time_{name}", caption, columns, tuple(rows), (words("note.interval"),), absent)


def _spread(key: str, estimate: object) -> dict[str, object]:
    ends = (("", "value"), ("_lower", "lower"), ("_upper", "upper"))
    return {f"{key}{end}": getattr(estimate, part) for end, part in ends}
