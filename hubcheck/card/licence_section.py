"""What do the licences above the model ask, and what is there of it?

Observations in three words (attention, ok, unknown), each with the base it rests on and the clause.
No sentence here says what is allowed.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from hubcheck.card.document import (
    Chip,
    Details,
    Identifier,
    Line,
    Paragraph,
    Role,
    Table,
    Tone,
    Trusted,
    Untrusted,
)
from hubcheck.card.numbers import NOTHING
from hubcheck.card.wording import sentence, words
from hubcheck.report.words import LicenceStatus

if TYPE_CHECKING:
    from hubcheck.report.schema import LicenceCheck, Report

CHECKS_SHOWN: Final = 24
NOTE: Final = (
    "Observations about names, files and cards, made by a program. They are not legal advice; the "
    "clause of the licence is what counts."
)
_TONES: Final = {
    LicenceStatus.ATTENTION: Tone.BAD,
    LicenceStatus.OK: Tone.GOOD,
    LicenceStatus.UNKNOWN: Tone.MUTED,
    LicenceStatus.NOT_CHECKED: Tone.MUTED,
}


def licence_section(report: Report) -> tuple[Details, ...]:
    """Return the folded licence flags, or nothing where no licence was looked at."""
    checks = report.licence.checks
    if not checks:
        return ()
    counts = Counter(c.status for c in checks)
    words = ", ".join(f"{n} {status.value}" for status in LicenceStatus if (n := counts[status]))
    rows = tuple(_row(check) for check in checks[:CHECKS_SHOWN])
    blocks: list[Table | Paragraph] = [
        Table(head=("status", "what the clause says", "seen here", "rests on"), rows=rows)
    ]
    if len(checks) > CHECKS_SHOWN:
        rest = f"{len(checks) - CHECKS_SHOWN} more are in report.json."
        blocks.append(Paragraph(content=(Trusted(rest),), role=Role.NOTE))
    stated: tuple[tuple[Line, ...], ...] = tuple(
        (
            (Identifier(s.ref),),
            _place(s.tag, s.from_tag),
            _place(s.name, s.from_name),
            _place(s.file, s.from_file),
        )
        for s in report.licence.stated[:CHECKS_SHOWN]
    )
    head = ("model", "tag", "license name", "LICENSE file")
    blocks += [
        Table(head=head, rows=stated),
        Paragraph(content=(Trusted(NOTE),), role=Role.NOTE),
    ]
    return (Details(summary=(Trusted(f"Licences: {words}"),), blocks=tuple(blocks)),)


def _row(check: LicenceCheck) -> tuple[Line, ...]:
    asked: Line = (Trusted(NOTHING),)
    if check.clause:
        title = Untrusted(check.licence_title, limit=90)
        asked = (title, Trusted(" "), Untrusted(check.clause, limit=60), Trusted(": "),
                 Untrusted(check.says, limit=160))  # fmt: skip
    return (
        (Chip((Trusted(check.status.value),), _TONES[check.status]),),
        asked,
        (Untrusted(sentence(check.detail), limit=200),),
        (Identifier(check.base), Trusted(", "), Untrusted(words(check.basis), limit=120)),
    )


def _place(stated: str, recognised: str) -> Line:
    if not stated:
        return (Trusted(NOTHING),)
    if recognised.casefold() == stated.casefold():
        return (Untrusted(stated, limit=60),)
    if recognised:
        return (Untrusted(stated, limit=60), Trusted(", read as "), Untrusted(recognised))
    return (Untrusted(stated, limit=60), Trusted(", not recognised"))
