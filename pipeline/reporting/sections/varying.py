"""The effect over time: the hazard ratio in bands and as a curve, lock-in, and the test of proportional hazards."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.config import Text
from pipeline.reporting.document import Block, Fold, Paragraph, Section
from pipeline.reporting.figures import Figure
from pipeline.reporting.material import Material, difference_of
from pipeline.reporting.plots.curves import arms
from pipeline.reporting.plots.ratios import draw_over_time
from pipeline.reporting.sections.notes import cut_note
from pipeline.reporting.sections.summary import not_proportional
from pipeline.reporting.tables import Column, Label, Table
from pipeline.reporting.words import labels, sentences
from pipeline.reporting.words.sentences import Interval
from pipeline.results import Band, CurvePoint

# Shorter times are told in days.
MONTHS_FROM = 2
WEEKS = Text(sv="veckor", en="weeks")


def varying_section(material: Material) -> Section | None:
    """How the difference in pace changes over the follow-up of the main outcome."""
    words, outcome = material.words, material.main
    bands = [band for band in outcome.hazard_ratio_over_time if band.hazard_ratio is not None]
    if not bands:
        return None
    blocks: list[Block] = [Paragraph(words("rate.explained", unit=labels.one(words, material.about.time_unit)))]
    blocks += [Paragraph(_band_sentence(material, band), "lead") for band in _telling(bands)]
    if material.config.population is not None:
        blocks.append(Paragraph(lock_in(material, bands[0])))
    blocks += [over_time_figure(material), bands_table(material)]
    blocks.append(Paragraph(words("varying.changes" if not_proportional(outcome) else "varying.steady")))
    if outcome.proportionality:
        blocks.append(Fold(words("varying.tests"), (proportionality_table(material),)))
    return Section("over-time", words("section.varying"), tuple(blocks))


def _telling(bands: list[Band]) -> list[Band]:
    """The bands worth a sentence: those that are clear of one, the first of them at least."""
    clear = [band for band in bands if _interval(band).clear(1)]
    return clear or bands[:1]


def lock_in(material: Material, first: Band) -> str:
    """Whether participants are behind at first, and for how long; then when they are furthest ahead."""
    words, ratio = material.words, _interval(first)
    if not ratio.clear(1):
        rate, when = sentences.percent_higher(words, ratio), labels.lower_first(_when(material, first))
        parts = [words("varying.lock_in.open", interval=rate, when=when)]
    elif ratio.upper is not None and ratio.upper < 1:
        day = lead_from(material.main.curves)
        ends = "varying.lock_in.stays" if day is None else "varying.lock_in.ends"
        told = {"done": material.verbs(material.main)["done"], **material.groups()}
        parts = [words("varying.lock_in"), words(ends, time=_about(material, day) if day else "", **told)]
    else:
        parts = [words("varying.lock_in.none")]
    known = [share for share in material.main.at if share.lower is not None and share.upper is not None]
    if len(known) > 1:
        most = max(known, key=lambda share: abs(share.difference or 0))
        interval = sentences.points_more(words, difference_of(most))
        parts.append(words("varying.widest", time=material.time(most.day), interval=interval))
    return " ".join(parts)


def lead_from(points: Sequence[CurvePoint]) -> float | None:
    """The day from which participants' share stays above that of controls; None when it is not above at the end."""
    groups = arms(list(points))
    if len(groups) < 2:
        return None
    last = min(rows[-1].day for rows in groups.values())
    days = sorted({p.day for rows in groups.values() for p in rows if p.day <= last}, reverse=True)
    lead = None
    for day in days:
        gap = _reached(groups["participants"], day) - _reached(groups["controls"], day)
        if gap <= 0:
            break
        lead = day
    return lead


def _reached(points: list[CurvePoint], day: float) -> float:
    """The share of one arm that has reached the outcome by a day."""
    return next((p.cumulative_incidence or 0.0 for p in reversed(points) if p.day <= day), 0.0)


def _about(material: Material, day: float) -> str:
    """A time that a curve shows only roughly: in whole weeks, from two months on in whole months."""
    months, weeks = round(day / labels.DAYS_IN_MONTH), round(day / 7)
    if not labels.is_days(material.about.time_unit) or not weeks:
        return material.time(day)
    if months < MONTHS_FROM:
        return labels.time(material.words, weeks, WEEKS)
    return material.time(months * labels.DAYS_IN_MONTH)


def _interval(band: Band) -> Interval:
    return Interval(band.hazard_ratio, band.lower, band.upper)


def _band_sentence(material: Material, band: Band) -> str:
    words = material.words
    sentence = sentences.rates_apart(
        words, _interval(band), do=material.verbs(material.main)["do"], **material.groups(), key="rate.in_band"
    )
    return f"{_when(material, band)}: {sentence}"


def _when(material: Material, band: Band) -> str:
    """A band in words: "Till och med 1 månad", "6–9 månader", "Efter 9 månader"."""
    words = material.words
    if band.to_day is None:
        return words("band.from", low=material.time(band.from_day))
    if band.from_day == 0:
        return words("band.to", high=material.time(band.to_day))
    return words("band.between", low=material.time(band.from_day), high=material.time(band.to_day))


def bands_table(material: Material) -> Table:
    """The hazard ratio in each band of time."""
    words = material.words
    columns = (
        Column("from_day", words("column.period")),
        Column("hazard_ratio", words("column.hazard_ratio"), "ratio", interval=True),
        Column("events", words("column.events"), "count"),
    )
    rows = tuple(
        {
            "from_day": Label(f"{band.from_day:g}", _when(material, band)),
            "hazard_ratio": band.hazard_ratio,
            "hazard_ratio_lower": band.lower,
            "hazard_ratio_upper": band.upper,
            "events": band.events,
        }
        for band in material.main.hazard_ratio_over_time
    )
    notes = [words("note.interval"), *material.rounded]
    if material.about.control_index == "every_month":
        notes.append(words("bands.note.people"))
    test = material.main.bands_test
    if test is not None:
        notes.append(words("varying.bands_test", p=words.p_value(test.p)))
    name = f"hazard_ratio_over_time_{material.main_name}"
    return Table(name, words("caption.bands"), columns, rows, tuple(notes))


def over_time_figure(material: Material) -> Figure:
    """Bands with intervals, and the smooth curve."""
    words, outcome = material.words, material.main
    rows = [("band", b.from_day, b.to_day, b.hazard_ratio, b.lower, b.upper) for b in outcome.hazard_ratio_over_time]
    rows += [("smooth", p.day, p.day, p.hazard_ratio, p.lower, p.upper) for p in outcome.hazard_ratio_curve]
    parts = [
        f"{labels.lower_first(_when(material, band))} {words.number(band.hazard_ratio, 2)}"
        for band in outcome.hazard_ratio_over_time
        if band.hazard_ratio is not None
    ]
    notes = [words("over_time.note")] if outcome.hazard_ratio_curve else []
    notes += cut_note(words, [limit for b in outcome.hazard_ratio_over_time for limit in (b.lower, b.upper)])
    return Figure(
        name=f"hazard_ratio_over_time_{material.main_name}",
        caption=words("caption.over_time", outcome=labels.lower_first(words.text(outcome.label))),
        alternative=words("alt.over_time", bands="; ".join(parts)),
        source=material.source,
        look=material.look,
        draw=lambda look: draw_over_time(look, outcome, material.days),
        columns=("kind", "from_day", "to_day", "hazard_ratio", "lower", "upper"),
        rows=tuple(rows),
        notes=tuple(notes),
    )


def proportionality_table(material: Material) -> Table:
    """The score test of proportional hazards, term by term."""
    words = material.words
    columns = (
        Column("term", words("column.variable")),
        Column("statistic", words("column.chi_squared"), "number"),
        Column("df", words("column.df"), "count"),
        Column("p", words("column.p"), "p"),
    )
    rows = tuple(
        {
            "term": Label(row.term, words("test.global") if row.term == "GLOBAL" else term_name(material, row.term)),
            "statistic": row.statistic,
            "df": row.df,
            "p": row.p,
        }
        for row in material.main.proportionality
    )
    return Table(f"proportionality_{material.main_name}", words("caption.proportionality"), columns, rows)


def term_name(material: Material, term: str) -> str:
    """A term "education: unknown" as readers know it."""
    factor, _, level = term.partition(": ")
    name = labels.variable(material.words, factor)
    return f"{name}: {labels.lower_first(labels.level(material.words, level))}" if level else name
