"""What would a check read, and why?

Serves ``--plan``: headers are read, no weights. A plan is a value; words are made of it last.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from hubcheck.checkpoint.rows import spans_of
from hubcheck.components import component_comparer, component_pairs
from hubcheck.errors import HubcheckError, printable
from hubcheck.evidence.compare import Comparer, routing_groups
from hubcheck.evidence.reading import Reader, Wanted
from hubcheck.model import Model, align_tokens, open_model
from hubcheck.request import Request
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
class Plan:
    """The first step of a check: pairs of base and subject, and bases that would be left out."""

    seed: int
    pairs: tuple[tuple[ModelPlan, ModelPlan], ...]
    """Base and subject; the subject's rows are drawn alike for every base of the same shape."""
    left_out: tuple[tuple[str, str], ...]
    """Name and reason."""


def plan_of(request: Request) -> Plan:
    """Return what the first step of a check would read.

    Raises:
        HubcheckError: the subject cannot be opened.
    """
    subject = open_model(request.subject, request.access)
    bases = list(request.bases(subject))
    pairs: list[tuple[ModelPlan, ModelPlan]] = []
    left_out: list[tuple[str, str]] = []
    for base in bases:
        name = name_of(base.reference)
        try:
            model = open_model(base.reference, request.access)
            comparer = Comparer(
                model.reader,
                subject.reader,
                align_tokens(model, subject),
                seed=request.seed,
                n_bases=len(bases),
                routing_groups=routing_groups(model.config),
            )
        except HubcheckError as error:
            left_out.append((name, error.what))
            continue
        of_base, of_subject = comparer.plan()
        if model.body_checkpoint is not None and subject.body_checkpoint is not None:
            pairs.append((
                _model_plan(name, model.reader, of_base),
                _model_plan(str(subject.pin), subject.reader, of_subject),
            ))  # fmt: skip
        pairs += _component_plans(name, model, subject, request, len(bases))
    return Plan(seed=request.seed, pairs=tuple(pairs), left_out=tuple(left_out))


def _component_plans(
    name: str, base: Model, subject: Model, request: Request, n_bases: int
) -> list[tuple[ModelPlan, ModelPlan]]:
    """Return the plans of what two models have beside their bodies, in the subject's order."""
    parts, alone = component_pairs(base, subject)
    found = []
    for one in parts:
        tries = n_bases * len(parts) if alone else n_bases
        of_base, of_subject = component_comparer(one, request, tries, len(parts)).plan()
        found.append((
            _model_plan(f"{name} {one.name}", one.base.reader, of_base),
            _model_plan(f"{subject.pin} {one.name}", one.subject.reader, of_subject),
        ))  # fmt: skip
    return found


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
        for model in pair:
            lines += _model_lines(model)
    lines += [f"{printable(name)}: would not be tested: {reason}" for name, reason in plan.left_out]
    if not plan.pairs and not plan.left_out:
        lines.append("no base is declared or named: nothing would be read")
    return "\n".join(lines) + "\n"


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
