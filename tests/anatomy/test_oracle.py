"""Does the sweep's oracle notice a wrong line in the table?"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from hubcheck.anatomy import parts
from hubcheck.anatomy.interface import Role
from hubcheck.anatomy.rules import INSIDE
from hubcheck.anatomy.splits import Split
from tests.anatomy.sweep_table import row_of

SWAPS: Final = [
    ("llama", Role.GATE, Role.UP, "mlp no"),
    ("phi3", Role.K, Role.V, "attention no"),
    ("gpt2", Role.Q, Role.K, "query no"),
    ("mixtral", Role.EXPERT_GATE, Role.EXPERT_UP, "experts no"),
    ("gemma2", Role.NORM_ATTN_IN, Role.NORM_MLP_IN, "norm no"),
]


@pytest.mark.parametrize(("architecture", "one", "other", "seen"), SWAPS)
def test_swapped_roles_are_seen(
    architecture: str, one: Role, other: Role, seen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two roles exchanged in the whole table make the running model disagree."""
    swap = {one: other, other: one}
    swapped = [replace(r, roles=tuple(swap.get(role, role) for role in r.roles)) for r in INSIDE]
    monkeypatch.setattr(parts, "INSIDE", tuple(swapped))
    assert row_of(architecture)["checked"][seen] > 0


@pytest.mark.parametrize(
    ("architecture", "split", "instead", "seen"),
    [
        ("gpt_neox", Split.QKV_GROUPED, Split.QKV, "attention no"),
        ("codegen", Split.QKV_CODEGEN, Split.QKV, "query no"),
        ("gpt_oss", Split.INTERLEAVED, Split.HALVES, "experts no"),
    ],
)
def test_another_split_is_seen(
    architecture: str, split: Split, instead: Split, seen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A split of the right sizes in the wrong order makes the running model disagree."""
    wrong = tuple(replace(r, split=instead) if r.split is split else r for r in INSIDE)
    monkeypatch.setattr(parts, "INSIDE", wrong)
    assert row_of(architecture)["checked"][seen] > 0
