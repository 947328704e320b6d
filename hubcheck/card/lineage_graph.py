"""How are the model and its bases drawn as a graph?

Mermaid text, which GitHub draws itself. Lines have no arrow heads: a match does not say who came
first. Names are cut down to letters, digits and four signs, so that nothing in them can be read as
syntax, markup, a link or a mention.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from hubcheck.card import first_table, matches, names, numbers
from hubcheck.card.document import Tone, raw_text
from hubcheck.report.words import Verdict

if TYPE_CHECKING:
    from hubcheck.report.schema import Finding, Report

BASES_SHOWN: Final = 8
NAME_LIMIT: Final = 60
LABEL_LIMIT: Final = 240
"""The longest verdict has some 130 characters, and a name in it."""

_ROOTS: Final = frozenset({".", "./"})
_NOT_PLAIN: Final = re.compile(r"[^A-Za-z0-9._/ -]")
_SPELLED: Final = ((":", " -"), (",", " -"), (" %", " percent"), (" (", " - "), (")", ""))
"""How the signs of a verdict are written where they could be syntax."""
_STYLES: Final = {
    Tone.GOOD: "fill:#dafbe1,stroke:#1a7f37,color:#1f2328",
    Tone.BAD: "fill:#ffebe9,stroke:#cf222e,color:#1f2328",
    Tone.PLAIN: "fill:#ddf4ff,stroke:#0969da,color:#1f2328",
    Tone.MUTED: "fill:#f6f8fa,stroke:#59636e,color:#1f2328",
}
"""The text colour is set too: on a dark page the default would be white on a light fill."""


def lineage_graph(report: Report, extra: Sequence[str] = ()) -> str:
    """Return a fenced Mermaid block, or nothing when no base was named.

    Args:
        report: The report.
        extra: Further lines; the subject is ``m``, the base of finding i ``bi``.
    """
    if not report.findings:
        return ""
    subject = names.name(report.subject.ref, report.subject.revision)
    subject = "this repository" if subject in _ROOTS else subject
    lines = ["flowchart LR", f'  m["{plain_label(subject)}"]']
    for i, finding in enumerate(report.findings[:BASES_SHOWN]):
        base = names.called(finding.base).replace("@", " at ")  # an at-sign could be a mention
        lines.append(f'  b{i}["{plain_label(base)}"]:::{first_table.tone(report, finding).value}')
        lines.append(f'  m {_line(finding)}|"{_label(report, finding)}"| b{i}')
    more = len(report.findings) - BASES_SHOWN
    if more > 0:
        lines.append(f'  more["{more} more bases"]:::{Tone.MUTED.value}')
        lines.append("  m -.- more")
    lines += extra
    lines += [f"  classDef {tone.value} {style}" for tone, style in _STYLES.items()]
    return "\n".join(("```mermaid", *lines, "```"))


def plain_label(text: str, *, limit: int = NAME_LIMIT) -> str:
    """Return a text that cannot be syntax; what was left out shows as a question mark."""
    shown = _NOT_PLAIN.sub("?", " ".join(text[:1000].split()).replace("…", "..."))
    # A word of the language (end, click) or a link target stays inside the quotes; two dots and
    # slashes in a row are all that is left to a path.
    return (shown[: limit - 1] + "..." if len(shown) > limit else shown) or "?"


def _line(finding: Finding) -> str:
    if finding.verdict in matches.MATCHES:
        return "===" if finding.declared else "---"
    return "-.-"


def _label(report: Report, finding: Finding) -> str:
    """Return what was found, whole: a label breaks into lines where it is drawn."""
    said = "declared - " if finding.declared else ""
    said += raw_text(first_table.verdict_cell(report, finding))
    if finding.verdict in matches.MATCHES and finding.verdict is not Verdict.IDENTICAL:
        said += f" - similarity {numbers.kept(finding.kept)}"
    for sign, plain in _SPELLED:
        said = said.replace(sign, plain)
    return plain_label(said, limit=LABEL_LIMIT)
