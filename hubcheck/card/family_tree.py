"""Which models stand above the subject: declared, found, and what explains what?

One tree for three media: monospaced lines, Mermaid and SVG. Branches below a base are declarations,
the words behind a name are what was found; a loop in the declared graph is drawn once and named.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from hubcheck.card import first_table, matches, names, numbers
from hubcheck.card.document import (
    CodeBlock,
    Details,
    Identifier,
    Line,
    Paragraph,
    Role,
    Segment,
    Table,
    Tone,
    Trusted,
    Untrusted,
    raw_text,
)
from hubcheck.card.escaping import html_text, visible
from hubcheck.card.lineage_graph import BASES_SHOWN, lineage_graph, plain_label
from hubcheck.card.wording import sentence
from hubcheck.frozen import frozen

if TYPE_CHECKING:
    from hubcheck.report.schema import Finding, Report

LINES_SHOWN: Final = 24
DEEPEST: Final = 8
NAME_WIDTH: Final = 56
NOTE: Final = (
    "On the first level stand the bases that were looked at, below each what it declares as its "
    "own base. Beside a name stands what the weights show; a match has no direction."
)
STEP: Final = 3
"""Characters a level is indented by."""
ROW_HEIGHT: Final = 26
INDENT: Final = 22
CHARACTER: Final = 7.3
"""Pixels of one monospaced character at the size used."""
_LIGHT: Final = {
    "paper": "#ffffff",
    "ink": "#1f2328",
    "rail": "#b3bbc4",
    Tone.GOOD.value: "#1a7f37",
    Tone.BAD.value: "#b3402e",
    Tone.PLAIN.value: "#0969da",
    Tone.MUTED.value: "#59636e",
}
_DARK: Final = {
    "paper": "#171c23",
    "ink": "#e5e9ee",
    "rail": "#4a545f",
    Tone.GOOD.value: "#7fd6a2",
    Tone.BAD.value: "#ff9f8e",
    Tone.PLAIN.value: "#93c2f7",
    Tone.MUTED.value: "#a9b3be",
}
_STYLE: Final = (
    "".join(f".{name}{{fill:{colour}}}" for name, colour in _LIGHT.items())
    + f".line{{fill:none;stroke:{_LIGHT['rail']}}}"
    + "@media (prefers-color-scheme:dark){"
    + "".join(f".{name}{{fill:{colour}}}" for name, colour in _DARK.items())
    + f".line{{stroke:{_DARK['rail']}}}}}"
)


@frozen
class Node:
    """One line of the tree; texts are raw."""

    depth: int
    last: bool
    """Whether no sibling follows."""
    rails: tuple[bool, ...]
    """For each level above: whether a line runs on there."""
    name: str
    found: str
    tone: Tone


def family_section(report: Report) -> tuple[Details, ...]:
    """Return the folded family tree, or nothing where a single base says it all."""
    known = {f.base.ref.casefold() for f in report.findings}
    more = any(m.ref.casefold() not in known for m in report.lineage.models)
    if len(report.findings) < 2 and not more and not report.context.relations:  # noqa: PLR2004
        return ()
    blocks: list[CodeBlock | Paragraph | Table] = []
    if len(report.findings) > 1 or more:
        blocks += [figure(report), Paragraph(content=(Trusted(NOTE),), role=Role.NOTE)]
    blocks += _relations(report)
    return (Details(summary=(Trusted("Family tree"),), blocks=tuple(blocks)),) if blocks else ()


def figure(report: Report) -> CodeBlock:
    """Return the tree as monospaced lines."""
    rows = tuple(tree(report))
    shown = [visible(row.name, limit=NAME_WIDTH) for row in rows]
    width = max(STEP * row.depth + len(name) for row, name in zip(rows, shown, strict=True)) + 2
    lines = [
        (*_stem(row), Segment(text=name, width=width - STEP * row.depth), Segment(text=row.found))
        for row, name in zip(rows, shown, strict=True)
    ]
    return CodeBlock(lines=tuple(lines))


def mermaid(report: Report) -> str:
    """Return the graph of the findings with what explains what and who declares whom."""
    places = {f.base.ref.casefold(): f"b{i}" for i, f in enumerate(report.findings[:BASES_SHOWN])}
    extra: list[str] = []
    for finding in report.findings[:BASES_SHOWN]:
        by = places.get((finding.explained_by or "").casefold())
        explained = places[finding.base.ref.casefold()]
        if by is not None and by != explained:
            extra.append(f'  {by} -.->|"explains"| {explained}')
    own = report.subject.ref.casefold()
    for descent in report.lineage.descents[:LINES_SHOWN]:
        if descent.child.casefold() == own:
            continue  # drawn with its finding
        ends = []
        for ref in (descent.child, descent.parent):
            place = places.get(ref.casefold())
            if place is None:
                place = places[ref.casefold()] = f"a{len(places)}"
                extra.append(f'  {place}["{plain_label(ref)}"]:::{Tone.MUTED.value}')
            ends.append(place)
        extra.append(f'  {ends[0]} -.->|"declares"| {ends[1]}')
    return lineage_graph(report, extra)


def svg(report: Report) -> str:
    """Return the tree as one self-contained SVG, the same bytes every time."""
    rows = tuple(tree(report))
    widest = max(INDENT * r.depth + CHARACTER * (len(r.name) + len(r.found) + 4) for r in rows)
    width, height = round(widest) + 24, ROW_HEIGHT * len(rows) + 16
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" font-family="monospace" font-size="12">'
    )
    parts = [
        head,
        f"<title>{html_text(f'Family tree of {report.subject.ref}')}</title>",
        f"<style>{_STYLE}</style>",
        f'<rect class="paper" width="{width}" height="{height}" rx="8"/>',
    ]
    for number, row in enumerate(rows):
        x, y = 12 + INDENT * row.depth, 8 + ROW_HEIGHT * number + ROW_HEIGHT // 2
        if row.depth:
            up = next(n for n in range(number - 1, -1, -1) if rows[n].depth < row.depth)
            top = 8 + ROW_HEIGHT * up + ROW_HEIGHT - 6
            left = x - INDENT + 6
            parts.append(f'<path class="line" d="M{left} {top}V{y}H{x - 4}"/>')
        parts.append(f'<circle class="{row.tone.value}" cx="{x}" cy="{y}" r="4"/>')
        found = f'<tspan class="{row.tone.value}" dx="12">{html_text(row.found)}</tspan>'
        weight = "" if row.depth else ' font-weight="bold"'
        parts.append(
            f'<text class="ink" x="{x + 10}" y="{y + 4}"{weight}>'
            f"{html_text(row.name, limit=NAME_WIDTH)}{found if row.found else ''}</text>"
        )
    return "\n".join([*parts, "</svg>"]) + "\n"


def tree(report: Report) -> Iterator[Node]:
    """Yield the lines: the subject, declared bases with what they declare, then what was found."""
    for count, node in enumerate(_walk(report)):
        if count >= LINES_SHOWN:
            yield Node(
                depth=1, last=True, rails=(), name="more are in report.json", found="",
                tone=Tone.MUTED,
            )  # fmt: skip
            return
        yield node


def _walk(report: Report) -> Iterator[Node]:
    subject = names.name(report.subject.ref, report.subject.revision)
    yield Node(depth=0, last=True, rails=(), name=subject, found="", tone=Tone.PLAIN)
    findings = {f.base.ref.casefold(): f for f in report.findings}
    parents: dict[str, list[str]] = {}
    for descent in report.lineage.descents:
        above = parents.setdefault(descent.child.casefold(), [])
        if descent.parent.casefold() not in {p.casefold() for p in above}:
            above.append(descent.parent)
    first = [f.base.ref for f in report.findings if f.declared]
    drawn: set[str] = {report.subject.ref.casefold()}
    below = _all_above(first, parents)
    rest = [f.base.ref for f in report.findings if f.base.ref.casefold() not in below]
    top = [*first, *(r for r in rest if r not in first)]
    for number, ref in enumerate(top):
        yield from _branch(
            report, ref, parents, findings, drawn, depth=1, rails=(), last=number == len(top) - 1
        )


def _all_above(first: list[str], parents: dict[str, list[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [ref.casefold() for ref in first]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += [p.casefold() for p in parents.get(one, [])]
    return found


def _branch(
    report: Report,
    ref: str,
    parents: dict[str, list[str]],
    findings: dict[str, Finding],
    drawn: set[str],
    *,
    depth: int,
    rails: tuple[bool, ...],
    last: bool,
) -> Iterator[Node]:
    key = ref.casefold()
    finding = findings.get(key)
    again = key in drawn
    shown = names.called(finding.base) if finding is not None else ref
    found = "see above" if again else _found(report, ref, finding)
    if again and any(key == loop.casefold() for loop in report.lineage.loops):
        found = "see above: the declarations run in a circle"
    tone = first_table.tone(report, finding) if finding is not None else Tone.MUTED
    yield Node(depth=depth, last=last, rails=rails, name=shown, found=found, tone=tone)
    drawn.add(key)
    if again or depth >= DEEPEST:
        return
    above = parents.get(key, [])
    for number, parent in enumerate(above):
        yield from _branch(
            report, parent, parents, findings, drawn, depth=depth + 1, rails=(*rails, not last),
            last=number == len(above) - 1,
        )  # fmt: skip


def _found(report: Report, ref: str, finding: Finding | None) -> str:
    if finding is None:
        model = next((m for m in report.lineage.models if m.ref == ref), None)
        standing = f", {model.standing}" if model is not None and model.standing != "found" else ""
        return f"not tested{standing}"
    words = raw_text(first_table.verdict_cell(report, finding))
    if finding.verdict in matches.MATCHES:
        words += f", similarity {numbers.kept(finding.kept)}"
    return words if finding.declared else f"{words} - not declared"


def _stem(row: Node) -> tuple[Segment, ...]:
    """Return the lines in front of a name, ``STEP`` characters a level."""
    if not row.depth:
        return ()
    rails = [Segment(text="│" if runs else "", width=STEP) for runs in row.rails]
    return (*rails, Segment(text="└─" if row.last else "├─", width=STEP))


def _relations(report: Report) -> list[Table | Paragraph | CodeBlock]:
    checks = report.context.relations
    if not checks:
        return []
    rows: tuple[tuple[Line, ...], ...] = tuple(
        (
            (Identifier(c.base),),
            (Untrusted(c.declared),),
            (Untrusted(c.found),),
            (Untrusted(c.agrees.replace("-", " ")),),
            (Untrusted(sentence(c.note), limit=200) if c.note else Trusted(numbers.NOTHING),),
        )
        for c in checks
    )
    head = ("base", "the card says", "the weights show", "agrees", "note")
    return [Table(head=head, rows=rows)]
