"""What do the models do when they are run, beside pairs of which it is known what they are?

Folded, context: the numbers of this pair in one row, the least and most of known pairs below it,
and no word that judges.
"""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Final

from hubcheck.card import names, numbers
from hubcheck.card.document import (
    Details,
    Heading,
    Identifier,
    Inner,
    Line,
    Paragraph,
    Role,
    Table,
    Trusted,
    Untrusted,
)
from hubcheck.errors import counted

if TYPE_CHECKING:
    from hubcheck.report.behaviour import Behaviour, BehaviourKind, KnownBehaviour
    from hubcheck.report.schema import Report

SUMMARY: Final = "Behaviour: the models were run (context, no evidential value)"
HEAD: Final = ("prompts", "places", "same next token", "divergence", "states alike", "by layer")
RELATIONS: Final = {"family": "of one family", "strangers": "strangers"}
WHY: Final[dict[str, str]] = {
    "packages": "torch, transformers or accelerate is not installed (extra behaviour)",
    "budget": "--max-read does not cover all of its weights",
    "network": "its files could not be read whole",
    "format": "it has no safetensors with a config.json, and no single GGUF file",
    "parts": "it is made of several models, and none of them is the one language model",
    "no-tokenizer": "it has no tokenizer that can be used",
    "not-causal": "it is not a model that goes on with a text",
    "own-code": "its class is not in transformers, and code of a repository is never run",
    "incomplete": "weights are missing or of another shape, so part of it would be random",
    "failed": "transformers could not load or run it",
    "not-finite": "its answers are not finite numbers",
    "no-shared-tokens": "the texts are no tokens of it",
    "endpoint": "the server did not answer with likely tokens",
}
"""By the codes of ``behaviour.interface`` (tested)."""
SIDES: Final = {"subject": "the subject", "base": "the base", "endpoint": "the server"}
NOTE: Final = (
    "Models trained apart on the same language answer alike, too, and a student answers like its "
    "teacher without holding a weight of it. No number here is part of a verdict."
)
KNOWN: Final = (
    "The rows below a pair are the least and the most of small models that were trained for this "
    "table. They do not carry over to larger ones: SmolLM2-135M-Instruct (from a 4-bit GGUF "
    "file), rounded to 15 steps a row, named the token that it names as published at 36 % of the "
    "places in texts, and at 20 % in random tokens."
)
HEARD: Final = (
    "Only the likeliest tokens that the server tells can be compared. Settings of the server "
    "(a system prompt, rounding) change them."
)


def behaviour_section(report: Report) -> tuple[Details, ...]:
    """Return what was seen of running the models, or nothing where that was not asked for."""
    if not report.behaviour:
        return ()
    blocks: list[Inner] = []
    for one in report.behaviour:
        blocks += _server(one) if one.against == "endpoint" else _base(report, one)
    blocks.append(Paragraph(content=(Trusted(NOTE),), role=Role.NOTE))
    return (Details(summary=(Trusted(SUMMARY),), blocks=tuple(blocks)),)


def _base(report: Report, one: Behaviour) -> list[Inner]:
    heading = Heading(content=(Trusted("Beside "), Identifier(names.tested(report, one.base))))
    if one.not_run:
        return [heading, _why(one)]
    rows: list[tuple[Line, ...]] = []
    for kind in one.kinds:
        rows.append(_row(kind))
        rows += [_known(known) for known in one.known if known.prompts == kind.prompts]
    said = (
        "Both have one vocabulary: answers are held against each other as distributions."
        if one.one_vocabulary
        else "They have two vocabularies: only the first word that each goes on with is compared."
    )
    found: list[Inner] = [
        heading,
        Table(head=HEAD, rows=tuple(rows), numeric=frozenset({1, 2, 3, 4})),
        Paragraph(content=(Trusted(said),), role=Role.NOTE),
    ]
    if one.known:
        found.append(Paragraph(content=(Trusted(KNOWN),), role=Role.NOTE))
    return found


def _server(one: Behaviour) -> list[Inner]:
    named = Untrusted(one.base)
    heading = Heading(content=(Trusted("Behind an API: "), named))
    if one.heard is None:
        return [heading, _why(one)]
    heard = one.heard
    said = (
        f"Of {counted(heard.positions, 'text')} the server goes on with "
        f"{numbers.percent(heard.agreement)} by the word that the subject would go on with; "
        f"{numbers.percent(heard.overlap)} of its likeliest tokens are among the subject's. "
    )
    return [heading, Paragraph(content=(Trusted(said), Trusted(HEARD)))]


def _why(one: Behaviour) -> Paragraph:
    who = SIDES.get(one.whose, "one of them")
    reason = WHY.get(one.not_run, "for a reason that this version does not know")
    fault: Line = (Trusted(" ("), Untrusted(one.fault), Trusted(")")) if one.fault else ()
    return Paragraph(content=(Trusted(f"Not run, because of {who}: {reason}"), *fault))


def _row(kind: BehaviourKind) -> tuple[Line, ...]:
    layers = [numbers.cosine(kind.cka[n]) for n in _shown(len(kind.cka))]
    return (
        (Untrusted(kind.prompts),),
        (Trusted(counted(kind.positions, "place")),),
        (Trusted(numbers.percent(kind.agreement)),),
        (Trusted(f"{kind.js:.3f}" if kind.js >= 0 else numbers.NOTHING),),
        (Trusted(numbers.cosine(_middle(kind.cka)) if kind.cka else numbers.NOTHING),),
        (Trusted(", ".join(layers)),),
    )


def _known(known: KnownBehaviour) -> tuple[Line, ...]:
    def between(pair: tuple[float, float], *, share: bool) -> str:
        if pair[0] < 0:
            return numbers.NOTHING
        return " to ".join(numbers.percent(n) if share else f"{n:.2f}" for n in pair)

    return (
        (Trusted(f"known pairs, {RELATIONS[known.relation]}"),),
        (Trusted(counted(known.pairs, "pair")),),
        (Trusted(between(known.agreement, share=True)),),
        (Trusted(between(known.js, share=False)),),
        (Trusted(" to ".join(f"{n:.2f}" for n in known.cka)),),
        (Trusted(""),),
    )


def _middle(values: tuple[float, ...]) -> float:
    """Return the median over the layers above the embeddings."""
    return median(values[1:] or values)


def _shown(layers: int) -> list[int]:
    """Return which layers are named: first, last, and three between."""
    return sorted({round(n * (layers - 1) / 4) for n in range(5)}) if layers else []
