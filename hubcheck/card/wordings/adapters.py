"""Which words say what came of adding an adapter to a base?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hubcheck.card.wordings.given import Given

NOT_ADDED: Final[Mapping[str, str]] = {
    "file": "its factors do not lie in adapter_model.safetensors, or a model is a GGUF",
    "config": "adapter_config.json does not say its rank and scale",
    "tuner": "it is no LoRA",
    "dora": "it is a DoRA, which does more than add a product",
    "start": "its training began by taking something out of the base",
    "more": "its configuration says that more is done than a product added",
    "base": "name the base that it was trained on beside it, and the two are added up",
}
"""By the codes of ``checkpoint.adapter_update.NotAdded``, which a test holds this table to."""


def adapter_named(given: Given) -> str:
    """Return which adapter is meant."""
    named = given.text("adapter")
    return f"the adapter {named}" if named else "the adapter beside this model's weights"


def adapter_not_added(given: Given) -> str:
    """Return why an adapter was not added to a base."""
    why = NOT_ADDED.get(given.text("why"), given.text("why"))
    base = given.text("base")
    return f"{adapter_named(given)} was not added to {base or 'any base'}: {why}"


def adapter_added(given: Given) -> str:
    """Return of how many matrices base and adapter are the sum, and what was not told."""
    who, base = adapter_named(given), given.text("base")
    equal, different = given.count("equal"), given.count("different")
    matrices = given.count("matrices")
    read = (
        f"of the {matrices} matrices that {who} changes, {equal + different} were told by some rows"
    )
    if equal:
        said = f"{read}: {equal} hold the values of {base} with its update added, up to rounding"
        said += f", and {different} do not" if different else ""
    elif different:
        said = f"{read}: none holds the values of {base} with its update added at its own scale"
    else:
        said = f"{who} changes {matrices} matrices, of which nothing could be told with {base}"
    rest = {
        "silent": "changed by less than rounding would hide",
        "absent": "not in both models as plain numbers",
        "left": "left out by the limit of bytes",
    }
    said += "".join(f"; {given.count(n)} {why}" for n, why in rest.items() if given.count(n))
    beside = given.count("beside")
    return said + (f"; {beside} other tensors of it were not looked at" if beside else "")
