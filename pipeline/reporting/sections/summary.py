"""The result in short, and what was evaluated."""

from __future__ import annotations

from pipeline.reporting.document import Block, Bullets, Headline, KeyFigure, Paragraph, Section
from pipeline.reporting.material import (
    Material,
    difference_of,
    full_model,
    headline_shares,
    interval_of,
    treatment_term,
)
from pipeline.reporting.words import labels, sentences
from pipeline.results import OutcomeResult, Share

# Proportional hazards are called in question below this p.
NOT_PROPORTIONAL = 0.05


def subtitle(material: Material) -> str:
    """What kind of report this is and how far its data reach."""
    words, about = material.words, material.about
    kind = words("subtitle.matched" if material.matched else "subtitle.randomised")
    if about.follow_up_to is None:
        return kind
    return words("subtitle.until", kind=kind, date=words.date(about.follow_up_to))


def headline_section(material: Material) -> Section:
    """Ranges first, in plain sentences, with the key figures beside them."""
    words, outcome = material.words, material.main
    lines = [share_sentence(material, material.main_name, share) for share in headline_shares(material, outcome.at)]
    if outcome.curves:
        lines = lines or [words("headline.no_times")]
        lines.append(rate_sentence(material, outcome))
    else:
        lines = [words("outcome.withheld")]
    if not_proportional(outcome) and treatment_term(full_model(outcome.models)):
        lines[-1] += " " + words("headline.varies")
    lines += [line for name in material.results.outcomes if (line := _other_outcome(material, name))]
    blocks: list[Block] = [
        Headline(
            sentences=tuple(lines),
            figures=tuple(_key_figure(material, share) for share in headline_shares(material, outcome.at)),
            participants=material.participants,
            controls=material.controls,
            difference=words("column.difference"),
        ),
        Paragraph(words("headline.caution.matched" if material.matched else "headline.caution.randomised")),
    ]
    return Section("summary", words("section.summary"), tuple(blocks))


def share_sentence(material: Material, name: str, share: Share) -> str:
    """How many more had reached an outcome by a time, from the start or from the outcome it follows."""
    first = material.after(name)
    phrases = {"time": material.time(share.day), "done": material.verbs(material.results.outcomes[name])["done"]}
    key = "headline.difference"
    if first is not None:
        key, phrases["reached"] = "headline.after", material.verbs(material.results.outcomes[first])["done"]
    shares = share.participants, share.controls
    return sentences.shares_apart(material.words, difference_of(share), shares, key=key, **phrases, **material.groups())


def rate_sentence(material: Material, outcome: OutcomeResult) -> str:
    """The hazard ratio of the model with every covariate in a sentence."""
    ratio = interval_of(treatment_term(full_model(outcome.models)))
    return sentences.rates_apart(material.words, ratio, do=material.verbs(outcome)["do"], **material.groups())


def not_proportional(outcome: OutcomeResult) -> bool:
    """Whether the hazard ratio is seen to change over the follow-up."""
    tests = [row.p for row in outcome.proportionality if row.term == "participant"]
    if outcome.bands_test is not None:
        tests.append(outcome.bands_test.p)
    return any(p is not None and p < NOT_PROPORTIONAL for p in tests)


def _other_outcome(material: Material, name: str) -> str | None:
    """One sentence on each further outcome, at the last of the times told first."""
    if name == material.main_name:
        return None
    shares = headline_shares(material, material.results.outcomes[name].at)
    return share_sentence(material, name, shares[-1]) if shares else None


def _key_figure(material: Material, share: Share) -> KeyFigure:
    words, difference = material.words, difference_of(share)
    both = difference.lower is not None and difference.upper is not None
    limits = [words.signed_points(limit) for limit in (difference.lower, difference.upper)] if both else []
    return KeyFigure(
        time=words("headline.within", time=material.time(share.day)),
        participants=words.percent(share.participants),
        controls=words.percent(share.controls),
        difference=words("headline.range", low=limits[0], high=limits[1]) if both else words.number(None),
    )


def about_section(material: Material) -> Section:
    """What was evaluated, against what, and by which outcome."""
    words, about = material.words, material.about
    outcomes = [labels.lower_first(words.text(o.label)) for o in material.results.outcomes.values()]
    items = [words("about.compared", programme=words.text(about.programme), **material.groups())]
    if about.intake_first and about.intake_last:
        items.append(words("about.intake", first=words.date(about.intake_first), last=words.date(about.intake_last)))
    if about.follow_up_to:
        items.append(words("about.follow_up", date=words.date(about.follow_up_to)))
    items.append(words("about.main_outcome", outcome=outcomes[0]))
    if len(outcomes) > 1:
        items.append(words("about.other_outcomes", outcomes="; ".join(outcomes[1:])))
    if about.participants.sv != "Deltagare":
        items.append(words("about.called", **material.groups()))
    items.append(words("about.counterfactual.matched" if material.matched else "about.counterfactual.randomised"))
    return Section("about", words("section.about"), (Bullets(tuple(items)), Paragraph(words("about.reading"))))
