"""What is the anatomy of a repository of several components?

That of its body, where it has one, with every other component beside it, read as a model of its
own: so no rule has to know that ``text_encoder.`` stands before a name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from hubcheck.anatomy.interface import Anatomy, Role
from hubcheck.checkpoint.interface import Checkpoint

KEPT: Final = frozenset({Role.BUFFER, Role.QUANT_COMPANION})
"""Roles that are no parameters, of a component either."""


def with_components(
    body: Anatomy, whole: Checkpoint, components: Mapping[str, Anatomy], *, title: str = ""
) -> Anatomy:
    """Return the anatomy of the whole.

    Args:
        body: Of the body, its tensors named as in the whole; without any where there is no body.
        whole: Every tensor, those of a component with its name and a dot in front.
        components: Anatomies by name, tensor names without it; one that cannot be read is missing.
        title: What the whole is called where the body has no name: the class of a pipeline.
    """
    own = body.checkpoint.tensors
    others = dict(body.others)
    for name in whole.tensors:
        if name not in own:
            others[name] = Role.COMPONENT
    for prefix, part in components.items():
        for name, role in part.others.items():
            if role in KEPT and (there := f"{prefix}.{name}") in others:
                others[there] = role
    return replace(
        body,
        checkpoint=whole,
        others=others,
        architecture=body.architecture or title,
        components=dict(components),
    )
