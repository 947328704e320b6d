"""Is what a pair is said to be true of the tensors in its folders?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from benchmarks.kinds.ask import ask
from benchmarks.kinds.build import CannotBuild, build
from benchmarks.kinds.folder import vocabulary_size
from benchmarks.kinds.judge import Call, judge
from benchmarks.kinds.pairs import NEW_TOKENS, Asked, Pair, foreign, make_pairs
from benchmarks.kinds.recipes import KINDS, TEXT, Group, Kind

LLAMA = next(k for k in KINDS if k.name == "Llama")


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> dict[Pair, Asked]:
    """Return the pairs of one kind."""
    found = make_pairs(LLAMA, 3, tmp_path_factory.mktemp("llama"))
    assert isinstance(found, list)
    return {one.pair: one for one in found}


def tensors(folder: Path) -> Mapping[str, torch.Tensor]:
    """Return the tensors of a folder of one file."""
    return load_file(folder / "model.safetensors")


def test_a_text_kind_has_all_seven_pairs(pairs: dict[Pair, Asked]) -> None:
    """Six that are counted, and the graft."""
    assert set(pairs) == set(Pair)


def test_the_body_under_a_new_head_is_the_bases_bit_for_bit(pairs: dict[Pair, Asked]) -> None:
    """Only the head is new."""
    asked = pairs[Pair.HEAD]
    base, subject = tensors(asked.base), tensors(asked.subject)
    shared = set(base) & set(subject)
    assert set(base) ^ set(subject) == {"lm_head.weight", "score.weight"}
    assert all(torch.equal(base[n], subject[n]) for n in shared)


def test_new_words_come_from_nowhere(pairs: dict[Pair, Asked]) -> None:
    """Rows of tokens are fresh and of another number; the rest moved a little."""
    asked = pairs[Pair.VOCABULARY]
    base, subject = tensors(asked.base), tensors(asked.subject)
    rows = subject["model.embed_tokens.weight"]
    assert rows.shape[0] == NEW_TOKENS
    old = base["model.embed_tokens.weight"][:NEW_TOKENS]
    assert torch.nn.functional.cosine_similarity(rows[: len(old)], old).mean().abs() < 0.05
    up = "model.layers.0.mlp.up_proj.weight"
    moved = (subject[up] - base[up]).norm() / base[up].norm()
    assert 0.01 < moved < 0.03


def test_half_of_a_graft_is_the_strangers(pairs: dict[Pair, Asked]) -> None:
    """Layers in turn; no tensor is of a third model."""
    base = tensors(pairs[Pair.GRAFT].base)
    graft = tensors(pairs[Pair.GRAFT].subject)
    stranger = tensors(pairs[Pair.STRANGER].subject)
    taken = {n for n in base if torch.equal(graft[n], stranger[n])}
    assert taken == {n for n in base if not torch.equal(graft[n], base[n])}
    assert {n.split(".")[2] for n in taken} == {"1", "3"}


def test_no_trained_tensor_is_constant_or_shared_with_a_stranger(
    pairs: dict[Pair, Asked],
) -> None:
    """Gains and biases have values of their own, as training leaves them."""
    base, stranger = tensors(pairs[Pair.TUNED].base), tensors(pairs[Pair.STRANGER].subject)
    for name, values in base.items():
        assert values.std() > 0, name
        assert not torch.equal(values, stranger[name]), name


@pytest.mark.parametrize("pair", Pair)
def test_the_check_is_run_and_judged(pairs: dict[Pair, Asked], pair: Pair) -> None:
    """Of a kind that is known best, the six pairs are judged rightly end to end."""
    found = judge(pairs[pair], ask(pairs[pair].subject, pairs[pair].base))
    assert found.verdict
    if pair is not Pair.GRAFT:
        assert found.call is Call.RIGHT, found


def test_the_same_seed_builds_the_same_model() -> None:
    """And another seed another one."""
    one, two, other = (build(LLAMA, seed) for seed in (5, 5, 6))
    assert not any(isinstance(m, CannotBuild) for m in (one, two, other))
    name = "model.layers.1.self_attn.q_proj.weight"
    assert torch.equal(one.tensors[name], two.tensors[name])  # type: ignore[union-attr]
    assert not torch.equal(one.tensors[name], other.tensors[name])  # type: ignore[union-attr]


@pytest.mark.slow
@pytest.mark.parametrize("kind", [k for k in KINDS if k.group in TEXT], ids=lambda k: k.name)
def test_every_text_kind_can_be_built(kind: Kind) -> None:
    """With the packages of the tests; its vocabulary is found and its tensors hold it."""
    model = build(kind, 1)
    assert not isinstance(model, CannotBuild), model
    assert vocabulary_size(model) > 1000
    if kind.stacks:
        assert any(foreign(n, kind.stacks[-1]) for n in model.tensors)


def test_kinds_have_names_of_their_own() -> None:
    """A row of the table is one kind, and every group has some."""
    assert len({k.name for k in KINDS}) == len(KINDS)
    assert {k.group for k in KINDS} == set(Group)


def test_a_kind_whose_package_is_missing_is_left_out_with_a_reason() -> None:
    """A class that no release knows is a value, not the end of the run."""
    unknown = Kind(name="x", group=Group.ENCODER, made_by="NoSuchModelForAnything")
    found = build(unknown, 1)
    assert isinstance(found, CannotBuild)
    assert found.code == "no-class"
