"""What does somebody show who is accused with a number?

One page of one file, English and Korean: the number that is usually quoted with its control, the
exact test, models of the report for scale, and everything that a stranger needs to repeat it. A
browser prints it to PDF. Every figure is the report's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hubcheck.card import curve_chart, first_table, html, matches, names, numbers, order_picture
from hubcheck.card.answer_texts import TEXTS, VERDICTS, Text
from hubcheck.card.compose import TONES
from hubcheck.card.document import Identifier, Line, Table, Trusted, Untrusted
from hubcheck.card.escaping import html_text
from hubcheck.card.order_section import needs_no_order
from hubcheck.report.words import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hubcheck.report.curves import Curves
    from hubcheck.report.schema import Finding, NormContext, Report

BASES_SHOWN: Final = 12
DATE: Final = len("2026-01-31")
COMMAND_LIMIT: Final = 2000


def render(report: Report, curves: Mapping[str, Sequence[Curves]] | None = None) -> str:
    """Return the answer as one HTML page; the same input always gives the same bytes.

    Args:
        report: Whose figures stand on it.
        curves: By the name of a base; None where they were not read.
    """
    parts = [
        "<header>",
        f'<p class="top"><span>{html.inline(_subject(report))}</span></p>',
        f"<h1>{_said('title', 'en')}</h1>",
        f'<p class="lead" lang="ko">{_said("title", "ko")}</p>',
        "</header>",
        *_both("what"),
        *_claim(report),
        *_curves(report, curves),
        *_test(report),
        *_scale(report),
        *_meaning(report),
        *_repeat(report),
    ]
    title = f"An answer about {names.name(report.subject.ref, report.subject.revision)}"
    return html.page(
        title=title, tone=TONES[report.verdict], body="\n".join(parts), style=curve_chart.STYLE
    )


def _said(name: str, language: str) -> str:
    text = TEXTS[name]
    return html_text(text.en if language == "en" else text.ko, limit=COMMAND_LIMIT)


def _both(name: str) -> list[str]:
    return _pair(TEXTS[name])


def _pair(text: Text) -> list[str]:
    english, korean = (html_text(said, limit=COMMAND_LIMIT) for said in (text.en, text.ko))
    return [f"<p>{english}</p>", f'<p lang="ko">{korean}</p>']


def _head(name: str) -> str:
    return f'<h2>{_said(name, "en")} <span lang="ko">{_said(name, "ko")}</span></h2>'


def _table(head: tuple[str, ...], rows: list[tuple[Line, ...]]) -> str:
    return html.table(Table(head=head, rows=tuple(rows)))


def _claim(report: Report) -> list[str]:
    """Return the cosine of norms, with its channels shuffled, and of strangers."""
    rows: list[tuple[Line, ...]] = []
    for item in report.context.norms[:BASES_SHOWN]:
        finding = _of(report, item)
        rows.append(
            (
                (Identifier(names.tested(report, item.base)),),
                (Trusted(numbers.cosine(item.cosine)),),
                (Trusted(numbers.cosine(item.cosine_shuffled)),),
                (Trusted(numbers.cosine(item.pearson)),),
                (Trusted(finding.verdict.value if finding else numbers.NOTHING),),
            )
        )
    parts = [_head("claim"), *_both("claim-text")]
    if not rows:
        return [*parts, *_both("no-norms")]
    head = ("norm weights against", "raw cosine", "channels shuffled", "centred", "exact test says")
    parts.append(_table(head, rows))
    if all(needs_no_order(item) for item in report.context.norms):
        parts += _both("no-order")
    strangers = any(
        (f := _of(report, item)) is not None and f.verdict is Verdict.UNRELATED
        for item in report.context.norms
    )
    return [*parts, *_both("stranger" if strangers else "no-stranger")]


def _curves(report: Report, curves: Mapping[str, Sequence[Curves]] | None) -> list[str]:
    """Return the curves of spread over the layers, those of strangers among them."""
    parts = [_head("curve"), *_both("curve-text")]
    if curves is None:
        return [*parts, *_both("curve-not-read")]
    shown = [(f, curves[f.base.ref]) for f in report.findings if curves.get(f.base.ref)]
    if not shown:
        return [*parts, *_both("no-curve")]
    roles = [one.role for one in max((found for _, found in shown), key=len)]
    rows: list[tuple[Line, ...]] = []
    for finding, found in shown[:BASES_SHOWN]:
        by_role = {one.role: f"{one.correlation:.2f}" for one in found}
        cells = [(Trusted(by_role.get(role, numbers.NOTHING)),) for role in roles]
        verdict = (Trusted(finding.verdict.value),)
        rows.append(((names.pinned_base(finding.base),), *cells, verdict))
    parts.append(_table(("curve of", *roles, "exact test says"), rows))
    subject = names.name(report.subject.ref, report.subject.revision)
    for finding, found in shown[: order_picture.BASES_SHOWN]:
        chart = curve_chart.element(found, subject, names.called(finding.base))
        parts.append(f'<div class="scroll figure">{chart}</div>')
    strangers = any(f.verdict is Verdict.UNRELATED for f, _ in shown)
    return [*parts, *_both("curve-stranger" if strangers else "no-stranger")]


def _of(report: Report, item: NormContext) -> Finding | None:
    return next((f for f in report.findings if f.base.ref == item.base), None)


def _test(report: Report) -> list[str]:
    """Return what the orders of the units say of each base, with the pictures."""
    parts = [_head("test"), *_both("test-text")]
    tested = matches.tested(report)[:BASES_SHOWN]
    if not tested:
        return [*parts, *_both("not-tested")]
    rows: list[tuple[Line, ...]] = [
        (
            (names.pinned_base(finding.base),),
            first_table.verdict_cell(report, finding),
            first_table.evidence_cell(finding),
            (Trusted(_chance(finding)),),
            first_table.similarity_cell(finding),
        )
        for finding in tested
    ]
    parts.append(_table(("base", "verdict", "evidence", "by chance", "similarity"), rows))
    for finding in order_picture.pictured(report):
        parts.append(f"<p>{html.inline((names.pinned_base(finding.base),))}</p>")
        parts.append(f'<div class="scroll figure">{order_picture.element(finding)}</div>')
    return parts


def _chance(finding: Finding) -> str:
    if finding.verdict in matches.MATCHES and finding.log10_p < 0:
        return numbers.chance(finding.log10_p)
    return "what chance gives" if finding.verdict is Verdict.UNRELATED else numbers.NOTHING


def _scale(report: Report) -> list[str]:
    """Return which models of this report show what kinship looks like by the same test."""
    known = [f for f in report.findings if f.verdict is Verdict.RELATED and f.declared]
    parts = [_head("scale")]
    if not known:
        return [*parts, *_both("no-scale")]
    listed = "".join(
        f"<li>{html.inline((names.pinned_base(f.base),))}: "
        f"{html.inline(first_table.verdict_cell(report, f))} "
        f"{html.inline(first_table.evidence_cell(f))}</li>"
        for f in known[:BASES_SHOWN]
    )
    return [*parts, *_both("scale-text"), f"<ul>{listed}</ul>"]


def _meaning(report: Report) -> list[str]:
    """Return what each verdict that occurs means and does not mean."""
    found = dict.fromkeys(f.verdict for f in report.findings)
    parts = [_head("meaning")]
    for verdict in found:
        parts += _pair(VERDICTS[verdict])
    return [*parts, *_both("limits")]


def _repeat(report: Report) -> list[str]:
    """Return all that pins the check, and the lines that repeat it."""
    subject = report.subject
    rows: list[tuple[Line, ...]] = [
        (
            (Trusted("subject"),),
            (Identifier(subject.ref), Trusted(" at "), Identifier(subject.revision)),
        )
    ]
    if subject.weights_digest:
        rows.append(((Trusted("its weights digest"),), (Identifier(subject.weights_digest),)))
    for finding in report.findings[:BASES_SHOWN]:
        base = finding.base
        pinned: Line = (Identifier(base.ref), Trusted(" at "), Identifier(base.revision))
        if base.weights_digest:
            pinned = (*pinned, Trusted(", weights digest "), Identifier(base.weights_digest))
        rows.append(((Trusted("base"),), pinned))
    rows += [
        ((Trusted("seed of the draw"),), (Trusted(str(report.seed)),)),
        ((Trusted("depth"),), (Trusted(report.depth.value),)),
        ((Trusted("checked on"),), (Untrusted(report.finished[:DATE]),)),
        ((Trusted("hubcheck"),), (Untrusted(report.tool.version),)),
        ((Trusted("read again, must agree"),), (Identifier("hubcheck replay report.json"),)),
    ]
    if report.replay:
        line = Identifier(report.replay, limit=COMMAND_LIMIT)
        rows.append(((Trusted("from the start"),), (line,)))
    return [_head("repeat"), *_both("repeat-text"), _table(("what", "value"), rows)]


def _subject(report: Report) -> Line:
    return (Trusted("hubcheck, about "), names.pinned(report.subject.ref, report.subject.revision))
