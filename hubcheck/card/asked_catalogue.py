"""What did a catalogue of sketches answer, and what does asking it cost the bounds?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hubcheck.card import numbers
from hubcheck.card.document import Details, Identifier, Line, Paragraph, Table, Trusted
from hubcheck.errors import counted

if TYPE_CHECKING:
    from hubcheck.report.catalogue_search import CatalogueSearch
    from hubcheck.report.schema import Report

HIDES: Final = "New embeddings and turned channels together hide a copy from it."


def beyond(report: Report) -> Line:
    """Return what the search would have seen, for a card without a match."""
    asked = report.search.catalogue
    if asked is None:
        return ()
    begin = f" Of {counted(asked.models, 'model')} of a catalogue no other was proposed"
    if asked.kept is None:
        return (Trusted(f"{begin}; too little was read for a copy to stand out."),)
    return (Trusted(f"{begin}: {_would_have_seen(asked)} {HIDES}"),)


def _would_have_seen(asked: CatalogueSearch) -> str:
    """Return the least similarity that would have stood out, in words."""
    text = (
        f"a copy with a similarity of {asked.kept:.1f} or more to one of them would have stood out"
    )
    if asked.kept_turned is None:
        return f"{text}, unless its channels were relabelled or turned."
    return f"{text}, of {asked.kept_turned:.1f} with its channels relabelled or turned."


def section(report: Report) -> tuple[Details, ...]:
    """Return the families that came out nearest, folded; nothing where no catalogue was asked."""
    asked = report.search.catalogue
    if asked is None:
        return ()
    rows: tuple[tuple[Line, ...], ...] = tuple(
        (
            (Identifier(one.family),),
            (Identifier(one.nearest),),
            (Trusted(f"{one.z:.1f}"),),
            (Trusted("yes" if one.stands_out else "no"),),
        )
        for one in asked.families
    )
    head = ("family", "nearest in it", "z", "stands out")
    n = numbers.count(asked.models)
    price = (
        f"A sketch proposes and proves nothing. Choosing among {n} models is paid for: the bound "
        "of each base that the catalogue proposed is divided by twice that number, and that of "
        "every other base by twice the number of those."
    )
    made = counted(asked.requests, "request")
    cost = (
        f"A family stands out above z {asked.threshold:.1f}. {numbers.byte_count(asked.bytes_read)}"
        f" of the catalogue were read in {made}; the search was made where the check ran."
    )
    blocks = [Paragraph(content=(Trusted(price),)), Paragraph(content=(Trusted(cost),))]
    summary = Trusted(f"A catalogue of {counted(asked.models, 'model')} was asked")
    table = (Table(head=head, rows=rows),) if rows else ()
    return (Details(summary=(summary,), blocks=(*blocks, *table)),)
