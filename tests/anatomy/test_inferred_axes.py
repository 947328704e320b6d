"""Axes that look free are taken only where their block leaves no doubt by shapes."""

from __future__ import annotations

import pytest

from hubcheck.anatomy.inferred_axes import inferred_axes

Shapes = dict[str, tuple[int, ...]]


def block(at: str, **more: tuple[int, ...]) -> Shapes:
    """Return the tensors of a block that widens 32 to 96 and narrows."""
    found: Shapes = {f"{at}.up": (96, 32), f"{at}.up_b": (96,), f"{at}.down": (32, 96)}
    return found | {f"{at}.{name}": shape for name, shape in more.items()}


def test_a_widening_and_a_narrowing_make_an_axis() -> None:
    """In every block of a list, counted as people count."""
    shapes = {n: s for i in range(12) for n, s in block(f"x.{i}.m", mix=(32, 32)).items()}
    axes = inferred_axes(shapes)
    assert [a.writes[0].tensor for a in axes] == [f"x.{i}.m.up" for i in range(12)]
    assert all(a.n == 96 and a.in_blocks for a in axes)


@pytest.mark.parametrize(
    "more",
    [
        {"also": (96, 96)},  # something else reads the units
        {"other": (7, 96)},
        {"a": (96, 32), "b": (96, 32)},  # three writers
        {"fused": (192, 32)},
    ],
)
def test_whatever_else_touches_the_size_takes_it_away(more: Shapes) -> None:
    """A block in which a third matrix has the size is none."""
    assert inferred_axes(block("x.0.m", **more)) == ()


def test_another_matrix_of_the_size_elsewhere_in_the_block_takes_it_away() -> None:
    """The numbered block counts, not the module alone: attention may read the same channels."""
    assert inferred_axes(block("x.0.m") | {"x.0.attention.q": (96, 64)}) == ()
    assert len(inferred_axes(block("x.0.m") | {"x.1.attention.q": (96, 64)})) == 1


def test_gates_and_kernels_are_seen() -> None:
    """Two writers of one shape, one of twice the height, kernels, and matrices stored by input."""
    gated = {"x.0.gate": (96, 32), "x.0.up": (96, 32), "x.0.down": (32, 96)}
    assert len(inferred_axes(gated)[0].writes) == 2
    fused = {"x.0.wi": (192, 32), "x.0.wo": (32, 96)}
    assert inferred_axes(fused)[0].writes[0].starts == (0, 96)
    kernels = {"x.0.a": (96, 32, 3, 3), "x.0.b": (32, 96, 1, 1)}
    assert inferred_axes(kernels)[0].n == 96
    stored_by_input = {"x.0.c_fc": (32, 96), "x.0.c_proj": (96, 32)}
    assert inferred_axes(stored_by_input)[0].n == 96


def test_attention_is_never_taken_for_it() -> None:
    """Squares, and keys of grouped heads beside queries and outputs of one shape."""
    assert inferred_axes({f"x.0.{w}": (64, 64) for w in "qkvo"}) == ()
    grouped = {"q": (64, 32), "k": (16, 32), "v": (16, 32), "o": (32, 64)}
    assert inferred_axes({f"x.0.{w}": s for w, s in grouped.items()}) == ()
    assert inferred_axes({f"x.0.attn.{w}.weight": s for w, s in grouped.items()}) == ()


def test_hostile_names_cost_nothing() -> None:
    """Deep names, empty parts, sizes of zero."""
    shapes: Shapes = {".".join(["a"] * 5000): (4, 4), "..": (0, 9), "": (96, 32), "#.1": (1, 96)}
    assert inferred_axes(shapes) == ()
