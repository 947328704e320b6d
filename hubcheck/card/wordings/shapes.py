"""What do the sizes of two models say, whatever their values?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hubcheck.card.wordings.given import Given, Wording
from hubcheck.report.phrases import PhraseCode as P

SIZES: Final = {
    "hidden": "{} wide",
    "layers": "{} layers",
    "neurons": "{} neurons a layer",
    "heads": "{} attention heads",
    "kv_heads": "{} key-value heads",
    "head_dim": "{} values a head",
    "experts": "{} experts",
    "expert_neurons": "{} neurons an expert",
}
"""By the name of the size in a model's geometry."""
KINDS: Final = {
    "finetune": "a fine-tune",
    "quantized": "a quantisation",
    "adapter": "an adapter merged in",
    "merge": "a merge",
}
"""By the word of ``base_model_relation``."""


def _size(axis: str, n: int) -> str:
    return SIZES.get(axis, "{} " + axis).format(f"{n:,}")


def _differs(given: Given) -> str:
    axis = given.text("axis")
    return f"{_size(axis, given.count('base'))} there, {given.count('subject'):,} here"


def _rules_out(given: Given) -> str:
    """Return 'a fine-tune of a model 640 wide is 640 wide; this is 576'."""
    axis, relation = given.text("axis"), given.text("relation")
    kind = KINDS.get(relation, relation)
    base, subject = given.count("base"), given.count("subject")
    if axis == "hidden":
        wide = _size(axis, base)
        return f"{kind} of a model {wide} is {wide}; this one is {subject:,}"
    size = _size(axis, base)
    return f"{kind} of a model with {size} has {base:,}; this one has {subject:,}"


WORDS: Final[Mapping[P, Wording]] = {
    P.SIZE_DIFFERS: _differs,
    P.SHAPE_RULES_OUT: _rules_out,
}
