"""Which way reads a model: rules, the axes of a class known by its names, or axes that look free?

Best first (DESIGN 10): a rule knows what a tensor is for, a certified axis only that its units may
change places, an inferred one is an assumption. A diffusion model under its release's names comes
before all: the rules would take a text encoder in the same file for the model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from hubcheck.anatomy.by_axes import by_certified_axes, by_inferred_axes
from hubcheck.anatomy.interface import Anatomy, Role
from hubcheck.anatomy.one_file import Parts, parts_of_file
from hubcheck.anatomy.one_stack import STORED, anatomy_by_rules
from hubcheck.anatomy.towers import towers_of
from hubcheck.checkpoint.interface import Checkpoint

FREE: Final = frozenset(
    {
        Role.UP, Role.DOWN, Role.V, Role.O, Role.CROSS_V, Role.CROSS_O, Role.MLA_V_B,
        Role.EXPERT_UP, Role.EXPERT_DOWN, Role.SHARED_UP, Role.SHARED_DOWN,
    }
)  # fmt: skip
"""Roles whose units stand in an order that the rules know to be free."""


def anatomy_of_model(checkpoint: Checkpoint, config: Mapping[str, object]) -> Anatomy:
    """Return the role of every tensor, by the best way that finds an order.

    Args:
        checkpoint: Its headers; no weight byte is read.
        config: The parsed ``config.json``, empty when the model has none. Hostile.
    """
    several = _of_one_file(checkpoint)
    if several is not None:
        return several
    plain = anatomy_by_rules(checkpoint, config)
    if has_orders(plain, config):
        return plain
    known = by_certified_axes(plain)
    # What the rules named has a meaning that shapes do not show: nothing is inferred beside it.
    if known is not None or plain.matrices or frozenset(plain.others.values()) - STORED:
        return known or plain
    return by_inferred_axes(plain) or plain


def several_in_one_file(checkpoint: Checkpoint) -> tuple[Parts, Anatomy] | None:
    """Return the parts of a diffusion model that is one file, and its body's anatomy.

    None where it is a single part.

    Args:
        checkpoint: Its headers; no weight byte is read.
    """
    parts = parts_of_file(checkpoint)
    body = _body_of(parts) if parts is not None and parts.beside else None
    return None if parts is None or body is None else (parts, body)


def _body_of(parts: Parts) -> Anatomy | None:
    return by_certified_axes(anatomy_by_rules(parts.body, {}), parts.absent)


def _of_one_file(checkpoint: Checkpoint) -> Anatomy | None:
    """Return the anatomy of a diffusion model under its release's names, None for any other."""
    parts = parts_of_file(checkpoint)
    body = None if parts is None or parts.beside else _body_of(parts)
    if parts is None or body is None:
        return None
    every = {**body.checkpoint.tensors, **parts.left}
    return replace(
        body,
        checkpoint=replace(body.checkpoint, tensors=MappingProxyType(every)),
        unknown=(*body.unknown, *sorted(parts.left)),
    )


def has_orders(anatomy: Anatomy, config: Mapping[str, object]) -> bool:
    """Return whether the rules found an order: of the body, or of a tower.

    Args:
        anatomy: As the rules read it.
        config: The parsed ``config.json``.
    """
    if anatomy.mixers or anatomy.alone or any(m.role in FREE for m in anatomy.matrices.values()):
        return True
    towers = towers_of(anatomy, config)
    return any(m.role in FREE for t in towers for m in t.anatomy.matrices.values())
