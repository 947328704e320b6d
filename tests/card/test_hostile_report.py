"""A report in which every text is hostile still renders as a card and nothing else."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from enum import Enum
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

import pytest
from pydantic import BaseModel

from hubcheck.card import (
    badge,
    heat_png,
    heat_svg,
    html,
    markdown,
    order_picture,
    table,
)
from hubcheck.card.compose import compose
from hubcheck.card.document import DOCS, Term
from hubcheck.card.explain import TEXTS
from hubcheck.card.explain_terms import TERMS
from hubcheck.card.index import IndexEntry, index_html
from hubcheck.report.phrases import Phrase
from hubcheck.report.schema import Report
from hubcheck.report.words import DeclarationVerdict
from tests.card import deep_reports, reports
from tests.card.payloads import PAYLOADS
from tests.card.rendered import LATE_FILTERS, Page, html_page, markdown_page

pytestmark = pytest.mark.slow
MARKDOWN_TAGS = frozenset(
    {"h3", "p", "strong", "code", "pre", "ul", "li", "details", "summary"}
    | {"table", "thead", "tbody", "tr", "th", "td"}
)
HTML_TAGS = (
    (MARKDOWN_TAGS - {"h3"})
    | {"html", "head", "meta", "title", "style", "body", "main", "header"}
    | {"h1", "h2", "span", "bdi", "div", "i", "mark"}
    | {"svg", "g", "rect", "path", "text", "polygon", "polyline", "circle"}
)

PICTURE_ATTRIBUTES = frozenset(
    {"class", "width", "height", "viewBox", "role", "aria-label", "tabindex", "transform"}
    | {"x", "y", "rx", "d", "stroke-width", "font-size", "font-weight", "text-anchor"}
)


def poisoned(report: Report, payload: str) -> Report:
    """Return ``report`` with every free text replaced by ``payload``.

    A field's annotation says whether it holds free text; a word of a closed list (an enum, a
    literal) stays, for pydantic lets nothing else in.
    """
    return report.model_validate(_poisoned_fields(report, payload))


def _poisoned_fields(part: BaseModel, payload: str) -> dict[str, Any]:
    return {
        name: _poison(getattr(part, name), field.annotation, payload)
        for name, field in type(part).model_fields.items()
    }


def _poison(value: Any, annotation: Any, payload: str) -> Any:
    """Return a value of a field with this annotation, its free texts replaced."""
    if isinstance(value, BaseModel):
        return _poisoned_fields(value, payload)
    if isinstance(value, Phrase):
        return _poisoned_phrase(value, payload)
    if isinstance(value, tuple | list):
        return [_poison(item, _of_items(annotation), payload) for item in value]
    return payload if isinstance(value, str) and _takes_any_text(annotation) else value


def _poisoned(value: Any, payload: str) -> Any:
    """Return a parameter of a phrase with every text in it replaced."""
    if isinstance(value, tuple):
        return tuple(_poisoned(one, payload) for one in value)
    if isinstance(value, Phrase):
        return _poisoned_phrase(value, payload)
    return payload if isinstance(value, str) else value


def _poisoned_phrase(value: Phrase, payload: str) -> Phrase:
    return Phrase(value.code, {k: _poisoned(v, payload) for k, v in value.params.items()})


def _of_items(annotation: Any) -> Any:
    """Return the annotation of what a tuple holds; every tuple of the report is of one kind."""
    (sequence,) = (a for a in _choices(annotation) if get_origin(a) in {tuple, list})
    return get_args(sequence)[0]


def _takes_any_text(annotation: Any) -> bool:
    return any(choice is str for choice in _choices(annotation))


def _choices(annotation: Any) -> tuple[Any, ...]:
    """Return the members of ``X | None``, or the annotation alone."""
    union = get_origin(annotation) in {Union, UnionType}
    return get_args(annotation) if union else (annotation,)


def full(verdict: DeclarationVerdict) -> Report:
    """Return a report in which every section is filled."""
    findings = (
        reports.unrelated(),
        reports.matching(explained_by=None, power="some power", reason="some reason"),
        reports.matching(ref="third/model", explained_by="acme/base-7b"),
        reports.untested("fourth/model", "gated"),
        reports.cases()["parts"].findings[0],
        reports.cases()["relabelled"].findings[0],
        deep_reports.disguise(ref="fifth/model"),
        *(deep_reports.upscaled().findings + deep_reports.merged().findings),
        reports.matching(evidence=(deep_reports.whole_model("some sentence"),)),
    )
    return reports.report(
        verdict,
        *findings,
        context=reports.context(),
        warnings=("one", "two"),
        limits=("a limit",),
        subject=reports.with_unread(),
    )


GLOSSARY_LINKS = frozenset(Term(word).address for word in TEXTS | TERMS) | {f"{DOCS}/history.md"}
"""All that a card may link to where no name of a report is plain."""


def links_of(page: Page) -> set[str]:
    """Return where a page links to."""
    return {value for _, name, value in page.attributes if name == "href"}


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_hostile_text_everywhere(payload: str) -> None:
    """With one payload in every text, each output holds its own elements and text only."""
    verdicts = list(DeclarationVerdict)
    # Each payload meets one verdict; each verdict meets a fifth of the payloads, and the worst mix.
    for verdict in [verdicts[PAYLOADS.index(payload) % len(verdicts)]]:
        report = poisoned(full(verdict), payload)
        document = compose(report)

        source = markdown.render(document)
        page = markdown_page(source)
        assert set(page.tags) <= MARKDOWN_TAGS | {"a"}
        assert {name for _, name, _ in page.attributes} <= {"align", "lang", "class", "href"}
        assert links_of(page) <= GLOSSARY_LINKS
        assert not page.declarations
        assert not LATE_FILTERS.search(page.prose)
        assert len(source.encode()) <= markdown.SIZE_LIMIT
        assert "::" not in source
        assert "##[" not in source
        assert page.tags.count("h3") == 1
        assert page.tags.count("details") == page.tags.count("summary")

        page = html_page(html.render(document))
        assert set(page.tags) <= HTML_TAGS | {"a"}
        assert links_of(page) <= GLOSSARY_LINKS
        assert not any(name.startswith("on") or name == "src" for _, name, _ in page.attributes)
        styles = {value for _, name, value in page.attributes if name == "style"}
        assert all(value.removeprefix("width:").removesuffix("%").isdigit() for value in styles)

        text = table.summary(report)
        assert all(c == "\n" or c.isprintable() or c in "\u2068\u2069" for c in text)
        assert "::" not in text
        assert "##[" not in text

        assert json.loads(badge.endpoint(report))["schemaVersion"] == 1
        root = ET.fromstring(badge.svg(report))  # noqa: S314 - our own text, parsed to check it
        assert {e.tag.rpartition("}")[2] for e in root.iter()} <= {
            "svg", "title", "rect", "g", "text",
        }  # fmt: skip

        root = ET.fromstring(heat_svg.svg(report))  # noqa: S314 - the same
        assert {e.tag.rpartition("}")[2] for e in root.iter()} <= {
            "svg", "title", "style", "rect", "path", "g", "text",
        }  # fmt: skip
        assert {name for e in root.iter() for name in e.attrib} <= PICTURE_ATTRIBUTES
        if PAYLOADS.index(payload) % 8 == 0:  # its text is strokes: drawing some of them is enough
            assert heat_png.png(report).startswith(b"\x89PNG")

        root = ET.fromstring(order_picture.svg(report))  # noqa: S314 - the same
        assert {e.tag.rpartition("}")[2] for e in root.iter()} <= {
            "svg", "title", "style", "rect", "path", "g", "text",
        }  # fmt: skip

        row = table.overview_row(report)
        assert table.overview((row,)).count("\n") == 3
        page = html_page(index_html((IndexEntry(href="a/card.html", row=row),)))
        assert set(page.tags) <= HTML_TAGS | {"a", "br"}
        assert [value for _, name, value in page.attributes if name == "href"] == ["a/card.html"]


def test_poison_reaches_every_text() -> None:
    """The test above replaces what it says it replaces: no free text survives it."""

    def texts(part: Any) -> list[str]:
        if isinstance(part, BaseModel):
            free = [n for n, f in type(part).model_fields.items() if not _is_word(f.annotation)]
            return [text for name in free for text in texts(getattr(part, name))]
        if isinstance(part, tuple):
            return [t for item in part for t in texts(item)]
        return [part] if isinstance(part, str) and not isinstance(part, Enum) else []

    report = full(DeclarationVerdict.CONTRADICTED)
    assert len(set(texts(report))) > 50
    assert set(texts(poisoned(report, "X"))) == {"X"}


def _is_word(annotation: Any) -> bool:
    return get_origin(annotation) is Literal


def test_many_long_names_fit() -> None:
    """A card with hundreds of bases and the most costly names stays under its limit."""
    finding = reports.matching()
    many = tuple(finding for _ in range(300))
    report = poisoned(reports.report(DeclarationVerdict.UNDECLARED, *many), "|@" * 500)
    assert len(markdown.render(compose(report)).encode()) <= markdown.SIZE_LIMIT
    source = markdown.render(compose(report), limit=15_000)
    assert len(source.encode()) <= 15_000
    assert "More bases are in report.json." in source
    assert "**Next:**" in source
