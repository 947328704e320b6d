"""The words of the first screen are linked, and the page they lead to explains them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hubcheck.card import glossary, html, markdown
from hubcheck.card.compose import compose
from hubcheck.card.document import GLOSSARY, Term
from hubcheck.report.words import RelationKind, Verdict
from tests.card.deep_reports import deep_cases
from tests.card.reports import cases

PAGE = Path(__file__).parents[2] / "docs" / "glossary.md"
CASES = cases() | deep_cases()


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
    linked = glossary.words_of(report)
    headings = {line[3:] for line in glossary.page().splitlines() if line.startswith("## ")}
    assert set(linked) <= headings
    wanted = {report.verdict.value, *(f.verdict.value for f in report.findings)}
    shown = {Verdict.RELATED, Verdict.DISGUISED}
    wanted |= {f.relation.kind.value for f in report.findings if f.relation and f.verdict in shown}
    assert wanted <= set(linked)
    document = compose(report)
    for word in linked:
        assert f"[{word}]({GLOSSARY}#{word})" in markdown.render(document)
        assert f'<a href="{GLOSSARY}#{word}">{word}</a>' in html.render(document)


def test_every_relation_has_a_heading() -> None:
    """No relation is shown that the page does not explain."""
    assert all(f"\n## {kind.value}\n" in glossary.page() for kind in RelationKind)


@pytest.mark.parametrize("word", ["", "a b", "x](http", "A", 'a"b', "a-"])
def test_only_plain_words_are_terms(word: str) -> None:
    """What becomes part of an address is a word of ours."""
    with pytest.raises(ValueError, match="small letters"):
        Term(word)
