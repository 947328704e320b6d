"""Are packed groups recognised where they fit, and left alone where they do not?"""

from __future__ import annotations

from typing import Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from hubcheck.checkpoint.decode import DTYPE_BITS
from hubcheck.checkpoint.interface import Checkpoint, RowBlock
from hubcheck.checkpoint.packed import PAIRS, packed_storage
from hubcheck.checkpoint.rows import cost_of, read_rows
from hubcheck.checkpoint.safetensors import open_safetensors
from hubcheck.checkpoint.scaled import block_of
from hubcheck.checkpoint.unpacking import unpacked
from hubcheck.errors import HostileCheckpointError, HubcheckError
from tests.material.formats.encode import (
    ENCODERS,
    Stored,
    bnb_four_bit,
    code_books,
    fp4_pairs,
    fp8_block,
    gptq,
    int8_channel,
    mlx,
    mxfp4_experts,
    packed_ints,
    stored,
    ternary,
)
from tests.material.formats.folder import safetensors_file
from tests.memory_source import MemorySource

WEIGHT: Final = np.random.default_rng(0).normal(size=(32, 64)).astype(np.float32) * 0.1


def opened(tensors: dict[str, Stored], config: dict[str, object] | None = None) -> Checkpoint:
    """Return a checkpoint with its packed groups recognised."""
    source = MemorySource({"model.safetensors": safetensors_file(tensors)})
    return unpacked(open_safetensors(source), {"quantization_config": config or {}})


def under(name: str, parts: dict[str, Stored]) -> dict[str, Stored]:
    """Return parts under a module's name."""
    return {f"{name}.{part}": tensor for part, tensor in parts.items()}


def test_plain_tensors_and_companions_are_told_apart() -> None:
    """Packed groups become weights, companions vanish, plain tensors stay, the count is honest."""
    tensors = {
        **under("a.q_proj", gptq(WEIGHT)),
        **under("a.k_proj", fp8_block(WEIGHT)),
        "norm.weight": stored(np.ones(64, dtype=np.float32)),
        "per_dim_scale": stored(np.ones(4, dtype=np.float32)),
    }
    checkpoint = opened(tensors, {"bits": 4, "desc_act": False})
    assert {n: r.shape for n, r in checkpoint.tensors.items()} == {
        "a.k_proj.weight": (32, 64),
        "a.q_proj.weight": (64, 32),
        "norm.weight": (64,),
        "per_dim_scale": (4,),
    }
    assert checkpoint.n_parameters == 2 * WEIGHT.size + 68
    assert packed_storage(checkpoint) == ""


@pytest.mark.parametrize("stated", [(3, 32, 64), (32, 64)])
def test_stacked_packed_experts_come_back(stated: tuple[int, ...]) -> None:
    """Experts stacked along a leading axis are read row by row, whatever shape is stated."""
    experts = [WEIGHT, 2 * WEIGHT[::-1], -WEIGHT]
    alone = [packed_ints(np.ascontiguousarray(w)) for w in experts]
    parts = {
        part: Stored(of.dtype, (3, *of.shape), b"".join(p[part].raw for p in alone))
        for part, of in alone[0].items()
    }
    parts["weight_shape"] = stored(np.asarray(stated, dtype=np.int64))
    checkpoint = opened(under("mlp.experts.gate_up_proj", parts))
    record = checkpoint.tensors["mlp.experts.gate_up_proj.weight"]
    assert record.shape == (3, 32, 64)
    (read,) = read_rows(checkpoint, [RowBlock(tensor=record.name, start=30, stop=70)])
    expected = np.concatenate(experts)[30:70]
    assert np.linalg.norm(read - expected) < 0.1 * np.linalg.norm(expected)


def test_stacked_experts_of_another_count_are_left_alone() -> None:
    """A stated shape with more experts than there are codes is not believed."""
    one = packed_ints(WEIGHT)
    parts = {p: Stored(of.dtype, (1, *of.shape), of.raw) for p, of in one.items()}
    parts["weight_shape"] = stored(np.asarray((2, 32, 64), dtype=np.int64))
    assert packed_storage(opened(under("experts.down_proj", parts))) == "compressed-tensors"


def test_a_group_that_does_not_fit_stays_packed_and_is_named() -> None:
    """Scales of the wrong size leave the codes alone; the model is then not tested, by name."""
    parts = gptq(WEIGHT)
    parts["scales"] = stored(np.ones((2, 16), dtype=np.float16))
    checkpoint = opened(under("q_proj", parts))
    assert "q_proj.qweight" in checkpoint.tensors
    assert packed_storage(checkpoint) == "GPTQ/AWQ"


def read_all(checkpoint: Checkpoint, name: str) -> NDArray[np.float32]:
    """Return every row of a tensor, read at once and in two pieces that agree."""
    n = checkpoint.tensors[name].n_rows
    whole, low, high = read_rows(
        checkpoint,
        [RowBlock(tensor=name, start=a, stop=b) for a, b in ((0, n), (0, 13), (13, n))],
    )
    np.testing.assert_array_equal(whole, np.concatenate([low, high]))
    return whole


@pytest.mark.parametrize("multiplies", [True, False])
def test_ternary_weights_come_back(multiplies: bool) -> None:
    """BitNet's quarters are put in order again; its scale multiplies or divides, as configured."""
    of = "autobitlinear" if multiplies else "bitlinear"
    config: dict[str, object] = {"quant_method": "bitnet", "linear_class": of}
    checkpoint = opened(under("q_proj", ternary(WEIGHT, multiplies=multiplies)), config)
    assert list(checkpoint.tensors) == ["q_proj.weight"]
    scale = np.abs(WEIGHT).mean()
    expected = np.rint(WEIGHT / scale).clip(-1, 1) * scale
    np.testing.assert_allclose(read_all(checkpoint, "q_proj.weight"), expected, atol=1e-6)


def test_ternary_weights_without_a_word_in_the_configuration_are_named() -> None:
    """A byte may hold four codes or two: without the configuration nobody knows."""
    checkpoint = opened(under("q_proj", ternary(WEIGHT, multiplies=True)))
    assert packed_storage(checkpoint) == "BitNet"


def test_code_books_come_back() -> None:
    """AQLM's sums of entries have the values that its own arithmetic gives them."""
    wide = np.random.default_rng(1).normal(size=(48, 64)).astype(np.float32)
    parts = code_books(wide, books=2, bits=8)
    checkpoint = opened(under("q_proj", parts))
    assert checkpoint.tensors["q_proj.weight"].shape == wide.shape
    codes = np.frombuffer(parts["codes"].raw, dtype=np.uint8).reshape(parts["codes"].shape)
    books = np.frombuffer(parts["codebooks"].raw, dtype=np.float16).reshape(2, 256, 8)
    scales = np.frombuffer(parts["scales"].raw, dtype=np.float16).astype(np.float32)[:, None]
    sums = sum(books[b].astype(np.float32)[codes[:, :, b]] for b in range(2))
    expected = np.asarray(sums).reshape(wide.shape) * scales
    np.testing.assert_allclose(read_all(checkpoint, "q_proj.weight"), expected, rtol=1e-5)
    assert np.linalg.norm(expected - wide) < 0.7 * np.linalg.norm(wide)


def test_pairs_in_int8_are_not_taken_for_int8() -> None:
    """A power of two for sixteen bytes: the bytes are pairs, and the matrix is twice as wide."""
    tensors = under("mlp.up_proj", fp4_pairs(WEIGHT))
    checkpoint = opened(tensors, {"expert_dtype": "fp4"})
    assert checkpoint.tensors["mlp.up_proj.weight"].shape == WEIGHT.shape
    read = read_all(checkpoint, "mlp.up_proj.weight")
    assert np.linalg.norm(read - WEIGHT) < 0.16 * np.linalg.norm(WEIGHT)


def test_pairs_whose_order_nobody_states_are_named() -> None:
    """Which half of a byte comes first is in no bit of it."""
    assert packed_storage(opened(under("mlp.up_proj", fp4_pairs(WEIGHT)))) == PAIRS


def test_int8_under_powers_of_two_of_another_group_is_named() -> None:
    """Nobody publishes such a format: it is not read as anything."""
    parts = int8_channel(WEIGHT)
    parts["weight_scale"] = Stored("F8_E8M0", (32, 1), b"\x7f" * 32)
    assert packed_storage(opened(under("up_proj", parts))) == "compressed-tensors"


def test_words_of_mlx_without_a_configuration_are_named() -> None:
    """Twelve words and three groups may be four bits or two: only the configuration knows."""
    checkpoint = opened(under("up_proj", mlx(WEIGHT)))
    assert packed_storage(checkpoint) == "MLX"
    other = opened(under("up_proj", mlx(WEIGHT)), {"bits": 4, "group_size": 64})
    assert packed_storage(other) == "MLX"


def test_a_module_of_mlx_may_differ_from_the_others() -> None:
    """The configuration names modules of other widths by their paths."""
    tensors = under("a.up_proj", mlx(WEIGHT)) | under("a.router", mlx(WEIGHT, bits=8, group=64))
    apart = {"bits": 4, "group_size": 32, "a.router": {"bits": 8, "group_size": 64}}
    checkpoint = opened(tensors, apart)
    assert {r.shape for r in checkpoint.tensors.values()} == {WEIGHT.shape}
    storages = {n: r.storage.name for n, r in checkpoint.tensors.items() if r.storage is not None}
    assert storages == {"a.up_proj.weight": "MLX 4 bit", "a.router.weight": "MLX 8 bit"}


def test_four_bits_in_a_container_of_floats_are_read() -> None:
    """Sharded training stores bitsandbytes' bytes as bfloat16; they are no weights."""
    parts = bnb_four_bit(WEIGHT)
    plain = read_all(opened(under("q_proj", parts)), "q_proj.weight")
    packed = parts["weight"]
    parts["weight"] = Stored("BF16", (packed.shape[0] // 2, 1), packed.raw)
    checkpoint = opened(under("q_proj", parts))
    np.testing.assert_array_equal(read_all(checkpoint, "q_proj.weight"), plain)
    del parts["weight.quant_state.bitsandbytes__nf4"]
    assert packed_storage(opened(under("q_proj", parts))) == "bitsandbytes"


def test_two_tensors_that_claim_one_weight_are_left_alone() -> None:
    """A plain weight beside a packed one of the same name is not replaced."""
    tensors = under("q_proj", gptq(WEIGHT)) | {"q_proj.weight": stored(WEIGHT)}
    checkpoint = opened(tensors)
    assert checkpoint.tensors["q_proj.weight"].storage is None
    assert "q_proj.qweight" in checkpoint.tensors


def test_a_config_that_denies_act_order_is_held_against_the_order() -> None:
    """Inputs shuffled into other groups than the config says would be read wrongly: refused."""
    checkpoint = opened(under("q_proj", gptq(WEIGHT, act_order=True)), {"desc_act": False})
    with pytest.raises(HostileCheckpointError, match="the quantisation config denies"):
        read_rows(checkpoint, [RowBlock(tensor="q_proj.weight", start=0, stop=8)])


def test_a_state_that_differs_from_its_siblings_is_refused() -> None:
    """Shapes are read once per kind of tensor, and every tensor's own shape is checked later."""
    turned = bnb_four_bit(np.ascontiguousarray(WEIGHT.T))
    tensors = under("layers.0.up_proj", bnb_four_bit(WEIGHT)) | under("layers.1.up_proj", turned)
    checkpoint = opened(tensors)
    read_rows(checkpoint, [RowBlock(tensor="layers.0.up_proj.weight", start=0, stop=4)])
    with pytest.raises(HostileCheckpointError, match="siblings"):
        read_rows(checkpoint, [RowBlock(tensor="layers.1.up_proj.weight", start=0, stop=4)])


def test_inner_shapes_cost_one_small_read_per_kind() -> None:
    """Forty layers of one kind cost one read of one shape, not forty."""
    tensors: dict[str, Stored] = {}
    for layer in range(40):
        tensors |= under(f"layers.{layer}.up_proj", packed_ints(WEIGHT))
    source = MemorySource({"model.safetensors": safetensors_file(tensors)})
    checkpoint = open_safetensors(source)
    source.calls.clear()
    assert len(unpacked(checkpoint, {}).tensors) == 40
    assert [[span.size for span in call] for call in source.calls] == [[16]]


def test_cost_counts_shared_scales_once() -> None:
    """Two rows under one scale cost two rows and one scale, together or apart."""
    checkpoint = opened(under("q_proj", fp8_block(WEIGHT, block=16)))
    rows = [RowBlock(tensor="q_proj.weight", start=i, stop=i + 1) for i in (3, 9)]
    assert cost_of(checkpoint, rows) == 2 * 64 + 4 * 4
    assert cost_of(checkpoint, [*rows, *rows]) == 2 * 64 + 4 * 4
    assert cost_of(checkpoint, []) == 0


@pytest.mark.parametrize(
    ("codes", "scales", "stated", "expected"),
    [
        ((576, 7168), (5, 56), (), (128, 128)),
        ((576, 7168), (5, 56), (128, 128), (128, 128)),
        ((96, 64), (3, 2), (32, 32), (32, 32)),
        ((96, 64), (96, 1), (), (1, 64)),
        ((96, 64), (96,), (), (1, 64)),
        ((96, 64), (), (), (96, 64)),
        ((4, 96, 64), (4, 96, 2), (), (1, 32)),
        ((4, 96, 64), (4, 1, 1), (), (96, 64)),
        ((96, 64), (7, 5), (), None),
        ((4, 96, 64), (3, 96, 2), (), None),
        ((64,), (1,), (), None),
        ((96, 0), (96, 1), (), None),
    ],
)
def test_scale_blocks_follow_from_the_grid(
    codes: tuple[int, ...],
    scales: tuple[int, ...],
    stated: tuple[int, ...],
    expected: tuple[int, int] | None,
) -> None:
    """The block size fits the grid, the stated one first, and no grid is guessed at."""
    assert block_of(codes, scales, stated) == expected


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_no_altered_group_escapes(data: st.DataObject) -> None:
    """A part with another dtype, shape or content is refused, left packed or read, never worse."""
    name = data.draw(st.sampled_from(sorted(ENCODERS)))
    encode, config = ENCODERS[name]
    tensors = under("q_proj", encode(WEIGHT))
    if data.draw(st.booleans()):
        tensors |= {f"moe.up{k}": v for k, v in mxfp4_experts(WEIGHT[None]).items()}
    victim = data.draw(st.sampled_from(sorted(tensors)))
    part = tensors[victim]
    change = data.draw(st.sampled_from(("dtype", "shape", "bytes", "gone")))
    if change == "gone":
        del tensors[victim]
    elif change == "bytes":
        raw = bytearray(part.raw)
        for at in data.draw(st.lists(st.integers(0, max(0, len(raw) - 1)), max_size=5)):
            if raw:
                raw[at] = data.draw(st.integers(0, 255))
        tensors[victim] = Stored(part.dtype, part.shape, bytes(raw))
    elif change == "dtype":
        dtype = data.draw(st.sampled_from(sorted(d for d, b in DTYPE_BITS.items() if b % 8 == 0)))
        n_bytes = int(np.prod(part.shape)) * DTYPE_BITS[dtype] // 8
        longer = (part.raw * (n_bytes // max(1, len(part.raw)) + 1))[:n_bytes].ljust(n_bytes, b"\0")
        tensors[victim] = Stored(dtype, part.shape, longer)
    else:
        shape = tuple(data.draw(st.lists(st.integers(0, 70), max_size=3)))
        n_bytes = int(np.prod(shape)) * DTYPE_BITS[part.dtype] // 8
        tensors[victim] = Stored(part.dtype, shape, part.raw[:n_bytes].ljust(n_bytes, b"\1"))
    try:
        checkpoint = opened(tensors, config)
        packed_storage(checkpoint)
        blocks = [
            RowBlock(tensor=n, start=0, stop=r.n_rows)
            for n, r in checkpoint.tensors.items()
            if r.storage is not None
        ]
        arrays = read_rows(checkpoint, blocks)
    except HubcheckError:
        return
    for block, array in zip(blocks, arrays, strict=True):
        assert array.shape == (block.stop, checkpoint.tensors[block.tensor].n_cols)
        assert np.isfinite(array).all()
