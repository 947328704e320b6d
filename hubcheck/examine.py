"""How does one base become a finding?

Opened, refused with a reason, proven identical by digest, or compared by the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, TypeVar

from hubcheck.anatomy.adapter_fit import adapter_fit
from hubcheck.as_compared import as_compared
from hubcheck.base_identity import opened, unopened
from hubcheck.checkpoint.adapter import read_adapter
from hubcheck.checkpoint.other_formats import PEFT_ADAPTER
from hubcheck.closer import closer_look
from hubcheck.components import NO_COMPONENTS, look_at_components, with_rearranged
from hubcheck.deep.disguise import Disguise
from hubcheck.deeper import (
    look_for_disguise,
    look_through_writers,
    may_be_disguised,
    with_undone,
)
from hubcheck.equal import as_read, files_of, identical, tensors_of
from hubcheck.errors import (
    BudgetExceededError,
    HubcheckError,
    UnreachableError,
    UnreadableError,
    UnsupportedFormatError,
    printable,
)
from hubcheck.evidence.compare import Comparer, routing_groups
from hubcheck.evidence.equal_files import FileState, WholeFiles
from hubcheck.evidence.equality_value import Equality
from hubcheck.evidence.refused import Refused, attempt
from hubcheck.layers import NOT_MAPPED, Mapped, map_everything, with_layers
from hubcheck.model import Access, Model, align_tokens, open_model
from hubcheck.relate.values import Refusal
from hubcheck.request import BaseRequest, Request, at_least
from hubcheck.source.reference import name_of
from hubcheck.tested import Tested
from hubcheck.towers import NO_PARTS, look_at_parts
from hubcheck.untested import could_not_look, untested, why
from hubcheck.verdict.equal_tensors import NOTHING_EQUAL, equal_tensors
from hubcheck.verdict.parts import PartLook, needs_equality
from hubcheck.verdict.report import (
    Finding,
)
from hubcheck.verdict.words import Depth, ReasonCode
from hubcheck.whole import with_every_byte

Seen = TypeVar("Seen")
Step = Callable[[Finding], Finding]
EVERY_TENSOR: Final = "every tensor"
"""The step that needs no body: the components of a pipeline are streamed like any tensors."""
Progress = Callable[[str], None]


def open_base(base: BaseRequest, access: Access, progress: Progress) -> Tested:
    """Open one base; an unreachable one is a finding, not the end of the check."""
    progress(f"opening {printable(name_of(base.reference))}")
    identity = unopened(base)
    model: Model | None = None
    if not identity.refused:
        try:
            model = base.opened or open_model(base.reference, access)
            identity = opened(base, model)
        except HubcheckError as error:
            finding = untested(base, identity.base, *why(error))
            return Tested(request=base, model=None, finding=finding, error=error)
    if identity.refused:
        finding = untested(base, identity.base, ReasonCode.PROPOSAL, identity.refused)
        return Tested(request=base, model=None, finding=finding)
    return Tested(request=base, model=model, finding=untested(base, identity.base, *why(None)))


def subject_refusal(subject: Model, depth: Depth) -> HubcheckError | None:
    """Return why the subject's weights cannot be read, if they cannot."""
    if depth is Depth.HEADERS:
        return None
    try:
        _ = subject.anatomy
    except (UnreadableError, BudgetExceededError, UnreachableError) as error:
        return error
    return None


def examine(
    one: Tested,
    subject: Model,
    request: Request,
    n_bases: int,
    refusal: HubcheckError | None,
    progress: Progress,
) -> None:
    """Turn an opened base into its finding."""
    base = one.model
    if base is None:
        return
    files = files_of(base, subject, request)
    if files.state is FileState.EQUAL:
        one.finding = identical(one.finding, base)
        return
    if request.depth is Depth.HEADERS:
        one.finding = one.finding.model_copy(
            update={
                "reason": "no weights are read at this depth",
                "code": ReasonCode.HEADERS_ONLY,
            }
        )
        return
    if refusal is not None:
        reason = f"subject {why(refusal)[1]}{_adapter_note(refusal, subject, base)}"
        one.finding = one.finding.model_copy(update={"reason": reason, "code": ReasonCode.SUBJECT})
        return
    progress(f"reading {printable(str(base.pin))}")
    prepare(one, subject, request, n_bases)
    if one.comparer is None:
        code, reason = why(one.error)
        one.finding = one.finding.model_copy(update={"reason": reason, "code": code})
        return
    _look(one, one.comparer, base, subject, request, n_bases, files, progress)


def _look(
    one: Tested,
    comparer: Comparer,
    base: Model,
    subject: Model,
    request: Request,
    n_bases: int,
    files: WholeFiles,
    progress: Progress,
) -> None:
    """Take every look that the depth asks for; one that fails takes nothing from the others."""
    deeper = base.anatomy.geometry.layers != subject.anatomy.geometry.layers
    refused: list[Refused] = []

    def tried(look: Callable[[], Seen], name: str, instead: Seen) -> Seen:
        seen = attempt(look, name)
        if isinstance(seen, Refused):
            refused.append(seen)
            return instead
        return seen

    comparison = attempt(lambda: comparer.run(search=one.request.declared or deeper), "order tests")
    if isinstance(comparison, Refused):
        could_not_look(one, (comparison,))
        return
    parts = tried(
        lambda: look_at_parts(
            base, subject, seed=request.seed, n_bases=n_bases, depth=request.depth
        ),
        "towers and side parts",
        NO_PARTS,
    )
    components = tried(
        lambda: look_at_components(base, subject, request, n_bases), "components", NO_COMPONENTS
    )
    mapped = NOT_MAPPED
    bodies = all(model.body_checkpoint is not None for model in (base, subject))
    if bodies and at_least(request.depth, Depth.DEEP):
        mapped = tried(lambda: map_everything(comparer, progress), "layer map", NOT_MAPPED)
    closer = attempt(
        lambda: closer_look(comparer, comparison, request.depth, mapped.base_of), "closer look"
    )
    if isinstance(closer, Refused):
        refused.append(closer)
        closer = Refusal(reason=closer.error.what)
    body = PartLook(
        name="body",
        comparison=comparison,
        base=base.anatomy,
        subject=subject.anatomy,
        closer=closer,
    )
    equal = NOTHING_EQUAL
    if needs_equality(body):  # where orders have settled everything, equality adds nothing
        seen = tensors_of(base, subject, request)
        if isinstance(seen, Equality):
            equal = equal_tensors(seen)
    finding = as_compared(one.finding, body, base, parts, equal, components.seen)
    if not bodies:
        finding = tried(
            lambda: with_rearranged(finding, base, subject, request, n_bases, progress),
            "disguise test of components",
            finding,
        )
    for name, step in _deeper(body, comparer, base, subject, request, mapped, progress):
        if not bodies and name != EVERY_TENSOR:  # the others look at bodies
            continue
        finding = tried(partial(step, finding), name, finding)
    finding = finding.model_copy(update={"bytes_read": base.source.ledger.bytes_read})
    one.finding = as_read(finding, files)
    could_not_look(one, (*comparison.refused, *parts.refused, *components.refused, *refused))


def _deeper(
    body: PartLook,
    comparer: Comparer,
    base: Model,
    subject: Model,
    request: Request,
    mapped: Mapped,
    progress: Progress,
) -> Sequence[tuple[str, Step]]:
    """Return what the depth adds to a finding, step by step; each may fail on its own."""
    log_e = body.comparison.best_whole
    seen: list[Disguise] = []

    def disguise_test(finding: Finding) -> Finding:
        if not may_be_disguised(finding, request.depth):
            return finding
        finding, disguise = look_for_disguise(finding, comparer, request, progress)
        seen.extend([disguise] if disguise is not None else [])
        return finding

    def frame_of_writers(finding: Finding) -> Finding:
        if not may_be_disguised(finding, request.depth):
            return finding
        return look_through_writers(finding, comparer, log_e, request)

    def attention_through_tokens(finding: Finding) -> Finding:
        return with_undone(
            finding,
            body,
            comparer,
            seen[0] if seen else None,
            neurons_found=mapped.neurons_found,
        )

    def layer_map(finding: Finding) -> Finding:
        return with_layers(finding, mapped, log_e, comparer.n_bases)

    def every_byte(finding: Finding) -> Finding:
        progress("comparing every tensor")
        return with_every_byte(finding, base, subject, request, mapped.base_of, comparer.tokens)

    steps: list[tuple[str, Step]] = [
        ("disguise test", disguise_test),
        ("frame of writers", frame_of_writers),
        ("attention through the tokens", attention_through_tokens),
    ]
    if at_least(request.depth, Depth.DEEP):
        steps.append(("layer map", layer_map))
    if request.depth is Depth.FULL:
        steps.append((EVERY_TENSOR, every_byte))
    return steps


def prepare(one: Tested, subject: Model, request: Request, n_bases: int) -> None:
    """Read what a comparison needs beside weights: headers, and vocabularies where they differ.

    Sets ``comparer`` or ``error``; doing it again changes nothing.
    """
    base = one.model
    if base is None or one.comparer is not None or one.error is not None:
        return
    try:
        one.comparer = Comparer(
            base.reader,
            subject.reader,
            align_tokens(base, subject),
            seed=request.seed,
            n_bases=n_bases,
            routing_groups=routing_groups(base.config),
        )
    except (UnreadableError, BudgetExceededError, UnreachableError) as error:
        one.error = error


def _adapter_note(refusal: HubcheckError, subject: Model, base: Model) -> str:
    """Return how well an adapter fits a base, as context; empty for any other refusal."""
    if not isinstance(refusal, UnsupportedFormatError) or refusal.format_name != PEFT_ADAPTER:
        return ""
    try:
        fit = adapter_fit(read_adapter(subject.source), base.anatomy.checkpoint)
    except HubcheckError:
        return ""
    return f"; {fit.sentence}"
