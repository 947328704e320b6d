"""Every word of the report has an explanation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import pytest

from hubcheck.card import glossary
from hubcheck.card.compose import compose
from hubcheck.card.document import (
    GLOSSARY,
    Block,
    Details,
    Heading,
    Inner,
    Line,
    OnPage,
    Opened,
    Table,
    Trusted,
)
from hubcheck.card.explain import TEXTS, explain
from hubcheck.report.words import (
    Conclusion,
    DeclarationVerdict,
    Depth,
    EvidenceKind,
    Holds,
    LicenceStatus,
    NothingCompared,
    ReasonCode,
    RelationKind,
    Verdict,
)
from hubcheck.verdict.policy import FAILABLE
from tests.card.gallery import CASES

WORDS = sorted(
    {
        str(word)
        for words in (Verdict, DeclarationVerdict, Conclusion, EvidenceKind, RelationKind)
        for word in words
    }
    | set(FAILABLE)
)


def test_exactly_the_words_are_explained() -> None:
    """No word of the report lacks a text, and no text lacks a word."""
    assert sorted(TEXTS) == WORDS


@pytest.mark.parametrize("word", WORDS)
def test_each_text_says_three_things(word: str) -> None:
    """Each text has 5 to 12 short lines: what it means, what not, what to do."""
    lines = explain(word).splitlines()
    assert 5 <= len(lines) <= 12
    assert lines[0].startswith(f"{word} (")
    assert all(len(line) <= 100 for line in lines)
    assert all(line.startswith("  ") for line in lines[1:])
    assert lines.pop() == f"  Page: {GLOSSARY}#{word}"
    starts = [line.split()[0] for line in lines[1:] if line.split()[0] in {"Means:", "Does", "Do:"}]
    assert starts == ["Means:", "Does", "Do:"]


def test_spelling_is_forgiving() -> None:
    """Capitals, spaces and underscores do not matter."""
    assert explain(" None_Found ") == explain("none-found")


def test_unknown_word() -> None:
    """An unknown word is refused with the list of words."""
    with pytest.raises(ValueError, match="the words are: architecture, aside, assumed, base"):
        explain("innocent")


def words_of(blocks: Iterable[Block | Inner]) -> Iterator[str]:
    """Yield every name of a section, a column and a fact, and every kind that stands in one."""
    for block in blocks:
        match block:
            case Details(summary=summary, blocks=inner):
                yield plain(summary)
                yield from words_of(inner)
            case Table(head=head, rows=rows):
                yield from head
                if head == ("what", "value"):
                    yield from (plain(row[0]) for row in rows)
            case Opened(summary=summary, tables=tables):
                yield plain(summary)
                yield from words_of(tables)
            case OnPage(table=table):
                yield from words_of((table,))
            case Heading(content=content):
                yield plain(content)
            case _:
                continue


def plain(content: Line) -> str:
    """Return what of a line is this project's own: a name of a model is no word of it."""
    said = "".join(part.text for part in content if isinstance(part, Trusted))
    return re.sub(r"^\d+ | from $", "", said.partition(":")[0])


@pytest.mark.parametrize("name", sorted(CASES))
def test_every_word_on_a_card_is_answered(name: str) -> None:
    """Each section, column, fact and code of every card of the gallery."""
    report = CASES[name]
    models = {f.base.ref for f in report.findings}
    asked = {word for word in words_of(compose(report).blocks) if word and word not in models}
    asked |= {f.code.value for f in report.findings if f.code.value}
    asked |= {report.verdict.value, report.conclusion.value, "Next"}
    unanswered = []
    for word in sorted(asked):
        try:
            explain(word)
        except ValueError:
            unanswered.append(word)
    assert unanswered == []


def test_every_code_is_answered() -> None:
    """What a program reads in a report, too; and each leads to a heading of the page."""
    headings = {line[3:] for line in glossary.page().splitlines() if line.startswith("## ")}
    for code in (*ReasonCode, *NothingCompared, *LicenceStatus, *Depth, *Holds):
        if code.value:
            assert explain(code.value).splitlines()[-1].rpartition("#")[2] in headings
