"""Which pairs of models does the benchmark ask about, and what is the right answer to each?

- *derived*: a model against one it was made from, or against the model at the root of that;
- *kin*: two models with a common ancestor of which neither was made from the other;
- *stranger*: no weight and no initial weight in common;
- *hard*: something is shared, but not the body of the trained weights (``EXPECTED`` argues each).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from benchmarks.lineage.catalogue import Member, catalogue, inside, is_merge, roots
from benchmarks.lineage.relations import FOLDER, PREFIX, Words, true_words


class Kind(StrEnum):
    """What is true of a pair."""

    DERIVED = "derived"
    KIN = "kin"
    STRANGER = "stranger"
    HARD = "hard"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One question: does the subject come from the base?"""

    subject: str
    base: str
    kind: Kind
    meaning: str
    words: Words
    """Relations that are true, most specific first; empty where the relation is not scored."""


SIBLINGS: Final = ("sib",)
"""Trained from the base's initial weights on other text: the same start, nothing learned shared."""

KIN: Final = (
    ("finetune", "continued"),
    ("continued2", "finetune"),
    ("relabelled", "finetune"),
    ("int4", "continued"),
    ("pruned-neurons", "finetune"),
    ("upscaled", "continued"),
    ("extended", "continued"),
    ("disguised-base", "continued"),
)
"""Two descendants of base each; ``related`` covers a common ancestor (design, section 2)."""

_ORDER_ALONE: Final = (
    "must not be called a match: every weight is another model's; the order alone was forged"
)
_START_ALONE: Final = (
    "must not be called a copy: the initial weights are shared, nothing that was learned is. A word"
    " that says exactly that (common initialisation) is right"
)
_PART_ALONE: Final = (
    "must not be called a derivative: one part is base's, the body is not. A word that says exactly"
    " that (parts) is right"
)
EXPECTED: Final[Mapping[str, str]] = {
    "framed": _ORDER_ALONE,
    "sib": _START_ALONE,
    "wears-norms": _PART_ALONE,
    "wears-embeddings": _PART_ALONE,
}
"""What a right answer is in a hard case, by the model that makes it hard."""
EXACT_WORDS: Final[Mapping[str, Words]] = {
    "sib": ("common-initialisation",),
    "wears-norms": ("parts",),
    "wears-embeddings": ("parts",),
}
"""Relation words with which a positive verdict is right all the same."""

STRANGERS: Final = tuple(f"ind{n}" for n in range(3, 10))
"""Each derivative is held against one of these as well; none is a parent of any."""
SMALL: Final = frozenset(
    {
        *("copy-bf16", "relabelled", "rotated", "disguised-base", "disguised-fully", "finetune"),
        *("continued2", "int4", "merge-related", "dropped-layer", "pruned-channels", "framed"),
        *("sib", "wears-norms", "moe-finetune", "bystander", "twin", "ind2", "ind3"),
    }
)
"""Models of ``--pairs small``: every pair among them, and with the base of each."""


def pairs(models: Path) -> list[Pair]:
    """Return every pair whose models are there, in a fixed order.

    Args:
        models: The folder of the zoo.
    """
    members = catalogue(models)
    found = [*_derived(members), *_kin(members), *_hard(members), *_strangers(members)]
    judges = inside(models, "judges")
    return [*found, *_judged(judges)]


def small(every: list[Pair]) -> list[Pair]:
    """Return a few pairs of each kind, for a first look."""
    return [p for p in every if p.subject in SMALL and p.base in {*SMALL, "base", "moe", "twin"}]


def _derived(members: Mapping[str, Member]) -> Iterator[Pair]:
    for member in members.values():
        if member.material:
            continue
        origins = () if is_case(member.name) else roots(member.name, members)
        above = dict.fromkeys((*member.parents, *origins))
        for base in (b for b in above if b != member.name and b in members):
            yield Pair(
                subject=member.name,
                base=base,
                kind=Kind.DERIVED,
                meaning=member.meaning,
                words=_words(member, base, members),
            )


def is_case(name: str) -> bool:
    """Return whether a model is a case of one relation, asked about towards its parents alone.

    Towards the root and towards strangers it would ask what the derivatives of the zoo ask already.
    """
    return name.startswith(f"{FOLDER}/") and not name.startswith(PREFIX)


def _words(member: Member, base: str, members: Mapping[str, Member]) -> Words:
    """Return the true relations of a derivative to one model it comes from."""
    origins = roots(member.name, members)
    if len(origins) > 1 or is_merge(member):
        return ()
    words = true_words(member.name, declared=member.relation)
    if base == origins[0] or member.trained or member.relation:
        return words
    if base != member.parents[0]:
        return ()  # the fine-tune whose adapter it holds: no word says that
    # what the parent itself went through is no difference to the parent
    return tuple(word for word in words if word not in true_words(base))


def _kin(members: Mapping[str, Member]) -> Iterator[Pair]:
    for subject, base in KIN:
        if subject in members and base in members:
            yield Pair(
                subject=subject,
                base=base,
                kind=Kind.KIN,
                meaning="both descend from base",
                words=(),
            )


def _hard(members: Mapping[str, Member]) -> Iterator[Pair]:
    for member in members.values():
        for base in member.borrowed:
            yield _hard_pair(member.name, base, member.name)
    for sibling in SIBLINGS:
        for other in ("base", "finetune", "continued"):
            if sibling in members and other in members:
                yield _hard_pair(sibling, other, sibling)


def _hard_pair(subject: str, base: str, case: str) -> Pair:
    return Pair(
        subject=subject,
        base=base,
        kind=Kind.HARD,
        meaning=EXPECTED.get(case, _PART_ALONE),
        words=EXACT_WORDS.get(case, ()),
    )


def _strangers(members: Mapping[str, Member]) -> Iterator[Pair]:
    def stranger(subject: str, base: str, meaning: str) -> Pair:
        return Pair(subject=subject, base=base, kind=Kind.STRANGER, meaning=meaning, words=())

    independent = [n for n in ("base", "twin", *(f"ind{i}" for i in range(2, 10))) if n in members]
    for i, subject in enumerate(independent):
        for j, base in enumerate(independent):
            # every unordered pair once, in alternating order
            if i != j and (i < j) == ((i + j) % 2 == 0):
                yield stranger(subject, base, "both trained from scratch, seeds differ")
    for subject, base in (
        ("bystander", "base"),
        ("finetune", "twin"),
        ("moe-twin", "moe"),
        ("moe-finetune", "moe-twin"),
        ("moe-relabelled", "moe-twin"),
    ):
        if subject in members and base in members:
            yield stranger(subject, base, "descendant of another model of the same recipe")
    descendants = [
        m
        for m in members.values()
        if (m.parents or m.name in SIBLINGS) and not m.material and not is_case(m.name)
    ]
    others = [n for n in STRANGERS if n in members]
    for member in descendants:
        if others:
            # by the name, so that a model more changes no other pair
            base = others[zlib.crc32(member.name.encode()) % len(others)]
            yield stranger(member.name, base, f"{member.meaning}; the base is another")


def _judged(judges: Mapping[str, Member]) -> Iterator[Pair]:
    """Pair judges of one kind off, so that no model is in two pairs: independent trials."""
    by_kind: dict[str, list[Member]] = {}
    for judge in judges.values():
        by_kind.setdefault(judge.kind, []).append(judge)
    for kind, alike in sorted(by_kind.items()):
        for subject, base in zip(alike[::2], alike[1::2], strict=False):
            yield Pair(
                subject=subject.name,
                base=base.name,
                kind=Kind.STRANGER,
                meaning=f"two judges of kind {kind}, each in this pair alone",
                words=(),
            )
