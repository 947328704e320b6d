"""What would a check read, and why?

Serves ``--plan``: headers are read, no weights. A plan is a value; words are made of it last.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hubcheck.check.components import component_pairs
from hubcheck.check.observe import comparer_of, opened_for, opened_pair, terms_of
from hubcheck.checkpoint.rows import spans_of
from hubcheck.errors import HubcheckError, printable
from hubcheck.evidence.looks.interface import Opened, Terms, When
from hubcheck.evidence.looks.orders import ORDERS
from hubcheck.evidence.looks.registry import LOOKS
from hubcheck.evidence.observation import Skip
from hubcheck.evidence.reading import Reader, Wanted
from hubcheck.model import Model, open_model
from hubcheck.report.words import Depth
from hubcheck.request.interface import EVERY_BYTE, Request
from hubcheck.source.interface import Span
from hubcheck.source.ranges import plan_runs
from hubcheck.source.reference import name_of


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRows:
    """Rows ``start`` to ``stop`` (exclusive) of one tensor, and the test that asks for them."""

    tensor: str
    start: int
    stop: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPlan:
    """What the first step reads of one model."""

    name: str
    rows: tuple[PlannedRows, ...]
    """In the order in which tests ask; two tests may ask for the same rows, which are read once."""
    bytes_by_reason: tuple[tuple[str, int], ...]
    """Bytes that each test asks for, sorted by test; what two tests share counts for both."""
    n_bytes: int
    """Bytes of all rows, each counted once."""
    n_transferred: int
    """The same with the gaps between neighbours that share a request."""
    n_requests: int
    """Ranges asked for, where the model lies on a Hub."""
    total_bytes: int
    """Bytes of all tensors of the model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FurtherLook:
    """A look beyond the first step, of one pair."""

    name: str
    when: When
    n_base: int
    """Bytes of what it is known to read first; 0 where that is chosen as it goes."""
    n_subject: int
    at_most: int
    """Bytes a model, where it chooses as it goes; 0 for what is listed and no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairPlan:
    """What a check reads of one base and of the subject for it."""

    base: ModelPlan
    subject: ModelPlan
    """The subject's rows are drawn alike for every base of the same shape."""
    further: tuple[FurtherLook, ...]
    """Every other look of the depth, in the order in which they are asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a check would read: per base, and the bases that would be left out."""

    seed: int
    pairs: tuple[PairPlan, ...]
    left_out: tuple[tuple[str, str], ...]
    """Name and reason."""


def plan_of(request: Request) -> Plan:
    """Return what a check of this depth would read.

    Raises:
        HubcheckError: the subject cannot be opened.
    """
    subject = open_model(request.subject, request.access)
    bases = list(request.bases(subject))
    pairs: list[PairPlan] = []
    left_out: list[tuple[str, str]] = []
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
            continue
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
    return Plan(seed=request.seed, pairs=tuple(pairs), left_out=tuple(left_out))


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


def plan_text(request: Request) -> str:
    """Return the first step of a check in words: tensors, rows, bytes, reasons, per model.

    Raises:
        HubcheckError: the subject cannot be opened.
    """
    plan = plan_of(request)
    lines = [f"seed {plan.seed}; the same seed reads the same rows"]
    for pair in plan.pairs:
        lines += [*_model_lines(pair.base), *_model_lines(pair.subject)]
        lines += [_further_line(look) for look in pair.further]
    lines += [f"{printable(name)}: would not be tested: {reason}" for name, reason in plan.left_out]
    lines += _limit_lines(request)
    if not plan.pairs and not plan.left_out:
        lines.append("no base is declared or named: nothing would be read")
    return "\n".join(lines) + "\n"


def _limit_lines(request: Request) -> list[str]:
    """Return what may be read of each model at most."""
    if request.access.max_read >= EVERY_BYTE:
        return ["limit: none"]
    limit = f"limit: {request.access.max_read:,} bytes of each model"
    if request.depth is Depth.SAMPLE and request.escalate_to > request.access.max_read:
        limit += (
            f"; {request.escalate_to:,} once a declared base looks unrelated (--max-read sets one)"
        )
    return [limit]


_WHEN: Final = {
    When.ALWAYS: "then",
    When.IF_RELATED: "if the two are related",
    When.IF_OPEN: "if the tests leave it open",
}


def _further_line(look: FurtherLook) -> str:
    """Return one look beyond the first step in words."""
    most = f"at most {look.at_most:,} bytes of each model" if look.at_most else ""
    first = f"{look.n_base:,} bytes of the base, {look.n_subject:,} of the subject"
    known = first if look.n_base + look.n_subject else ""
    return f"  {_WHEN[look.when]}, {look.name}: {'; '.join(w for w in (known, most) if w)}"


def _model_lines(model: ModelPlan) -> list[str]:
    """Return one line for the model, one per reason, and one per run of rows."""
    share = f" ({model.n_bytes / model.total_bytes:.2%})" if model.total_bytes else ""
    read = f"{model.n_bytes:,} of {model.total_bytes:,} bytes{share} in the first step"
    asked = f"on a Hub {model.n_requests} ranges, {model.n_transferred:,} bytes with gaps"
    lines = [f"{printable(model.name)}: {read}; {asked}"]
    for why, n_bytes in model.bytes_by_reason:
        rows = [r for r in model.rows if r.why == why]
        lines.append(f"  {why}: {n_bytes:,} bytes from {len({r.tensor for r in rows})} tensors")
        lines += [f"    {printable(r.tensor)} rows {r.start}..{r.stop - 1}" for r in rows]
    return lines
