"""How does a card become a page?

One self-contained file: inline style, no script, no request (a policy in the page forbids both),
readable on a phone and in print.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, assert_never

from hubcheck.card.document import (
    Block,
    Chip,
    CodeBlock,
    Details,
    Document,
    Figure,
    Heading,
    Identifier,
    Inline,
    ItemList,
    Line,
    Meter,
    NextSteps,
    OnPage,
    Opened,
    Paragraph,
    Segment,
    Strong,
    Table,
    Term,
    Tone,
    Trusted,
    Untrusted,
    as_sentence,
    raw_text,
)
from hubcheck.card.escaping import html_attribute, html_exact, html_text
from hubcheck.card.html_style import STYLE

POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action "
SELF, NOWHERE = "'self'", "'none'"
TITLE_LIMIT: Final = 400
SHORT: Final = 34
"""Characters that stay on one line in a table; longer names may break anywhere."""

FACTS: Final = 2
"""Columns of a list of facts, which fits a phone as it is; wider tables become one block a row."""

PHONE: Final = 350
"""Pixels of a figure that fits a phone beside its margins."""

SIGNS: Final = {Tone.GOOD: "✓", Tone.BAD: "!", Tone.PLAIN: "○", Tone.MUTED: "?"}
"""A second signal beside colour."""


def render(document: Document) -> str:
    """Return the card as one HTML page."""
    sign = SIGNS[document.tone]
    body = "\n".join(_block(block) for block in document.blocks)
    return page(
        title=f"{document.subject.text}: {raw_text(document.title)} ({document.verdict})",
        tone=document.tone,
        style="".join(dict.fromkeys(_styles(document))),
        body=(
            '<header>\n<p class="top"><span>hubcheck provenance card for '
            f"{inline((document.subject,))}</span>"
            f'<span class="verdict"><span aria-hidden="true">{sign}</span> '
            f"{document.verdict}</span></p>\n"
            f"<h1>{inline(as_sentence(document.title))}</h1>\n</header>\n{body}"
        ),
    )


def page(*, title: str, tone: Tone, body: str, style: str = "", forms: bool = False) -> str:
    """Return a whole page around ``body``; ``title`` is escaped here, ``body`` is not.

    Its own policy allows no script and no request; ``forms`` are sent to where it came from.
    """
    policy = f"{POLICY}{SELF if forms else NOWHERE}"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{html_text(title, limit=TITLE_LIMIT)}</title>\n"
        f"<style>{STYLE}{style}</style>\n</head>\n<body>\n"
        f'<main class="{tone.value}">\n{body}\n</main>\n</body>\n</html>\n'
    )


def _styles(document: Document) -> Iterator[str]:
    """Yield the style sheets of the pictures, which few cards have."""
    for block in document.blocks:
        for inner in block.blocks if isinstance(block, Details) else (block,):
            if isinstance(inner, Figure):
                yield inner.style


def inline(content: Line) -> str:
    """Return a line of inline content as HTML."""
    return "".join(_inline(part) for part in content)


def table(of: Table) -> str:
    """Return a table as an element of a page."""
    return _table(of)


def _inline(part: Inline) -> str:
    match part:
        case Trusted(text):
            return html_exact(text)
        case Untrusted(text, limit):
            return f"<bdi>{html_text(text, limit=limit)}</bdi>"
        case Identifier(text, limit, address):
            short = ' class="short"' if len(text) <= SHORT else ""
            code = f"<code{short}><bdi>{html_text(text, limit=limit)}</bdi></code>"
            return f'<a href="{html_attribute(address)}">{code}</a>' if address else code
        case Strong(content):
            return f"<strong>{inline(content)}</strong>"
        case Chip(content, tone):
            short = " short" if len(raw_text(content)) <= SHORT else ""
            sign = f'<span aria-hidden="true">{SIGNS[tone]}</span> '
            return f'<span class="chip {tone.value}{short}">{sign}{inline(content)}</span>'
        case Meter(share, text):
            width = round(100 * min(max(share, 0.0), 1.0)) if share == share else 0  # noqa: PLR0124
            bar = f'<span class="meter" aria-hidden="true"><i style="width:{width}%"></i></span>'
            return bar + inline((text,))
        case Term():
            return f'<a href="{html_attribute(part.address)}">{html_exact(part.text)}</a>'
        case _:
            assert_never(part)


def _block(block: Block) -> str:
    match block:
        case Heading(content=content):
            return f"<h2>{inline(content)}</h2>"
        case Paragraph(content=content, role=role):
            return f'<p class="{role.value}">{inline(content)}</p>'
        case Table():
            return _table(block)
        case ItemList(items=items):
            return "<ul>" + "".join(f"<li>{inline(item)}</li>" for item in items) + "</ul>"
        case NextSteps(steps=steps):
            listed = "".join(f"<li>{inline(as_sentence(step))}</li>" for step in steps)
            return f'<div class="next"><strong>Next</strong><ul>{listed}</ul></div>'
        case CodeBlock(lines=lines):
            return "<pre>" + "\n".join(_code_line(line) for line in lines) + "</pre>"
        case Figure(element=element, width=width):
            wide = " wide" if width > PHONE else ""
            return f'<div class="scroll figure{wide}">{element}</div>'
        case OnPage(summary=summary, table=table):
            return (
                f'<details class="inner">\n<summary>{inline(summary)}</summary>\n'
                f"{_table(table, stack=False)}\n</details>"
            )
        case Opened(summary=summary, tables=tables):
            inside = "\n".join(_block(one) for one in tables)
            return (
                f'<details class="inner">\n<summary>{inline(summary)}</summary>\n'
                f'<div class="opened">\n{inside}\n</div>\n</details>'
            )
        case Details(summary=summary, blocks=blocks, unfolded=unfolded):
            body = "\n".join(
                _table(inner, stack=len(inner.head) > FACTS)
                if isinstance(inner, Table)
                else _block(inner)
                for inner in blocks
            )
            return (
                f"<details{' open' if unfolded else ''}>\n<summary>{inline(summary)}</summary>\n"
                f'<div class="folded">\n{body}\n</div>\n</details>'
            )
        case _:
            assert_never(block)


def _table(table: Table, *, stack: bool = True) -> str:
    def kind(column: int) -> str:
        return ' class="number"' if column in table.numeric else ""

    head = "".join(
        f'<th scope="col"{kind(i)}>{html_text(name)}</th>' for i, name in enumerate(table.head)
    )
    rows = "\n".join(
        "<tr>"
        + "".join(
            f'<td data-label="{html_attribute(table.head[i])}"{kind(i)}>'
            f"<div>{inline(cell)}</div></td>"
            for i, cell in enumerate(row)
        )
        + "</tr>"
        for row in table.rows
    )
    return (
        f'<div class="scroll{" stack" if stack else ""}"><table>\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{rows}\n</tbody>\n</table></div>"
    )


def _code_line(line: tuple[Segment, ...]) -> str:
    pieces: list[str] = []
    for segment in line:
        shown = segment.shown()
        text = html_exact(shown)
        padding = " " * max(0, segment.width - len(shown))
        pieces.append(f"<mark>{text}</mark>{padding}" if segment.marked else text + padding)
    return "".join(pieces).rstrip()
