"""The effect over time: the hazard ratio in bands and as a curve, lock-in, and the test of proportional hazards."""

from __future__ import annotations

from pipeline.reporting.document import Block, Fold, Paragraph, Section
from pipeline.reporting.figures import Figure
from pipeline.reporting.material import Material
from pipeline.reporting.plots.ratios import draw_over_time
from pipeline.reporting.sections.summary import not_proportional
from pipeline.reporting.tables import Column, Label, Table
from pipeline.reporting.words import labels, sentences
from pipeline.reporting.words.sentences import Interval
from pipeline.results import Band


def varying_section(material: Material) -> Section | None:
    """How the difference in pace changes over the follow-up of the main outcome."""
    words, outcome = material.words, material.main
    bands = [band for band in outcome.hazard_ratio_over_time if band.hazard_ratio is not None]
    if not bands:
        return None
    blocks: list[Block] = [Paragraph(words("rate.explained", unit=labels.one(words, material.about.time_unit)))]
    blocks += [Paragraph(_band_sentence(material, band), "lead") for band in _telling(bands)]
    first = _interval(bands[0])
    if material.config.population is not None and first.upper is not None and first.upper < 1:
        blocks.append(Paragraph(words("varying.lock_in")))
    blocks += [over_time_figure(material), bands_table(material)]
    blocks.append(Paragraph(words("varying.changes" if not_proportional(outcome) else "varying.steady")))
    if outcome.proportionality:
        blocks.append(Fold(words("varying.tests"), (proportionality_table(material),)))
    return Section("over-time", words("section.varying"), tuple(blocks))


def _telling(bands: list[Band]) -> list[Band]:
    """The bands worth a sentence: those that are clear of one, the first of them at least."""
    clear = [band for band in bands if _interval(band).clear(1)]
    return clear or bands[:1]


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
    return Figure(
        name=f"hazard_ratio_over_time_{material.main_name}",
        caption=words("caption.over_time", outcome=labels.lower_first(words.text(outcome.label))),
        alternative=words("alt.over_time", bands="; ".join(parts)),
        source=material.source,
        look=material.look,
        draw=lambda look: draw_over_time(look, outcome, material.days),
        columns=("kind", "from_day", "to_day", "hazard_ratio", "lower", "upper"),
        rows=tuple(rows),
        notes=(words("over_time.note"),) if outcome.hazard_ratio_curve else (),
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
