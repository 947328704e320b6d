"""How is the evidence about each base laid out?

One folded section per base: what was counted in which family, how strong each family is alone, and
the controls that show the count finds nothing where nothing is, and everything where everything is.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from hubcheck.card import matches, names, numbers, sentences
from hubcheck.card.change_section import TEST as WHOLE_MODEL
from hubcheck.card.change_section import whole_model
from hubcheck.card.document import (
    Details,
    Heading,
    Identifier,
    Inner,
    ItemList,
    Line,
    Meter,
    Paragraph,
    Role,
    Table,
    Trusted,
    Untrusted,
)
from hubcheck.card.origin_section import origin_blocks
from hubcheck.card.wording import power_words, sentence, words
from hubcheck.report.phrases import PhraseCode
from hubcheck.report.words import EvidenceKind, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubcheck.report.schema import Evidence, Finding, PartVerdict, Report

BASES_SHOWN: Final = 20
"""Bases with a row and a section of their own; discovery proposes fewer."""

FAMILIES_SHOWN: Final = 24
"""Rows per base: two screens; the report holds the rest."""

LONG_TEXT: Final = 400
ADAPTER: Final = "adapter"
"""A test that nothing has a chance to pass: values are a sum, or they are not."""
PARTS: Final = "Parts of the model"
CONTROLS: Final = "Controls"
LEFT_ASIDE: Final = "What was left aside or could not be done"
NOTES_SHOWN: Final = 12
UNDETERMINED: Final = "undetermined"
DIRECTIONS: Final = {
    "base-to-subject": "the subject is the later one",
    "subject-to-base": "the base is the later one",
}

COLUMNS: Final = (
    "Own bound: k hits in one family have a chance of at most 1/k!, below 1 in 10 billion from "
    "14 hits on. Ceiling: the similarity that the best relabelling of strangers reaches; a match "
    "must be well above it. Would show: the smallest similarity that would have been seen. "
    "Shifted: hits with the base's index shifted, about 1 by chance."
)

IN_BLOCKS: Final = (
    " Of an axis that is free in blocks only (groups of a norm, heads) k hits have a chance of at "
    "most A(k)/k!, which is more."
)


def evidence_sections(report: Report) -> tuple[Details, ...]:
    """Return one section per base that was tested or has a reason to show."""
    findings = matches.foremost(report, BASES_SHOWN)
    first = next((f for f in findings if _families(f)), None)
    return tuple(_evidence(finding, legend=finding is first) for finding in findings)


def _families(finding: Finding) -> tuple[Evidence, ...]:
    """Return the rows of the table; what says how far the weights moved stands with the map."""
    return tuple(
        e for e in finding.evidence if e.kind is not EvidenceKind.CONTEXT and e.test != WHOLE_MODEL
    )


def _evidence(finding: Finding, *, legend: bool) -> Details:
    summary: list[Trusted | Identifier] = [
        Trusted("Evidence: "),
        names.pinned_base(finding.base),
    ]
    if finding.families_tested:
        plural = "family" if finding.families_tested == 1 else "families"
        summary.append(Trusted(f", {numbers.count(finding.families_tested)} {plural}"))
    blocks: list[Inner] = [Paragraph(content=_statement(finding))]
    power = power_words(finding.power)
    if power and finding.verdict not in matches.MATCHES:
        blocks.append(Paragraph(content=_stated(power)))
    if finding.verdict not in matches.MATCHES:  # nothing moved between strangers
        blocks += [Paragraph(content=line) for line in whole_model(finding)]
    blocks += origin_blocks(finding)
    families = _families(finding)
    if families:
        blocks.append(_family_table(families[:FAMILIES_SHOWN]))
    if legend:
        blocks.append(Paragraph(content=(Trusted(_columns(families)),), role=Role.NOTE))
    if len(families) > FAMILIES_SHOWN:
        rest = f"{numbers.count(len(families) - FAMILIES_SHOWN)} more families are in report.json."
        blocks.append(Paragraph(content=(Trusted(rest),), role=Role.NOTE))
    return Details(
        summary=tuple(summary),
        blocks=(*blocks, *_parts(finding), *_controls(finding), *_notes(finding)),
    )


def _columns(families: Sequence[Evidence]) -> str:
    """Return what the columns mean; of axes that are free in blocks, that a hit is worth less."""
    return COLUMNS + IN_BLOCKS * matches.is_free_in_blocks(families)


def _notes(finding: Finding) -> tuple[Inner, ...]:
    """Return what a deeper look left aside."""
    if not finding.notes:
        return ()
    items: list[Line] = [
        (Untrusted(words(note), limit=LONG_TEXT),) for note in finding.notes[:NOTES_SHOWN]
    ]
    more = len(finding.notes) - NOTES_SHOWN
    if more > 0:
        items.append((Trusted(f"{more} more are in report.json"),))
    return (Heading(content=(Trusted(LEFT_ASIDE),)), ItemList(items=tuple(items)))


def _statement(finding: Finding) -> Line:
    found: list[Trusted | Untrusted] = []
    if finding.reason:
        found += _stated(sentence(finding.reason))
    if finding.relation is not None and finding.relation.detail:
        found += _stated(sentence(finding.relation.detail))
    if finding.verdict in matches.MATCHES:
        found += [
            Trusted(_bound(finding)),
            Trusted(_similarity(finding)),
            *_coverage(finding),
            *_direction(finding),
        ]
        found.append(Trusted(sentences.RELATED_MEANS))
    elif finding.verdict is Verdict.UNRELATED:
        found.append(
            Trusted(
                "The agreement is what chance gives. It is given as unrelated because a copy "
                "would have been seen; it says nothing about data or ideas."
            )
        )
    elif not found:
        found.append(Trusted("Too little was compared to say anything."))
    return tuple(found)


def _stated(text: str) -> tuple[Untrusted, Trusted]:
    said = text.strip(" .")
    return Untrusted(said[:1].upper() + said[1:], limit=LONG_TEXT), Trusted(". ")


def _bound(finding: Finding) -> str:
    text = ""
    if finding.log10_p < 0:
        text = f"By chance: {numbers.chance(finding.log10_p)}, if the stated assumptions hold. "
        if finding.verdict is Verdict.DISGUISED:
            rests = matches.calibrated_on(finding)
            text = f"By chance: {numbers.chance(finding.log10_p)}, {rests}, which is no proof. "
    if finding.log10_p_without_strongest < 0:
        alone = numbers.chance(finding.log10_p_without_strongest)
        text += f"Without its strongest family: {alone}. "
    if finding.families_tested:
        share = numbers.hits(finding.families_hit, finding.families_tested)
        text += f"{share} families would reject chance alone. "
    return text


def _similarity(finding: Finding) -> str:
    """Return the interval of the similarity, which speaks of the families that were looked at."""
    if finding.kept_interval is None:
        return ""
    low, high = (numbers.kept(value) for value in finding.kept_interval)
    return (
        f"Similarity {numbers.kept(finding.kept)} (95 % interval {low} to {high}, over all units "
        "of the families looked at). "
    )


def _coverage(finding: Finding) -> tuple[Trusted | Untrusted, ...]:
    """Return how much of what both could have in common was compared: never what was named."""
    if finding.verdict is Verdict.IDENTICAL or not finding.compared:
        return ()
    share = numbers.percent(finding.compared)
    said: list[Trusted | Untrusted] = [Trusted(f"Values compared in {share} of the parameters")]
    if finding.not_compared:
        listed = Untrusted(", ".join(map(words, finding.not_compared)), limit=LONG_TEXT)
        said += [Trusted(" (neither compared nor tested: "), listed, Trusted(")")]
    unread = any(n.code is PhraseCode.LOOK_REFUSED for n in finding.notes)
    among = ", also for those that could not be looked at" if unread else ""
    return (*said, Trusted(f"; layers that were sampled stand for their equals{among}. "))


def _direction(finding: Finding) -> tuple[Trusted | Untrusted, ...]:
    """Return which way the evidence points, and why where it does."""
    if finding.direction == UNDETERMINED or not finding.direction:
        return (Trusted("Direction: undetermined. "),)
    later = DIRECTIONS.get(finding.direction)
    direction = Trusted(later) if later else Untrusted(finding.direction, limit=LONG_TEXT)
    said = (Trusted("Direction: "), direction)
    if not finding.direction_reason:
        return (*said, Trusted(". "))
    reason = sentence(finding.direction_reason).strip(" .")
    return (*said, Trusted(", because "), Untrusted(reason, limit=LONG_TEXT), Trusted(". "))


def _family_table(families: tuple[Evidence, ...]) -> Table:
    noted = any(e.note for e in families)
    head = ["family", "kind", "hits", "own bound", "similarity", "ceiling", "would show", "shifted"]
    rows: list[tuple[Line, ...]] = []
    for item in families:
        row: list[Line] = [
            (Untrusted(words(item.family) or item.test),),
            _kind(item),
            (Trusted(numbers.hits(item.hits, item.units) if item.units else numbers.NOTHING),),
            (Trusted(_own_bound(item)),),
            _share(item.kept, known=item.units > 0 and item.kept != 0),
            _share(item.ceiling, known=item.ceiling > 0),
            _share(item.detectable_kept, known=item.detectable_kept > 0),
            (Trusted(_control(item.control_hits)),),
        ]
        if noted:
            note = sentence(item.note)
            row.append((Untrusted(note) if note else Trusted(numbers.NOTHING),))
        rows.append(tuple(row))
    if noted:
        head.append("note")
    return Table(head=tuple(head), rows=tuple(rows), numeric=frozenset({2, 4, 5, 6, 7}))


def _kind(item: Evidence) -> Line:
    kind = Trusted(item.kind.value)
    return (kind, Trusted(", "), Untrusted(item.frame, limit=24)) if item.frame else (kind,)


def _part_verdict(part: PartVerdict) -> str:
    return "not compared" if part.verdict is Verdict.NOT_TESTED else part.verdict.value


def _part_bound(part: PartVerdict) -> str:
    # A part whose order agrees and whose content does not has a bound, and no meaning.
    shown = part.verdict in matches.MATCHES and part.log10_p < 0
    return numbers.chance(part.log10_p) if shown else numbers.NOTHING


def _own_bound(item: Evidence) -> str:
    if item.test == ADAPTER:
        return numbers.NOTHING
    if item.kind is EvidenceKind.CALIBRATED or not item.units:
        return numbers.chance(item.log10_p) if item.log10_p < 0 else numbers.NOTHING
    factorial = -math.lgamma(item.hits + 1) / math.log(10)
    if not math.isclose(item.log10_p, factorial, rel_tol=1e-3, abs_tol=0.01):
        return numbers.chance(item.log10_p)
    return f"1/{numbers.count(item.hits)}!" if item.hits > 1 else "chance"


def _share(value: float, *, known: bool) -> Line:
    return (Trusted(numbers.kept(value) if known else numbers.NOTHING),)


def _parts(finding: Finding) -> tuple[Inner, ...]:
    if not finding.parts:
        return ()
    rows = tuple(
        (
            (Untrusted(part.name),),
            (Trusted(_part_verdict(part)),),
            (Trusted(_part_bound(part)),),
            (Meter(part.kept, Trusted(numbers.kept(part.kept))),)
            if part.verdict in matches.MATCHES
            else (Trusted(numbers.NOTHING),),
        )
        for part in finding.parts
    )
    table = Table(head=("part", "verdict", "by chance", "similarity"), rows=rows)
    return (Heading(content=(Trusted(PARTS),)), table)


def _controls(finding: Finding) -> tuple[Inner, ...]:
    """Return the same count run where the answer is known."""
    if finding.controls is None:
        return ()
    shifted, own = finding.controls.shifted_hits, numbers.percent(finding.controls.self_hits)
    said = (
        f"The same count where the answer is known: with the base's index shifted {shifted:.1f} "
        f"hits per family, and about 1 is chance; with the base against itself {own} of the units, "
        "and all must be hits."
    )
    return (Heading(content=(Trusted(CONTROLS),)), Paragraph(content=(Trusted(said),)))


def _control(hits: int) -> str:
    """Return the shifted count, or a dash where none was measured (digests, signs)."""
    return numbers.count(hits) if hits >= 0 else numbers.NOTHING
