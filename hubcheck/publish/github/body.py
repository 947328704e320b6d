"""What does a comment on a pull request say, within its limit?

The first screen of the card, what changed since the last push, a graph, a strip of layers, then the
folded details. What does not fit is left out in a fixed order, least needed first; the first screen
never is.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from hubcheck.card import markdown
from hubcheck.card.changes import BaseBefore, changes
from hubcheck.card.compose import compose
from hubcheck.card.document import (
    Block,
    Details,
    Document,
    ItemList,
    Line,
    Paragraph,
    Role,
    Trusted,
    raw_text,
)
from hubcheck.card.family_tree import mermaid
from hubcheck.card.layer_strip import layer_strip
from hubcheck.card.unread_section import TITLE
from hubcheck.frozen import frozen
from hubcheck.publish.github.state import State, marker
from hubcheck.report.schema import Report
from hubcheck.report.words import Conclusion

LIMIT: Final = 60_000
"""Bytes; GitHub refuses above 65,536 characters, and a character may be four bytes of its store."""
SHED: Final = (
    "context",
    "files",
    "tree",
    "architecture",
    "evidence",
    "layers",
    "heat map",
    "shares",
    "graph",
    "replay",
    "licences",
    "warnings",
    "limits",
    "changes",
)
"""The order in which sections go when a comment is too long; the last evidence goes first."""

_SERVER: Final = re.compile(r"https://[A-Za-z0-9.-]+(?::\d{1,5})?")
_REPOSITORY: Final = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


_HELP: Final = Trusted(
    "report.json is an artifact of the run linked below; a base is accepted under allow in "
    ".github/hubcheck.yml."
)


@frozen
class Links:
    """Where a comment points: the commit it is about, the run that holds the report."""

    server: str = ""
    repository: str = ""
    commit: str = ""
    run: int = 0

    def line(self) -> str:
        """Return one line of links; a value that does not look as it should gives none."""
        if not (_SERVER.fullmatch(self.server) and _REPOSITORY.fullmatch(self.repository)):
            return ""
        home = f"{self.server}/{self.repository}"
        parts = []
        if _COMMIT.fullmatch(self.commit):
            parts.append(f"Commit [{self.commit[:7]}]({home}/commit/{self.commit})")
        if self.run > 0:
            parts.append(
                f"[run, with log, card.html and report.json]({home}/actions/runs/{self.run})"
            )
        return " - ".join(parts)


@frozen
class _Section:
    name: str
    text: str


def comment_body(
    report: Report,
    *,
    comment_id: str,
    state: State,
    before: State | None,
    links: Links,
    note: Line = (),
    limit: int = LIMIT,
) -> str:
    """Return the whole comment, marker first, at most ``limit`` bytes.

    Args:
        report: What to say.
        comment_id: Which of several comments on one pull request this is.
        state: What the next run should find in the marker.
        before: What the last comment said; None for the first.
        links: Where to find the commit and the run.
        note: One line of our own under the first screen: who computed this, where it differs.
        limit: Bytes of UTF-8.
    """
    begin = marker(comment_id, state) + "\n"
    if report.conclusion is Conclusion.FAIL and links.line():
        note = (*note, Trusted(" "), _HELP) if note else (_HELP,)
    return begin + page(report, before=before, links=links, note=note, limit=limit - len(begin))


def page(
    report: Report,
    *,
    before: State | None = None,
    links: Links | None = None,
    note: Line = (),
    limit: int = LIMIT,
) -> str:
    """Return the same text without a marker: what the job summary shows too."""
    document = compose(report)
    sections = _sections(report, document, before)
    first = _first_screen(document, before, note)
    end = links.line() if links else ""
    room = limit - 200 - len(end.encode())
    # Half of the room is more than any first screen with honest names takes.
    head = markdown.render(first, limit=max(room // 2, min(room, 2_000))).rstrip("\n")
    left_out: list[_Section] = []
    for name in SHED:
        for section in reversed([s for s in sections if s.name == name]):
            if len(_joined(head, sections, left_out, end).encode()) <= limit:
                return _joined(head, sections, left_out, end)
            sections.remove(section)
            left_out.append(section)
    return _joined(head, sections, left_out, end)


def _joined(head: str, sections: list[_Section], left_out: list[_Section], end: str) -> str:
    texts = [head, *(section.text for section in sections)]
    if left_out:
        names = ", ".join(dict.fromkeys(section.name for section in left_out))
        texts.append(f"Left out for length, complete in report.json: {names}.")
    return "\n\n".join([*texts, end] if end else texts) + "\n"


def _first_screen(document: Document, before: State | None, note: Line) -> Document:
    blocks: list[Block] = []
    for block in document.blocks:
        if isinstance(block, Details):
            break
        if isinstance(block, Paragraph) and block.role is Role.FOOTER and before is not None:
            last = Trusted(f" - last push: {before.verdict.value}")
            blocks.append(replace(block, content=(*block.content, last)))
        else:
            blocks.append(block)
    if note:
        blocks.append(Paragraph(content=note, role=Role.NOTE))
    return replace(document, blocks=tuple(blocks))


def _sections(report: Report, document: Document, before: State | None) -> list[_Section]:
    sections = [*_changes(report, before), *_pictures(report)]
    for block in document.blocks:
        if isinstance(block, Details):
            text = markdown.block_text(block)
            sections.append(_Section(name=_kind(block.summary), text=text))
    return sections


def _changes(report: Report, before: State | None) -> list[_Section]:
    if before is None:
        return []
    bases = [
        BaseBefore(ref=b.ref, revision=b.revision, verdict=b.verdict, kept=b.kept)
        for b in before.bases
    ]
    items = changes(report, verdict=before.verdict, bases=bases)
    if not items:
        text = "**Since the last push:** the same result."
    else:
        text = "**Since the last push:**\n\n" + markdown.block_text(ItemList(items=items))
    return [_Section(name="changes", text=text)]


def _pictures(report: Report) -> list[_Section]:
    sections = []
    graph = mermaid(report)
    if graph:
        sections.append(_Section(name="graph", text=graph))
    strip = layer_strip(report)
    if strip is not None:
        text = markdown.block_text(strip)
        sections.append(_Section(name="layers", text=text))
    return sections


def _kind(summary: Line) -> str:
    """Return which of ``SHED`` a folded section is, by its own heading."""
    title = raw_text(summary).lower()
    for begin, name in (
        ("evidence", "evidence"),
        ("context", "context"),
        (TITLE.lower(), "files"),
        ("family tree", "tree"),
        ("architecture", "architecture"),
        ("limits", "limits"),
        ("licences", "licences"),
        ("check it yourself", "replay"),
        ("how far the weights moved", "heat map"),
        ("shares of the bases", "shares"),
    ):
        if title.startswith(begin):
            return name
    return "warnings"
