"""Are tensors called equal where their bytes are, in any architecture, and nowhere else?"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import save

from hubcheck.checkpoint.interface import Checkpoint
from hubcheck.checkpoint.opening import open_checkpoint
from hubcheck.errors import NetworkFaultError
from hubcheck.evidence.looks.equality.tensors import FAR_RANGES, LIMIT, look_for_equality
from hubcheck.evidence.looks.equality.value import Equality, Outcome
from hubcheck.evidence.refused import Refused, Why
from hubcheck.model import open_model
from hubcheck.source.interface import Span
from hubcheck.source.ledger import Purpose
from hubcheck.source.reference import parse_reference
from hubcheck.statistics.worth import Content
from tests.evidence.laboratory import derived, model, request, write
from tests.memory_source import MemorySource

Weights = dict[str, NDArray[np.float32]]
NAMES = ("embed.weight", "blocks.0.mix", "blocks.1.mix", "blocks.2.mix", "blocks.0.bias", "gain")


def weights(seed: int) -> Weights:
    """Return the weights of an architecture that no rule knows."""
    rng = np.random.default_rng(seed)
    shapes = [(300, 32), (64, 32), (64, 32), (64, 32), (64,), (32,)]
    return {n: rng.standard_normal(s).astype("<f4") for n, s in zip(NAMES, shapes, strict=True)}


def opened(
    tensors: Mapping[str, NDArray[np.floating] | torch.Tensor],
    *,
    dtype: torch.dtype | None = None,
    local: bool = True,
    max_read: int = 1 << 40,
) -> Checkpoint:
    """Return a model in memory, on this machine or on a host."""
    stored = {
        n: torch.from_numpy(np.ascontiguousarray(t)) if isinstance(t, np.ndarray) else t
        for n, t in tensors.items()
    }
    if dtype is not None:
        stored = {n: t.to(dtype) for n, t in stored.items()}
    source = MemorySource({"model.safetensors": save(stored)}, max_read=max_read)
    if local:
        source.pin = replace(source.pin, revision="local")
    return open_checkpoint(source, {})


def look(
    base: Checkpoint,
    subject: Checkpoint,
    *,
    seed: int = 7,
    limit_bytes: int = LIMIT,
    far_ranges: int = FAR_RANGES,
) -> Equality:
    """Look with one seed, and expect an answer."""
    found = look_for_equality(
        base, subject, seed=seed, limit_bytes=limit_bytes, far_ranges=far_ranges
    )
    assert isinstance(found, Equality)
    return found


def outcomes(found: Equality) -> dict[str, Outcome]:
    """Return what came of each tensor of the subject."""
    return {p.subject: p.outcome for p in found.pairs}


def test_a_copy_is_equal_to_its_last_value() -> None:
    """Every tensor, every value, and nothing is left over."""
    found = look(opened(weights(0)), opened(weights(0)))
    assert set(outcomes(found).values()) == {Outcome.EQUAL}
    assert found.equal_values == found.compared_values == found.subject_values
    assert found.whole
    assert (found.only_base, found.only_subject) == ((), ())
    assert found.log10_p < -10


def test_one_tensor_replaced_leaves_the_others_equal() -> None:
    """Fresh embeddings on a copied body: all but one are equal, whatever the body is called."""
    subject = weights(0) | {"embed.weight": weights(1)["embed.weight"]}
    found = look(opened(weights(0)), opened(subject))
    assert [p.subject for p in found.differing] == ["embed.weight"]
    assert len(found.agreeing) == len(NAMES) - 1
    assert found.values_in_equal == found.subject_values - 300 * 32


def test_two_independent_models_share_nothing() -> None:
    """No tensor of a stranger is equal, under any name."""
    found = look(opened(weights(0)), opened(weights(1)))
    assert set(outcomes(found).values()) == {Outcome.DIFFERENT}
    assert found.equal_values == 0
    assert found.log10_p == 0


def test_a_wrapper_changes_nothing() -> None:
    """A prefix before all names, or before those of a part, is no other tensor."""
    for prefix in ("model.", "base_model.model.", "a.b."):
        subject = {prefix + n: w for n, w in weights(0).items()}
        found = look(opened(weights(0)), opened(subject | {"head.weight": np.ones((3, 5))}))
        assert len(found.equal) == len(NAMES)
        assert not any(p.renamed for p in found.pairs)
        assert found.only_subject == ("head.weight",)
    one = {f"bert.{n}": w for n, w in weights(0).items()}
    other = {f"roberta.{n}": w for n, w in weights(0).items()}
    assert len(look(opened(one), opened(other)).equal) == len(NAMES)


def test_other_names_are_found_by_content() -> None:
    """Tensors without a common name are the same where shape, dtype and bytes are."""
    subject = {f"x{i}": w for i, w in enumerate(weights(0).values())}
    found = look(opened(weights(0)), opened(subject))
    assert {(p.base, p.subject) for p in found.equal} == set(zip(NAMES, subject, strict=True))
    assert all(p.renamed for p in found.equal)
    assert found.tensors_named_alike == 0


def test_a_layer_that_moved_is_found_under_its_new_name() -> None:
    """Layers dropped or swapped keep their content: it is matched although names disagree."""
    subject = weights(0)
    subject["blocks.0.mix"], subject["blocks.2.mix"] = (
        subject["blocks.2.mix"], subject["blocks.1.mix"]
    )  # fmt: skip
    del subject["blocks.1.mix"]
    found = look(opened(weights(0)), opened(subject))
    moved = {(p.base, p.subject) for p in found.equal if p.renamed}
    assert moved == {("blocks.2.mix", "blocks.0.mix"), ("blocks.1.mix", "blocks.2.mix")}
    assert found.only_base == ("blocks.0.mix",)
    assert found.differing == ()


def test_layers_that_were_repeated_are_all_found() -> None:
    """Depth up-scaling by repetition: each copy is equal to its layer, counted once in the bound."""
    subject = weights(0)
    subject |= {f"blocks.{n}.mix": weights(0)["blocks.2.mix"] for n in (3, 4)}
    one, found = (look(opened(weights(0)), opened(s)) for s in (weights(0), subject))
    assert {p.base for p in found.equal if p.renamed} == {"blocks.2.mix"}
    assert len(found.equal) == len(NAMES) + 2
    assert found.log10_p == pytest.approx(one.log10_p, abs=2)


DERIVED: dict[str, tuple[int, int]] = {
    "copy-bf16": (39, 0), "resharded": (39, 0), "rebuilt-embeddings": (37, 2), "extended": (37, 0),
    "adapter-random": (31, 8), "dropped-layer": (30, 0), "repeated-layers": (57, 0),
    "wears-embeddings": (2, 37), "noise-tenth": (0, 39), "merge-independent": (0, 39),
    "disguised-fully": (0, 39),
}  # fmt: skip
"""Tensors that are equal and that differ, of 39 and more: what each derivation leaves alone."""


@pytest.mark.parametrize("name", sorted(DERIVED))
def test_what_a_derivation_leaves_alone_is_equal(tmp_path: Path, name: str) -> None:
    """Of models derived from a trained one, exactly the tensors that were not touched are equal."""
    folder = write(tmp_path / "subject", derived(name))
    base, subject = (
        open_model(parse_reference(str(f)), request(f).access).checkpoint
        for f in (model("base"), folder)
    )
    found = look(base, subject)
    assert (len(found.equal), len(found.differing)) == DERIVED[name]


@pytest.mark.parametrize("name", ["twin", "finetune", "continued", "disguised"])
def test_models_trained_on_share_no_tensor(name: str) -> None:
    """A stranger, a fine-tune and a disguise of a trained model hold no tensor of it unchanged."""
    base, subject = (
        open_model(parse_reference(str(f)), request(f).access).checkpoint
        for f in (model("base"), model(name))
    )
    found = look(base, subject)
    assert (len(found.equal), len(found.differing), found.equal_values) == (0, 39, 0)


def test_another_dtype_or_shape_is_not_compared() -> None:
    """What is stored otherwise is named with why, and neither equal nor different."""
    subject = weights(0) | {"gain": weights(0)["gain"][:16]}
    found = look(opened(weights(0)), opened(subject))
    assert outcomes(found)["gain"] is Outcome.OTHER_SHAPE
    found = look(
        opened(weights(0)),
        opened(
            {n: torch.from_numpy(w).half() if n == "gain" else w for n, w in weights(0).items()}
        ),
    )
    assert outcomes(found)["gain"] is Outcome.OTHER_DTYPE
    refused = look_for_equality(
        opened(weights(0)), opened(weights(0), dtype=torch.bfloat16), seed=1
    )
    assert refused == Refused(code=Why.NO_COUNTERPART)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_every_dtype_is_compared_by_its_bits(dtype: torch.dtype) -> None:
    """Half and double precision alike; one bit is a difference."""
    base = opened(weights(0), dtype=dtype)
    assert len(look(base, opened(weights(0), dtype=dtype)).equal) == len(NAMES)
    other = weights(0)
    other["gain"][3] *= np.float32(1.01)
    found = look(base, opened(other, dtype=dtype))
    assert [p.subject for p in found.differing] == ["gain"]
    assert found.differing[0].alike == 31


def test_eight_bit_floats_are_values_like_others() -> None:
    """A float of eight bits has few values, and enough of them."""
    found = look(
        opened(weights(0), dtype=torch.float8_e4m3fn), opened(weights(0), dtype=torch.float8_e4m3fn)
    )
    assert outcomes(found)["embed.weight"] is Outcome.EQUAL


def test_constants_prove_nothing() -> None:
    """Two strangers whose norms are ones and biases zeros have nothing in common."""
    tables = {"norm": np.ones(512), "bias": np.zeros(512), "mask": np.tril(np.ones((64, 64)))}
    plain = {name: values.astype(np.float32) for name, values in tables.items()}
    found = look(opened(weights(0) | plain), opened(weights(1) | plain))
    for name in plain:
        pair = next(p for p in found.pairs if p.subject == name)
        assert (pair.outcome, pair.content) == (Outcome.PROVES_NOTHING, Content.FEW_VALUES)
        assert pair.compared == 0
    assert found.equal == ()
    assert found.log10_p == 0


def test_what_code_computes_proves_nothing_under_any_name() -> None:
    """Integers, and tables that code computes: by dtype, by content, by a name that both use."""
    angles = np.arange(64)[:, None] * 10_000.0 ** (-np.arange(0, 64, 2) / 64)
    table = np.concatenate([np.sin(angles), np.cos(angles)], axis=1)
    computed: dict[str, NDArray[np.floating] | torch.Tensor] = {
        "steps": torch.randint(0, 1000, (500,), generator=torch.Generator().manual_seed(1)),
        "places": table,
        "x.inv_freq": np.random.default_rng(1).standard_normal(64),
    }
    found = look(opened(weights(0) | computed), opened(weights(1) | computed))
    assert outcomes(found)["places"] is Outcome.PROVES_NOTHING
    assert outcomes(found)["steps"] is Outcome.BY_CONSTRUCTION
    assert outcomes(found)["x.inv_freq"] is Outcome.BY_CONSTRUCTION
    assert found.equal == ()
    assert {p.subject for p in found.agreeing} == set(computed)


def test_what_two_seeds_of_a_class_have_in_common_proves_nothing() -> None:
    """Frozen code books, seeded features: the table of certified axes lists them by name."""
    frozen: Weights = {
        "book": np.random.default_rng(1).standard_normal((64, 64)).astype(np.float32)
    }
    both = opened(weights(0) | frozen), opened(weights(1) | frozen)
    names = frozenset({"book"})
    assert outcomes(look(*both))["book"] is Outcome.EQUAL
    told = look_for_equality(*both, seed=1, fixed=(names, names))
    assert isinstance(told, Equality)
    assert outcomes(told)["book"] is Outcome.BY_CONSTRUCTION
    one_sided = look_for_equality(*both, seed=1, fixed=(names, frozenset()))
    assert isinstance(one_sided, Equality)
    assert outcomes(one_sided)["book"] is Outcome.EQUAL


def test_a_computed_name_on_one_side_hides_nothing() -> None:
    """A copier who calls a tensor 'inv_freq' does not take it out of the comparison."""
    subject = {f"blocks.{i}.inv_freq": w for i, w in enumerate(weights(0).values())}
    assert len(look(opened(weights(0)), opened(subject)).equal) == len(NAMES)


def test_values_that_are_no_numbers_are_bits_like_others() -> None:
    """NaN equals itself here: it is the same bytes, and ends no look."""
    base = weights(0)
    base["gain"][5] = np.nan
    base["blocks.0.bias"][:] = np.nan
    found = look(opened(base), opened(base))
    assert outcomes(found)["gain"] is Outcome.EQUAL
    assert outcomes(found)["blocks.0.bias"] is Outcome.PROVES_NOTHING


SHAPES: dict[str, tuple[int, ...]] = {
    "empty": (0,),
    "empty.rows": (0, 7),
    "empty.columns": (7, 0),
    "scalar": (),
    "one": (1,),
    "axes": (1,) * 12,
    "column": (5000, 1),
    "row": (1, 300_000),
    "kernels": (70, 5, 3, 3, 3),
}


@pytest.mark.parametrize("limit", [4_000_000, 40_000])
def test_strange_shapes_are_read_within_the_limit(limit: int) -> None:
    """Empty, endless and many-axed tensors take their part, whole or in ranges."""
    rng = np.random.default_rng(0)
    base = {n: rng.standard_normal(s).astype("<f4") for n, s in SHAPES.items()}
    base |= {"..": rng.standard_normal(50).astype("<f4"), "\u202e|`": base["kernels"][0]}
    one, two = opened(base), opened(base)
    before = one.source.ledger.bytes_read
    found = look(one, two, limit_bytes=limit)
    assert one.source.ledger.bytes_read - before <= limit
    assert not found.differing
    assert {p.subject for p in found.equal} >= {"column", "row", "kernels"}
    assert outcomes(found)["empty"] is Outcome.NOT_READ
    assert found.whole is False


def test_ranges_are_drawn_by_the_seed_alone() -> None:
    """One seed, one answer; another seed looks elsewhere; a limit is kept."""
    one, two = (opened({"w": weights(n)["embed.weight"]}) for n in (0, 0))
    for seed in (1, 1, 2):
        look(one, two, seed=seed, limit_bytes=9_000)
    calls = one.source.calls[-3:]  # type: ignore[attr-defined]
    assert calls[0] == calls[1] != calls[2]
    assert all(sum(s.size for s in call) <= 9_000 for call in calls)
    found = look(one, two, limit_bytes=9_000)
    assert found.pairs[0].outcome is Outcome.EQUAL
    assert not found.pairs[0].whole
    assert found.compared_values < 300 * 32


def test_many_tensors_share_a_small_budget() -> None:
    """Where not a page of each fits, some are read and the others are said not to be."""
    rng = np.random.default_rng(0)
    base = {f"e.{i}": rng.standard_normal((40, 32)).astype("<f4") for i in range(200)}
    found = look(opened(base), opened(base), limit_bytes=100_000)
    assert 15 <= len(found.equal) <= 25
    assert len(found.of(Outcome.NOT_READ)) == 200 - len(found.equal)
    assert not found.whole


def test_a_host_is_asked_for_few_ranges() -> None:
    """Each range may be a request: there are at most as many as allowed."""
    rng = np.random.default_rng(0)
    base = {f"e.{i}": rng.standard_normal((400, 32)).astype("<f4") for i in range(100)}
    one, two = opened(base, local=False), opened(base)
    found = look(one, two, far_ranges=20)
    for checkpoint in (one, two):
        assert len(checkpoint.source.calls[-1]) <= 20  # type: ignore[attr-defined]
    assert len(found.equal) == 20


def test_a_tensor_larger_than_any_memory_costs_its_ranges() -> None:
    """A header may state a terabyte: what is read stays within the limit."""
    header = b'{"w":{"dtype":"F32","shape":[1000000000,256],"data_offsets":[0,1024000000000]}}'
    content = len(header).to_bytes(8, "little") + header
    sizes = {"model.safetensors": len(content) + 1_024_000_000_000}
    models = [MemorySource({"model.safetensors": content}, sizes=sizes) for _ in range(2)]
    found = look(*(open_checkpoint(m, {}) for m in models))
    assert outcomes(found)["w"] is Outcome.PROVES_NOTHING  # all of it reads as zero
    assert models[0].ledger.bytes_read < 4_100_000


def test_the_budget_of_the_tests_is_not_spent() -> None:
    """At most a quarter of what is left goes here; nothing left is a refusal, not an error."""
    base = opened(weights(0), max_read=100_000)
    left = base.source.ledger.remaining
    look(base, opened(weights(0)))
    assert base.source.ledger.remaining >= left - left // 4
    spent = opened(weights(0))
    spent.source.ledger.charge(spent.source.ledger.remaining - 3, Purpose.WEIGHTS, requests=0)
    refused = look_for_equality(spent, opened(weights(0)), seed=1)
    assert refused == Refused(code=Why.BUDGET)


@pytest.mark.parametrize(("broken", "side"), [(0, "base"), (1, "subject")])
def test_a_network_fault_is_a_value(broken: int, side: str) -> None:
    """A host that does not answer ends this look and nothing else."""

    def fail(_spans: Sequence[Span], _purpose: Purpose) -> list[bytes]:
        raise NetworkFaultError("The host is gone.", cause="c", next_step="n")

    models = [opened(weights(0)), opened(weights(0))]
    models[broken].source.read = fail  # type: ignore[method-assign,assignment]
    refused = look_for_equality(models[0], models[1], seed=1)
    assert isinstance(refused, Refused)
    assert (refused.code, refused.side) == (Why.NETWORK, side)


def archived(tensors: Weights) -> Checkpoint:
    """Return the same weights as a PyTorch file."""
    buffer = io.BytesIO()
    torch.save({n: torch.from_numpy(w) for n, w in tensors.items()}, buffer)
    source = MemorySource({"pytorch_model.bin": buffer.getvalue()})
    source.pin = replace(source.pin, revision="local")
    return open_checkpoint(source, {})


@pytest.mark.parametrize("make", [opened, archived])
def test_the_container_changes_nothing(make: Callable[[Weights], Checkpoint]) -> None:
    """A PyTorch file is compared with safetensors and with its like."""
    found = look(archived(weights(0)), make(weights(0)))
    assert len(found.equal) == len(NAMES)
    assert look(archived(weights(0)), make(weights(1))).equal == ()
