"""The page: complete, readable without a network, marked up so that everyone can read it."""

from __future__ import annotations

import itertools
import re
from html.parser import HTMLParser

import pytest
from written import Report

VOID = {"meta", "link", "br", "img", "hr", "input", "path", "use", "rect", "line", "circle"}


class Page(HTMLParser):
    """Collects what the tests ask about."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, dict[str, str | None]]] = []
        self.headings: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "script"):
            self.words.append(data)
        if self.open and re.fullmatch("h[1-6]", self.open[-1]):
            self.headings.append(self.open[-1])

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.attributes if name == tag]

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.words))


@pytest.fixture(scope="module", params=["report.html", "report.en.html"])
def page(request: pytest.FixtureRequest, report: Report) -> Page:
    return Page(report.page(request.param))


def test_tags_are_closed_in_order(page: Page) -> None:
    assert page.open == []


def test_nothing_is_fetched(report: Report) -> None:
    for name in ("report.html", "report.en.html"):
        text = report.page(name)
        addresses = set(re.findall(r'https?://[^"\s<)]+', text))
        assert all(address.startswith(("http://www.w3.org/",)) for address in addresses)
        assert not re.search(r'<(img|iframe|object|embed)\b|@import|src="', text)


def test_links_lead_somewhere(report: Report) -> None:
    for name in ("report.html", "report.en.html"):
        page = Page(report.page(name))
        ids = {attributes.get("id") for _, attributes in page.attributes}
        for link in page.all("a"):
            target = str(link["href"])
            assert target[1:] in ids if target.startswith("#") else (report.folder / target).exists(), target


def test_language_title_and_landmarks(report: Report) -> None:
    for name, language, title in (("report.html", "sv", "Nådde deltagarna"), ("report.en.html", "en", "Did part")):
        page = Page(report.page(name))
        assert page.all("html") == [{"lang": language}]
        assert title in page.text
        assert len(page.all("main")) == len(page.all("h1")) == 1
        assert page.all("nav")[0]["aria-label"]


def test_each_page_speaks_one_language(report: Report) -> None:
    """The pages share their templates; what one language fills in must not stay for the other."""
    swedish, english = Page(report.page()).text, Page(report.page("report.en.html")).text
    for word in ("Tabell 1.", "Figur 1.", "Hämta:", "Källa:", "procentenheter", "kontrollgrupp", "Två punkter"):
        assert word in swedish
        assert word not in english
    for word in ("Table 1.", "Figure 1.", "Files:", "Source:", "percentage points", "comparison group", "Two dots"):
        assert word in english
        assert word not in swedish


def test_headings_do_not_skip_levels(page: Page) -> None:
    levels = [int(heading[1]) for heading in page.headings]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_tables_have_captions_and_scoped_heads(page: Page) -> None:
    assert len(page.all("table")) == len(page.all("caption")) > 10
    assert all(head.get("scope") in ("col", "colgroup", "row") for head in page.all("th"))


def test_every_drawing_is_described(page: Page) -> None:
    drawings = [a for a in page.all("div") if "drawing" in str(a.get("class"))]
    assert len(drawings) == 2 * 10
    assert all(a["role"] == "img" and len(str(a["aria-label"])) > 40 for a in drawings)


def test_status_and_banner_of_simulated_data(report: Report, randomised: Report) -> None:
    text = Page(report.page()).text
    assert "Uppgifterna är simulerade" in text
    assert "Utkast" in text
    other = Page(randomised.page()).text
    assert "simulated" not in other
    assert "Final" in other


def test_small_enough_to_send(report: Report) -> None:
    assert len(report.page().encode()) < 3_000_000


def test_stressed_parts_are_marked_not_starred(page: Page) -> None:
    assert page.all("strong")
    assert not re.search(r"\*\*\w", page.text)


def test_no_word_of_no_effect(page: Page) -> None:
    assert not re.search("ingen effekt|no effect", page.text, re.IGNORECASE)


def test_no_place_is_left_open(page: Page) -> None:
    assert not re.search(r"\{\w*\}|None|\bnan\b", page.text)
