"""What do the licences of a model's ancestors ask, and what does its repository show of that?

Flags, not advice. Every ancestor is looked at, because obligations pass through: a permissive tag
in between does not loosen what stands above it. A flag names the base it rests on, whether that
base is declared or was found in the weights, and the clause.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hubcheck.errors import printable
from hubcheck.frozen import frozen
from hubcheck.report.phrases import Phrase, PhraseCode, phrase
from hubcheck.report.schema import Licence as LicenceReport
from hubcheck.report.schema import LicenceCheck, StatedLicence
from hubcheck.report.words import LicenceStatus as Status
from hubcheck.verdict.licence_rules import Case, Stated, apply
from hubcheck.verdict.licence_table import Licence

ORDER: Final = (Status.OK, Status.UNKNOWN, Status.ATTENTION)
"""The strictest word stands last and wins."""


@frozen
class Tie:
    """An ancestor, and what ties the model to it."""

    parent: Stated
    basis: Phrase
    """``declared``, ``found in the weights``, ``declared by org/name`` for one further up."""
    declared: bool
    """Whether the model's own card leads to it."""


def check_licences(child: Stated, ties: Sequence[Tie]) -> LicenceReport:
    """Return what was seen, strictest first.

    Args:
        child: The model under test.
        ties: Its ancestors, nearest first.
    """
    checks = [c for tie in ties for c in _checks(child, tie)]
    checks += _disagreement(child)
    once: dict[tuple[str, str], LicenceCheck] = {}
    for check in checks:
        # Two ancestors under one licence ask the same; the stricter sight of it stands.
        key = (check.licence or check.base, check.rule)
        known = once.get(key)
        if known is None or _rank(check) > _rank(known):
            once[key] = check
    found = sorted(once.values(), key=lambda c: -_rank(c))
    overall = max((_rank(c) for c in found), default=-1)
    return LicenceReport(
        status=ORDER[overall] if overall >= 0 else Status.NOT_CHECKED,
        flags=tuple(flag_of(c) for c in found if c.status is Status.ATTENTION),
        checks=tuple(found),
        stated=tuple(_stated(s) for s in (child, *(t.parent for t in ties))),
    )


def flag_of(check: LicenceCheck) -> Phrase:
    """Return a flag, base and clause included."""
    return phrase(
        PhraseCode.LICENCE_FLAG,
        status=check.status.value,
        seen=check.detail,
        licence=check.licence_title,
        clause=check.clause,
        says=check.says,
        base=printable(check.base),
        basis=(check.basis,),
    )


def _checks(child: Stated, tie: Tie) -> list[LicenceCheck]:
    parent = tie.parent
    licence = parent.licence
    if licence is None:
        shown = printable(parent.name or parent.tag)
        code = PhraseCode.LICENCE_BASE_STRANGE if shown else PhraseCode.LICENCE_BASE_NONE
        return [_unread(tie, phrase(code, base=printable(parent.ref), stated=shown))]
    case = Case(child=child, parent=parent, licence=licence, declared=tie.declared)
    rows = [_row(case, tie, n) for n in range(len(licence.asks))]
    other = parent.from_file
    if other is not None and other.id != licence.id:
        seen = phrase(
            PhraseCode.LICENCE_BASE_TWO,
            base=printable(parent.ref),
            tag=licence.title,
            file=other.title,
        )
        rows.append(_unread(tie, seen))
        second = Case(child=child, parent=parent, licence=other, declared=tie.declared)
        rows += [_row(second, tie, n) for n in range(len(other.asks))]
    return rows


def _row(case: Case, tie: Tie, number: int) -> LicenceCheck:
    ask, licence = case.licence.asks[number], case.licence
    seen = apply(ask, case)
    return LicenceCheck(
        status=seen.status,
        rule=ask.rule.value,
        licence=licence.id,
        licence_title=licence.title,
        clause=ask.clause,
        source=licence.source,
        says=ask.says,
        base=case.parent.ref,
        basis=tie.basis,
        detail=(seen.detail,),
    )


def _unread(tie: Tie, seen: Phrase) -> LicenceCheck:
    return LicenceCheck(
        status=Status.UNKNOWN,
        rule="recognised",
        base=tie.parent.ref,
        basis=tie.basis,
        detail=(seen,),
    )


def _disagreement(child: Stated) -> list[LicenceCheck]:
    """Return the flag of a model whose tag, name and file name different licences."""
    named = {
        "tag": child.from_tag,
        "license_name": child.from_name,
        "LICENSE file": child.from_file,
    }
    known: dict[str, Licence] = {where: one for where, one in named.items() if one is not None}
    if len({one.id for one in known.values()}) < 2:  # noqa: PLR2004 - one licence agrees with itself
        return []
    titles = tuple(one.title for one in known.values())
    seen = phrase(PhraseCode.LICENCE_SEVERAL, places=tuple(known), titles=titles)
    return [
        LicenceCheck(
            status=Status.ATTENTION,
            rule="one-licence",
            base=child.ref,
            basis=phrase(PhraseCode.BASIS_OWN),
            detail=(seen,),
        )
    ]


def _rank(check: LicenceCheck) -> int:
    return ORDER.index(check.status)


def _stated(one: Stated) -> StatedLicence:
    def title(licence: Licence | None) -> str:
        return "" if licence is None else licence.title

    return StatedLicence(
        ref=one.ref,
        tag=one.tag,
        name=one.name,
        file=one.file_path,
        file_sha256=one.file_sha256,
        from_tag=title(one.from_tag),
        from_name=title(one.from_name),
        from_file=title(one.from_file),
    )
