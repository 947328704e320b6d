"""How does an audit of many models read: one page, one table, and what it says in a terminal?"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from hubcheck.card.document import Tone
from hubcheck.card.escaping import html_attribute, html_text, plain_text
from hubcheck.card.html import SHORT, SIGNS, page
from hubcheck.card.numbers import NOTHING, byte_count, count, duration
from hubcheck.errors import counted

if TYPE_CHECKING:
    from hubcheck.report.audit import Audit, Entry

TONES: Final = {"pass": Tone.GOOD, "fail": Tone.BAD, "neutral": Tone.PLAIN}
HEAD: Final = ("model", "the card names", "the weights say", "since the last audit", "report")
CHANGES: Final = {
    "new": "new here",
    "weights": "other weights",
    "card": "the card names other bases",
    "bases": "a base has moved",
    "verdict": "other verdicts",
    "conclusion": "another conclusion",
    "reached": "reached now or then, not both times",
}
BASES_SHOWN: Final = 4
_FILE: Final = re.compile(r"reports/[A-Za-z0-9][A-Za-z0-9._-]*")


def audit_html(audit: Audit) -> str:
    """Return the page of an audit."""
    head = "".join(f'<th scope="col">{html_text(name)}</th>' for name in HEAD)
    rows = "\n".join(_row(audit, entry) for entry in audit.entries)
    body = (
        '<p class="top"><span>hubcheck audit</span></p>\n'
        f"<h1>{html_text(_title(audit))}</h1>\n"
        f'<p class="lead">{html_text(summary(audit))}</p>\n'
        f'<div class="scroll stack index"><table>\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{rows}\n</tbody>\n</table></div>\n"
        '<p class="note">Each row is one check; its report says what was tested, with which bound, '
        "and how to repeat it. What was not compared is no pass.</p>"
    )
    return page(title="hubcheck: audit", tone=Tone.PLAIN, body=body)


def summary(audit: Audit) -> str:
    """Return what came of an audit in a few sentences."""
    entries = audit.entries
    verdicts = Counter(e.verdict for e in entries if e.verdict)
    told = ", ".join(f"{count(n)} {verdict}" for verdict, n in sorted(verdicts.items()))
    failed = sum(e.conclusion == "fail" for e in entries)
    unreached = sum(bool(e.error) for e in entries)
    parts = [
        f"{counted(len(entries), 'model')}: {told or 'no verdict'}.",
        f"{count(failed)} {'fails' if failed == 1 else 'fail'} the policy.",
    ]
    if unreached:
        parts.append(f"{count(unreached)} could not be checked.")
    if audit.compared_with:
        changed = sum(bool(e.changed) for e in entries)
        gone = f", {counted(len(audit.gone), 'model')} gone" if audit.gone else ""
        since = f"Since {audit.compared_with}: {count(changed)} changed{gone}."
        reused = sum(e.reused for e in entries)
        parts.append(since + (f" {count(reused)} not looked at again." if reused else ""))
    read = [e for e in entries if not e.reused]
    parts.append(
        f"Read: {byte_count(sum(e.bytes_read for e in read))}, "
        f"{counted(sum(e.requests for e in read), 'request')}, {duration(audit.seconds)}."
    )
    return " ".join(parts)


def audit_text(audit: Audit) -> str:
    """Return what a terminal shows: the models that fail, were not checked, or changed."""
    lines = [summary(audit)]
    for entry in audit.entries:
        if entry.conclusion == "fail" or entry.error or entry.changed:
            said = entry.error or f"{entry.verdict} ({entry.conclusion})"
            changed = changed_words(audit, entry)
            note = f"; {changed}" if changed else ""
            lines.append(f"  {plain_text(entry.ref, limit=100)}: {plain_text(said)}{note}")
    lines += [f"  {plain_text(ref, limit=100)}: gone" for ref in audit.gone]
    return "\n".join(lines) + "\n"


def changed_words(audit: Audit, entry: Entry) -> str:
    """Return what changed of a model since the last audit; empty where nothing did."""
    if not audit.compared_with:
        return ""
    return ", ".join(CHANGES[what.value] for what in entry.changed if what.value in CHANGES)


def _title(audit: Audit) -> str:
    failed = sum(e.conclusion == "fail" for e in audit.entries)
    if not failed:
        return "no model fails the policy"
    return f"{count(failed)} of {counted(len(audit.entries), 'model')} fail the policy"


def _row(audit: Audit, entry: Entry) -> str:
    tone = TONES.get(entry.conclusion, Tone.MUTED)
    verdict = entry.verdict or "not checked"
    sign = f'<span aria-hidden="true">{SIGNS[tone]}</span>'
    chip = f'<span class="chip {tone.value} short">{sign} {html_text(verdict)}</span>'
    bases = [f"{b.verdict}: {b.ref}" for b in entry.bases[:BASES_SHOWN]]
    more = len(entry.bases) - BASES_SHOWN
    bases += [f"{count(more)} more"] if more > 0 else []
    said = "<br>".join(map(_shown, [entry.error] if entry.error else bases))
    named = list(entry.declared[:BASES_SHOWN]) or [NOTHING]
    changed = changed_words(audit, entry) or ("unchanged" if audit.compared_with else NOTHING)
    link = NOTHING
    if _FILE.fullmatch(entry.report):
        link = f'<a class="short" href="{html_attribute(entry.report)}">report.json</a>'
    cells = (
        _shown(entry.ref),
        "<br>".join(map(_shown, named)),
        f"{chip}<br>{said}" if said else chip,
        html_text(changed),
        link,
    )
    return "<tr>{}</tr>".format(
        "".join(
            f'<td data-label="{html_attribute(label)}"><div>{cell}</div></td>'
            for label, cell in zip(HEAD, cells, strict=True)
        )
    )


def _shown(text: str) -> str:
    short = ' class="short"' if len(text) <= SHORT and " " not in text else ""
    return f"<bdi{short}>{html_text(text)}</bdi>"
