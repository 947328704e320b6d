"""Are head counts believed only where they divide what the tensors show?"""

from __future__ import annotations

import pytest

from hubcheck.anatomy.config import read_config
from hubcheck.anatomy.geometry import head_dim_of, most_common
from hubcheck.anatomy.read import anatomy_of
from tests.anatomy.families import FAMILIES
from tests.anatomy.tiny import checkpoint_of


@pytest.mark.parametrize(
    ("q_rows", "norm_rows", "config", "head_dim"),
    [
        (32, 0, {"num_attention_heads": 4}, 8),
        (32, 0, {"head_dim": 8}, 8),
        (32, 8, {}, 8),
        (32, 32, {}, 0),
        (32, 0, {}, 0),
        (32, 0, {"num_attention_heads": 5}, 0),
        (32, 0, {"num_attention_heads": 4, "head_dim": 16}, 0),
        (32, 16, {"num_attention_heads": 4, "head_dim": 16}, 16),
        (0, 8, {"num_attention_heads": 4}, 0),
    ],
)
def test_head_dim(q_rows: int, norm_rows: int, config: dict[str, object], head_dim: int) -> None:
    """A head has the rows that every source agrees on, else 0."""
    assert head_dim_of(q_rows, norm_rows, read_config(config)) == head_dim


@pytest.mark.parametrize(
    ("family", "heads"),
    [
        ("phi3", (4, 2, 5)),
        ("gpt2", (4, 4, 5)),
        ("falcon 7b", (4, 1, 5)),
        ("falcon 40b", (4, 2, 5)),
        ("deepseek_v3", (4, 4, 3)),
        ("codegen", (8, 8, 3)),
        ("qwen3_next", (4, 2, 5)),
    ],
)
def test_heads_of_families(family: str, heads: tuple[int, int, int]) -> None:
    """Heads, kv heads and rows of v per head come out for every way to pack them."""
    maker, config = FAMILIES[family]()
    geometry = anatomy_of(checkpoint_of(maker.tensors), config).geometry
    assert (geometry.heads, geometry.kv_heads, geometry.head_dim) == heads


def test_experts_are_counted_in_both_layouts() -> None:
    """Named and stacked experts give the same counts and widths."""
    for family in ("mixtral", "llama4", "dbrx", "granitemoe", "gpt_oss"):
        maker, config = FAMILIES[family]()
        geometry = anatomy_of(checkpoint_of(maker.tensors), config).geometry
        assert (geometry.experts, geometry.expert_neurons, geometry.neurons) == (3, 9, 0)


def test_most_common_breaks_ties_downwards() -> None:
    """The most frequent size wins, of equals the smaller, of none 0."""
    assert most_common([5, 7, 7, 5, 9]) == 5
    assert most_common([9, 9, 5]) == 9
    assert most_common([]) == 0
