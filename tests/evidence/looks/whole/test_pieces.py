"""Is every line in exactly one piece, and is what lies across turned once and read once?"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from hubcheck.anatomy.interface import Anatomy, Geometry, Matrix, Role
from hubcheck.checkpoint.interface import Checkpoint, TensorRecord
from hubcheck.evidence.looks.whole import pieces
from hubcheck.evidence.looks.whole.halves import Half
from hubcheck.evidence.looks.whole.interface import Resources, WholeChange
from hubcheck.evidence.looks.whole.pairing import Pair
from hubcheck.evidence.looks.whole.pieces import batches_of, pieces_of
from hubcheck.evidence.looks.whole.run import stream
from tests.memory_source import MemorySource

NO_SIZES = Geometry(
    hidden=0,
    layers=4,
    heads=0,
    kv_heads=0,
    head_dim=0,
    neurons=0,
    experts=0,
    expert_neurons=0,
    vocab=0,
    mtp_layers=0,
)


def record(shape: tuple[int, ...], name: str = "t", start: int = 0) -> TensorRecord:
    """Return a float32 tensor of one file."""
    stop = start + 4 * int(np.prod(shape))
    return TensorRecord(name=name, dtype="F32", shape=shape, path="f", start=start, stop=stop)


def pair(shape: tuple[int, int]) -> Pair:
    """Return a pair of tensors of no known role."""
    half = Half(record=record(shape), matrix=None, by_input=False)
    return Pair(role="x", layer=-1, base_layer=-1, expert=-1, bias=False, base=half, subject=half)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 9000)), max_size=6))
def test_every_line_is_in_one_piece_and_every_piece_in_one_batch(
    shapes: list[tuple[int, int]],
) -> None:
    """Pieces cover their pair without gap or overlap; batches hold them all, in order."""
    pairs = [pair(shape) for shape in shapes]
    every = [piece for n, one in enumerate(pairs) for piece in pieces_of(n, one)]
    assert [p for batch in batches_of(pairs) for p in batch.pieces] == every
    for n, (lines, width) in enumerate(shapes):
        own = [p for p in every if p.pair == n]
        covered = [line for p in own for line in range(p.start, p.stop)]
        assert covered == (list(range(lines)) if width else [])
        assert sum(p.ranked for p in own) == (1 if own else 0)
    for batch in batches_of(pairs):
        size = sum((p.stop - p.start) * shapes[p.pair][1] for p in batch.pieces)
        assert size <= max(pieces.PIECE_VALUES, pieces.WIDEST)


def model(values: NDArray[np.float32], *, transposed: bool, layers: int = 2) -> Anatomy:
    """Return a model of some matrices, each stored along its outputs or across them."""
    n_out, n_in = values.shape[1:]
    stored = [(m.T if transposed else m).copy() for m in values]
    contents = b"".join(m.tobytes() for m in stored)
    tensors, matrices = {}, {}
    for layer in range(layers):
        name = f"layer{layer}"
        at = layer * stored[0].nbytes
        tensors[name] = record(stored[layer].shape, name, at)
        matrices[Role.UP, layer, -1, False] = Matrix(
            role=Role.UP,
            layer=layer,
            expert=-1,
            bias=False,
            tensor=name,
            n_out=n_out,
            n_in=n_in,
            transposed=transposed,
            offset=0,
            segments=((0, n_out, 1),),
        )
    checkpoint = Checkpoint(
        source=MemorySource({"f": contents}),
        tensors=MappingProxyType(tensors),
        metadata=MappingProxyType({}),
        format="safetensors",
    )
    return Anatomy(
        checkpoint=checkpoint,
        architecture="",
        geometry=NO_SIZES,
        matrices=MappingProxyType(matrices),
        others=MappingProxyType({}),
        unknown=(),
        tied=False,
        gated=True,
        rms_norm=True,
        norm_offset=0.0,
    )


@pytest.mark.parametrize("base_across", [False, True])
@pytest.mark.parametrize("subject_across", [False, True])
def test_storage_across_the_other_is_turned(
    base_across: bool, subject_across: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A family that stores its matrices the other way round is compared all the same, bytes once."""
    monkeypatch.setattr(pieces, "PIECE_VALUES", 200)
    monkeypatch.setattr(pieces, "WIDEST", 200)
    values = np.random.default_rng(0).standard_normal((2, 30, 20)).astype(np.float32)
    changed = values.copy()
    changed[1, 7, 3] += 1
    base, subject = model(values, transposed=base_across), model(changed, transposed=subject_across)
    found = stream(base, subject, layer_map=(), resources=Resources())
    assert isinstance(found, WholeChange)
    assert found.values - sum(t.equal for t in found.tensors) == 1
    assert found.relative == pytest.approx(1 / np.linalg.norm(values), rel=1e-4)
    assert [t.largest for t in found.tensors] == [0.0, pytest.approx(1, rel=1e-5)]
    for anatomy in (base, subject):
        assert anatomy.checkpoint.source.ledger.bytes_read == values.nbytes
    same = stream(base, replace(base), layer_map=[(1, 1)], resources=Resources())
    assert isinstance(same, WholeChange)
    assert {(c.layer, c.equal) for c in same.cells} == {(1, 1.0)}
