"""Is every value of two models compared, whatever became of names, shards, dtypes and layers?"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hubcheck.card.wording import sentence, words
from hubcheck.devices.choice import TORCH_CPU, Device, Kind
from hubcheck.errors import BudgetExceededError, UnreadableError
from hubcheck.evidence.looks.whole import pieces
from hubcheck.evidence.looks.whole.interface import Resources, WholeChange
from hubcheck.evidence.looks.whole.rank import Untold
from hubcheck.evidence.looks.whole.run import stream
from hubcheck.evidence.refused import Why
from hubcheck.evidence.side import SharedTokens
from hubcheck.model import Access, open_model
from hubcheck.source.reference import HubReference
from tests.evidence.laboratory import Weights, derived, model, plain, shipped, write
from tests.evidence.looks.whole.laboratory import (
    NO_LIMIT,
    anatomy,
    answer,
    bf16,
    distance,
    folder,
    moved,
    refused,
    whole,
)
from tests.evidence.mixtures import mixture_of
from tests.hubserver import LocalHub
from tests.hubserver.session import close_session


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """Return a folder of the shipped base, in bfloat16."""
    return folder(tmp_path / "base", shipped("base"))


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut small models into many pieces."""
    monkeypatch.setattr(pieces, "PIECE_VALUES", 4000)
    monkeypatch.setattr(pieces, "WIDEST", 4000)


def rounded(weights: Weights) -> Weights:
    """Return weights as bfloat16 stores them."""
    return {n: bf16(w) for n, w in weights.items()}


def test_a_model_beside_itself_has_not_changed(base: Path) -> None:
    """Every value is compared and equal; every matrix has a change of rank 0."""
    found = whole(base, base)
    assert found.values == sum(w.size for w in shipped("base").values())
    assert (found.equal, found.relative, found.cosine) == (1.0, 0.0, 1.0)
    assert {t.rank for t in found.tensors if t.rank_reason != Untold.VECTOR} == {0}
    assert sentence(found.said).endswith("100 % have equal bits; nothing changed")
    assert found.unmatched == ()
    assert all(c.whole and c.equal == 1 for c in found.cells)


@pytest.mark.usefixtures("small_pieces")
def test_the_numbers_are_the_textbooks(base: Path, tmp_path: Path) -> None:
    """Cut into many pieces, the change of the whole and of a tensor are those of one computation."""
    after = moved(shipped("base"), 0.02)
    found = whole(base, folder(tmp_path / "subject", after))
    a, b = rounded(shipped("base")), rounded(after)
    assert found.relative == pytest.approx(distance(a, b), rel=1e-5)
    equal = sum(int((a[n] == b[n]).sum()) for n in a)
    assert found.equal == pytest.approx(equal / found.values, abs=1e-8)
    assert sum(t.equal for t in found.tensors) == equal
    for one in found.tensors:
        x, y = a[one.base_tensor], b[one.subject_tensor]
        assert one.values == x.size
        assert one.relative == pytest.approx(np.linalg.norm(y - x) / np.linalg.norm(x), rel=1e-4)
        assert one.largest == pytest.approx(np.abs(y - x).max(), rel=1e-5)


def test_names_and_shards_do_not_matter(base: Path, tmp_path: Path) -> None:
    """The same weights in several shards, or under other names, are the same weights."""
    sharded = write(tmp_path / "resharded", replace(derived("resharded"), dtype="BF16"))
    assert len(list(sharded.glob("*.safetensors"))) > 1
    renamed = {n.removeprefix("model."): w for n, w in shipped("base").items()}
    for subject in (sharded, folder(tmp_path / "bare", renamed)):
        found = whole(base, subject)
        assert found.values == sum(w.size for w in shipped("base").values())
        assert not found.unmatched
        assert found.equal == 1.0


def test_another_dtype_is_rounded_before_bits_are_compared(base: Path, tmp_path: Path) -> None:
    """Weights stored anew in float32 have not changed; the note says what was compared."""
    wide = folder(tmp_path / "wide", rounded(shipped("base")), dtype="F32")
    found = whole(base, wide)
    assert (found.equal, found.relative) == (1.0, 0.0)
    assert {t.compared for t in found.tensors} == {"BF16"}
    assert "rounded to BF16" in words(found.notes[0])
    exact = moved(shipped("base"), 0.1)
    original = folder(tmp_path / "original", exact, dtype="F32")
    found = whole(original, folder(tmp_path / "narrow", exact))
    assert found.equal == 1.0
    assert 0 < found.relative < 2**-8
    assert "nothing changed" not in sentence(found.said)


@pytest.mark.parametrize("rank", [1, 4, 16])
def test_a_change_of_low_rank_is_told(base: Path, tmp_path: Path, rank: int) -> None:
    """An adapter merged into one matrix and rounded to bfloat16 shows its rank there, 0 elsewhere."""
    after = shipped("base")
    name = "model.layers.1.mlp.gate_proj.weight"
    n_out, n_in = after[name].shape
    rng = np.random.default_rng(rank)
    change = rng.standard_normal((n_out, rank)) @ rng.standard_normal((rank, n_in))
    size = 0.3 * np.linalg.norm(after[name]) / np.linalg.norm(change)
    after[name] = np.asarray(bf16(after[name]) + size * change, dtype=np.float32)
    found = whole(base, folder(tmp_path / "merged", after))
    ranks = {t.subject_tensor: t.rank for t in found.tensors if t.rank_reason != Untold.VECTOR}
    assert ranks.pop(name) == rank
    assert set(ranks.values()) == {0}
    assert f"1 by rank {rank} or less" in sentence(found.said)
    cell = next(c for c in found.cells if (c.layer, c.role) == (1, "gate"))
    assert cell.rank == rank


def test_a_change_of_every_value_has_a_high_rank(base: Path, tmp_path: Path) -> None:
    """A dense change is not taken for an adapter."""
    found = whole(base, folder(tmp_path / "tuned", moved(shipped("base"), 0.05)))
    matrices = [t for t in found.tensors if t.rank_reason != Untold.VECTOR]
    assert {t.rank for t in matrices} == {-1}
    assert f"{len(matrices)} of {len(matrices)} matrices changed" in sentence(found.said)
    assert "by a high rank" in sentence(found.said)


def test_layers_are_paired_by_the_map(base: Path, tmp_path: Path) -> None:
    """A model without its first layer is compared through the map; what is left over is listed."""
    weights = shipped("base")
    fewer = {n: w for n, w in weights.items() if ".layers." not in n}
    layers = sorted({int(n.split(".")[2]) for n in weights if ".layers." in n})
    for n, w in weights.items():
        parts = n.split(".")
        if "layers" in parts and int(parts[2]) > 0:
            parts[2] = str(int(parts[2]) - 1)
            fewer[".".join(parts)] = w
    product = plain(fewer)
    product = replace(product, extra={"num_hidden_layers": len(layers) - 1})
    subject = write(tmp_path / "shorter", product)
    mapped = [(n, n + 1) for n in range(len(layers) - 1)]
    found = whole(base, subject, layer_map=mapped)
    assert found.equal == 1.0
    assert {(c.layer, c.base_layer) for c in found.cells} == {(-1, -1), *mapped}
    assert {u.side for u in found.unmatched} == {"base"}
    assert sum(u.values for u in found.unmatched) + found.values == sum(
        w.size for w in weights.values()
    )
    assert whole(base, subject).equal < 1
    nowhere = whole(base, subject, layer_map=[(0, -1), *mapped[1:]])
    assert any("no layer of the base" in words(u.why) for u in nowhere.unmatched)


def test_tokens_are_compared_by_what_they_spell(base: Path, tmp_path: Path) -> None:
    """Embeddings of different heights are compared over shared tokens; the rest is listed."""
    weights = shipped("base")
    embed = "model.embed_tokens.weight"
    height, width = weights[embed].shape
    order = np.random.default_rng(0).permutation(height)[: height - 5]
    after = dict(weights)
    for name in (embed, "lm_head.weight"):
        if name in after:
            after[name] = weights[name][order]
    product = replace(plain(after), extra={"vocab_size": height - 5})
    subject = write(tmp_path / "subject", product)
    by_base = np.argsort(order)
    tokens = SharedTokens(
        base_ids=tuple(order[by_base].tolist()), subject_ids=tuple(by_base.tolist())
    )
    found = whole(base, subject, tokens=tokens)
    assert found.equal == 1.0
    assert {u.values for u in found.unmatched} == {5 * width}
    blind = whole(base, subject)
    assert any("in the base" in words(u.why) for u in blind.unmatched)


def test_where_no_token_moved_every_row_is_compared(base: Path, tmp_path: Path) -> None:
    """Special and reserved tokens are shared by no text, and their rows hold values all the same."""
    embed = "model.embed_tokens.weight"
    weights = shipped("base")
    height = weights[embed].shape[0]
    common = tuple(range(2, height - 24))  # neither the special tokens nor the reserved ones
    tokens = SharedTokens(base_ids=common, subject_ids=common, one_vocabulary=True)
    changed = shipped("base")
    changed[embed][0] += 1.0
    found = whole(base, folder(tmp_path / "changed", changed), tokens=tokens)
    assert found.equal < 1.0
    assert not found.unmatched
    replaced = SharedTokens(base_ids=common, subject_ids=common)  # other texts under the other ids
    left = whole(base, folder(tmp_path / "replaced", changed), tokens=replaced)
    assert left.equal == 1.0
    assert {u.values for u in left.unmatched} == {26 * weights[embed].shape[1]}
    broken = shipped("base")
    broken[embed][1, 5] = np.nan
    assert refused(base, folder(tmp_path / "broken", broken), tokens=tokens).side == "subject"


def test_what_has_no_counterpart_is_listed_with_the_reason(base: Path, tmp_path: Path) -> None:
    """Missing tensors, other shapes and tensors of no known role: all are named, none is an error."""
    after = shipped("base")
    del after["model.layers.0.self_attn.q_proj.weight"]
    name = "model.layers.1.mlp.down_proj.weight"
    after[name] = after[name][:, :-8]
    after["surprise"] = np.ones((3, 5), np.float32)
    found = whole(base, folder(tmp_path / "subject", after))
    left = {(u.tensor, u.side): words(u.why) for u in found.unmatched}
    assert left["model.layers.0.self_attn.q_proj.weight", "base"].startswith("nothing")
    assert (name, "subject") in left
    assert ("surprise", "subject") in left
    assert any("have no counterpart" in words(note) for note in found.notes)


@pytest.mark.parametrize(
    "break_it",
    [
        lambda w: w.__setitem__((3, 4), np.nan),
        lambda w: w.__setitem__((0, 0), np.inf),
        lambda w: w.__setitem__((-1, -1), -np.inf),
    ],
)
@pytest.mark.parametrize("side", ["base", "subject"])
@pytest.mark.parametrize("device", [Device(kind=Kind.NUMPY), TORCH_CPU], ids=["numpy", "torch"])
def test_a_value_that_is_no_number_is_named(
    tmp_path: Path, break_it: Callable[..., None], side: str, device: Device
) -> None:
    """NaN and infinity on either side refuse the comparison, with tensor, row and side."""
    name = "model.layers.2.mlp.up_proj.weight"
    broken = shipped("base")
    break_it(broken[name])
    paths = [folder(tmp_path / "whole", shipped("base")), folder(tmp_path / "broken", broken)]
    found = refused(*(paths if side == "subject" else paths[::-1]), device=device)
    assert isinstance(found.error, UnreadableError)
    assert name in found.error.what
    assert found.code is Why.VALUES
    assert found.side == side


def test_a_nan_in_both_models_is_named_too(tmp_path: Path) -> None:
    """A value that is not a number is not equal to itself, even with the same bits."""
    broken = shipped("base")
    broken["model.norm.weight"][7] = np.nan
    path = folder(tmp_path / "broken", broken)
    error = refused(path, path).error
    assert error is not None
    assert "model.norm.weight" in error.what


def test_a_budget_that_was_named_stays_hard(base: Path) -> None:
    """Too little to read every byte: refused before a byte of a tensor is read."""
    models = [anatomy(base, 600_000), anatomy(base, 600_000)]
    before = [m.checkpoint.source.ledger.bytes_read for m in models]
    found = stream(models[0], models[1], layer_map=(), resources=Resources())
    assert not isinstance(found, WholeChange)
    assert isinstance(found.error, BudgetExceededError)
    assert "--max-read" in str(found.error)
    assert [m.checkpoint.source.ledger.bytes_read for m in models] == before


def test_every_byte_is_read_once(base: Path, tmp_path: Path) -> None:
    """The ledgers hold the bytes of the tensors, and no more."""
    models = [anatomy(base), anatomy(folder(tmp_path / "subject", moved(shipped("base"), 0.1)))]
    before = [m.checkpoint.source.ledger.bytes_read for m in models]
    stream(models[0], models[1], layer_map=(), resources=Resources())
    for one, was in zip(models, before, strict=True):
        assert one.checkpoint.source.ledger.bytes_read - was == one.checkpoint.n_bytes


@pytest.mark.usefixtures("small_pieces")
def test_numpy_and_torch_tell_the_same(base: Path, tmp_path: Path) -> None:
    """Whatever does the arithmetic, the result is the same to the last digit that is told."""
    subject = folder(tmp_path / "subject", moved(shipped("base"), 0.01))
    assert whole(base, subject) == whole(base, subject, device=TORCH_CPU)


def test_progress_ends_at_the_whole(base: Path) -> None:
    """Bytes that are done grow to the bytes in all: those of both models."""
    told: list[tuple[int, int]] = []
    whole(base, base, told=lambda done, total: told.append((done, total)))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1] == (2 * anatomy(base).checkpoint.n_bytes,) * 2


def test_models_on_the_hub_are_streamed(
    tmp_path: Path, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over real sockets the numbers are those of the folders, and every byte is asked for once."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    subject = folder(tmp_path / "subject", moved(shipped("base"), 0.02))
    here = whole(base, subject)
    close_session()
    with LocalHub() as hub:
        hub.add_repo("zoo/base", base)
        hub.add_repo("zoo/subject", subject)
        access = Access(max_read=NO_LIMIT, token=None, endpoint=hub.endpoint)
        there = [
            open_model(HubReference(repo_id=name, revision="main"), access).anatomy
            for name in ("zoo/base", "zoo/subject")
        ]
        before = [m.checkpoint.source.ledger.bytes_read for m in there]
        found = stream(there[0], there[1], layer_map=(), resources=Resources())
        for model, was in zip(there, before, strict=True):
            assert model.checkpoint.source.ledger.bytes_read - was == model.checkpoint.n_bytes
    close_session()
    assert found == here


# -- stopped and gone on with -------------------------------------------------------------------


class Stop:
    """Told progress; stops the work as Ctrl-C does."""

    def __init__(self, after: int) -> None:
        """Stop at the n-th call."""
        self.left = after

    def __call__(self, _done: int, _total: int) -> None:
        """Count down."""
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


@pytest.mark.usefixtures("small_pieces")
def test_a_stopped_run_goes_on_where_it_was(base: Path, tmp_path: Path) -> None:
    """After Ctrl-C the same command reads only what is left, and gives the same result."""
    subject = folder(tmp_path / "subject", moved(shipped("base"), 0.02))
    straight = whole(base, subject)
    state = tmp_path / "state"
    with pytest.raises(KeyboardInterrupt):
        answer(base, subject, state=state, told=Stop(20))
    models = [anatomy(base), anatomy(subject)]
    before = models[1].checkpoint.source.ledger.bytes_read
    resumed = stream(models[0], models[1], layer_map=(), resources=Resources(state=state))
    assert isinstance(resumed, WholeChange)
    assert resumed.resumed_values > 0
    assert replace(resumed, resumed_values=0) == straight
    read = models[1].checkpoint.source.ledger.bytes_read - before
    assert read < models[1].checkpoint.n_bytes
    again = whole(base, subject, state=state)
    assert again.resumed_values == again.values


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("damage", ["cut", "turned", "emptied", "foreign"])
def test_damaged_state_is_not_believed(base: Path, tmp_path: Path, damage: str) -> None:
    """A torn, falsified, empty or foreign file costs time, never a wrong number."""
    subject = folder(tmp_path / "subject", moved(shipped("base"), 0.02))
    state = tmp_path / "state"
    straight = whole(base, subject, state=state)
    (path,) = state.iterdir()
    text = path.read_bytes()
    if damage == "cut":
        path.write_bytes(text[: len(text) // 2])
    elif damage == "turned":
        middle = len(text) // 2
        path.write_bytes(text[:middle] + bytes([text[middle] ^ 1]) + text[middle + 1 :])
    else:
        path.write_bytes(b"" if damage == "emptied" else os.urandom(5000))
    for _ in range(2):
        found = whole(base, subject, state=state)
        assert replace(found, resumed_values=0) == straight


def test_state_of_other_models_is_not_used(base: Path, tmp_path: Path) -> None:
    """A subject that was written anew in the same place is read anew."""
    subject = folder(tmp_path / "subject", shipped("base"))
    state = tmp_path / "state"
    assert whole(base, subject, state=state).equal == 1.0
    folder(subject, moved(shipped("base"), 0.5))
    found = whole(base, subject, state=state)
    assert found.resumed_values == 0
    assert found.equal < 1


def test_state_that_cannot_be_kept_is_a_note(base: Path, tmp_path: Path) -> None:
    """A place that cannot be written costs the state, not the check."""
    (tmp_path / "file").write_text("in the way")
    found = whole(base, base, state=tmp_path / "file" / "state")
    assert found.equal == 1.0
    assert any("could not be kept" in words(note) for note in found.notes)


def test_experts_are_held_against_the_dense_mlp_they_may_come_from(tmp_path: Path) -> None:
    """A base without experts: each expert of its size is compared; nothing of the MLP is left over."""
    made = mixture_of(shipped("base"), 2, lambda _layer, _expert: shipped("base"))
    found = whole(model("base"), write(tmp_path / "m", made))
    assert found.equal == 1.0
    assert {one.role for one in found.tensors} >= {"expert.gate", "expert.up", "expert.down"}
    assert all(".gate." in one.tensor for one in found.unmatched if one.side == "subject")
    back = whole(write(tmp_path / "m", made), model("base"))
    assert any(".mlp." in one.tensor for one in back.unmatched)
