"""Tables as text for other documents: LaTeX (with booktabs) and Markdown, in one language each."""

from __future__ import annotations

import re

from pipeline.reporting.tables import Column, Table, cell, heads, under
from pipeline.reporting.words import Words
from pipeline.reporting.words.numbers import MINUS, NBSP

# Longer tables run over several pages, which a floating one cannot.
LONG = 40
SENTENCE_WIDTH = "0.38\\textwidth"
LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    NBSP: "~", MINUS: "$-$", "–": "--", "”": "''", "“": "``",
}  # fmt: skip
MARKDOWN = re.compile(r"([\\|*_`\[\]<>])")


def to_latex(words: Words, table: Table, source: str = "") -> str:
    """A table for LaTeX documents that load booktabs, and longtable for those of more than 40 rows."""
    layout = "".join(_place(column) for column in table.columns)
    caption = rf"\caption{{{latex_text(table.caption)}}}\label{{tab:{table.name}}}"
    top = [r"\toprule", *_latex_heads(table), r"\midrule"]
    body = [" & ".join(latex_text(text) for text in row) + r" \\" for row in _texts(words, table)]
    notes = [rf"\par\smallskip{{\footnotesize {latex_text(' '.join(under(words, table, source)))}\par}}"]
    if len(table.rows) > LONG:
        lines = [rf"\begin{{longtable}}{{{layout}}}", caption + r" \\", *top, r"\endhead"]
        lines += [r"\bottomrule", r"\endlastfoot", *body, r"\end{longtable}", *notes]
    else:
        lines = [r"\begin{table}[htbp]", r"\centering", caption, rf"\begin{{tabular}}{{{layout}}}", *top, *body]
        lines += [r"\bottomrule", r"\end{tabular}", *notes, r"\end{table}"]
    return "\n".join(lines) + "\n"


def to_markdown(words: Words, table: Table, source: str = "") -> str:
    """A pipe table with its caption in bold above and its notes below."""
    names = [f"{column.group}: {column.label}" if column.group else column.label for column in table.columns]
    lines = [f"**{markdown_text(table.caption)}**", "", _piped(names)]
    lines.append("|" + "|".join(" --- " if column.kind == "text" else " ---: " for column in table.columns) + "|")
    lines += [_piped(row) for row in _texts(words, table)]
    notes = [markdown_text(note) for note in under(words, table, source)]
    return "\n".join([*lines, *(["", " ".join(notes)] if notes else [])]) + "\n"


def _texts(words: Words, table: Table) -> list[list[str]]:
    return [[cell(words, column, row, table.absent) for column in table.columns] for row in table.rows]


def _place(column: Column) -> str:
    if column.key == "sentence":
        return f"p{{{SENTENCE_WIDTH}}}"
    return "l" if column.kind == "text" else "r"


def _latex_heads(table: Table) -> list[str]:
    rows = heads(table)
    if len(rows) == 1:
        return [" & ".join(latex_text(head.text) for head in rows[0]) + r" \\"]
    upper, rules, lower, place = [], [], [], 1
    below = iter(rows[1])
    for head in rows[0]:
        upper.append(rf"\multicolumn{{{head.span}}}{{c}}{{{latex_text(head.text)}}}" if head.down == 1 else "")
        if head.down == 1:
            rules.append(rf"\cmidrule(lr){{{place}-{place + head.span - 1}}}")
        lower += [latex_text(head.text)] if head.down > 1 else [latex_text(next(below).text) for _ in range(head.span)]
        place += head.span
    return [" & ".join(upper) + r" \\", "".join(rules), " & ".join(lower) + r" \\"]


def latex_text(text: str) -> str:
    """Text with the signs that LaTeX reads as commands written out."""
    return "".join(LATEX.get(letter, letter) for letter in text)


def markdown_text(text: str) -> str:
    """Text with the signs that Markdown reads as marks written out."""
    return MARKDOWN.sub(r"\\\1", text)


def _piped(texts: list[str]) -> str:
    return "| " + " | ".join(markdown_text(text) for text in texts) + " |"
