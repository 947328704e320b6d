"""What did a look leave aside, or could not do?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hubcheck.card.wordings.adapters import adapter_added, adapter_named, adapter_not_added
from hubcheck.card.wordings.given import Given, Wording, few
from hubcheck.report.phrases import PhraseCode as P

GIGA: Final = 10**9
MOST_LOOKS: Final = 3
"""Looks named that one cause kept from being taken."""


def _refused(given: Given) -> str:
    side = given.text("side")
    whose = f" of the {side}" if side else ""
    looks = few(given.each("look"), MOST_LOOKS)
    return f"{looks}: not looked at, {given.text('cause')}{whose}: {given.text('detail')}"


def _as_read(given: Given) -> str:
    compared, total = (given.count(n) / GIGA for n in ("compared", "total"))
    return (
        f"the weight files are equal in every range read, {compared:.3f} of {total:.3f} GB; depth "
        "full compares them all"
    )


def _unmatched(given: Given) -> str:
    more = given.count("more")
    return f"not compared: {given.said('named')}" + (f"; and {more:,} more" if more > 0 else "")


LOOKS: Final[Mapping[str, str]] = {
    "orders": "orders of the layers drawn",
    "disguise": "disguise test",
    "writers": "frame of writers",
    "attention": "attention through the tokens",
    "held-change": "what a suspect changed",
    "kin": "the bases against each other",
    "tensor-names": "names of tensors",
}
"""Looks whose name alone does not say what was looked at."""


def look_named(name: str) -> str:
    """Return a look in words: 'layer map'."""
    return LOOKS.get(name, name.replace("-", " "))


LEFT: Final[Mapping[str, str]] = {
    "layer": "its layer comes from no layer of the base",
    "tensor": "the base has no such tensor",
    "unused": "nothing of the subject comes from it",
    "shape": "{here} here, {there} in the base",
    "dtype": "values stored as {dtype} are not read",
    "stored": "its stored shape does not hold it",
    "rows": "{missing} of {of} rows: no partner in the alignment of the tokens",
    "place": "its place in the model is not understood, and the base has no such name",
    "narrow": "values narrower than a byte are not read",
    "name": "the subject has no such name",
}
"""By the codes of ``evidence.looks.whole.pairing.Lost``, which a test holds this table to."""


def _left(given: Given) -> str:
    shapes = {name: _shape(given.counts(name)) for name in ("here", "there")}
    return LEFT[given.text("why")].format_map({**given.params, **shapes})


def _shape(axes: tuple[int, ...]) -> str:
    return " x ".join(map(str, axes)) or "a number"


PAIR_ORDERS: Final[Mapping[str, str]] = {
    "low-first": "lower half of a byte first",
    "high-first": "upper half of a byte first",
    "group-halves": "first half of a group in the lower halves of its bytes",
    "group-halves-high": "first half of a group in the upper halves of its bytes",
    "row-halves": "first half of a row in the lower halves of its bytes",
    "row-halves-high": "first half of a row in the upper halves of its bytes",
    "row-halves-scaled": "first half of a row in the lower halves of its bytes, scaled by bytes",
    "row-halves-high-scaled": (
        "first half of a row in the upper halves of its bytes, scaled by bytes"
    ),
}
"""By the codes of ``checkpoint.pair_order.PairOrder``, which a test holds this table to."""
WHY: Final[Mapping[str, str]] = {
    "values": "values that are no numbers",
    "budget": "it needs more than --max-read leaves",
    "network": "the network failed",
    "format": "its storage cannot be read in pieces",
    "fault": "a fault of hubcheck",
    "no-shared-order": "no order of the layers is comparable: all sizes differ",
    "no-sound-order": "no order of the base could be tested",
    "no-shared-shape": "no matrix has one shape in both models",
    "no-layer-pair": "no layer of one model corresponds to one of the other",
    "one-layer": "one layer alone corresponds: nothing to hold it against",
    "few-layers": "fewer than two layers to compare",
    "few-tokens": "too few shared tokens to make a frame of",
    "few-neurons": "too few neurons fit the budget to expect true pairs",
    "no-common-mlp": "the two models share no kind of MLP",
    "no-experts": "neither model has experts",
    "same-size": "neurons and channels are as many in both models",
    "no-common-piece": "no layer's MLPs can be cut into pieces of one size",
    "no-counterpart": "no tensor of one model has a counterpart in the other",
    "other-width": "the models differ in width: shares need identical shapes",
    "other-depth": "the models differ in depth: shares need identical shapes",
    "one-base": "one related base alone is no merge",
    "like-bases": "the bases are too alike to tell their shares apart",
}
"""By the codes of ``evidence.refused.LookReason``, which a test holds this table to."""
WORDS: Final[Mapping[P, Wording]] = {
    P.LOOK: lambda given: look_named(given.text("look")),
    P.LOOK_PART: "relation of the {part}",
    P.LOOK_COMPONENT: "{name}",
    P.LOOK_REFUSED: _refused,
    P.NOT_MADE: lambda given: f"{given.said('look')} not made: {given.said('why')}",
    P.WHY: lambda given: WHY.get(given.text("why"), given.text("why")),
    P.RENAMED: (
        "the names of this model's tensors say nothing; {matched} of {tensors} were matched to the "
        "base's by place, shape and near values, which the bound pays for"
    ),
    P.PAIR_ORDER: lambda given: (
        f"which of the two codes in a byte of the {given.text('side')} comes first was told by "
        f"values that are near another model's: they are read {PAIR_ORDERS[given.text('order')]}; "
        f"the bound pays for the {given.count('orders')} orders tried"
    ),
    P.EQUAL_AS_READ: _as_read,
    P.ADAPTER_ADDED: adapter_added,
    P.ADAPTER_NOT_ADDED: adapter_not_added,
    P.ADAPTER_REFUSED: lambda given: (
        f"{adapter_named(given)} was not added to {given.text('base')}: {given.said('why')}"
    ),
    P.UNMATCHED: _unmatched,
    P.UNMATCHED_ONE: lambda given: (
        f"{given.text('tensor')} ({given.text('side')}): {given.said('why')}"
    ),
    P.TENSOR_LEFT: _left,
    P.TWO_DTYPES: (
        "{values:,} values are stored in two dtypes: both were rounded to {dtype} before their "
        "bits were compared"
    ),
    P.PACKED_VALUES: "{values:,} values are packed: compared as they unpack",
    P.NO_COUNTERPART: "{tensors} tensors of the {side} ({values:,} values) have no counterpart",
    P.STATE_NOT_KEPT: "the state of the run could not be kept: {why}",
    P.MACHINE: "{missing} is not installed: NumPy did the arithmetic, on one process",
}
