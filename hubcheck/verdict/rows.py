"""Which lines of evidence, controls and notes does a finding show of everything that was seen?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, fields

from hubcheck.evidence.looks.disguise.look import DISGUISE
from hubcheck.evidence.looks.equality.files import WholeFiles
from hubcheck.evidence.looks.orders import ORDERS
from hubcheck.evidence.looks.sample.comparison import Comparison
from hubcheck.evidence.looks.towers import TOWERS
from hubcheck.evidence.looks.whole.interface import Unmatched, WholeChange
from hubcheck.evidence.looks.whole.look import EVERY_TENSOR
from hubcheck.evidence.looks.writers import WRITERS
from hubcheck.evidence.observation import Skip
from hubcheck.evidence.refused import Refused
from hubcheck.evidence.row import Row
from hubcheck.frozen import frozen
from hubcheck.report.phrases import Clauses, PhraseCode, phrase
from hubcheck.report.schema import Change, Evidence
from hubcheck.report.words import EvidenceKind
from hubcheck.verdict.component_entries import NO_COMPONENTS, Components
from hubcheck.verdict.equal_tensors import joined
from hubcheck.verdict.finding import FAMILY_REJECTS, evidence_of, identity_rows
from hubcheck.verdict.judge import Case, equal_in
from hubcheck.verdict.rearranged_rows import evidence_of_disguise, writer_rows
from hubcheck.verdict.refusals import refusal_notes
from hubcheck.verdict.whole import part_name

SHOWN_UNMATCHED = 3
"""Tensors without a counterpart that are named; the rest is counted."""


@frozen
class Counted:
    """Families and units that exact tests looked at."""

    families: int
    hit: int
    units: int
    units_hit: int


def cases_of(components: Components) -> tuple[tuple[str, Case], ...]:
    """Return the components that were looked at, with their names."""
    return tuple((one.name, one.seen) for one in components.seen if isinstance(one.seen, Case))


def component_rows(components: Components) -> tuple[Evidence, ...]:
    """Return the rows of evidence of every component, its name as their part."""
    rows: list[Evidence] = []
    for one in components.seen:
        if isinstance(one.seen, WholeFiles):
            rows.append(_digest_row(one.name, one.seen))
        elif isinstance(one.seen, Case):
            rows += evidence_of(one.seen.seen.seen(ORDERS), part=one.name)
            for tower in one.seen.seen.seen(TOWERS).towers:
                name = f"{one.name}: {part_name(tower.name)}"
                rows += evidence_of(tower.comparison, part=name)
            rows += (_of_component(one.name, row) for row in deeper_rows(one.seen))
    return tuple(rows)


def _of_component(name: str, row: Evidence) -> Evidence:
    """Return a row with the component it is of, which has no body of its own."""
    family = phrase(PhraseCode.ABOUT, name=name, what=(row.family,))
    return row.model_copy(update={"part": name, "family": family})


def _digest_row(name: str, files: WholeFiles) -> Evidence:
    counted = phrase(PhraseCode.FAMILY_FILES, files=files.files)
    return Evidence(
        test="digest",
        family=phrase(PhraseCode.ABOUT, name=name, what=(counted,)),
        kind=EvidenceKind.EXACT,
        part=name,
        frame="",
        units=files.files,
        hits=files.files,
        log10_p=0.0,
        detectable_kept=0.0,
        note=(phrase(PhraseCode.NOTE_DIGESTS),),
        kept=1.0,
    )


def comparisons_in(case: Case, components: Components = NO_COMPONENTS) -> tuple[Comparison, ...]:
    """Return what the exact tests saw: of the bodies, then of every tower and component."""
    towers = case.seen.seen(TOWERS).towers
    beside = (c for _, of in cases_of(components) for c in comparisons_in(of))
    return (case.seen.seen(ORDERS), *(t.comparison for t in towers), *beside)


def exact_rows(case: Case, components: Components = NO_COMPONENTS) -> tuple[Evidence, ...]:
    """Return the rows of bodies, towers, components and equal tensors."""
    towers = case.seen.seen(TOWERS).towers
    equal = equal_in(case)
    if not components.bodies:  # of a pipeline the bytes of each component were looked at
        for _, of in cases_of(components):
            equal = joined(equal, equal_in(of))
    return (
        *evidence_of(case.seen.seen(ORDERS)),
        *(row for t in towers for row in evidence_of(t.comparison, part=part_name(t.name))),
        *component_rows(components),
        *identity_rows(equal),
    )


def counted(rows: Iterable[Evidence]) -> Counted:
    """Return how many families and units exact rows stand for, signs apart."""
    own = [r for r in rows if r.log10_e != 0.0 and r.test != "signs"]
    return Counted(
        families=len(own),
        hit=sum(r.log10_p <= FAMILY_REJECTS for r in own),
        units=sum(r.units for r in own),
        units_hit=sum(r.hits for r in own),
    )


def deeper_rows(case: Case) -> tuple[Evidence, ...]:
    """Return the rows of every look beyond the orders and the equal tensors."""
    disguise, whole = case.seen.seen(DISGUISE), case.seen.seen(EVERY_TENSOR)
    return (
        *(() if isinstance(disguise, Skip) else evidence_of_disguise(disguise)),
        *writer_rows(case.seen.seen(WRITERS)),
        *(_row(row) for one in case.seen.taken() for row in one.rows),
        *((_whole_row(whole),) if case.seen.took(EVERY_TENSOR) else ()),
    )


def whole_changes(case: Case) -> tuple[Change, ...]:
    """Return how far every tensor moved, where all were streamed."""
    return tuple(Change(**asdict(cell)) for cell in case.seen.seen(EVERY_TENSOR).cells)


def notes_of(case: Case, refused: tuple[Refused, ...]) -> Clauses:
    """Return what looks could not do, or left aside.

    Args:
        case: What was seen.
        refused: Every look that could not be taken, of components too.
    """
    whole = case.seen.seen(EVERY_TENSOR)
    return (*refusal_notes(refused), *whole.notes, *_unmatched(whole.unmatched))


def _row(row: Row) -> Evidence:
    values = {f.name: getattr(row, f.name) for f in fields(Row)}
    return Evidence(**{**values, "kind": EvidenceKind(row.kind), "detectable_kept": 0.0})


def _whole_row(whole: WholeChange) -> Evidence:
    """Return the whole model in one line of evidence: exact, and about no order."""
    return Evidence(
        test="change",
        family=phrase(PhraseCode.FAMILY_ALL),
        kind=EvidenceKind.EXACT,
        part="model",
        frame="",
        units=whole.values,
        hits=whole.equal_values,
        log10_p=0.0,
        detectable_kept=0.0,
        note=whole.said,
        kept=round(whole.cosine, 4),
    )


def _unmatched(found: tuple[Unmatched, ...]) -> Clauses:
    """Return what was not compared, in one phrase."""
    if not found:
        return ()
    named = tuple(
        phrase(PhraseCode.UNMATCHED_ONE, tensor=one.tensor, side=one.side, why=(one.why,))
        for one in found[:SHOWN_UNMATCHED]
    )
    more = max(0, len(found) - SHOWN_UNMATCHED)
    return (phrase(PhraseCode.UNMATCHED, named=named, more=more),)
