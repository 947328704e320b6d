"""Renders markdown as a host would, and reads back what a reader of the page would see."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final

import cmarkgfm  # type: ignore[import-untyped]
from cmarkgfm.cmark import Options  # type: ignore[import-untyped]

JOINERS: Final = re.compile("[\u2060\u2068\u2069]")
"""What the escaping adds; none of it has a width."""

LATE_FILTERS: Final = re.compile(
    r"(?<![\w`])@[A-Za-z0-9]"  # mention
    r"|#\d|\bGH-\d"  # issue
    r"|://|\bwww\."  # address
    r"|::"  # workflow command
    r"|:(?!\d\d:)[\w+-]+:"  # emoji shortcode
    r"|[\w.+-]@[\w]"  # mail address or repository@commit
    r"|\$|\\\(|\\\[",  # formula
    re.IGNORECASE,
)
"""What hosts look for in finished text, outside code."""


@dataclass
class Page(HTMLParser):
    """A parsed page: its elements, its text, and its text outside code."""

    tags: list[str] = field(default_factory=list)
    attributes: list[tuple[str, str, str]] = field(default_factory=list)
    text: str = ""
    prose: str = ""
    code_depth: int = 0
    declarations: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Start the parser."""
        HTMLParser.__init__(self, convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self.code_depth += tag in {"code", "pre"}

    def handle_endtag(self, tag: str) -> None:
        """Note the end of an element."""
        self.code_depth -= tag in {"code", "pre"}

    def handle_data(self, data: str) -> None:
        """Collect text."""
        self.text += data
        # A mention never spans the edge of a code element.
        self.prose += "\n" if self.code_depth else data

    def handle_comment(self, data: str) -> None:
        """Note a comment."""
        self.declarations.append(data)

    def handle_decl(self, decl: str) -> None:
        """Note a declaration."""
        self.declarations.append(decl)

    def handle_pi(self, data: str) -> None:
        """Note a processing instruction."""
        self.declarations.append(data)


def markdown_page(text: str) -> Page:
    """Return what GitHub-flavoured markdown renders to, raw HTML let through."""
    return html_page(cmarkgfm.github_flavored_markdown_to_html(text, Options.CMARK_OPT_UNSAFE))


def html_page(text: str) -> Page:
    """Return the parsed page."""
    page = Page()
    page.feed(text)
    page.close()
    return page


def seen(text: str) -> str:
    """Return ``text`` without what has no width, spaces collapsed as a browser does."""
    return " ".join(JOINERS.sub("", text).split())


def unlinked(text: str) -> str:
    """Return markdown whose links are the words that they stand on."""
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
