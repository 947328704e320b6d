"""Was a judgement right, blind, or a false statement, and did it end with the right exit code?

The truth is known tensor by tensor, so every verdict, relation, part and sentence that is printed
can be held against it. A blind answer states nothing untrue: it is weaker than the truth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from benchmarks.kinds.ask import Said
from benchmarks.kinds.pairs import Asked, Pair
from hubcheck.report.phrases import PhraseCode
from hubcheck.report.words import DeclarationVerdict, Holds, RelationKind, Verdict


class Call(StrEnum):
    """What became of one question, the worst first."""

    FALSE = "false statement"
    EXIT = "wrong exit"
    BLIND = "blind"
    RIGHT = "right"


MARKS: Final = {Call.RIGHT: "✓", Call.BLIND: "·", Call.FALSE: "✗", Call.EXIT: "!"}
"""One sign a cell of a table."""

MATCH: Final = frozenset({Verdict.IDENTICAL, Verdict.RELATED, Verdict.DISGUISED})
EQUAL: Final = frozenset({RelationKind.IDENTICAL, RelationKind.RECAST})
OPEN: Final = frozenset({RelationKind.UNDETERMINED, RelationKind.PARTS})
"""Words that leave the rest open; that the rest does not match is a sentence of its own."""
TRUE_RELATIONS: Final[Mapping[Pair, frozenset[RelationKind]]] = {
    Pair.COPY: OPEN | EQUAL,
    Pair.RESAVED: OPEN | EQUAL,
    Pair.TUNED: OPEN | {RelationKind.FINE_TUNE},
    # The body moved as well, so the word for that is as true, only less specific.
    Pair.VOCABULARY: OPEN | {RelationKind.VOCABULARY_CHANGED, RelationKind.FINE_TUNE},
    # All but the head is equal: a fine-tune of the head, or an update of few tensors.
    Pair.HEAD: OPEN | {RelationKind.FINE_TUNE, RelationKind.SPARSE_UPDATE},
    Pair.GRAFT: OPEN | {RelationKind.LAYERS_CHANGED},
    Pair.STRANGER: frozenset(),
}
"""Relations that are true of a pair; any other that is stated is false."""

NO_MATCH: Final = (
    "the body does not",
    "most of the body does not",
    "the weights do not match",
)
"""Sentences that are false of every derivative whose body is the base's."""
SAME: Final = ("same values, stored anew", "value for value")
"""Sentences that only equality makes true."""
ONE_STACK: Final = "one of the two models holds nothing else"
"""False of a subject that has several."""
OTHER_TOKENS: Final = "tokens that the other model does not have"
"""False where both have the same vocabulary."""
HOSTILE: Final = "unreadable or hostile"
NOTHING: Final = "No weights were compared"
"""False where the evidence holds counts."""
NONE_OF_IT: Final = "in the 0 % of the parameters compared"
"""False of any match: of nothing that was compared, nothing can match."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One question, its answer, and what is wrong with it."""

    call: Call
    false: tuple[str, ...]
    """What was stated and is untrue, in the words of the check."""
    wrong_exit: bool
    exit_code: int
    verdict: str
    """About the base; empty where there is no report."""
    relation: str
    declaration: str
    title: str
    """The card's first line, or the complaint where there is no card."""


def judge(asked: Asked, said: Said) -> Judged:
    """Return what became of one pair of a kind.

    Args:
        asked: The pair, and what is true of it.
        said: What the check left behind.
    """
    finding = finding_of(said)
    verdict = str(finding.get("verdict", ""))
    false = [*_false_finding(asked, finding), *_false_sentences(asked, said, finding)]
    if said.report.get("verdict") == DeclarationVerdict.CONTRADICTED and _derives(asked.pair):
        false.append("contradicted")
    right = not false and _right(asked, said, finding)
    return judged(
        said, false, exit_is_wrong=_wrong_exit(asked.pair, said), right=right, verdict=verdict
    )


def judged(
    said: Said, false: Sequence[str], *, exit_is_wrong: bool, right: bool, verdict: str
) -> Judged:
    """Return one judgement; a false statement outweighs a wrong exit code, that a blind answer."""
    call = Call.RIGHT if right else Call.BLIND
    call = Call.EXIT if exit_is_wrong else call
    call = Call.FALSE if false else call
    relation = finding_of(said).get("relation") or {}
    return Judged(
        call=call,
        false=tuple(false),
        wrong_exit=exit_is_wrong,
        exit_code=said.exit_code,
        verdict=verdict,
        relation=str(relation.get("kind", "")),
        declaration=str(said.report.get("verdict", "")),
        title=first_line(said),
    )


def finding_of(said: Said) -> Mapping[str, Any]:
    """Return what was found about the first base; empty where nothing was reported."""
    findings = said.report.get("findings") or [{}]
    found: Mapping[str, Any] = findings[0]
    return found


def first_line(said: Said) -> str:
    """Return the card's title, or what the command complained about."""
    if said.card:
        return said.card.lstrip("# ").partition("\n")[0]
    lines = [line for line in said.complaint.splitlines() if line.strip()]
    return " / ".join(lines[-3:])[:300]


def names_what_was_not_compared(finding: Mapping[str, Any], card: str) -> bool:
    """Return whether an open finding says, on the card too, what of the model was not compared.

    Of several parts one is enough: a card may shorten.
    """
    missing = [
        str(said["params"].get("what", ""))
        for said in finding.get("not_compared") or ()
        if said["code"] == PhraseCode.NOT_COMPARED
    ]
    return any(what and what in card for what in missing)


def _derives(pair: Pair) -> bool:
    return pair is not Pair.STRANGER


def _false_finding(asked: Asked, finding: Mapping[str, Any]) -> list[str]:
    verdict = finding.get("verdict")
    pair = asked.pair
    found = []
    if pair is Pair.STRANGER and verdict in MATCH:
        found.append(f"verdict {verdict}")
    if _derives(pair) and verdict == Verdict.UNRELATED:
        found.append(f"verdict {verdict}")
    if verdict == Verdict.IDENTICAL and not (pair in {Pair.COPY, Pair.RESAVED} and asked.exact):
        found.append(f"verdict {verdict}")
    relation = finding.get("relation") or {}
    kind = relation.get("kind")
    if kind and verdict in MATCH and kind not in TRUE_RELATIONS[pair]:
        found.append(f"relation {kind}")
    if relation.get("holds") == Holds.WHOLE and asked.stacks > 1:
        found.append("relation holds whole")
    return [*found, *_false_parts(pair, finding)]


def _false_parts(pair: Pair, finding: Mapping[str, Any]) -> list[str]:
    """Return statements about single parts: all of them are the base's, or none is."""
    found = []
    for part in finding.get("parts") or ():
        name, verdict = str(part["name"]), part["verdict"]
        fresh = pair is Pair.STRANGER or (pair is Pair.VOCABULARY and name == "embeddings")
        if fresh and verdict in MATCH:
            found.append(f"part {name}: {verdict}")
        if not fresh and pair is not Pair.GRAFT and verdict == Verdict.UNRELATED:
            found.append(f"part {name}: {verdict}")
    return found


def _false_sentences(asked: Asked, said: Said, finding: Mapping[str, Any]) -> list[str]:
    text = said.card + said.complaint
    pair = asked.pair
    untrue: list[str] = [HOSTILE, NONE_OF_IT]
    if _derives(pair) and pair is not Pair.GRAFT:
        untrue += NO_MATCH
    if pair not in {Pair.COPY, Pair.RESAVED}:
        untrue += SAME
    if asked.stacks > 1:
        untrue.append(ONE_STACK)
    if pair is not Pair.VOCABULARY:
        untrue.append(OTHER_TOKENS)
    if any(row.get("units") for row in finding.get("evidence") or ()):
        untrue.append(NOTHING)
    return [f"says: {words}" for words in untrue if words in text]


def _right(asked: Asked, said: Said, finding: Mapping[str, Any]) -> bool:
    verdict, declaration = finding.get("verdict"), said.report.get("verdict")
    match asked.pair:
        case Pair.COPY:
            return verdict == Verdict.IDENTICAL and declaration == DeclarationVerdict.CONFIRMED
        case Pair.STRANGER:
            unseen = names_what_was_not_compared(finding, said.card)
            is_open = verdict == Verdict.INCONCLUSIVE and unseen
            return is_open or verdict == Verdict.UNRELATED
        case Pair.GRAFT:
            # Half of the body matches: that is to be seen, and nobody has to call it the whole.
            return verdict in MATCH or bool(finding.get("log10_p", 0) < -3)
        case _:
            return verdict in MATCH and declaration == DeclarationVerdict.CONFIRMED


def _wrong_exit(pair: Pair, said: Said) -> bool:
    """Return whether the exit code is not that of the truth, or of an open answer."""
    contradicted = said.report.get("verdict") == DeclarationVerdict.CONTRADICTED
    expected = 1 if pair is Pair.STRANGER and contradicted else 0
    return said.exit_code != expected
