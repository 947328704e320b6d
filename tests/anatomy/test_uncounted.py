"""Are layers that nothing loads told from predictors of further tokens?"""

from __future__ import annotations

import pytest

from hubcheck.anatomy.interface import Role
from hubcheck.anatomy.uncounted import uncounted_layers, without_uncounted

LAYER = ("self_attn.q_proj.weight", "mlp.up_proj.weight", "input_layernorm.weight")


def roles_of(*names: str) -> dict[str, Role]:
    """Return what becomes of tensors that were all taken for a predictor's."""
    return without_uncounted(dict.fromkeys(names, Role.MTP), {name: name for name in names})


@pytest.mark.parametrize("join", ["eh_proj.weight", "enorm.weight", "shared_head.norm.weight"])
def test_a_layer_that_is_joined_to_the_body_predicts(join: str) -> None:
    """The other tensors of its layer are a predictor's, those of the next layer are not."""
    roles = roles_of(
        *(f"model.layers.61.{name}" for name in (*LAYER, join)),
        *(f"model.layers.62.{name}" for name in LAYER),
    )
    assert {r for n, r in roles.items() if ".61." in n} == {Role.MTP}
    assert {r for n, r in roles.items() if ".62." in n} == {Role.UNCOUNTED}


@pytest.mark.parametrize("prefix", ["mtp.layers.0.", "model.mtp_layers.0.", "blk.61.nextn."])
def test_a_module_that_is_called_so_predicts(prefix: str) -> None:
    """Its layers need no joining matrix of their own."""
    roles = roles_of(*(prefix + name for name in LAYER))
    assert set(roles.values()) == {Role.MTP}


def test_a_layer_that_is_counted_as_a_predictor_is_one() -> None:
    """``num_nextn_predict_layers`` counts it: nothing says that nobody loads it."""
    names = {
        f"model.layers.{n}.{name}": f"model.layers.{n}.{name}" for n in (4, 5) for name in LAYER
    }
    roles = without_uncounted(dict.fromkeys(names, Role.MTP), names, counted=range(4, 5))
    assert {r for n, r in roles.items() if ".4." in n} == {Role.MTP}
    assert {r for n, r in roles.items() if ".5." in n} == {Role.UNCOUNTED}
    assert uncounted_layers(roles, {}) == 1


@pytest.mark.parametrize("own", ["fc1.weight", "normalisation.weight", "projection.weight"])
def test_what_a_layer_of_the_body_is_made_of_joins_nothing(own: str) -> None:
    """OPT's ``fc1`` is no ``fc``."""
    roles = roles_of(*(f"model.decoder.layers.3.{name}" for name in (*LAYER, own)))
    assert set(roles.values()) == {Role.UNCOUNTED}


def test_other_roles_stay() -> None:
    """Towers, heads and what has no layer number are not looked at."""
    given = {"visual.layers.3.x": Role.VISION, "mtp.norm.weight": Role.MTP}
    assert without_uncounted(given, {name: name for name in given}) == given
