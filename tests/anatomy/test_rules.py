"""Does every packing of a published family come out as the canonical matrices that went in?"""

from __future__ import annotations

import numpy as np
import pytest

from hubcheck.anatomy.interface import Role
from hubcheck.anatomy.read import anatomy_of
from hubcheck.anatomy.rules import INSIDE, OUTSIDE
from tests.anatomy.families import FAMILIES
from tests.anatomy.tiny import checkpoint_of, value_of


@pytest.mark.parametrize("family", FAMILIES)
def test_every_packing_round_trips(family: str) -> None:
    """Each canonical entry of each family is found where the family stores it, and nothing else."""
    maker, config = FAMILIES[family]()
    anatomy = anatomy_of(checkpoint_of(maker.tensors), config)
    assert anatomy.unknown == ()
    assert set(anatomy.matrices) == set(maker.expected)
    for key, expected in maker.expected.items():
        np.testing.assert_array_equal(value_of(anatomy, anatomy.matrices[key]), expected)
    assert anatomy.mapped_share == 1.0


@pytest.mark.parametrize("family", FAMILIES)
def test_a_query_head_too_few_is_never_guessed(family: str) -> None:
    """A configuration whose head count cannot divide the tensors never moves a fused split."""
    maker, config = FAMILIES[family]()
    hostile = {**config, "num_attention_heads": 4093, "n_head": 4093, "n_heads": 4093}
    anatomy = anatomy_of(checkpoint_of(maker.tensors), hostile)
    for key, matrix in anatomy.matrices.items():
        np.testing.assert_array_equal(value_of(anatomy, matrix), maker.expected[key])


def test_every_rule_names_as_many_roles_as_its_split_yields() -> None:
    """No line of the table can lose or invent a role."""
    counts = {
        "listed": 1,
        "whole": 1,
        "halves": 2,
        "interleaved": 2,
        "qkv": 3,
        "qkv grouped": 3,
        "qkv codegen": 3,
        "query gate": 2,
        "kv_a": 2,
        "kv_b": 2,
    }
    for rule in (*INSIDE, *OUTSIDE):
        assert len(rule.roles) in (0, counts[rule.split])
        assert all(isinstance(role, Role) for role in rule.roles)
