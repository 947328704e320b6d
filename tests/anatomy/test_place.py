"""Is an orientation used only where the shape or the model's other tensors show it?"""

from __future__ import annotations

from dataclasses import replace

from hubcheck.anatomy.interface import Role
from hubcheck.anatomy.place import Site, place
from hubcheck.anatomy.rule import Store, rule
from hubcheck.anatomy.splits import Split, SplitSizes

SITE = Site(
    bias=False,
    hidden=6,
    sizes=SplitSizes(),
    query_fits=None,
    experts=0,
    columns=None,
)
UP = rule("up", Role.UP, store=Store.EITHER)


def test_the_residual_width_tells_rows_from_columns() -> None:
    """[4, 6] is rows and [6, 4] columns of a reader in a model of width 6."""
    for shape, transposed in (((4, 6), False), ((6, 4), True)):
        forms = place(UP, shape, SITE)
        assert forms is not None
        (form,) = forms
        assert (form.n_out, form.n_in, form.transposed) == (4, 6, transposed)


def test_a_square_follows_the_rest_of_the_model() -> None:
    """A square tensor is placed as the model's other tensors lie, and not at all without them."""
    assert place(UP, (6, 6), SITE) is None
    for columns in (False, True):
        forms = place(UP, (6, 6), replace(SITE, columns=columns))
        assert forms is not None
        assert forms[0].transposed is columns


def test_flat_experts_need_the_router() -> None:
    """Experts stored flat are cut by the router's count, and refused without one."""
    flat = rule("w1", Role.EXPERT_GATE, store=Store.FLAT_ROWS)
    assert place(flat, (12, 6), SITE) is None
    assert place(flat, (12, 6), replace(SITE, experts=5)) is None
    forms = place(flat, (12, 6), replace(SITE, experts=3))
    assert forms is not None
    assert [(f.stacked, f.segments) for f in forms] == [
        (0, ((0, 4, 1),)),
        (1, ((4, 8, 1),)),
        (2, ((8, 12, 1),)),
    ]


def test_a_down_of_another_width_refuses_gate_and_up() -> None:
    """Gate and up have as many rows as the down projection beside them has columns."""
    pair = rule("gate_up", Role.GATE, Role.UP, split=Split.HALVES)
    assert place(pair, (8, 6), replace(SITE, sizes=SplitSizes(half=4))) is not None
    assert place(pair, (8, 6), replace(SITE, sizes=SplitSizes(half=3))) is None


def test_shapes_without_values_are_refused() -> None:
    """An axis of length 0 never makes a matrix."""
    stacked = rule("experts", Role.EXPERT_UP, store=Store.STACKED)
    assert place(UP, (0, 6), SITE) is None
    assert place(stacked, (10**9, 0, 6), SITE) is None
    assert place(stacked, (10**9, 1, 6), SITE) is None
