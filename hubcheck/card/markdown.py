"""How does a card become markdown?

GitHub-flavoured markdown that reads the same on GitHub and on a model card: tables, folded sections
and code, no images, no style, no link but to the glossary.
"""

from __future__ import annotations

from dataclasses import replace
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
    Trusted,
    Untrusted,
)
from hubcheck.card.escaping import code_element, fence_for, markdown_code, markdown_text

SIZE_LIMIT: Final = 60_000
"""Bytes of a card: GitHub refuses comments above 65,536 characters; room for a marker is left."""


LEFT_OUT_NAMED: Final = 4


def render(document: Document, *, limit: int = SIZE_LIMIT) -> str:
    """Return the card as markdown of at most ``limit`` bytes.

    A card that is too long loses its longest folded sections first, and says so. The first screen
    is never cut: it is bounded by the number of bases shown.
    """
    head = f"### hubcheck: {inline(document.title)}  ({document.verdict})"
    parts = [(block, _block(block)) for block in document.blocks]
    left_out: list[Line] = []
    for part in sorted(parts, key=lambda part: -len(part[1])):
        if _size(head, parts, left_out) <= limit:
            break
        if isinstance(part[0], Details):
            left_out.append(part[0].summary)
            parts.remove(part)
    while _size(head, parts, left_out) > limit and any(_rows(block) > 1 for block, _ in parts):
        # Only names written to be long reach this: half of the bases go, then half of those.
        parts = [_halved(block) if _rows(block) > 1 else (block, text) for block, text in parts]
    return _joined(head, parts, left_out)


def inline(content: Line) -> str:
    """Return a line of inline content as markdown."""
    return "".join(_inline(part) for part in content)


def block_text(block: Block) -> str:
    """Return one block as markdown, for a page that sets its own order."""
    return _block(block)


def table_text(table: Table) -> str:
    """Return a table as markdown."""
    return _table(table)


def _joined(head: str, parts: list[tuple[Block, str]], left_out: list[Line]) -> str:
    texts = [head, *(text for _, text in parts)]
    if left_out:
        names = "; ".join(inline(summary) for summary in left_out[:LEFT_OUT_NAMED])
        more = len(left_out) - LEFT_OUT_NAMED
        names += f" and {more} more" if more > 0 else ""
        texts.append(f"Left out for length, complete in report.json: {names}.")
    return "\n\n".join(texts) + "\n"


def _size(head: str, parts: list[tuple[Block, str]], left_out: list[Line]) -> int:
    return len(_joined(head, parts, left_out).encode())


def _rows(block: Block) -> int:
    return len(block.rows) if isinstance(block, Table) else 0


def _halved(block: Block) -> tuple[Block, str]:
    if not isinstance(block, Table):
        return block, _block(block)
    table = replace(block, rows=block.rows[: len(block.rows) // 2])
    return table, f"{_table(table)}\n\nMore bases are in report.json."


def _inline(part: Inline) -> str:
    match part:
        case Trusted(text):
            return text
        case Untrusted(text, limit):
            return markdown_text(text, limit=limit)
        case Identifier(text, limit, address):
            code = markdown_code(text, limit=limit)
            return f"[{code}]({address})" if address else code
        case Strong(content):
            return f"**{inline(content)}**"
        case Chip(content, _):
            return inline(content)
        case Meter(_, text):
            return text.text
        case Term():
            return f"[{part.text}]({part.address})"
        case _:
            assert_never(part)


def _block(block: Block) -> str:
    match block:
        case Heading(content=content):
            return f"**{inline(content)}**"
        case Paragraph(content=content):
            return inline(content).rstrip()
        case Table():
            return _table(block)
        case ItemList(items=items):
            return "\n".join(f"- {inline(item)}" for item in items)
        case NextSteps(steps=steps):
            return "**Next:** " + " - ".join(inline(step) for step in steps)
        case CodeBlock(lines=lines):
            return _code_block(lines)
        case Figure(plain=plain):
            return _code_block(plain.lines) if plain is not None else ""
        case OnPage() | Opened():
            return ""
        case Details(summary=summary, blocks=blocks):
            body = "\n\n".join(text for inner in blocks if (text := _block(inner)))
            return f"<details>\n<summary>{_summary(summary)}</summary>\n\n{body}\n\n</details>"
        case _:
            assert_never(block)


def _summary(content: Line) -> str:
    # Markdown is not parsed inside a summary on every host: elements and entities are.
    return "".join(
        code_element(part.text, limit=part.limit) if isinstance(part, Identifier) else _inline(part)
        for part in content
    )


def _table(table: Table) -> str:
    marks = ["---:" if i in table.numeric else "---" for i in range(len(table.head))]
    rows = [
        "| " + " | ".join(table.head) + " |",
        "|" + "|".join(marks) + "|",
        *("| " + " | ".join(inline(cell) for cell in row) + " |" for row in table.rows),
    ]
    return "\n".join(rows)


def _code_block(lines: tuple[tuple[Segment, ...], ...]) -> str:
    rendered = tuple("".join(s.shown().ljust(s.width) for s in line).rstrip() for line in lines)
    fence = fence_for(rendered)
    return "\n".join((f"{fence}text", *rendered, fence))
