"""Markdown, HTML, terminal and index render one document each in their own medium."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from hubcheck.card import html, markdown, table
from hubcheck.card.compose import compose
from hubcheck.card.document import DOCS, GLOSSARY, Tone, Trusted
from hubcheck.card.index import IndexEntry, index_html
from hubcheck.report.words import DeclarationVerdict
from tests.card.rendered import html_page, markdown_page, seen
from tests.card.reports import cases

MARKUP = ("a|b", "<b>", "`x`", "a_b", "*", "[x]", "$1", "a@b", "#1", "a//b", "a::b", "\n", "\u202e")


@pytest.mark.parametrize("text", MARKUP)
def test_trusted_text_holds_no_markup(text: str) -> None:
    """Text that means something to a renderer cannot be passed off as ours."""
    with pytest.raises(ValueError, match="wrap it in Untrusted or Identifier"):
        Trusted(text)


def test_markdown_and_html_say_the_same() -> None:
    """Each table cell of the markdown card stands in the HTML card too."""
    for report in cases().values():
        document = compose(report)
        shown = seen(html_page(html.render(document)).text)
        source = markdown.render(document)
        for cell in re.findall(r"(?<=\| )[^|\n]+(?= \|)", source.split("<details>")[0]):
            assert seen(markdown_page(cell).text) in shown


OURS = re.compile(
    rf"{re.escape(GLOSSARY)}#[a-z-]+|{re.escape(DOCS)}/history\.md"
    r"|https://huggingface\.co/[\w.-]+/[\w.-]+/(?:tree/[0-9a-f]{40}|blob/[0-9a-f]{40}/[\w./-]+)"
)


def test_html_makes_no_request() -> None:
    """No script or image; addresses are of our documentation and of pinned pages of the Hub."""
    for report in cases().values():
        text = html.render(compose(report))
        page = html_page(text)
        assert {"script", "link", "img", "iframe", "form"}.isdisjoint(page.tags)
        assert "default-src 'none'" in text
        links = [value for _, name, value in page.attributes if name in {"href", "src"}]
        assert links
        assert all(OURS.fullmatch(link) for link in links)
        assert not re.search(r"https?://|url\(|@import", OURS.sub("", text))


def test_html_works_light_and_dark() -> None:
    """Both schemes and the phone have rules, and every colour of a tone is defined twice."""
    text = html.render(compose(cases()["confirmed"]))
    assert "prefers-color-scheme:dark" in text
    assert "max-width:44rem" in text
    for tone in Tone:
        assert text.count(f"--{tone.value}:#") == 2


def test_a_long_card_sheds_its_longest_sections() -> None:
    """Under a small limit the first screen stays, and what was left out is named."""
    document = compose(cases()["contradicted"])
    whole = markdown.render(document)
    short = markdown.render(document, limit=3000)
    assert len(short.encode()) <= 3000
    assert short.startswith(whole.split("<details>")[0])
    assert "Left out for length, complete in report.json: " in short
    assert short.count("<details>") == short.count("</details>") > 0


def test_overview_is_one_line_per_subject() -> None:
    """The overview names each subject, what is claimed and what was found, in aligned columns."""
    rows = tuple(table.overview_row(cases()[name]) for name in ("confirmed", "contradicted"))
    lines = table.overview(rows).splitlines()
    assert lines[0].split("  ")[0] == "subject"
    assert "related to acme/base-7b (confirmed)" in lines[2]
    assert "related to other/base-7b (contradicted)" in lines[3]
    assert lines[3].rstrip().endswith("0.950")
    assert lines[2].index("acme/base-7b") == lines[3].index("acme/base-7b")


def test_index_links_to_each_card() -> None:
    """The index page links each subject to its card and shows the verdict in words."""
    entries = tuple(
        IndexEntry(href=f"{name}/card.html", row=table.overview_row(report))
        for name, report in cases().items()
    )
    page = html_page(index_html(entries))
    links = [value for _, name, value in page.attributes if name == "href"]
    assert links == [f"{name}/card.html" for name in cases()]
    assert all(verdict.value in page.text for verdict in DeclarationVerdict)


@pytest.mark.parametrize("href", ["javascript:alert(1)", "//evil.example", "../x", "a b", ""])
def test_index_refuses_odd_links(href: str) -> None:
    """A link that is no plain relative path is refused."""
    row = table.overview_row(cases()["confirmed"])
    with pytest.raises(ValueError, match="not a plain relative path"):
        index_html((IndexEntry(href=href, row=row),))


def test_import_is_light() -> None:
    """The renderers load neither arrays nor the network, nor the report's validation."""
    code = (
        "import sys, hubcheck.card.html, hubcheck.card.markdown, hubcheck.card.badge, "
        "hubcheck.card.explain, hubcheck.card.index; "
        "print(sorted({'numpy', 'torch', 'pydantic', 'requests', 'yaml', 'jinja2'} "
        "& set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
