"""Which candidates were found and not tested?

A reader who misses a name finds it here with the reason why it was proposed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hubcheck.card import asked_catalogue, numbers
from hubcheck.card.document import (
    Details,
    Identifier,
    ItemList,
    Line,
    Paragraph,
    Table,
    Trusted,
    Untrusted,
)
from hubcheck.card.wording import sentence, words
from hubcheck.errors import counted

if TYPE_CHECKING:
    from hubcheck.report.schema import Report

SHOWN: Final = 24


def candidates_section(report: Report) -> tuple[Details, ...]:
    """Return the folded list, or nothing where no base was searched for."""
    search = report.search
    if not (search.left_aside or search.notes):
        return asked_catalogue.section(report)
    text = f"Models tried: {numbers.count(search.bases_tried)}"
    text += "." if search.catalogue else "; the bounds above are divided by that number."
    if search.kind or search.catalogue is None:
        made = counted(search.requests, "request")
        text += f" The search made {made} and read {numbers.byte_count(search.bytes_read)}."
    blocks: list[Paragraph | Table | ItemList] = [Paragraph(content=(Trusted(text),))]
    if search.left_aside:
        rows: tuple[tuple[Line, ...], ...] = tuple(
            (
                (Identifier(one.ref),),
                _said(sentence(one.why[:1]), limit=120),
                _said(sentence(one.note), limit=80),
            )
            for one in search.left_aside[:SHOWN]
        )
        blocks.append(Table(head=("candidate", "why", "note"), rows=rows))
    if search.notes:
        shown = map(words, search.notes[:SHOWN])
        items: tuple[Line, ...] = tuple((Untrusted(note, limit=200),) for note in shown)
        blocks.append(ItemList(items=items))
    summary = Trusted(f"{counted(len(search.left_aside), 'candidate')} found and not tested")
    return (
        Details(summary=(summary,), blocks=tuple(blocks)),
        *asked_catalogue.section(report),
    )


def _said(text: str, *, limit: int) -> Line:
    return (Untrusted(text, limit=limit) if text else Trusted(numbers.NOTHING),)
