"""The words of the first screen are linked, and the page they lead to explains them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hubcheck.card import glossary, html, linked, markdown
from hubcheck.card.compose import compose
from hubcheck.card.document import GLOSSARY, Identifier, Term, Trusted, Untrusted
from hubcheck.card.explain import TEXTS
from hubcheck.card.explain_terms import TERMS
from hubcheck.report.words import RelationKind, Verdict
from tests.card.gallery import CASES

PAGE = Path(__file__).parents[2] / "docs" / "glossary.md"


def test_the_page_is_made_of_the_texts() -> None:
    """docs/glossary.md is what the module prints; HUBCHECK_UPDATE_GOLDEN=1 writes it."""
    if os.environ.get("HUBCHECK_UPDATE_GOLDEN") == "1":
        PAGE.write_text(glossary.page(), encoding="utf-8", newline="\n")
    assert PAGE.read_text(encoding="utf-8") == glossary.page()
    assert GLOSSARY.endswith("/docs/glossary.md")


@pytest.mark.parametrize("name", sorted(CASES))
def test_each_word_of_the_first_screen_leads_to_its_heading(name: str) -> None:
    """Verdicts, relations and columns of the card are linked, and every link has a heading."""
    report = CASES[name]
    words = glossary.words_of(report)
    headings = {line[3:] for line in glossary.page().splitlines() if line.startswith("## ")}
    assert set(words) <= headings
    wanted = {report.verdict.value, *(f.verdict.value for f in report.findings)}
    shown = {Verdict.RELATED, Verdict.DISGUISED}
    wanted |= {f.relation.kind.value for f in report.findings if f.relation and f.verdict in shown}
    assert wanted <= set(words)
    document = compose(report)
    for text, link in (
        (markdown.render(document), f"]({GLOSSARY}#%s)"),
        (html.render(document), f'<a href="{GLOSSARY}#%s">'),
    ):
        assert all(text.count(link % word) == 1 for word in words)  # once, where it stands first


def test_what_stands_in_a_sentence_has_a_heading() -> None:
    """Every word that is linked inside sentences is explained on the page."""
    assert set(linked.MEANT.values()) <= set(TEXTS | TERMS)


def test_a_name_is_never_looked_through() -> None:
    """Only text of this project is linked: a repository may be called like a word."""
    links = linked.Links()
    line = (Identifier("related/merge"), Trusted(" is related"), Untrusted("a merge"))
    assert links.line(line) == (line[0], Trusted(" is "), Term("related"), line[2])


def test_every_relation_has_a_heading() -> None:
    """No relation is shown that the page does not explain."""
    assert all(f"\n## {kind.value}\n" in glossary.page() for kind in RelationKind)


@pytest.mark.parametrize("word", ["", "a b", "x](http", "A", 'a"b', "a-"])
def test_only_plain_words_are_terms(word: str) -> None:
    """What becomes part of an address is a word of ours."""
    with pytest.raises(ValueError, match="small letters"):
        Term(word)
