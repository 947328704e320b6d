"""What do a model's published states look like as a chain, one after the other?

Each state is held against the one before it as two models are compared, and the first one against
what an initialisation looks like. A chain that begins with a fresh draw and is connected throughout
supports the claim of a training from scratch. It proves none: whoever has the final weights could
publish states that nobody trained.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from hubcheck import __version__
from hubcheck.check.compare import compared
from hubcheck.check.observe import Progress
from hubcheck.errors import HubcheckError, UnreachableError, printable
from hubcheck.evidence.start import Start, start_of, tokens_between
from hubcheck.model import Model, open_model
from hubcheck.report.comparison import Comparison, Result
from hubcheck.report.history import History, Looks, State, Step, TokenRows
from hubcheck.report.schema import Tool
from hubcheck.request.interface import BaseRequest, Request
from hubcheck.source.ledger import Ledger
from hubcheck.source.reference import HubReference, Reference, name_of

SHUFFLES: Final = 99
"""Of the first state, whose rank decides: the smallest p is 1 in 100."""
FEW: Final = 19
"""Of the other states, of which a share is shown."""
LEVEL: Final = 0.01
"""The p at which the first state is no fresh draw: one initialisation in 100 comes out so."""
CONNECTED: Final = frozenset({Result.IDENTICAL, Result.RELATED})


def history(
    request: Request,
    references: Sequence[Reference],
    *,
    left_out: int,
    repeat: str,
    now: Callable[[], datetime],
    progress: Progress,
) -> History:
    """Hold a model's states against each other, oldest first.

    Args:
        request: Its subject names the model; depth, seed and access are those of every state.
        references: The states in order, two at least.
        left_out: States that were found beside these.
        repeat: The command that repeats this.
        now: The clock, timezone-aware.
        progress: Told each step in words.

    Raises:
        UnreachableError: a state cannot be reached.
    """
    started = now()
    first = before = model = open_model(references[0], request.access)
    ledgers: list[Ledger] = []
    states: list[State] = []
    steps: list[Step] = []
    for n, reference in enumerate(references):
        progress(f"state {n + 1} of {len(references)}")
        # Each is opened once; those between the first and the last are let go once they are held
        # against the next.
        before, model = model, open_model(reference, request.access) if n else first
        ledgers.append(model.source.ledger)
        states.append(_state(model, reference, SHUFFLES if n == 0 else FEW, request.seed))
        if n:
            steps.append(_step(request, before, references[n - 1], model, now))
    return History(
        tool=Tool(version=__version__),
        model=name_of(request.subject),
        seed=request.seed,
        looks=_looks(states[0], steps),
        states=tuple(states),
        steps=tuple(steps),
        tokens=_tokens(first, model, request.seed),
        left_out=left_out,
        bytes_read=sum(m.bytes_read for m in ledgers),
        requests=sum(m.requests for m in ledgers),
        seconds=round((now() - started).total_seconds(), 2),
        repeat=repeat,
    )


def _state(model: Model, reference: Reference, shuffles: int, seed: int) -> State:
    state = State(
        ref=model.pin.ref,
        revision=model.pin.revision,
        asked=reference.asked if isinstance(reference, HubReference) else "",
        weights_digest=model.weights_digest,
    )
    try:
        found: Start = start_of(model.reader, shuffles=shuffles, seed=seed)
    except UnreachableError:
        raise
    except HubcheckError as error:
        return state.model_copy(update={"fault": printable(error.what, limit=300)})
    figures: dict[str, object] = {"gains": found.gains, "constant": found.constant}
    drawn = found.drawn
    if drawn is not None:
        figures |= {
            "matrices": drawn.matrices,
            "p": round(drawn.p, 4),
            "leading": round(drawn.leading, 4),
            "beyond": round(drawn.beyond, 4),
        }
    return state.model_copy(update=figures)


def _step(
    request: Request, before: Model, named: Reference, after: Model, now: Callable[[], datetime]
) -> Step:
    """Return how a state stands to the one before it."""
    for model in (before, after):  # each step may read what a comparison of its own may
        model.source.ledger.raise_limit(model.source.ledger.bytes_read + request.access.max_read)
    other = BaseRequest(reference=named, declared=False, why=(), opened=before)
    try:
        found: Comparison = compared(
            request, after, other, started=now(), repeat="", now=now, progress=lambda _: None
        )
    except UnreachableError:
        raise
    except HubcheckError:
        return Step(result=Result.NOT_COMPARED)
    changes = [c.relative for c in found.finding.changes]
    return Step(
        result=found.result,
        log10_p=found.finding.log10_p,
        kept=round(found.finding.kept, 4),
        changed=round(statistics.median(changes), 6) if changes else 0.0,
    )


def _looks(first: State, steps: Sequence[Step]) -> Looks:
    if not first.matrices:
        return Looks.OPEN
    if first.p <= LEVEL:
        return Looks.NOT_A_DRAW
    if all(step.result in CONNECTED for step in steps):
        return Looks.FROM_A_DRAW
    # A draw that later states do not come from supports nothing.
    return Looks.BROKEN


def _tokens(first: Model, last: Model, seed: int) -> TokenRows | None:
    try:
        found = tokens_between(first.reader, last.reader, seed=seed)
    except UnreachableError:
        raise
    except HubcheckError:
        return None
    if found is None:
        return None
    return TokenRows(rows=found.rows, still=found.still, ratio=round(found.ratio, 4))
