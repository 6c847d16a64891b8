"""An analysis as text: for a terminal, as data, and as tables that go into a document."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path

from pydantic_core import to_json

from pipeline import estimate
from pipeline.config import Config
from pipeline.errors import Fault, UserError
from pipeline.reporting.document import Block, Document, Paragraph, Section
from pipeline.reporting.material import Material
from pipeline.reporting.sections.analyses import analysis_blocks
from pipeline.reporting.tables import Table, cell, under
from pipeline.reporting.tabletext import latex_text, markdown_text, to_latex, to_markdown
from pipeline.reporting.words import Words
from pipeline.results import Analysis, Balance, BeforeAfter, Effects, Estimate, Results, SubgroupResult, rounded

COLUMNS = ("group", "quantity", "of", "value", "lower", "upper", "p")
GAP = "   "
Row = tuple[str, str, str, float | None, float | None, float | None, float | None]


def written(analysis: Analysis, config: Config, form: str, language: str | None, out: Path | None, base: Path) -> str:
    """An analysis in one of the formats, as text to print; nothing when it was written to a file.

    base : the folder of the configuration, from which it names a house style and a Word template

    Raises
    ------
    UserError : docx without a file, or a file that cannot be written
    """
    own = language or config.language[0]
    if form == "docx":
        if out is None:
            raise UserError(Fault("--format", "docx is no text.", "Name a file to write it to with --out women.docx."))
        content = to_word(analysis, config, own, base)
    else:
        text = {
            "csv": lambda: to_csv(analysis),
            "json": lambda: to_data(analysis),
            "markdown": lambda: to_document(analysis, config, own, to_markdown, markdown_text),
            "latex": lambda: to_document(analysis, config, own, to_latex, latex_text),
            "table": lambda: to_terminal(analysis, config, language or "en"),
        }[form]()
        if out is None:
            return text
        content = f"{text}\n".encode()
    try:
        out.write_bytes(content)
    except OSError as error:
        raise UserError(Fault("--out", f"cannot be written: {error.strerror}.", "Name another file.")) from None
    return ""


def only_curves(analysis: Analysis) -> Analysis:
    """The shares and curves of an analysis without its regressions.

    Raises
    ------
    UserError : no group has both arms, so that there is nothing to draw side by side
    """
    if not any(group.curves or group.at or group.withheld for group in analysis.groups.values()):
        what = "picks one arm alone, and curves compare participants with controls."
        raise UserError(Fault("--where", what, "Leave participant out of the condition."))
    groups = {
        key: group.model_copy(update={"models": {}, "interaction": None}) for key, group in analysis.groups.items()
    }
    return analysis.model_copy(update={"groups": groups})


def material_of(config: Config, language: str) -> Material:
    """What the writers of the report need to know of an evaluation, in a language, without its results."""
    nothing = Balance(before=[], after=[], l1=BeforeAfter(before=None, after=None))
    about = estimate.about(config, simulated=False)
    results = Results(evaluation=about, flow=[], description=[], matching=None, balance=nothing, outcomes={})
    return Material(results, config, {}, Words(language))


def blocks_of(analysis: Analysis, config: Config, language: str) -> tuple[Words, list[Block]]:
    """The paragraphs and tables of an analysis in a language."""
    material = material_of(config, language)
    return material.words, analysis_blocks(material, "subgroup", analysis)


def to_terminal(analysis: Analysis, config: Config, language: str) -> str:
    """Paragraphs and tables as they are read in a terminal."""
    words, blocks = blocks_of(analysis, config, language)
    parts = [block.text if isinstance(block, Paragraph) else aligned(words, block)
             for block in blocks if isinstance(block, Paragraph | Table)]  # fmt: skip
    return "\n\n".join(parts)


def to_document(
    analysis: Analysis,
    config: Config,
    language: str,
    table: Callable[[Words, Table, str], str],
    plain: Callable[[str], str],
) -> str:
    """Paragraphs and tables for a document, written as LaTeX or Markdown."""
    words, blocks = blocks_of(analysis, config, language)
    source = words.text(config.evaluation.source) if config.evaluation.source else ""
    parts = [plain(block.text) if isinstance(block, Paragraph) else table(words, block, source).strip()
             for block in blocks if isinstance(block, Paragraph | Table)]  # fmt: skip
    return "\n\n".join(parts)


def to_word(analysis: Analysis, config: Config, language: str, base: Path) -> bytes:
    """A Word file with the paragraphs, figures and tables, in the look of the report.

    Raises
    ------
    UserError : the house style or the Word template cannot be read
    """
    from pipeline.analysis.figures import drawn
    from pipeline.reporting.word import write_word

    words, blocks = blocks_of(analysis, config, language)
    pictures = drawn(analysis, config, language, base)
    text = [block for block in blocks if isinstance(block, Paragraph)]
    tables = [block for block in blocks if not isinstance(block, Paragraph)]
    figures = [picture.figure for picture in pictures]
    label, evaluation, kind = analysis.question.label, words.text(config.evaluation.title), words("section.analyses")
    document = Document(
        language=language,
        title=words.text(label) if label else evaluation,
        subtitle=evaluation if label else kind,
        status=words(f"status.{config.evaluation.status}"),
        final=config.evaluation.status == "final",
        banner=None,
        sections=(Section("analysis", words.text(analysis.outcome_label), (*text, *figures, *tables)),),
    )
    source = words.text(config.evaluation.source) if config.evaluation.source else ""
    template = base / config.report.word_template if config.report.word_template else None
    return write_word(document, words, pictures, source, template)


def aligned(words: Words, table: Table) -> str:
    """A table in columns of spaces: caption, heads, cells, notes."""
    heads = [column.label for column in table.columns]
    cells = [[cell(words, column, row, table.absent) for column in table.columns] for row in table.rows]
    widths = [max(len(line[i]) for line in [heads, *cells]) for i in range(len(heads))]
    left = [column.kind == "text" and column.key != "cost" for column in table.columns]
    lines = []
    for line in [heads, *cells]:
        padded = (t.ljust(w) if to_left else t.rjust(w) for t, w, to_left in zip(line, widths, left, strict=True))
        lines.append(GAP.join(padded).rstrip())
    rule = "-" * max(map(len, lines))
    return "\n".join([table.caption, rule, lines[0], rule, *lines[1:], rule, *under(words, table, "")])


def to_csv(analysis: Analysis) -> str:
    """One number a row: group, quantity, what of (a term, a day), value, lower, upper, p; blank where withheld.

    Last come the tests between all levels of a variable, which is named in the place of a group: chi-squared with its
    degrees of freedom.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for key, group in analysis.groups.items():
        writer.writerows(map(_plain, rows_of(key, group)))
    for variable, test in analysis.differences.items():
        joint: Row = (variable, "levels_differ_chi_squared", f"{test.df}", test.statistic, None, None, test.p)
        writer.writerow(_plain(joint))
    return out.getvalue().rstrip("\n")


def _plain(row: Row) -> list[str | int]:
    """A row as CSV has it: unrounded, nothing where there is nothing."""
    return [f"{v:.12g}" if isinstance(v, float) else "" if v is None else v for v in row]


def to_data(analysis: Analysis) -> str:
    """Everything, as results.json holds it."""
    return to_json(rounded(analysis.model_dump(mode="json")), indent=1).decode("utf-8")


def rows_of(key: str, group: SubgroupResult) -> Iterator[Row]:
    """The numbers of a group, one a row."""
    if group.withheld:
        yield key, "withheld", group.withheld, None, None, None, None
    for arm in ("participants", "controls"):
        yield key, "people", arm, getattr(group, arm), None, None, None
    for share in group.at:
        for arm in ("participants", "controls"):
            limits = getattr(share, f"{arm}_lower"), getattr(share, f"{arm}_upper")
            yield key, f"share_{arm}", f"{share.day:g}", getattr(share, arm), *limits, None
        yield key, "difference", f"{share.day:g}", share.difference, share.lower, share.upper, None
    if group.effects:
        yield from _effects(key, group.effects)
    for step in group.curves:
        limits = step.lower, step.upper
        yield key, f"curve_{step.group}", f"{step.day:g}", step.cumulative_incidence, *limits, None
        yield key, f"at_risk_{step.group}", f"{step.day:g}", step.at_risk, None, None, None
    for model in group.models.values():
        for term in model.terms:
            yield key, "hazard_ratio", term.term, term.hazard_ratio, term.lower, term.upper, term.p
    for band in group.hazard_ratio_over_time:
        yield key, "hazard_ratio_from_day", f"{band.from_day:g}", band.hazard_ratio, band.lower, band.upper, None
    for point in group.hazard_ratio_curve:
        yield key, "hazard_ratio_at_day", f"{point.day:g}", point.hazard_ratio, point.lower, point.upper, None
    if group.interaction:
        test = group.interaction
        yield key, "interaction", "participant", test.ratio, test.lower, test.upper, test.p_adjusted


def _effects(key: str, effects: Effects) -> Iterator[Row]:
    for row in effects.extra:
        yield key, "extra_per_100", f"{row.day:g}", *_spread(row.per_100), None
    if effects.days_gained is not None:
        yield key, "days_gained", f"{effects.until:g}", *_spread(effects.days_gained), None
    for cost in effects.costs:
        yield key, "cost_per_extra", f"{cost.day:g}", cost.value, cost.lower, cost.upper, None


def _spread(estimate: Estimate) -> tuple[float | None, float | None, float | None]:
    return estimate.value, estimate.lower, estimate.upper
