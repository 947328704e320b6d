"""How does a card become markdown?

GitHub-flavoured markdown that reads the same on GitHub and on a model card: tables, folded sections
and code, no images, no links, no style.
"""

from __future__ import annotations

from typing import Final, assert_never

from hubcheck.card.document import (
    Block,
    Chip,
    CodeBlock,
    Details,
    Document,
    Heading,
    Identifier,
    Inline,
    ItemList,
    Line,
    Meter,
    NextSteps,
    Paragraph,
    Segment,
    Strong,
    Table,
    Trusted,
    Untrusted,
)
from hubcheck.card.escaping import code_line, fence_for, markdown_code, markdown_text

CODE_LIMIT: Final = 400

SIZE_LIMIT: Final = 60_000
"""Bytes of a card: GitHub refuses comments above 65,536 characters; room for a marker is left."""


def render(document: Document, *, limit: int = SIZE_LIMIT) -> str:
    """Return the card as markdown of at most ``limit`` bytes.

    A card that is too long loses its longest folded sections first, and says so. The first screen
    is never cut: it is bounded by the number of bases shown.
    """
    blocks = document.blocks
    left_out: list[Line] = []
    text = _render(document, blocks, left_out)
    while len(text.encode()) > limit and any(isinstance(b, Details) for b in blocks):
        sizes = [len(_block(b)) if isinstance(b, Details) else -1 for b in blocks]
        longest = blocks[sizes.index(max(sizes))]
        if isinstance(longest, Details):
            left_out.append(longest.summary)
        blocks = tuple(b for b in blocks if b is not longest)
        text = _render(document, blocks, left_out)
    return text


def inline(content: Line) -> str:
    """Return a line of inline content as markdown."""
    return "".join(_inline(part) for part in content)


def _render(document: Document, blocks: tuple[Block, ...], left_out: list[Line]) -> str:
    head = f"### hubcheck: {inline(document.title)}  ({document.verdict})"
    parts = [head, *(_block(block) for block in blocks)]
    if left_out:
        names = "; ".join(inline(summary) for summary in left_out[:8])
        parts.append(f"Left out for length, complete in report.json: {names}")
    return "\n\n".join(parts) + "\n"


def _inline(part: Inline) -> str:
    match part:
        case Trusted(text):
            return text
        case Untrusted(text, limit):
            return markdown_text(text, limit=limit)
        case Identifier(text, limit):
            return markdown_code(text, limit=limit)
        case Strong(content):
            return f"**{inline(content)}**"
        case Chip(content, _):
            return inline(content)
        case Meter(_, text):
            return text.text
        case _:
            assert_never(part)


def _block(block: Block) -> str:
    match block:
        case Heading(content=content):
            return f"**{inline(content)}**"
        case Paragraph(content=content):
            return inline(content)
        case Table():
            return _table(block)
        case ItemList(items=items):
            return "\n".join(f"- {inline(item)}" for item in items)
        case NextSteps(steps=steps):
            return "**Next:** " + " - ".join(inline(step) for step in steps)
        case CodeBlock(lines=lines):
            return _code_block(lines)
        case Details(summary=summary, blocks=blocks):
            body = "\n\n".join(_block(inner) for inner in blocks)
            return f"<details>\n<summary>{_summary(summary)}</summary>\n\n{body}\n\n</details>"
        case _:
            assert_never(block)


def _summary(content: Line) -> str:
    # Markdown is not parsed inside a summary on every host: code elements and entities are.
    parts = []
    for part in content:
        if isinstance(part, Identifier):
            parts.append(markdown_text(part.text, limit=part.limit))
        else:
            parts.append(_inline(part))
    return "".join(parts)


def _table(table: Table) -> str:
    marks = ["---:" if i in table.numeric else "---" for i in range(len(table.head))]
    rows = [
        "| " + " | ".join(table.head) + " |",
        "|" + "|".join(marks) + "|",
        *("| " + " | ".join(inline(cell) for cell in row) + " |" for row in table.rows),
    ]
    return "\n".join(rows)


def _code_block(lines: tuple[tuple[Segment, ...], ...]) -> str:
    rendered = tuple(
        "".join(code_line(s.text, limit=CODE_LIMIT).ljust(s.width) for s in line).rstrip()
        for line in lines
    )
    fence = fence_for(rendered)
    return "\n".join((f"{fence}text", *rendered, fence))
