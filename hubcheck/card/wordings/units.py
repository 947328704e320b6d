"""Which units is an order of, and why may an order not be used?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hubcheck.card.wordings.given import Given, Wording
from hubcheck.report.phrases import PhraseCode as P

NEURONS: Final = {"dense": "neurons", "expert": "expert neurons", "shared": "shared-expert neurons"}
"""Of which kind of MLP."""
MIXERS: Final = {"ssm": "state-space", "delta": "delta-rule", "conv": "convolution"}
"""What a mixer is called, by the role of its tensors."""
PROBLEMS: Final = {
    "duplicates": "{count} of {of} rows have a duplicate",
    "norms-follow-index": "row norms follow the index: sorted or structured units",
    "kurtosis-follows-index": "row kurtosis follows the index: sorted or structured units",
    "stride": "rows {count} apart are alike: blocks or ranks share an initialisation",
    "structured": "the base's layers share one order: a structured initialisation",
    "in-line": "the base's layers run in one line: an order that both may have from elsewhere",
}
"""Why an order may not be used."""


def _neurons(given: Given) -> str:
    kind = given.text("mlp")
    said = f"{NEURONS.get(kind, kind)} of layer {given.count('layer')}"
    member = given.count("member")
    said += f", expert {member}" if member >= 0 else ""
    return said + (f", from {given.count('first')} on" if given.has("first") else "")


def _values(given: Given) -> str:
    cross = "cross-attention, " if given.has("cross") else ""
    layer, group = given.count("layer"), given.count("group")
    return f"V/O dimensions of layer {layer}, {cross}kv group {group}"


def _mixer(given: Given) -> str:
    kind, head = given.text("kind"), given.count("head")
    said = f"{MIXERS.get(kind, kind)} channels of layer {given.count('layer')}"
    return said + (f", head {head}" if head >= 0 else "")


def _block(given: Given) -> str:
    layer, member, kind = given.count("layer"), given.count("member"), given.text("kind")
    if kind == "shared":
        return f"layer {layer}, shared expert"
    name = "expert" if kind == "expert" else "member"
    return f"layer {layer}" + (f", {name} {member}" if member >= 0 else "")


def _problem(given: Given) -> str:
    code = given.text("problem")
    return PROBLEMS.get(code, code).format(count=given.count("count"), of=given.count("of"))


WORDS: Final[Mapping[P, Wording]] = {
    P.UNITS_CHANNELS: "residual channels",
    P.UNITS_RESERVED: "reserved tokens",
    P.UNITS_EXPERTS: "experts of layer {layer}",
    P.UNITS_GROUPS: "kv groups of layer {layer}",
    P.UNITS_NEURONS: _neurons,
    P.UNITS_VALUES: _values,
    P.UNITS_MIXER: _mixer,
    P.UNITS_AXIS: "inner channels of place {place}",
    P.BLOCK: _block,
    P.ORDER_PROBLEM: _problem,
}
