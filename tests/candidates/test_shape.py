"""Tests of the comparison of sizes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.candidates.shape import Shape, compare_shapes, shape_of_config

CONFIG: dict[str, Any] = {
    "hidden_size": 64,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "intermediate_size": 256,
    "vocab_size": 1000,
}


def against(**changes: object) -> tuple[bool, bool]:
    """Return (same, near) of the config and a changed one."""
    match = compare_shapes(shape_of_config(CONFIG), shape_of_config(CONFIG | changes))
    return match.same, match.near


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, (True, False)),
        ({"num_hidden_layers": 6}, (False, True)),
        ({"vocab_size": 1200, "num_hidden_layers": 6}, (False, True)),
        ({"hidden_size": 128}, (False, False)),
        ({"num_local_experts": 8}, (False, False)),
        ({"model_type": "another"}, (True, False)),
        ({"hidden_size": "64"}, (True, False)),
    ],
)
def test_sizes_decide(changes: dict[str, object], expected: tuple[bool, bool]) -> None:
    """Depth and vocabulary may differ in a near match, width and experts may not."""
    assert against(**changes) == expected


def test_too_little_known_is_no_match() -> None:
    """Two empty configs are not the same shape."""
    match = compare_shapes(shape_of_config({}), shape_of_config({"hidden_size": 64}))
    assert not match.same
    assert not match.near


@given(values=st.dictionaries(st.sampled_from([*CONFIG, "n_inner", "text_config"]), st.integers()
       | st.text() | st.none() | st.lists(st.integers(), max_size=3)))  # fmt: skip
def test_hostile_values_are_unknown_sizes(values: dict[str, object]) -> None:
    """No config raises, and a shape is the same as itself or too little known."""
    shape = shape_of_config(values)
    assert isinstance(shape, Shape)
    assert not compare_shapes(shape, shape).differing
