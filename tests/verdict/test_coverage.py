"""Does coverage count what was looked at, once, and never more than there is?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.anatomy.interface import Anatomy, Matrix, Role
from hubcheck.anatomy.read import anatomy_of
from hubcheck.model import open_model
from hubcheck.source.reference import parse_reference
from hubcheck.verdict.coverage import NOT_UNDERSTOOD, ORDERED, _told, _units, covered
from tests.anatomy.dense_families import llama
from tests.anatomy.tiny import shapes_of
from tests.evidence.laboratory import model, request

SHAPES: Final = {name: tensor.shape for name, tensor in llama()[0].tensors.items()}
CONFIG: Final = llama()[1]
HEAD: Final = "lm_head.weight"
MLP: Final = (Role.GATE, Role.UP, Role.DOWN)


@cache
def demo() -> Anatomy:
    """Return the anatomy of the shipped base."""
    folder = model("base")
    return open_model(parse_reference(str(folder)), request(folder).access).anatomy


def with_order(anatomy: Anatomy, *roles: Role) -> list[Matrix]:
    """Return the matrices that have an order, of some roles or of all."""
    wanted = roles or tuple(ORDERED)
    return [m for m in anatomy.matrices.values() if m.role in wanted and not m.bias]


def hit(matrices: Sequence[Matrix]) -> list[tuple[Matrix, bool]]:
    """Return matrices as entered in tests that all hit."""
    return [(m, True) for m in matrices]


@given(st.data())
def test_units_of_a_kind_count_together_what_they_count_alone(data: st.DataObject) -> None:
    """Whichever tensors are told apart, no unit is lost, and none is counted twice."""
    names = sorted({unit.tensor for unit in _units(demo())})
    named = data.draw(st.sets(st.sampled_from(names)))
    together = Counter[Any]()
    for unit in _told(demo(), named):
        assert unit.tensor in named or not unit.tensor
        together[unit._replace(tensor="", parameters=0)] += unit.parameters
    alone = Counter[Any]()
    for unit in _units(demo()):
        alone[unit._replace(tensor="", parameters=0)] += unit.parameters
    assert together == alone


@st.composite
def looks(draw: st.DrawFn) -> dict[str, Any]:
    """Return any looks that could have been taken at the shipped base."""
    matrices = list(demo().matrices.values())
    names = sorted({m.tensor for m in matrices})
    one = st.sampled_from(matrices)
    equal = draw(st.sets(st.sampled_from(names)))
    return {
        "tested": draw(st.lists(st.tuples(one, st.booleans()), max_size=30)),
        "compared": draw(st.lists(one, max_size=30)),
        "equal": equal,
        "proven": draw(st.sets(st.sampled_from(sorted(equal)))) if equal else set(),
        "told_apart": draw(st.sets(st.sampled_from(names))) - equal,
    }


@given(looks())
def test_every_share_is_a_share(taken: dict[str, Any]) -> None:
    """Whatever was looked at: nothing below 0, nothing above 1, and no word on both lists."""
    seen = covered(demo(), **taken)
    for share in (seen.order_tested, seen.held, seen.compared, seen.equal):
        assert 0.0 <= share <= 1.0
    assert not set(seen.held_words) & set(seen.lost_words)
    assert sum(share for _, share in seen.not_compared) <= 1.0 - seen.compared + 1e-9


@given(looks(), st.sampled_from(sorted(demo().matrices)))
def test_another_look_takes_nothing_away(
    taken: dict[str, Any], key: tuple[Role, int, int, bool]
) -> None:
    """One more test and one more comparison never lower what was tested or compared."""
    matrix = demo().matrices[key]
    before = covered(demo(), **taken)
    more = {
        **taken,
        "tested": [*taken["tested"], (matrix, False)],
        "compared": [*taken["compared"], matrix],
    }
    after = covered(demo(), **more)
    assert after.order_tested >= before.order_tested
    assert after.compared >= before.compared


def test_nothing_looked_at_is_nothing() -> None:
    """Every share is 0, and everything is named as not compared."""
    seen = covered(demo(), tested=(), compared=())
    assert (seen.order_tested, seen.held, seen.compared, seen.equal) == (0.0, 0.0, 0.0, 0.0)
    words = [w for w, _ in seen.not_compared]
    assert {"attention", "MLP", "embeddings", "output head"} <= set(words)
    shares = [share for _, share in seen.not_compared]
    assert shares == sorted(shares, reverse=True)


def test_a_fully_tested_model_is_fully_tested() -> None:
    """One layer stands for its equals; every order tested and every value compared make 1."""
    first = [m for m in with_order(demo()) if m.layer == 0]
    seen = covered(demo(), tested=hit(first), compared=demo().matrices.values())
    assert (seen.order_tested, seen.held, seen.compared) == (1.0, 1.0, 1.0)
    assert (seen.held_words, seen.lost_words, seen.not_compared) == (("MLP", "attention"), (), ())


def test_all_parameters_are_counted() -> None:
    """The parameters of a dense model are those of its checkpoint."""
    seen = covered(demo(), tested=(), compared=())
    assert seen.parameters == demo().checkpoint.n_parameters


def test_attention_alone_is_a_part_of_the_order() -> None:
    """MLPs in which no test hit are tested and lost, not held."""
    mlp, attention = with_order(demo(), *MLP), with_order(demo(), Role.V, Role.O)
    tested = [*hit(attention), *((m, False) for m in mlp)]
    seen = covered(demo(), tested=tested, compared=attention)
    size = {True: 0, False: 0}
    for m in with_order(demo()):
        size[m.role in MLP] += m.n_out * m.n_in
    assert seen.order_tested == 1.0
    assert seen.held == pytest.approx(size[False] / (size[False] + size[True]))
    assert (seen.held_words, seen.lost_words) == (("attention",), ("MLP",))


def test_unknown_tensors_lower_what_was_tested() -> None:
    """What no rule understands may hold an order: it counts as untested, and is named."""
    known = anatomy_of(shapes_of(SHAPES), CONFIG)
    strange = anatomy_of(shapes_of({**SHAPES, "model.secret.weight": (40, 30)}), CONFIG)
    assert strange.unknown == ("model.secret.weight",)
    alone, beside = (
        covered(a, tested=hit(with_order(a)), compared=a.matrices.values())
        for a in (known, strange)
    )
    assert alone.order_tested == 1.0 > beside.order_tested
    assert beside.parameters == alone.parameters + 1200
    assert beside.compared == pytest.approx(alone.parameters / beside.parameters)
    assert [w for w, _ in beside.not_compared] == [NOT_UNDERSTOOD]


def test_unknown_tensors_that_are_equal_are_tested_and_compared() -> None:
    """Equality needs no anatomy: an equal tensor is no hole."""
    name = "model.secret.weight"
    strange = anatomy_of(shapes_of({**SHAPES, name: (40, 30)}), CONFIG)
    matrices = with_order(strange)
    seen = covered(
        strange,
        tested=hit(matrices),
        compared=strange.matrices.values(),
        equal={name},
        proven={name},
    )
    assert (seen.order_tested, seen.held, seen.compared) == (1.0, 1.0, 1.0)
    assert 0.0 < seen.equal < 1.0


def test_a_tied_head_is_the_embedding_and_not_counted_twice() -> None:
    """The parameters of a tied model are those of its tensors."""
    tied = anatomy_of(
        shapes_of({n: s for n, s in SHAPES.items() if n != HEAD}),
        {**CONFIG, "tie_word_embeddings": True},
    )
    assert tied.tied
    seen = covered(tied, tested=(), compared=())
    assert seen.parameters == tied.checkpoint.n_parameters
    assert "output head" not in {w for w, _ in seen.not_compared}
    whole = covered(tied, tested=(), compared=tied.matrices.values())
    assert whole.compared == 1.0


def test_equal_tensors_count_as_compared_without_any_test() -> None:
    """Every tensor equal, bit for bit: all is tested, held, compared and equal."""
    names = {m.tensor for m in demo().matrices.values()}
    seen = covered(demo(), tested=(), compared=(), equal=names, proven=names)
    assert (seen.order_tested, seen.held, seen.compared, seen.equal) == (1.0, 1.0, 1.0, 1.0)


def test_an_equal_tensor_that_proves_nothing_carries_no_share_of_equality() -> None:
    """Equal by chance or by its kind: compared, and no evidence."""
    names = {m.tensor for m in demo().matrices.values()}
    seen = covered(demo(), tested=(), compared=(), equal=names)
    assert (seen.compared, seen.equal) == (1.0, 0.0)


def test_differing_bytes_are_a_comparison_only_where_the_role_says_of_what() -> None:
    """An embedding that differs was compared; an MLP that differs may stand elsewhere."""
    roles = {m.role: m.tensor for m in demo().matrices.values() if m.layer <= 0}
    plain = covered(demo(), tested=(), compared=(), told_apart={roles[Role.EMBED]})
    moved = covered(demo(), tested=(), compared=(), told_apart={roles[Role.UP]})
    assert plain.compared > 0.0
    assert moved.compared == 0.0


@pytest.mark.parametrize(
    ("hits", "families", "held"),
    [(1, 1, True), (1, 4, True), (1, 5, False), (2, 8, True), (1, 8, False), (0, 4, False)],
)
def test_a_kind_is_held_where_a_quarter_of_its_families_hit(
    hits: int, families: int, *, held: bool
) -> None:
    """Half of the layers may be dropped and a copy trained far; a graft of a few is not held."""
    first = next(m for m in with_order(demo(), Role.UP))
    tested = [(first, n < hits) for n in range(families)]
    seen = covered(demo(), tested=tested, compared=())
    assert seen.held == float(held)
    assert (seen.held_words, seen.lost_words) == ((("MLP",), ()) if held else ((), ("MLP",)))
