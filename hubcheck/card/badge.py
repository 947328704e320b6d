"""What does the badge say?

A few neutral words, as an endpoint for shields and as a small SVG of its own. The words carry the
meaning, colour only repeats it, and the title names the commit so that an old badge shows its age.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from hubcheck.card import matches, names
from hubcheck.card.escaping import html_text, plain_text
from hubcheck.report.standing import UPSTREAM, is_refuted
from hubcheck.report.words import DeclarationVerdict, Verdict

if TYPE_CHECKING:
    from hubcheck.report.schema import Report

LABEL: Final = "lineage"
NAME_LIMIT: Final = 60
DESCRIPTION_LIMIT: Final = 400
HEIGHT: Final = 20
"""Pixels at which it is shown."""
STALE_COLOUR: Final = "#5f6875"
"""The grey of "inconclusive": nothing is known about the weights that are there now."""

COLOURS: Final = {
    DeclarationVerdict.CONFIRMED: "#1a7f4b",
    DeclarationVerdict.UNDECLARED: "#b3402e",
    DeclarationVerdict.CONTRADICTED: "#b3402e",
    DeclarationVerdict.NONE_FOUND: "#2b6299",
    DeclarationVerdict.INCONCLUSIVE: "#5f6875",
}
"""White text on each has a contrast of at least 4.5 to 1."""

_NARROW: Final = frozenset("ijlI.,:;'|!()[] -ft/r")
_WIDE: Final = frozenset("mwMW@%")
_LABEL_COLOUR: Final = "#3d444d"
_PADDING: Final = 6


def message(report: Report, *, stale: bool = False) -> str:
    """Return the badge's words, without the label; plain text on one line.

    Args:
        report: The report.
        stale: Whether the weights have changed since. A verdict about weights that are no longer
            there is not repeated.
    """
    if stale:
        commit = _commit(report).removeprefix(" - ")
        return f"out of date: weights changed since {commit or 'the check'}"
    match report.verdict:
        case DeclarationVerdict.CONFIRMED:
            found = matches.main_match(report)
            hidden = found is not None and found.verdict is Verdict.DISGUISED
            named = matches.only_named(report, matches.declared(report))
            said = "matches the base named" if named else "matches its card"
            said = f"{said}, disguised" if hidden else said
            return f"{said}{_upstream(report)}: {_bases(report)}{_commit(report)}"
        case DeclarationVerdict.UNDECLARED:
            found = matches.main_match(report)
            hidden = found is not None and found.verdict is Verdict.DISGUISED
            return "disguised base not declared" if hidden else "base not declared"
        case DeclarationVerdict.CONTRADICTED:
            refuted = [f for f in matches.declared(report) if is_refuted(f)]
            named = bool(refuted) and matches.only_named(report, refuted)
            return "differs from the base named" if named else "differs from its card"
        case DeclarationVerdict.NONE_FOUND:
            bases = len(matches.tested(report))
            return f"no relation to {bases} tested base{'' if bases == 1 else 's'}"
        case DeclarationVerdict.INCONCLUSIVE:
            return f"inconclusive{_upstream(report)}"


def colour(report: Report, *, stale: bool = False) -> str:
    """Return the colour behind the words, as ``#rrggbb``."""
    return STALE_COLOUR if stale else COLOURS[report.verdict]


def description(report: Report, *, stale: bool = False) -> str:
    """Return the alternative text: label, words and commit."""
    words = message(report, stale=stale)
    commit = "" if stale else _commit(report)
    return f"{LABEL}: {words}" + ("" if words.endswith(commit) else commit)


def endpoint(report: Report, *, stale: bool = False) -> str:
    """Return the JSON document that a shields endpoint badge reads."""
    document = {
        "schemaVersion": 1,
        "label": LABEL,
        "message": message(report, stale=stale),
        "color": colour(report, stale=stale).removeprefix("#"),
    }
    return json.dumps(document, ensure_ascii=True, indent=2) + "\n"


def svg(report: Report, *, stale: bool = False) -> str:
    """Return a self-contained SVG badge: no script, no request, no font but the system's."""
    words = message(report, stale=stale)
    left = _width(LABEL) + 2 * _PADDING
    right = _width(words) + 2 * _PADDING
    total = left + right
    shown = html_text(words, limit=len(words) + 1)
    said = html_text(description(report, stale=stale), limit=DESCRIPTION_LIMIT)
    style = 'font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11" fill="#fff"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{total}" height="{HEIGHT}" '
        f'viewBox="0 0 {total} {HEIGHT}" role="img" aria-label="{said}">\n'
        f"<title>{said}</title>\n"
        # Three rectangles and no clip path: an id would clash where a page holds two badges.
        f'<rect width="{total}" height="{HEIGHT}" rx="3" fill="{colour(report, stale=stale)}"/>'
        f'<rect width="{left}" height="{HEIGHT}" rx="3" fill="{_LABEL_COLOUR}"/>'
        f'<rect x="{left - 4}" width="4" height="{HEIGHT}" fill="{_LABEL_COLOUR}"/>\n'
        f"<g {style}>"
        f'<text x="{_PADDING}" y="14" textLength="{left - 2 * _PADDING}">{LABEL}</text>'
        f'<text x="{left + _PADDING}" y="14" textLength="{right - 2 * _PADDING}">{shown}</text>'
        "</g>\n</svg>\n"
    )


def _bases(report: Report) -> str:
    bases = matches.declared(report)
    if not bases:
        return "declared base"
    more = f" and {len(bases) - 1} more" if len(bases) > 1 else ""
    return plain_text(names.called(bases[0].base), limit=NAME_LIMIT) + more


def _upstream(report: Report) -> str:
    """Return that a declared base matches a model that neither names, where that is so."""
    return f", {UPSTREAM}" if any(f.upstream for f in report.findings) else ""


def _commit(report: Report) -> str:
    revision = report.subject.revision
    return f" - {names.short(revision)}" if names.is_commit(revision) else ""


def _width(text: str) -> int:
    # Close to Verdana at 11 px; textLength makes every renderer agree on it.
    narrow = sum(c in _NARROW for c in text)
    wide = sum(c in _WIDE or not c.isascii() for c in text)
    return round(4.2 * narrow + 10.2 * wide + 6.9 * (len(text) - narrow - wide))
