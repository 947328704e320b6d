"""How is one base looked at?

Opened, refused with a reason, proven identical by digest, or put to every look that is due: the one
runner of looks. What was seen means, ``verdict.judge`` says; nothing here does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final

from hubcheck.anatomy.adapter_fit import adapter_fit
from hubcheck.check.base_identity import opened, unopened
from hubcheck.check.components import has_bodies, look_at_components
from hubcheck.check.faults import tell_fault
from hubcheck.check.pair_order import settle_base, ways_with
from hubcheck.check.renamed import Renamed, under_names_of
from hubcheck.check.tested import Tested, Untested
from hubcheck.checkpoint.adapter import read_adapter
from hubcheck.checkpoint.other_formats import LORA_ADAPTER, PEFT_ADAPTER, TEXTUAL_INVERSION
from hubcheck.errors import (
    BudgetExceededError,
    HubcheckError,
    InternalFaultError,
    UnreachableError,
    UnreadableError,
    UnsupportedFormatError,
    printable,
)
from hubcheck.evidence.account import SHARES, Spender
from hubcheck.evidence.looks.equality.files import HASH_LIMIT
from hubcheck.evidence.looks.interface import Look, Opened, Standing, Terms, told_nobody
from hubcheck.evidence.looks.orders import ORDERS
from hubcheck.evidence.looks.registry import LOOKS
from hubcheck.evidence.looks.sample.compare import Comparer, routing_groups
from hubcheck.evidence.looks.sample.steps import STEP_BYTES
from hubcheck.evidence.looks.towers import bodies, pairs_of, prices_of
from hubcheck.evidence.looks.whole.look import EVERY_TENSOR
from hubcheck.evidence.observation import Left, Observations, Skip
from hubcheck.evidence.refused import Refused, attempt, the_look
from hubcheck.frozen import frozen
from hubcheck.model import Model, align_tokens, compare_weights
from hubcheck.report.phrases import Clauses, because
from hubcheck.report.schema import BaseModelRef
from hubcheck.report.words import Depth, ReasonCode
from hubcheck.request.interface import BaseRequest, Request
from hubcheck.source.reference import name_of
from hubcheck.verdict.component_entries import NO_COMPONENTS, Components
from hubcheck.verdict.judge import Case, judge
from hubcheck.verdict.refusals import why

Progress = Callable[[str], None]
LEAST_STEP: Final = 1_000_000
"""Bytes a step may read of a component however many there are: two families of a small encoder."""
FITTED: Final = frozenset({PEFT_ADAPTER, LORA_ADAPTER, TEXTUAL_INVERSION})
"""What has no weights of its own, and fits some models by its shapes."""
OF_COMPONENTS: Final = tuple(look for look in LOOKS if look is not EVERY_TENSOR)
"""Every tensor is streamed once, of the whole model."""


@frozen(kw_only=False)
class _Components:
    """The name under which a refusal to look at components is kept."""

    name: str = "components"
    nothing: Components = NO_COMPONENTS


COMPONENTS: Final = _Components()


def open_base(
    base: BaseRequest, opener: Callable[[BaseRequest], Model], progress: Progress
) -> Tested:
    """Open one base; an unreachable one is a finding, not the end of the check."""
    progress(f"opening {printable(name_of(base.reference))}")
    identity = unopened(base)
    model: Model | None = None
    if not identity.refused:
        try:
            model = base.opened or opener(base)
            identity = opened(base, model)
        except HubcheckError as error:
            return _tested(base, identity.base, None, error)
        except Exception as error:  # noqa: BLE001 - one base's files never end the check
            fault = InternalFaultError.of(error)
            tell_fault(fault, progress)
            return _tested(base, unopened(base).base, None, fault)
    if identity.refused:
        said = Untested(code=ReasonCode.PROPOSAL, reason=identity.refused)
        return Tested(request=base, base=identity.base, model=None, untested=said)
    return _tested(base, identity.base, model, None)


def _tested(
    base: BaseRequest, identity: BaseModelRef, model: Model | None, error: HubcheckError | None
) -> Tested:
    code, reason = why(error)
    return Tested(
        request=base,
        base=identity,
        model=model,
        untested=Untested(code=code, reason=reason),
        error=error,
    )


def subject_refusal(subject: Model, depth: Depth) -> HubcheckError | None:
    """Return why the subject's weights cannot be read, if they cannot."""
    if depth is Depth.HEADERS:
        return None
    try:
        _ = subject.anatomy
    except (UnreadableError, BudgetExceededError, UnreachableError) as error:
        return error
    except HubcheckError:
        raise
    except Exception as error:  # noqa: BLE001 - the report is written all the same
        return InternalFaultError.of(error)
    return None


def examine(
    one: Tested,
    subject: Model,
    request: Request,
    tried: int,
    refusal: HubcheckError | None,
    progress: Progress,
) -> None:
    """Look at an opened base in every way that is due.

    Args:
        one: The base; what was seen is added to it.
        subject: The model under test.
        request: What was asked.
        tried: Bases tried in this check.
        refusal: Why the subject's weights cannot be read, if so.
        progress: Told each step in words.
    """
    base = one.model
    if base is None:
        return
    one.tried = one.request.tried or tried
    one.relation = subject.declaration.relation_of_each if one.request.declared else ""
    one.files = compare_weights(
        base,
        subject,
        seed=request.seed,
        # headers reads no weight byte, so stated digests decide; full reads every byte anyway
        reading=request.depth is not Depth.HEADERS,
        hash_limit=None if request.depth is Depth.FULL else HASH_LIMIT,
        whole=isinstance(refusal, UnreadableError),
    )
    if one.equal_files:
        one.bytes_read = base.source.ledger.bytes_read
        return
    if request.depth is Depth.HEADERS:
        code = ReasonCode.HEADERS_ONLY
        one.untested = Untested(code=code, reason=because(code))
        return
    if refusal is not None:
        fit = _adapter_note(refusal, subject, base)
        reason = because(ReasonCode.SUBJECT, why=why(refusal)[1], fit=fit)
        one.untested = Untested(code=ReasonCode.SUBJECT, reason=reason)
        return
    progress(f"reading {printable(str(base.pin))}")
    base = settle_base(one, base, subject, request.depth)
    one.tried *= ways_with(one, base, subject)
    prepare(one, subject, request, one.tried)
    subject = _under_known_names(one, base, subject, request)
    if one.comparer is None:
        code, reason = why(one.error)
        one.untested = Untested(code=code, reason=reason)
        return
    terms = terms_of(request, declared=one.request.closely, tried=one.tried, progress=progress)
    _look(one, base, subject, opened_pair(one.comparer, base, subject), terms)
    one.bytes_read = base.source.ledger.bytes_read


def _under_known_names(one: Tested, base: Model, subject: Model, request: Request) -> Model:
    """Return the subject under the base's names, where its own say nothing; the choice is paid for.

    A base whose headers could not be read is not asked for them again.
    """
    if one.comparer is None:
        return subject
    renamed = attempt(lambda: under_names_of(base, subject), the_look("tensor-names"))
    if not isinstance(renamed, Renamed):
        return subject
    one.renamed, one.tried = renamed, one.tried * renamed.ways
    one.comparer = None  # what was prepared knew no names
    prepare(one, renamed.model, request, one.tried)
    return renamed.model


def opened_pair(comparer: Comparer, base: Model, subject: Model) -> Opened:
    """Return two opened models, ready for every look."""
    return Opened(
        comparer=comparer,
        whole_base=base.anatomy,
        whole_subject=subject.anatomy,
        base_config=base.config,
        subject_config=subject.config,
    )


def opened_for(seed: int, base: Model, subject: Model, tried: int, sharing: int) -> Opened:
    """Return two models, or two components that share what may be read, ready for every look."""
    comparer = comparer_of(base, subject, seed=seed, tried=tried, sharing=sharing)
    return opened_pair(comparer, base, subject)


def terms_of(
    request: Request, *, declared: bool, tried: int, progress: Progress = told_nobody
) -> Terms:
    """Return on which terms one base is looked at."""
    return Terms(
        depth=request.depth,
        seed=request.seed,
        declared=declared,
        tried=tried,
        escalate_to=request.escalate_to,
        resources=request.resources,
        progress=progress,
    )


def _look(one: Tested, base: Model, subject: Model, both: Opened, terms: Terms) -> None:
    """Look at the components, then take every look that is due at the bodies."""
    left = attempt(
        lambda: look_at_components(
            base, subject, terms, opened=partial(opened_for, terms.seed), watch=watch
        ),
        the_look(COMPONENTS.name),
    )
    one.components = NO_COMPONENTS if isinstance(left, Refused) else left
    if isinstance(left, Refused):
        one.seen = one.seen.with_left(COMPONENTS, left)
    # A pipeline has no body: its components are streamed like any tensors, and that is all.
    looks = LOOKS if has_bodies(base, subject) else (EVERY_TENSOR,)
    for seen in observed(both, terms, looks=looks, start=one.seen, standing=one.stands):
        one.seen = seen
    orders = one.seen.of(ORDERS)
    if isinstance(orders, Refused):
        _orders_refused(one, orders)


def observed(
    both: Opened,
    terms: Terms,
    *,
    looks: Sequence[Look[object]],
    start: Observations,
    standing: Callable[[Observations], Standing],
) -> Iterator[Observations]:
    """Yield what is known after every look; one that fails takes nothing from the others.

    Args:
        both: Two models, ready to be looked at.
        terms: What is asked.
        looks: In the order in which they are asked.
        start: What is known before.
        standing: How the base stands with what is known; asked for where a turn hangs on it.
    """
    seen = start
    for look in looks:
        left: Left = look.skipped(terms, seen, partial(standing, seen))
        if left is Skip.NO:
            left = attempt(partial(look.take, both, terms, seen), the_look(look.name))
        seen = seen.with_left(look, left)
        yield seen
        if look is ORDERS and isinstance(seen.of(ORDERS), Refused):
            return


def watch(both: Opened, terms: Terms) -> Observations:
    """Return what every look that is due leaves of two models, judged by themselves."""
    base, subject = both.comparer.base.anatomy, both.comparer.subject.anatomy

    def standing(seen: Observations) -> Standing:
        case = Case(base=base, subject=subject, tried=terms.tried, seen=seen)
        return judge(case).standing

    known = Observations()
    for seen in observed(both, terms, looks=OF_COMPONENTS, start=known, standing=standing):
        known = seen
    return known


def _orders_refused(one: Tested, refused: Refused) -> None:
    """Say why nothing was compared where not even the orders could be looked at."""
    code, said = why(refused.error)
    if refused.side == "subject":
        code, said = ReasonCode.SUBJECT, because(ReasonCode.SUBJECT, why=said)
    else:
        one.error = one.error or refused.error
    one.untested = Untested(code=code, reason=said)


def prepare(one: Tested, subject: Model, request: Request, tried: int) -> None:
    """Read what a comparison needs beside weights: headers, and vocabularies where they differ.

    Sets ``comparer`` or ``error``; doing it again changes nothing.
    """
    base = one.model
    if base is None or one.comparer is not None or one.error is not None:
        return
    try:
        one.comparer = comparer_of(base, subject, seed=request.seed, tried=tried)
    except (UnreadableError, BudgetExceededError, UnreachableError) as error:
        one.error = error


def comparer_of(
    base: Model, subject: Model, *, seed: int, tried: int, sharing: int = 1
) -> Comparer:
    """Return what compares two opened models, its place in the account paid for.

    Args:
        base: The base.
        subject: The subject.
        seed: Of every draw.
        tried: Bases tried.
        sharing: Looks that share what a step may read: the components of one model.

    Raises:
        HubcheckError: a model cannot be read.
    """
    pairs = pairs_of(base.anatomy, base.config, subject.anatomy, subject.config)
    return Comparer(
        *bodies(base.reader, base.config, subject.reader, subject.config),
        align_tokens(base, subject),
        seed=seed,
        prices=prices_of(tried, pairs.judged, SHARES[Spender.ORDERS]),
        routing_groups=routing_groups(base.config),
        step_bytes=[max(LEAST_STEP, n // sharing) if n else 0 for n in STEP_BYTES],
    )


def _adapter_note(refusal: HubcheckError, subject: Model, base: Model) -> Clauses:
    """Return how well an adapter fits a base, as context; nothing for any other refusal."""
    if not isinstance(refusal, UnsupportedFormatError) or refusal.format_name not in FITTED:
        return ()
    try:
        fit = adapter_fit(read_adapter(subject.source), base.anatomy.checkpoint)
    except HubcheckError:
        return ()
    return (fit.said,)
