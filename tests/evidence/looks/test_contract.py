"""Does every look keep the promises that the runner, the account and the judge rely on?

Each test runs over the registry: a look that is added there is held to all of them, and fails
``test_every_look_shows_its_power_somewhere`` until a planted copy shows what it can see.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from hubcheck.check.observe import comparer_of, opened_pair
from hubcheck.evidence.account import Account, Spender
from hubcheck.evidence.combine import NOTABLE
from hubcheck.evidence.looks.attention import ATTENTION
from hubcheck.evidence.looks.change.look import CHANGE
from hubcheck.evidence.looks.change.run import CloserLook
from hubcheck.evidence.looks.disguise.look import DISGUISE
from hubcheck.evidence.looks.disguise.run import Disguise
from hubcheck.evidence.looks.equality.look import EQUAL_TENSORS
from hubcheck.evidence.looks.expert_map.interface import ExpertChange
from hubcheck.evidence.looks.expert_map.look import EXPERT_MAP
from hubcheck.evidence.looks.interface import Look, Opened, Terms
from hubcheck.evidence.looks.layer_map.look import LAYER_MAP
from hubcheck.evidence.looks.orders import ORDERS
from hubcheck.evidence.looks.registry import LOOKS
from hubcheck.evidence.looks.sample.compare import Comparer
from hubcheck.evidence.looks.shapes.look import OTHER_SHAPES
from hubcheck.evidence.looks.towers import TOWERS
from hubcheck.evidence.looks.whole.look import EVERY_TENSOR
from hubcheck.evidence.looks.width.look import WIDTH
from hubcheck.evidence.looks.writers import WRITERS
from hubcheck.evidence.observation import Observation, Observations, Skip
from hubcheck.evidence.refused import LIMITS, Refused, Why, attempt, the_look
from hubcheck.evidence.side import SharedTokens
from hubcheck.model import Access, open_model
from hubcheck.report.words import Depth, Verdict
from hubcheck.source.ledger import Purpose
from hubcheck.source.reference import parse_reference
from hubcheck.verdict.judge import Case, Judgement, judge
from tests.evidence.laboratory import SHAPE, derived, model, plain, shipped, write
from tests.material.zoo import alterations, symmetries
from tests.material.zoo.planted import Product

BUDGET: Final = 1 << 30
EACH = pytest.mark.parametrize("look", LOOKS, ids=[look.name for look in LOOKS])


@dataclass(frozen=True, slots=True)
class Pair:
    """Two opened models, and the terms."""

    both: Opened
    terms: Terms

    def take(self, look: Look[Any], seen: Observations | None = None) -> Any:
        """Return what one look leaves, as the runner takes it."""
        known = seen if seen is not None else self.before(look)
        return attempt(lambda: look.take(self.both, self.terms, known), the_look(look.name))

    def before(self, look: Look[Any]) -> Observations:
        """Return what all looks before one leave, due or not."""
        seen = Observations()
        for other in LOOKS:
            if other is look:
                break
            seen = seen.with_left(other, self.take(other, seen))
        return seen

    def judged(self, seen: Observations) -> Judgement:
        """Return what the judge makes of some observations."""
        sides = self.both.comparer
        return judge(
            Case(base=sides.base.anatomy, subject=sides.subject.anatomy, tried=1, seen=seen)
        )

    def everything(self) -> Observations:
        """Return what all looks leave, due or not."""
        seen = Observations()
        for look in LOOKS:
            seen = seen.with_left(look, self.take(look, seen))
        return seen


def pair(
    subject: Path,
    base: Path,
    *,
    depth: Depth = Depth.FULL,
    max_read: int = BUDGET,
    seed: int = 3,
    shared: bool = True,
) -> Pair:
    """Open two folders; with ``shared`` off, as if no token had one meaning in both."""
    ours, theirs = (
        open_model(
            parse_reference(str(folder)),
            Access(max_read=max_read, token=None, endpoint=None),
            is_subject=folder is subject,
        )
        for folder in (subject, base)
    )
    comparer = comparer_of(theirs, ours, seed=seed, tried=1)
    if not shared:
        comparer = Comparer(
            theirs.reader,
            ours.reader,
            SharedTokens(),
            seed=seed,
            prices=comparer.prices,
            routing_groups=1,
        )
    return Pair(
        both=opened_pair(comparer, theirs, ours),
        terms=Terms(depth=depth, seed=seed, declared=True, tried=1),
    )


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Observations:
    """What every look leaves on a fine-tune whose every MLP, attention and embedding row holds a value that is no number."""
    weights = shipped("finetune")
    for name, values in weights.items():
        if values.ndim > 1:
            values[:, ::3] = np.nan
            weights[name] = values
    subject = write(tmp_path_factory.mktemp("nan") / "m", plain(weights))
    return pair(subject, model("base")).everything()


def test_names_are_unique_codes() -> None:
    """A report tells looks apart by their names."""
    names = [look.name for look in LOOKS]
    assert len(set(names)) == len(names)
    assert all(name.replace("-", "").isalpha() for name in names)
    assert LOOKS[0] is ORDERS  # the only look whose silence speaks


@EACH
@pytest.mark.parametrize("depth", [Depth.SAMPLE, Depth.DEEP, Depth.FULL])
def test_planning_reads_no_weights(look: Look[Any], depth: Depth) -> None:
    """What a look would read is known from headers, at every depth, and within what is there."""
    two = pair(model("finetune"), model("base"), depth=depth)
    before = [c.source.ledger.bytes_read for c in two.both.checkpoints]
    planned = look.planned(two.both, two.terms)
    assert [c.source.ledger.bytes_read for c in two.both.checkpoints] == before
    if not isinstance(planned, Skip):
        total = max(c.n_bytes for c in two.both.checkpoints)
        assert 0 <= planned.bytes_base <= total
        assert 0 <= planned.bytes_subject <= total
        assert planned.at_most >= 0


@pytest.fixture(scope="module")
def strangers() -> Observations:
    """What every look leaves on two models trained apart."""
    return pair(model("twin"), model("base")).everything()


@pytest.fixture(scope="module")
def relatives() -> tuple[Pair, Observations]:
    """What every look leaves on a fine-tune and its base."""
    two = pair(model("finetune"), model("base"))
    return two, two.everything()


@EACH
def test_independent_models_show_no_look_anything(look: Look[Any], strangers: Observations) -> None:
    """On two models trained apart no look spends 1e3, whatever it counts."""
    left = strangers.of(look)
    if isinstance(left, Observation):
        assert all(one.log_e < NOTABLE for one in left.spent)
        assert all(isfinite(one.log_e) for one in left.spent)
        assert not left.undone


@EACH
def test_a_value_that_is_no_number_is_the_subjects_fault(
    look: Look[Any], broken: Observations
) -> None:
    """A look that meets NaN of the subject says so with its side, and ends nothing."""
    left = broken.of(look)
    assert not isinstance(left, Skip)
    refused = (left,) if isinstance(left, Refused) else left.refused
    for one in refused:
        if one.code is Why.VALUES:
            assert one.side == "subject"
            assert one.error is not None
    if isinstance(left, Observation):
        assert all(isfinite(e) for s in left.spent for e in (s.log_e, s.log_e_without_strongest))


@EACH
def test_an_empty_budget_is_a_refusal_or_nothing(look: Look[Any]) -> None:
    """With nothing left to read a look refuses by its limit or sees nothing; it never passes it."""
    two = pair(model("finetune"), model("base"))
    for checkpoint in two.both.checkpoints:
        ledger = checkpoint.source.ledger
        ledger.charge(ledger.remaining, Purpose.WEIGHTS, requests=0)
    left = two.take(look, Observations())
    assert all(c.source.ledger.remaining == 0 for c in two.both.checkpoints)
    refused = (left,) if isinstance(left, Refused) else left.refused
    assert all(one.code in LIMITS or one.error is None for one in refused)
    if isinstance(left, Observation):
        assert all(one.log_e <= 0 for one in left.spent)


@EACH
def test_a_look_keeps_within_the_budget(look: Look[Any]) -> None:
    """A budget that pays for some of it is never passed."""
    two = pair(model("finetune"), model("base"), max_read=700_000)
    two.take(look, Observations())
    for checkpoint in two.both.checkpoints:
        assert checkpoint.source.ledger.bytes_read <= 700_000


@EACH
def test_a_refused_look_takes_nothing_from_the_others(
    look: Look[Any], relatives: tuple[Pair, Observations]
) -> None:
    """Whatever one look could not do, what the others settled stays related and proven."""
    two, seen = relatives
    assert two.judged(seen).verdict is Verdict.RELATED
    if look is ORDERS:  # without it nothing was compared: told apart before the judge
        return
    without = seen.with_left(look, Refused(code=Why.BUDGET, look=the_look(look.name)))
    assert two.judged(without).verdict is Verdict.RELATED
    assert without.refused


def test_stopping_after_any_look_says_no_more_than_going_on(
    relatives: tuple[Pair, Observations],
) -> None:
    """After every look the account is at most that of all looks; a match is never taken back."""
    two, everything = relatives
    seen, last, matched = Observations(), -np.inf, False
    for look in LOOKS:
        seen = seen.with_left(look, everything.of(look))
        judged = two.judged(seen)
        assert judged.account.log_e >= last
        assert not matched or judged.verdict is Verdict.RELATED
        last, matched = judged.account.log_e, judged.verdict is Verdict.RELATED
    assert matched


def test_no_look_takes_the_share_of_another(
    relatives: tuple[Pair, Observations], strangers: Observations
) -> None:
    """What all looks spend together is a sound account, of relatives and of strangers."""
    for seen in (relatives[1], strangers):
        account = Account(tried=1)
        for one in seen.spent:
            account = account.with_spent(one)
        assert {one.look for one in seen.spent} <= set(Spender)


# -- models of different shapes, which only some looks hold against each other ---------------------

ACROSS: Final = (OTHER_SHAPES, WIDTH)
EACH_ACROSS = pytest.mark.parametrize("look", ACROSS, ids=[look.name for look in ACROSS])


def _cut(name: str, folder: Path, *, broken: bool = False) -> Path:
    """Write a shipped model with fewer neurons, every third value of its MLPs no number."""
    weights, shape = alterations.prune_neurons(shipped(name), SHAPE, keep=192)
    for tensor, values in weights.items() if broken else ():
        if "mlp" in tensor:
            values[:, ::3] = np.nan
    return write(folder / "m", plain(weights, shape))


@EACH_ACROSS
def test_strangers_of_another_shape_show_nothing(look: Look[Any], tmp_path: Path) -> None:
    """The looks across shapes are taken, and spend nothing that is notable."""
    left = pair(_cut("twin", tmp_path), model("base")).take(look, Observations())
    assert isinstance(left, Observation), left
    assert all(isfinite(one.log_e) and one.log_e < NOTABLE for one in left.spent)
    seen = left.seen
    assert not (seen.standing if look is OTHER_SHAPES else seen.log_e >= NOTABLE)


@EACH_ACROSS
def test_no_numbers_across_shapes_are_the_subjects_fault(look: Look[Any], tmp_path: Path) -> None:
    """NaN in a subject of another shape is a refusal with its side, and never a figure."""
    left = pair(_cut("base", tmp_path, broken=True), model("base")).take(look, Observations())
    assert isinstance(left, Refused), left
    assert (left.code, left.side) == (Why.VALUES, "subject")


@EACH_ACROSS
@pytest.mark.parametrize("left_over", [0, 100_000])
def test_the_budget_holds_across_shapes(look: Look[Any], left_over: int, tmp_path: Path) -> None:
    """Whatever is left to read is never passed, and too little of it is told as the limit."""
    two = pair(_cut("base", tmp_path), model("base"))
    for checkpoint in two.both.checkpoints:
        ledger = checkpoint.source.ledger
        ledger.charge(ledger.remaining - left_over, Purpose.WEIGHTS, requests=0)
    left = two.take(look, Observations())
    assert all(c.source.ledger.remaining >= 0 for c in two.both.checkpoints)
    refused = (left,) if isinstance(left, Refused) else left.refused
    assert all(one.code in LIMITS for one in refused)
    if isinstance(left, Observation) and not left_over:
        assert all(one.log_e <= 0 for one in left.spent)


def test_stopping_early_across_shapes_says_no_more_than_going_on(tmp_path: Path) -> None:
    """Of a pruned copy, too, every further look adds to the account, and no match is taken back."""
    two = pair(_cut("base", tmp_path), model("base"))
    seen, last = Observations(), -np.inf
    for look in LOOKS:
        seen = seen.with_left(look, two.take(look, seen))
        log_e = two.judged(seen).account.log_e
        assert log_e >= last
        last = log_e
    assert two.judged(seen).verdict is Verdict.RELATED


# -- what each look can see ------------------------------------------------------------------------

Sees = Callable[[Any], bool]


def _copied(folder: Path) -> Path:
    return write(folder / "m", plain(shipped("base")))


def _narrow(folder: Path) -> Path:
    weights, shape = alterations.prune_neurons(shipped("base"), SHAPE, keep=192)
    return write(folder / "m", plain(weights, shape))


def _upcycled(folder: Path) -> Path:
    from tests.material.zoo.recipes import recipe, upcycle

    wanted = recipe("upcycled")
    return write(folder / "m", plain(upcycle(shipped("base"), wanted), wanted.shape))


def _turned_without_tokens(folder: Path) -> Path:
    rng = np.random.default_rng(4)
    weights = symmetries.rotate_channels(
        symmetries.fold_norms(shipped("base")), symmetries.random_rotation(SHAPE.hidden, rng)
    )
    product = Product(weights=alterations.rebuild_embeddings(weights, rng), shape=SHAPE, files={})
    return write(folder / "m", product)


def _derived(name: str) -> Callable[[Path], Path]:
    return lambda folder: write(folder / "m", derived(name, "base"))


def _found(seen: Disguise | Skip) -> bool:
    return not isinstance(seen, Skip) and seen.found


PLANTED: Final[dict[str, tuple[Callable[[Path], Path], Sees]]] = {
    ORDERS.name: (lambda _: model("finetune"), lambda seen: seen.settled_related),
    LAYER_MAP.name: (
        _derived("dropped-layer"),
        lambda seen: dict(seen.base_of) == {0: 0, 1: 1, 2: 3},
    ),
    OTHER_SHAPES.name: (_narrow, lambda seen: len(seen.standing) >= 2 and seen.log_e > NOTABLE),
    WIDTH.name: (_narrow, lambda seen: seen.neurons is not None and seen.neurons.log_e > NOTABLE),
    EXPERT_MAP.name: (_upcycled, lambda seen: seen.kind is ExpertChange.UPCYCLED),
    CHANGE.name: (lambda _: model("finetune"), lambda seen: isinstance(seen, CloserLook)),
    EQUAL_TENSORS.name: (_copied, lambda seen: len(seen.equal) > 20),
    DISGUISE.name: (_derived("disguised-fully"), _found),
    WRITERS.name: (_turned_without_tokens, lambda seen: seen.log_e > NOTABLE),
    ATTENTION.name: (_derived("rotated"), lambda seen: any(one.stands for one in seen)),
    EVERY_TENSOR.name: (lambda _: model("finetune"), lambda seen: 0 < seen.relative < 1),
}
ELSEWHERE: Final = {TOWERS.name: "tests/check/test_towers.py plants towers"}


def test_every_look_shows_its_power_somewhere() -> None:
    """No look stands in the registry that a planted copy has not shown to see something."""
    assert {look.name for look in LOOKS} == set(PLANTED) | set(ELSEWHERE)


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_copy_is_seen(name: str, tmp_path: Path) -> None:
    """Each look sees what it is made for."""
    make, sees = PLANTED[name]
    look = next(one for one in LOOKS if one.name == name)
    left = pair(make(tmp_path), model("base"), shared=look is not WRITERS).take(look)
    assert isinstance(left, Observation), left
    assert sees(left.seen)
