"""The checklist of an output checker: what the program did, what a person has to judge, and each file."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.disclosure import Policy
from pipeline.reporting.words import Words
from pipeline.results import Results

TO_JUDGE = ("texts", "earlier", "groups", "everyone", "changed")


def checklist(words: Words, results: Results, policy: Policy, files: Sequence[str]) -> str:
    """The checklist as Markdown.

    results : protected · files : names of the files in the report's folder
    """
    k, listed = policy.minimum_count, results.suppressed
    parts = [f"# {words('checklist.title', name=results.evaluation.name)}", ""]
    if policy.public:
        parts += [words("checklist.public"), ""]
    else:
        done = (words("checklist.done.counts"), words("checklist.done.withheld", count=len(listed)))
        parts += [words("checklist.rule", k=k, base=policy.base), ""]
        parts += [f"## {words('checklist.done')}", "", *_boxes(done), ""]
    parts += [f"## {words('checklist.judge')}", "", *_boxes([words(f"checklist.judge.{key}") for key in TO_JUDGE]), ""]
    parts += [f"## {words('checklist.files')}", "", *_boxes([f"`{name}`" for name in files]), ""]
    parts += [f"## {words('checklist.listed')}", ""]
    parts += [f"- `{s.place}`: {words(f'reason.{s.reason}', k=k)}" for s in listed] or [words("checklist.nothing")]
    return "\n".join([*parts, "", words("checklist.signed"), ""])


def _boxes(lines: Sequence[str]) -> list[str]:
    return [f"- [ ] {line}" for line in lines]
