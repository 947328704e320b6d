"""How is it found out what a check would read?

Serves ``--plan``: headers are read, no weights.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from hubcheck.check.adapters import MOST, is_adapter, lies_beside, sum_bytes
from hubcheck.check.components import component_pairs
from hubcheck.check.observe import comparer_of, opened_for, opened_pair, terms_of
from hubcheck.checkpoint.rows import spans_of
from hubcheck.errors import HubcheckError
from hubcheck.evidence.looks.change.moved import bytes_for as moved_bytes
from hubcheck.evidence.looks.interface import Opened, Terms
from hubcheck.evidence.looks.merge.look import MERGE
from hubcheck.evidence.looks.orders import ORDERS
from hubcheck.evidence.looks.registry import LOOKS
from hubcheck.evidence.looks.sample.steps import STEP_BYTES
from hubcheck.evidence.observation import Skip
from hubcheck.evidence.reading import Reader, Wanted
from hubcheck.model import Model, open_model
from hubcheck.report.planned import FurtherLook, ModelPlan, PairPlan, Plan, PlannedRows, When
from hubcheck.report.words import Depth
from hubcheck.request.interface import EVERY_BYTE, BaseRequest, Request
from hubcheck.source.interface import Span
from hubcheck.source.ranges import plan_runs
from hubcheck.source.reference import name_of


def plan_of(request: Request) -> Plan:
    """Return what a check of this depth would read.

    Raises:
        HubcheckError: the subject cannot be opened.
    """
    subject = open_model(request.subject, request.access)
    bases = list(request.bases(subject))
    pairs: list[PairPlan] = []
    left_out: list[tuple[str, str]] = []
    looked_at: list[BaseRequest] = []
    adapters, room = int(lies_beside(subject)), 0
    for base in bases:
        name = name_of(base.reference)
        try:
            model = open_model(base.reference, request.access)
            tried = base.tried or len(bases)
            comparer = comparer_of(model, subject, seed=request.seed, tried=tried)
            terms = terms_of(request, declared=base.closely, tried=tried)
            both = opened_pair(comparer, model, subject)
            further = _further(both, terms)
        except HubcheckError as error:
            left_out.append((name, error.what))
            adapters += is_adapter(error)
            continue
        looked_at.append(base)
        room = max(room, *(one.n_bytes for one in both.checkpoints))
        of_base, of_subject = comparer.plan()
        if model.body_checkpoint is not None and subject.body_checkpoint is not None:
            pairs.append(
                PairPlan(
                    base=_model_plan(name, model.reader, of_base),
                    subject=_model_plan(str(subject.pin), subject.reader, of_subject),
                    further=further,
                )
            )
        pairs += _component_plans(name, model, subject, terms)
    escalates = request.depth is Depth.SAMPLE and request.escalate_to > request.access.max_read
    return Plan(
        seed=request.seed,
        pairs=tuple(pairs),
        left_out=tuple(left_out),
        together=tuple(
            replace(look, at_most=min(look.at_most, room))
            for look in _together(request.depth, looked_at, adapters)
        ),
        limit=0 if request.access.max_read >= EVERY_BYTE else request.access.max_read,
        escalates_to=request.escalate_to if escalates else 0,
    )


def _together(depth: Depth, bases: Sequence[BaseRequest], adapters: int) -> Iterator[FurtherLook]:
    """Yield the looks that are taken once every base was looked at, in their order.

    Args:
        depth: Says how much each may read.
        bases: Those that can be looked at.
        adapters: How many are at hand, beside the subject's weights or named as bases.
    """
    if len(bases) > 1:
        yield FurtherLook(name=MERGE.name, when=When.IF_SEVERAL, at_most=moved_bytes(depth))
    for _ in range(min(adapters, MOST) if bases else 0):
        yield FurtherLook(name="adapter", when=When.UNLESS_UNRELATED, at_most=sum_bytes(depth))
    if {base.declared for base in bases} == {True, False}:
        yield FurtherLook(name="kin", when=When.IF_BOTH, at_most=sum(STEP_BYTES))
        yield FurtherLook(name="held-change", when=When.IF_BOTH, at_most=moved_bytes(depth))


def _component_plans(name: str, base: Model, subject: Model, terms: Terms) -> list[PairPlan]:
    """Return the plans of what two models have beside their bodies, in the subject's order."""
    parts, _ = component_pairs(base, subject)
    tried = terms.tried * max(1, len(parts))
    found = []
    for one in parts:
        both = opened_for(terms.seed, one.base, one.subject, tried, len(parts))
        of_base, of_subject = both.comparer.plan()
        found.append(
            PairPlan(
                base=_model_plan(f"{name} {one.name}", one.base.reader, of_base),
                subject=_model_plan(f"{subject.pin} {one.name}", one.subject.reader, of_subject),
                further=_further(both, terms),
            )
        )
    return found


def _further(both: Opened, terms: Terms) -> tuple[FurtherLook, ...]:
    """Return every look of the depth but the first step."""
    found = []
    total = max(one.n_bytes for one in both.checkpoints)
    for look in LOOKS:
        planned = look.planned(both, terms)
        if look is ORDERS or isinstance(planned, Skip):
            continue
        found.append(
            FurtherLook(
                name=look.name,
                when=planned.when,
                n_base=planned.bytes_base,
                n_subject=planned.bytes_subject,
                at_most=min(planned.at_most, total),
            )
        )
    return tuple(found)


def _model_plan(name: str, reader: Reader, wanted: Sequence[Wanted]) -> ModelPlan:
    tensors = reader.anatomy.checkpoint.tensors
    rows: list[PlannedRows] = []
    spans: list[Span] = []
    by_reason: Counter[str] = Counter()
    for one in wanted:
        by_reason[one.why] += reader.size([one])
        for block in one.stored_blocks():
            rows.append(
                PlannedRows(tensor=block.tensor, start=block.start, stop=block.stop, why=one.why)
            )
            spans += spans_of(tensors[block.tensor], block)
    runs = plan_runs(spans)
    return ModelPlan(
        name=name,
        rows=tuple(rows),
        bytes_by_reason=tuple(sorted(by_reason.items())),
        n_bytes=reader.size(wanted),
        n_transferred=sum(run.size for run in runs),
        n_requests=len(runs),
        total_bytes=reader.anatomy.checkpoint.n_bytes,
    )
