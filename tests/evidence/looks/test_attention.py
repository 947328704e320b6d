"""Is attention recognised after a rearrangement, and never where it is another model's?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np
import pytest

from hubcheck.anatomy.interface import Role
from hubcheck.errors import UnreadableError
from hubcheck.evidence.looks.attention import Turned, attention_turned
from hubcheck.evidence.refused import Refused, Why
from hubcheck.evidence.side import Side
from tests.evidence.laboratory import SHAPE, Weights, model, plain, shipped, write
from tests.evidence.looks.sides import side_by_side
from tests.material.zoo import symmetries

ROLES: Final = (Role.Q, Role.K, Role.V, Role.O)
LAYERS: Final = MappingProxyType({0: 0, 1: 1})
QUERIES: Final = "model.layers.0.self_attn.q_proj.weight"
EMBEDDINGS: Final = "model.embed_tokens.weight"


def looked(subject: Path, layers: Mapping[int, int] = LAYERS) -> dict[Role, Turned]:
    """Return what is seen of a folder against the shipped base, by role."""
    pair = side_by_side(model("base"), subject)
    seen = attention_turned(pair.base, pair.subject, layers)
    assert not isinstance(seen, Refused), seen.code
    return {one.role: one for one in seen}


def standing(subject: Path, layers: Mapping[int, int] = LAYERS) -> set[Role]:
    """Return the roles that stand."""
    return {role for role, one in looked(subject, layers).items() if one.stands}


def altered(folder: Path, weights: Weights) -> Path:
    """Write altered weights without rounding them."""
    return write(folder, plain(weights, dtype="F32"))


@pytest.mark.parametrize("name", ["base", "disguised", "finetune", "continued"])
def test_the_attention_of_a_derivative_stands(name: str) -> None:
    """However a copy was rearranged or trained on, its q, k, v and o are the base's."""
    assert standing(model(name)) == set(ROLES)


@pytest.mark.parametrize("layers", [{0: 0, 1: 1}, {2: 2, 3: 3}])
def test_the_attention_of_another_model_does_not_stand(layers: dict[int, int]) -> None:
    """A model of the same shape and data, trained from its own start, has none of it."""
    assert not standing(model("twin"), layers)


def test_another_layer_of_the_same_model_does_not_stand() -> None:
    """Layers that do not correspond are no evidence of each other, in one model either."""
    assert not standing(model("disguised"), {1: 0, 2: 1})


def test_a_turned_stream_changes_nothing(tmp_path: Path) -> None:
    """A random rotation of the residual stream leaves every likeness where it was."""
    turn = symmetries.random_rotation(SHAPE.hidden, np.random.default_rng(5))
    weights = symmetries.rotate_channels(shipped("base"), turn)
    assert {r: t.likeness for r, t in looked(altered(tmp_path, weights)).items()} == pytest.approx(
        dict.fromkeys(ROLES, 1.0), abs=1e-3
    )


def test_turned_rows_of_a_head_change_nothing(tmp_path: Path) -> None:
    """The rows of one query head may be turned among themselves: what the group does stays."""
    weights = shipped("base")
    rows = slice(SHAPE.head_dim, 2 * SHAPE.head_dim)
    turn = symmetries.random_rotation(SHAPE.head_dim, np.random.default_rng(6))
    weights[QUERIES][rows] = turn @ weights[QUERIES][rows]
    assert looked(altered(tmp_path, weights))[Role.Q].likeness == pytest.approx(1.0, abs=1e-3)


def test_groups_that_changed_places_are_found(tmp_path: Path) -> None:
    """A kv group is looked for among all groups, not at its own index."""
    orders = {0: np.array([2, 3, 0, 1])}
    weights = symmetries.permute_heads(shipped("base"), SHAPE, orders)
    assert standing(altered(tmp_path, weights)) == set(ROLES)


def test_replaced_queries_do_not_stand(tmp_path: Path) -> None:
    """Noise of the same spread is not the base's; the roles beside it still are."""
    weights = shipped("base")
    old = weights[QUERIES]
    noise = np.random.default_rng(7).standard_normal(old.shape)
    weights[QUERIES] = (old.std() * noise).astype(np.float32)
    assert standing(altered(tmp_path, weights)) == {Role.K, Role.V, Role.O}


def test_one_layer_alone_is_refused() -> None:
    """Without a second layer there is no control, so nothing is said."""
    pair = side_by_side(model("base"), model("disguised"))
    seen = attention_turned(pair.base, pair.subject, {0: 0})
    assert isinstance(seen, Refused)
    assert seen.code is Why.ONE_LAYER


def test_without_shared_tokens_nothing_is_seen() -> None:
    """No token is shared: a reason, no guess."""
    pair = side_by_side(model("base"), model("base"))
    blind = Side(pair.base.reader, ())
    seen = attention_turned(blind, pair.subject, LAYERS)
    assert isinstance(seen, Refused)
    assert seen.code is Why.FEW_TOKENS


def test_token_rows_that_cannot_be_read_are_an_error_that_says_so(tmp_path: Path) -> None:
    """Where no test could read the token rows, this look is refused and nothing breaks."""
    weights = shipped("base")
    weights[EMBEDDINGS][7, 3] = np.nan
    pair = side_by_side(model("base"), altered(tmp_path, weights))
    with pytest.raises(UnreadableError):
        attention_turned(pair.base, pair.subject, LAYERS)
