"""What do a model's published states look like as a chain, one after the other?

Each state is held against the one before it as two models are compared, and the first one against
what an initialisation looks like. A chain that begins with a fresh draw and is connected throughout
supports the claim of a training from scratch. It proves none: whoever has the final weights could
publish states that nobody trained.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from hubcheck import __version__
from hubcheck.check.compare import compare
from hubcheck.check.observe import Progress
from hubcheck.errors import HubcheckError, UnreachableError, printable
from hubcheck.evidence.start import Start, start_of, tokens_between
from hubcheck.model import Model, open_model
from hubcheck.report.comparison import Comparison, Result
from hubcheck.report.history import History, Looks, State, Step, TokenRows
from hubcheck.report.schema import Tool
from hubcheck.request.interface import Request
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
    models: list[Model] = []
    states: list[State] = []
    for n, reference in enumerate(references):
        progress(f"state {n + 1} of {len(references)}")
        model = open_model(reference, request.access)
        states.append(_state(model, reference, SHUFFLES if n == 0 else FEW, request.seed))
        models.append(model)
    steps, costs = [], []
    for n in range(1, len(references)):
        progress(f"step {n} of {len(references) - 1}")
        step, cost = _step(request, references[n - 1], references[n], now)
        steps.append(step)
        costs.append(cost)
    ledgers = [m.source.ledger for m in models]
    return History(
        tool=Tool(version=__version__),
        model=name_of(request.subject),
        seed=request.seed,
        looks=_looks(states[0], steps),
        states=tuple(states),
        steps=tuple(steps),
        tokens=_tokens(models[0], models[-1], request.seed),
        left_out=left_out,
        bytes_read=sum(m.bytes_read for m in ledgers) + sum(c[0] for c in costs),
        requests=sum(m.requests for m in ledgers) + sum(c[1] for c in costs),
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
    if found.drawn is None:
        figures["fault"] = "too few matrices of a kind that is understood"
    else:
        drawn = found.drawn
        figures |= {
            "matrices": drawn.matrices,
            "p": round(drawn.p, 4),
            "leading": round(drawn.leading, 4),
            "beyond": round(drawn.beyond, 4),
        }
    return state.model_copy(update=figures)


def _step(
    request: Request, before: Reference, after: Reference, now: Callable[[], datetime]
) -> tuple[Step, tuple[int, int]]:
    """Return how a state stands to the one before it, and bytes and requests of finding out."""
    asked = replace(request, subject=after)
    try:
        found: Comparison = compare(asked, before, repeat="", now=now, progress=lambda _: None)
    except UnreachableError:
        raise
    except HubcheckError:
        return Step(result=Result.NOT_COMPARED), (0, 0)
    changes = [c.relative for c in found.finding.changes]
    step = Step(
        result=found.result,
        log10_p=found.finding.log10_p,
        kept=round(found.finding.kept, 4),
        changed=round(statistics.median(changes), 6) if changes else 0.0,
    )
    return step, (found.coverage.bytes_read, found.coverage.requests)


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
