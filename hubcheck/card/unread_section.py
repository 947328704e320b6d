"""Which files does a verdict speak of, and which weight files were not read?

One line on the first screen as soon as the subject holds weights beside those that were read, and
a folded table that names them all, those of the bases too. The names come from repositories.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from hubcheck.card import hub_pages, names, numbers
from hubcheck.card.document import (
    Details,
    Heading,
    Identifier,
    Inline,
    Inner,
    Line,
    Paragraph,
    Role,
    Table,
    Trusted,
)

if TYPE_CHECKING:
    from hubcheck.report.schema import BaseModelRef, Report, Subject, UnreadWeights

TITLE: Final = "Weight files that were not read"
READ_NAMED: Final = 2
UNREAD_NAMED: Final = 4
"""Names in the line; a repository may hold thousands."""
ROWS: Final = 40
NAME_LENGTH: Final = 60
"""Characters of one name in the line."""

_WHY: Final = {
    "other-set": "another set of weights",
    "other-format": "another format",
    "adapter": "an adapter",
    "other-folder": "in another folder",
    "unknown-container": "a container that is not read",
}


def unread_line(report: Report) -> tuple[Paragraph, ...]:
    """Return which files were read and which were not, where something was tested."""
    content = line(report)
    return (Paragraph(content=content, role=Role.SCOPE),) if content else ()


def line(report: Report) -> Line:
    """Return the sentence; empty where nothing was tested or nothing is left over."""
    subject = report.subject
    if not subject.unread or all(f.status != "tested" for f in report.findings):
        return ()
    parts: list[Inline] = [Trusted("Speaks of ")]
    if subject.read:
        parts += _listed([(Identifier(p, limit=NAME_LENGTH),) for p in subject.read[:READ_NAMED]])
        more = len(subject.read) - READ_NAMED
        parts.append(Trusted(f" and {numbers.count(more)} more" if more > 0 else ""))
    else:
        parts.append(Trusted("the weights that were read"))
    parts.append(Trusted("; not read: "))
    named = [f for f in subject.unread if f.path][:UNREAD_NAMED]
    parts += _listed([_named(f) for f in named])
    rest = [f for f in subject.unread if f not in named]
    if rest:
        begin = " and " if named else ""
        more_files = "more weight file" + ("s" if len(rest) > 1 else "")
        size = numbers.byte_count(sum(f.size for f in rest))
        parts.append(Trusted(f"{begin}{numbers.count(len(rest))} {more_files} ({size})"))
    return (*parts, Trusted("."))


def unread_section(report: Report) -> tuple[Details, ...]:
    """Return every weight file that was not read, of the subject and of each tested base."""
    blocks: list[Inner] = []
    subject = report.subject
    if subject.unread:
        blocks += _table(report, subject, subject.unread)
    for finding in report.findings:
        if finding.unread and finding.status == "tested":
            blocks += _table(report, finding.base, finding.unread)
    return (Details(summary=(Trusted(TITLE),), blocks=tuple(blocks)),) if blocks else ()


def _table(
    report: Report, of: Subject | BaseModelRef, unread: Sequence[UnreadWeights]
) -> list[Inner]:
    ref, revision = of.ref, of.revision
    named = [f for f in unread if f.path]
    rows = tuple(
        (
            (hub_pages.file(Identifier(f.path), report, ref, revision, f.path),),
            (Trusted(numbers.byte_count(f.size)),),
            _why(f),
            (Identifier(f.sha256),) if f.sha256 else (Trusted(numbers.NOTHING),),
        )
        for f in named[:ROWS]
    )
    head = ("file", "size", "what it is", "sha256")
    blocks: list[Inner] = [Heading(content=(names.pinned(ref, revision),))]
    if rows:
        blocks.append(Table(head=head, rows=rows, numeric=frozenset({1})))
    rest = len(unread) - len(rows)
    if rest:
        text = Trusted(f"{numbers.count(rest)} more are in report.json.")
        blocks.append(Paragraph(content=(text,), role=Role.NOTE))
    return blocks


def _named(file: UnreadWeights) -> Line:
    size = numbers.byte_count(file.size)
    name = Identifier(file.path, limit=NAME_LENGTH)
    return (name, Trusted(f" ({size}, "), *_why(file, limit=NAME_LENGTH), Trusted(")"))


def _why(file: UnreadWeights, *, limit: int = 160) -> Line:
    if file.same_as:
        return (Trusted("the same bytes as "), Identifier(file.same_as, limit=limit))
    return (Trusted(_WHY.get(file.why, "not read")),)


def _listed(items: Sequence[Line]) -> list[Inline]:
    parts: list[Inline] = []
    for item in items:
        if parts:
            parts.append(Trusted(", "))
        parts += item
    return parts
