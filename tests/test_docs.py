"""Pages lead where they say, and README shows what the demo prints."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hubcheck.card import markdown
from hubcheck.card.compose import compose
from hubcheck.card.document import GLOSSARY
from tests.card.gallery import CASES

ROOT = Path(__file__).parents[1]
PAGES = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"]
PAGES += sorted(page.relative_to(ROOT).as_posix() for page in ROOT.glob("docs/**/*.md"))
NEWCOMER = (
    "Is this a copy?",
    "How sure is it?",
    "What was not looked at?",
    "Can I check it myself?",
    "What do I do now?",
)


def text_of(page: Path) -> str:
    """Return a page without its code blocks, in which a bracket is no link."""
    return re.sub(
        r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE
    )


def anchors_of(page: Path) -> set[str]:
    """Return the anchors that GitHub gives the headings of a page."""
    found: set[str] = set()
    for heading in re.findall(r"^#{1,6} +(.+?) *$", text_of(page), re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        name = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        number = 0
        while (anchor := f"{name}-{number}" if number else name) in found:
            number += 1
        found.add(anchor)
    return found


def broken_in(page: Path) -> list[str]:
    """Return the links of a page to files of the project that lead nowhere."""
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text_of(page)):
        if re.match(r"[a-z]+:", target):  # another site: not this test's business
            continue
        path, _, anchor = target.partition("#")
        place = (page.parent / path) if path else page
        if not place.exists() or (anchor and anchor not in anchors_of(place)):
            broken.append(target)
    return broken


@pytest.mark.parametrize("page", PAGES)
def test_no_link_is_broken(page: str) -> None:
    """Every link to a file of the project has a file, and every anchor a heading."""
    assert broken_in(ROOT / page) == []


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    """The test above sees a file and a heading that are not there, and no others."""
    page = tmp_path / "page.md"
    page.write_text(
        "# A `title`, twice\n## Same\n## Same\n[a](page.md#a-title-twice) [b](#same-1)\n"
        "[c](none.md) [d](#same-2) [e](https://example.org/none)\n```sh\n[f](none.md)\n```\n"
    )
    assert broken_in(page) == ["none.md", "#same-2"]


def test_five_questions_are_two_clicks_away() -> None:
    """README leads to the page; the page has each question, and each answer leads on."""
    assert "(docs/faq.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
    page = (ROOT / "docs" / "faq.md").read_text(encoding="utf-8")
    sections = {part.partition("\n")[0]: part for part in page.split("\n## ")[1:]}
    assert tuple(sections) == NEWCOMER
    assert all("](" in section for section in sections.values())


@pytest.mark.parametrize("name", sorted(CASES))
def test_each_way_from_a_card_is_two_clicks(name: str) -> None:
    """A card of any state leads to the glossary, and the glossary's first lines to each question."""
    card = markdown.render(compose(CASES[name]))
    assert f"]({GLOSSARY}#" in card  # the first click
    page = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    begin = page.partition("\n## ")[0].replace("\n", " ")
    for question in NEWCOMER:  # the second
        anchor = question.lower().rstrip("?").replace(" ", "-")
        assert f"[{question}](faq.md#{anchor})" in begin
        assert anchor in anchors_of(ROOT / "docs" / "faq.md")


@pytest.mark.parametrize(
    "name",
    ["evidence", "relations", "closeness", "deep", "full", "reading", "formats", "candidates", "kinds",
     "axes", "attacks", "benchmark", "benchmarks"],
)  # fmt: skip
def test_a_dense_page_begins_for_everybody(name: str) -> None:
    """Before its first heading, command or table stands what it is about, without statistics."""
    page = (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    first = page.split("\n\n")[1]
    assert first.startswith(("*In plain words.* ", "*In short.* "))
    assert 150 <= len(first) <= 700
    assert not re.search(r"1e-|log10|cosine|e-value|P\(|`--", first)
