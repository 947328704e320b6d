"""What are two models to each other, where nobody says that one comes from the other?

The looks and the judge of a check, without what a check makes of a declaration: no card is held
against anything, no policy fails, the Hub is asked for nothing but the two models.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from hubcheck import __version__
from hubcheck.anatomy.interface import Anatomy
from hubcheck.check.assemble import (
    coverage_of,
    disagreement_phrases,
    limits_of,
    weight_files_of,
)
from hubcheck.check.finding import finding_of, unread_weights
from hubcheck.check.let_go import tokenizers_of
from hubcheck.check.observe import Progress, open_base
from hubcheck.check.prefetch import examine_all, read_subject
from hubcheck.check.tensor_difference import stored, tensor_difference
from hubcheck.errors import (
    BudgetExceededError,
    HubcheckError,
    NetworkFaultError,
    UnreachableError,
    UnreadableError,
    printable,
)
from hubcheck.model import SIZES, Model, open_model
from hubcheck.report.comparison import RESULTS, Comparison
from hubcheck.report.schema import Context, Subject, Tool
from hubcheck.report.words import Verdict
from hubcheck.request.interface import BaseRequest, Request
from hubcheck.source.reference import Reference
from hubcheck.verdict import context as contexts


def compare(
    request: Request,
    other: Reference,
    *,
    repeat: str,
    now: Callable[[], datetime],
    progress: Progress,
) -> Comparison:
    """Hold two models against each other.

    Args:
        request: One model as its subject, depth, seed and access; its bases and policy are not
            asked.
        other: The other model.
        repeat: The command that repeats this.
        now: The clock, timezone-aware.
        progress: Told each step in words.

    Raises:
        UnreachableError: one of the two cannot be reached.
        UnreadableError: the weights of one of the two cannot be read.
    """
    started = now()
    progress("opening both models")
    a = open_model(request.subject, request.access, is_subject=True)
    b = BaseRequest(reference=other, declared=False, why=())
    return compared(request, a, b, started=started, repeat=repeat, now=now, progress=progress)


def compared(
    request: Request,
    a: Model,
    other: BaseRequest,
    *,
    started: datetime,
    repeat: str,
    now: Callable[[], datetime],
    progress: Progress,
) -> Comparison:
    """Hold a model that is open against another one, which may be open too: see ``compare``."""
    one = open_base(
        other,
        lambda base: open_model(base.reference, request.access, documents=SIZES),
        lambda _: None,
    )
    b = one.model
    if b is None:
        raise one.error or NetworkFaultError(
            "The second model cannot be opened.",
            cause="its commit is only proposed to its repository.",
            next_step="name a branch, a tag or a commit of the repository.",
        )
    a, refusal = read_subject(a, [one], request)
    fault = examine_all([one], a, request, 1, refusal, progress)
    finding = finding_of(one)
    refusal = refusal or fault
    if refusal is not None and finding.verdict is not Verdict.IDENTICAL:
        raise _of(a, refusal)
    if finding.verdict is Verdict.NOT_TESTED and isinstance(
        one.error, UnreadableError | UnreachableError
    ):
        raise _of(b, one.error)
    of_a, of_b = _anatomy(a), _anatomy(b)
    finished = now()
    return Comparison(
        tool=Tool(version=__version__),
        started=started.isoformat(timespec="seconds"),
        finished=finished.isoformat(timespec="seconds"),
        depth=request.depth,
        seed=request.seed,
        result=RESULTS[finding.verdict],
        a=_subject(a),
        b=_subject(b),
        a_stored=None if of_a is None else stored(of_a),
        b_stored=None if of_b is None else stored(of_b),
        tensors=None if of_a is None or of_b is None else tensor_difference(of_a, of_b),
        finding=finding,
        context=_context(a, b, of_a, of_b),
        coverage=coverage_of((a, b), mapped=of_a.mapped_share if of_a is not None else 0.0),
        warnings=tuple(
            said for m in (a, b) for said in disagreement_phrases(m.pin.ref, m.disagreements)
        ),
        limits=limits_of((finding,)),
        max_read=request.access.max_read,
        repeat=repeat,
        seconds=round((finished - started).total_seconds(), 2),
    )


def _of(model: Model, error: HubcheckError) -> HubcheckError:
    """Return an error that says which of the two it is about."""
    if isinstance(error, UnreadableError):
        what = f"{printable(model.pin.ref)}: {error.what}"
        return UnreadableError(what, cause=error.cause, next_step=error.next_step)
    return error


def _anatomy(model: Model) -> Anatomy | None:
    """Return a model's tensors and roles; None where only digests could be held together."""
    with suppress(UnreadableError, BudgetExceededError, UnreachableError):
        return model.anatomy
    return None


def _subject(model: Model) -> Subject:
    return Subject(
        ref=model.pin.ref,
        revision=model.pin.revision,
        created=model.pin.created,
        weights_digest=model.weights_digest,
        files=weight_files_of(model),
        read=tuple(f.path for f in model.loaded_files),
        unread=unread_weights(model),
    )


def _context(a: Model, b: Model, of_a: Anatomy | None, of_b: Anatomy | None) -> Context:
    """Return what both are, side by side: facts that move nothing."""
    if of_a is None or of_b is None:
        return Context()
    try:
        tokens = tokenizers_of(b, a)
    except HubcheckError:
        tokens = ()
    return Context(
        architecture=contexts.architecture_lines([(str(a.pin), of_a), (str(b.pin), of_b)]),
        tokenizer=tokens,
    )
