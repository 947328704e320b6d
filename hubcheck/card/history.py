"""How does a chain of a model's states read, as support for a claim and never as its proof?"""

from __future__ import annotations

from typing import Final

from hubcheck.card import names, numbers
from hubcheck.card.document import (
    Block,
    Document,
    Identifier,
    ItemList,
    Line,
    Paragraph,
    Role,
    Strong,
    Table,
    Tone,
    Trusted,
    Untrusted,
)
from hubcheck.errors import counted
from hubcheck.report.comparison import Result
from hubcheck.report.history import History, Looks, State, Step

TITLES: Final = {
    Looks.FROM_A_DRAW: "these states look as a training from scratch does",
    Looks.NOT_A_DRAW: "the first state is more than fresh random values",
    Looks.BROKEN: "a state is not shown to come from the one before it",
    Looks.OPEN: "what the first state looks like could not be told",
}
LEADS: Final = {
    Looks.FROM_A_DRAW: (
        "What was looked at of the first state shows nothing that fresh random values do not, and "
        "every later state is related to the one before it. That supports a claim of training from "
        "scratch and does not prove it: whoever has the last state can publish earlier ones that "
        "nobody trained."
    ),
    Looks.NOT_A_DRAW: (
        "Its matrices hold structure that independent random values do not have: learned, or an "
        "initialisation of another kind. What came before it is not among these states. A training "
        "from scratch whose early states were not published looks like this, and so does one that "
        "began with another model's weights: it speaks for neither."
    ),
    Looks.BROKEN: (
        "The first state shows nothing that fresh random values do not, but the chain has a gap: "
        "between two of its states no relation was shown. States far apart in a training can "
        "lose what the tests look for; states of two trainings look the same. It supports nothing."
    ),
    Looks.OPEN: (
        "Its matrices are of a kind that is not understood here, or too few. It supports nothing."
    ),
}
RESULTS: Final = {
    Result.IDENTICAL: "the same weights",
    Result.RELATED: "related",
    Result.REARRANGED: "related once a rearrangement is undone",
    Result.UNRELATED: "unrelated",
    Result.INCONCLUSIVE: "not settled",
    Result.NOT_COMPARED: "not compared",
}
SCRATCH: Final = (
    "What a training from scratch looks like: the first state has a leading value of about 1.00, "
    "0 % beyond a draw and constant gains; then the share beyond a draw rises, the first steps "
    "change most, and tokens that nothing trained are as long as the others in the first state. A "
    "trained model of anybody has its share from the start."
)


def compose(history: History) -> Document:
    """Return the card of a chain: the same chain always gives the same document."""
    blocks: list[Block] = [
        Paragraph(content=(Strong((Trusted(LEADS[history.looks]),)),), role=Role.LEAD),
        _table(history),
        Paragraph(content=(Trusted(_footer(history)),), role=Role.FOOTER),
        Paragraph(content=(Trusted(SCRATCH),), role=Role.NOTE),
        *_remarks(history),
        Paragraph(
            content=(Trusted("Repeat: "), Identifier(history.repeat, limit=600)), role=Role.NOTE
        ),
    ]
    return Document(
        subject=Identifier(history.model),
        title=(Trusted(TITLES[history.looks]),),
        verdict=history.looks.value,
        tone=Tone.MUTED if history.looks is Looks.OPEN else Tone.PLAIN,
        blocks=tuple(blocks),
    )


def _table(history: History) -> Table:
    steps: list[Step | None] = [None, *history.steps]
    rows = tuple(
        (_name(history, state), *_start(state), *_change(step))
        for state, step in zip(history.states, steps, strict=True)
    )
    head = (
        "state", "leading value", "beyond a draw", "constant gains", "to the one before",
        "similarity", "change",
    )  # fmt: skip
    return Table(head=head, rows=rows, numeric=frozenset({1, 2, 3, 5, 6}))


def _name(history: History, state: State) -> Line:
    ref = state.ref.removeprefix(history.model).strip("/") or state.ref
    if names.is_commit(state.revision):
        shown = names.short(state.revision)
        asked = state.asked if state.asked and state.asked != state.revision else ""
        return (Identifier(f"{asked} ({shown})" if asked else shown),)
    return (Identifier(ref),)


def _start(state: State) -> tuple[Line, Line, Line]:
    gains: Line = (Trusted(f"{state.constant} of {state.gains}" if state.gains else NONE),)
    if not state.matrices:
        return (Trusted(NONE),), (Trusted(NONE),), gains
    beyond = numbers.percent(state.beyond) if state.beyond else "0 %"
    return (Trusted(f"{state.leading:.2f}"),), (Trusted(beyond),), gains


def _change(step: Step | None) -> tuple[Line, Line, Line]:
    if step is None:
        return ((Trusted(NONE),),) * 3
    related = step.result is Result.RELATED
    kept = numbers.kept(step.kept) if related else NONE
    changed = numbers.percent(step.changed) if step.changed else NONE
    return (Trusted(RESULTS[step.result]),), (Trusted(kept),), (Trusted(changed),)


NONE: Final = numbers.NOTHING
FEW: Final = Trusted("too few matrices of a kind that is understood")


def _footer(history: History) -> str:
    first = history.states[0]
    asked = (
        f"First state: {counted(first.matrices, 'block')} of matrices against their shuffled "
        f"entries, P of leading values so large in a fresh draw: {first.p:.3g} (exact). "
        if first.matrices
        else ""
    )
    read = f"Read: {numbers.byte_count(history.bytes_read)}, {numbers.count(history.requests)} "
    return f"{asked}{read}requests. Seed {history.seed}. Dates decide nothing here."


def _remarks(history: History) -> tuple[Block, ...]:
    items: list[Line] = []
    tokens = history.tokens
    if tokens is not None and tokens.still and tokens.ratio:
        items.append(
            (
                Trusted(
                    f"{numbers.count(tokens.still)} of {counted(tokens.rows, 'token')} looked at "
                    "kept their direction from the first state to the last: nothing in between "
                    "trained them. "
                    f"In the first state the others are {tokens.ratio:.2f} times as long."
                ),
            )
        )
    if history.left_out:
        items.append((Trusted(f"{counted(history.left_out, 'further state')} was left out."),))
    items += [
        (_name(history, state)[0], Trusted(": "), Untrusted(state.fault) if state.fault else FEW)
        for state in history.states
        if state.fault or not state.matrices
    ]
    return (ItemList(items=tuple(items)),) if items else ()
