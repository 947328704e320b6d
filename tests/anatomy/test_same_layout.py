"""Are tensors of one place and shape candidates for each other, whatever they are called?"""

from __future__ import annotations

from hubcheck.anatomy.same_layout import candidates_of

Shapes = dict[str, tuple[int, ...]]


def layers(before: str, names: dict[str, tuple[int, ...]], n: int = 3) -> Shapes:
    """Return a list of equal layers."""
    return {f"{before}{i}.{name}": shape for i in range(n) for name, shape in names.items()}


BASE = {**layers("model.layers.", {"up": (8, 4), "gate": (8, 4), "down": (4, 8)}), "embed": (9, 4)}


def test_shapes_pair_what_names_do_not() -> None:
    """Tensors of one shape in each layer are one group, however the list is called."""
    subject = {**layers("t.", {"a": (8, 4), "b": (8, 4), "c": (4, 8)}), "x": (9, 4)}
    found = candidates_of(BASE, subject)
    sizes = {(g.layers, len(g.base), g.parameters) for g in found}
    assert sizes == {(3, 2, 192), (3, 1, 96), (0, 1, 36)}
    (pair,) = (g for g in found if len(g.base) == 2)
    assert {p.name(2) for p in pair.subject} == {"t.2.a", "t.2.b"}
    assert {p.name(2) for p in pair.base} == {"model.layers.2.up", "model.layers.2.gate"}


def test_another_depth_or_shape_is_no_candidate() -> None:
    """Nothing is paired with a list of another length, nor with a tensor of another shape."""
    shallow = layers("t.", {"a": (8, 4), "b": (8, 4), "c": (4, 8)}, n=2)
    assert candidates_of(BASE, shallow) == ()
    wide = layers("t.", {"a": (16, 4), "b": (16, 4), "c": (4, 16)})
    assert [g for g in candidates_of(BASE, wide) if g.layers] == []


def test_lists_with_gaps_or_unequal_layers_are_none() -> None:
    """A list of layers counts from zero, and its layers are alike."""
    gap = {n.replace("t.1.", "t.7."): s for n, s in layers("t.", {"a": (8, 4)}).items()}
    assert candidates_of(BASE, gap) == ()
    unequal = {**layers("t.", {"a": (8, 4)}), "t.1.b": (8, 4)}
    assert candidates_of(BASE, unequal) == ()


def test_a_base_whose_first_layer_has_a_tensor_more_has_candidates() -> None:
    """T5 keeps the table of positions in its first layer alone: every name speaks for itself."""
    base = {**BASE, "model.layers.0.table": (5, 2)}
    found = candidates_of(base, {f"p{i}": shape for i, shape in enumerate(base.values())})
    assert {(len(g.base), g.layers) for g in found} == {(6, 0), (3, 0), (1, 0)}


def test_without_layers_all_of_one_shape_are_candidates() -> None:
    """Names that number nothing: three layers' matrices are one group, the embedding another."""
    shapes = [(8, 4)] * 6 + [(4, 8)] * 3 + [(9, 4)]
    found = candidates_of(BASE, {f"p{i}": shape for i, shape in enumerate(shapes)})
    assert {(g.layers, len(g.base), g.is_body) for g in found} == {
        (0, 6, True),
        (0, 3, True),
        (0, 1, False),
    }
    (alone,) = candidates_of({"p": (8, 4)}, {"q": (8, 4)})
    assert not alone.is_body


def test_too_many_of_one_shape_are_left_alone() -> None:
    """Experts by the hundred are not guessed at."""
    many: Shapes = {f"e{i}": (8, 4) for i in range(20)}
    assert candidates_of(layers("a.", many), layers("b.", many)) == ()


def test_hostile_names_give_nothing() -> None:
    """Numbers of any length, no names, no dots: no list."""
    names = ["9" * 5000 + ".x", "a." + "1" * 5000 + ".x", "", ".", "..0..", "a.²." + "x"]
    assert candidates_of(dict.fromkeys(names, (8, 4)), BASE) == ()
