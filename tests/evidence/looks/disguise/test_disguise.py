"""Does the disguise test find hidden copies of trained models, and leave strangers alone?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hubcheck.errors import SubjectUnreadableError
from hubcheck.evidence.account import Account
from hubcheck.evidence.combine import SETTLED
from hubcheck.evidence.looks.disguise import run as disguise_run
from hubcheck.evidence.looks.disguise.calibration import Calibration, shipped
from hubcheck.evidence.looks.disguise.look import spent_by
from hubcheck.evidence.looks.disguise.plan import AT_DEEP, AT_SAMPLE, Effort
from hubcheck.evidence.looks.disguise.run import Disguise, DisguiseTest
from hubcheck.evidence.refused import Refused, Why
from hubcheck.evidence.side import SharedTokens
from hubcheck.model import Access, Model, align_tokens, open_model
from hubcheck.source.reference import parse_reference
from hubcheck.statistics.disguise import GATED, PLAIN
from tests.evidence import laboratory
from tests.evidence.laboratory import SHAPE, plain, write
from tests.material.zoo import disguises, symmetries
from tests.material.zoo.corpus import LEARNED_TOKENS
from tests.material.zoo.symmetries import Arrays

UNUSED = np.arange(LEARNED_TOKENS, SHAPE.vocab)
TABLE = Calibration(models=400, pairs=8000, greatest=0.03)
"""A table of its own, so that these tests do not move with the shipped one."""


def opened(folder: Path) -> Model:
    """Open a model folder with room to read."""
    return open_model(
        parse_reference(str(folder)), Access(max_read=10**9, token=None, endpoint=None)
    )


def run(
    base: Path,
    subject: Path,
    *,
    effort: Effort = AT_SAMPLE,
    seed: int = 1,
    n_bases: int = 1,
    budget: int = 10**9,
    tokens: SharedTokens | None = None,
) -> Disguise | Refused:
    """Make the disguise test of two folders."""
    a, b = opened(base), opened(subject)
    shared = align_tokens(a, b) if tokens is None else tokens
    test = DisguiseTest(a.reader, b.reader, shared, seed=seed, effort=effort)
    return test.run(
        calibration={GATED: TABLE, PLAIN: TABLE},
        n_bases=n_bases,
        budget=budget,
        progress=lambda _text: None,
    )


def seen(base: Path, subject: Path, **how: int) -> Disguise:
    """Return what was seen, and fail where nothing was looked at."""
    found = run(base, subject, **how)  # type: ignore[arg-type]
    assert isinstance(found, Disguise), found
    return found


def proven(found: Disguise) -> bool:
    """Return whether what the fit never saw settles the matter by itself, everything paid for."""
    account = Account(tried=1)
    for spent in spent_by(found):
        account = account.with_spent(spent)
    return account.settled


def hide(folder: Path, name: str, seed: int, *, flip: bool = True) -> Path:
    """Write a shipped model with every symmetry randomised (signs kept where not ``flip``)."""
    rng = np.random.default_rng(seed)
    weights = laboratory.shipped(name)
    if flip:
        hidden = disguises.disguise_fully(weights, SHAPE, rng, unused=UNUSED)
    else:
        hidden = disguises.disguise(weights, SHAPE, rng)
    return write(folder / f"{name}-{seed}", plain(hidden))


@pytest.mark.parametrize("name", ["base", "finetune", "continued"])
@pytest.mark.parametrize("effort", [AT_SAMPLE, AT_DEEP])
def test_finds_copies_with_every_symmetry_randomised(
    tmp_path: Path, name: str, effort: Effort
) -> None:
    """A copy, fine-tuned or trained on, is found however it was relabelled, turned and flipped."""
    found = run(laboratory.model("base"), hide(tmp_path, name, 3), effort=effort)
    assert isinstance(found, Disguise)
    assert found.calibrated
    assert not proven(found)  # every symmetry was randomised: no exact test can remain
    assert found.score.agreement > 0.9


def test_signs_prove_a_copy_whose_signs_were_left(tmp_path: Path) -> None:
    """Once neurons are matched again, the untouched signs of up rows settle the matter exactly."""
    found = seen(laboratory.model("base"), hide(tmp_path, "continued", 4, flip=False))
    assert proven(found)
    assert found.log_e > SETTLED


def test_where_up_takes_part_in_the_gate_the_table_says_nothing(tmp_path: Path) -> None:
    """A base that is not known to be act(gate) * up has no coins and no calibration."""
    product = plain(laboratory.shipped("base"))
    base = write(tmp_path / "base", replace(product, extra={"model_type": "gpt_oss"}))
    found = seen(base, hide(tmp_path, "base", 4, flip=False))
    assert found.found
    assert not found.signs
    assert not found.calibrated


def test_one_shuffle_for_all_layers_proves_itself(tmp_path: Path) -> None:
    """The map found in one layer, tried on the others, is exact evidence where it fits."""
    rng = np.random.default_rng(5)
    weights: Arrays = laboratory.shipped("finetune")
    order = rng.permutation(SHAPE.neurons)
    weights = symmetries.permute_neurons(
        weights, {gate: order for gate, _, _ in symmetries.mlps(weights)}
    )
    weights = disguises.rescale(weights, rng, flip=True)
    weights = symmetries.rotate_channels(weights, symmetries.random_rotation(SHAPE.hidden, rng))
    found = seen(laboratory.model("base"), write(tmp_path / "one-map", plain(weights)))
    assert proven(found)
    assert all(m.hits > 0.9 * m.units for m in found.maps)


@pytest.mark.parametrize("seed", range(4))
def test_leaves_strangers_alone(seed: int) -> None:
    """An independent model of the same data, order and configuration scores below the table.

    Gate and up alone say so, and down is not asked.
    """
    found = seen(laboratory.model("base"), laboratory.model("twin"), seed=seed)
    assert not found.found
    assert found.by_reading
    assert {name for one in found.base.values() for name in one.views} == {"gate", "up"}
    assert len(found.base) == AT_SAMPLE.layers - 1


@pytest.mark.parametrize("seed", range(2))
def test_gate_and_up_never_say_less_than_the_whole_test(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the test ends early, all views of all layers would have scored no more."""
    early = seen(laboratory.model("base"), laboratory.model("twin"), seed=seed)
    monkeypatch.setattr(disguise_run, "READS_FIRST", frozenset())
    whole = seen(laboratory.model("base"), laboratory.model("twin"), seed=seed)
    assert not whole.by_reading
    assert whole.score.agreement <= early.score.agreement
    assert not whole.found


def test_what_is_read_where_nothing_is_found_is_a_fraction(tmp_path: Path) -> None:
    """The columns of down cost the whole matrix: only where gate and up agree are they read."""

    def cost(subject: Path) -> int:
        a, b = opened(laboratory.model("base")), opened(subject)
        before = b.reader.anatomy.checkpoint.source.ledger.bytes_read
        test = DisguiseTest(a.reader, b.reader, align_tokens(a, b), seed=1, effort=AT_SAMPLE)
        test.run(
            calibration={GATED: TABLE, PLAIN: TABLE},
            n_bases=1,
            budget=10**9,
            progress=lambda _text: None,
        )
        return b.source.ledger.bytes_read - before

    assert cost(laboratory.model("twin")) < 0.75 * cost(hide(tmp_path, "base", 3))


def test_a_forged_order_is_no_disguise(tmp_path: Path) -> None:
    """A stranger relabelled to resemble the base does not score: content is matched, not order."""
    forged = disguises.match_to(laboratory.shipped("twin"), laboratory.shipped("base"), SHAPE)
    found = seen(laboratory.model("base"), write(tmp_path / "forged", plain(forged)))
    assert not found.found


def test_strangers_prove_nothing_exactly() -> None:
    """Where nothing is found no exact factor is counted, so nothing can add up by chance."""
    found = seen(laboratory.model("twin"), laboratory.model("base"))
    assert (found.signs, found.maps, found.log_e) == ((), (), 0.0)


def test_split_neurons_are_found_under_the_full_disguise(tmp_path: Path) -> None:
    """Twins that cancel hide the agreement, not the gate rows."""
    rng = np.random.default_rng(6)
    hidden = disguises.disguise_fully(laboratory.shipped("finetune"), SHAPE, rng, unused=UNUSED)
    split = disguises.split_neurons(hidden, rng)
    product = laboratory.derived("split-neurons")
    folder = write(tmp_path / "split", plain(split, product.shape))
    found = seen(laboratory.model("base"), folder)
    assert found.found
    assert found.score.outstanding > 0.9
    assert all(n.twins > 0.9 * len(n.sample.units) for n in found.subject.values())


def test_more_bases_raise_the_bound(tmp_path: Path) -> None:
    """Every base tried is paid for: with three the table of 400 models is too small."""
    hidden = hide(tmp_path, "finetune", 7)
    assert seen(laboratory.model("base"), hidden).bound == pytest.approx(2 / 402)
    third = seen(laboratory.model("base"), hidden, n_bases=3)
    assert third.found
    assert not third.calibrated


def test_power_is_stated() -> None:
    """A negative says which kept would have been seen, and a planted copy at it would be."""
    found = seen(laboratory.model("base"), laboratory.model("twin"))
    assert 0.05 <= found.detectable <= 0.4


@pytest.mark.parametrize("budget", [200_000, 1])
def test_a_small_budget_is_a_reason(budget: int) -> None:
    """What does not fit the budget is said, and nothing is read."""
    found = run(laboratory.model("base"), laboratory.model("twin"), budget=budget)
    assert isinstance(found, Refused)
    assert found.code is Why.BUDGET


def test_without_shared_tokens_there_is_no_frame() -> None:
    """Models without a common vocabulary are not looked at, and the reason is given."""
    none = SharedTokens()
    found = run(laboratory.model("base"), laboratory.model("twin"), tokens=none)
    assert isinstance(found, Refused)
    assert found.code is Why.FEW_TOKENS


def test_values_that_are_no_numbers_are_the_subjects_fault(tmp_path: Path) -> None:
    """A NaN in the subject ends the test as an error of the subject that names the tensor."""
    weights = laboratory.shipped("twin")
    for name in weights:
        if name.endswith("up_proj.weight"):
            weights[name][3, 5] = np.nan
    folder = write(tmp_path / "nan", plain(weights))
    with pytest.raises(SubjectUnreadableError, match="up_proj"):
        run(laboratory.model("base"), folder)


@pytest.mark.parametrize(
    "change",
    [
        lambda w, r: symmetries.permute_channels(w, r.permutation(SHAPE.hidden)),
        lambda w, r: symmetries.rotate_channels(w, symmetries.random_rotation(SHAPE.hidden, r)),
        lambda w, r: disguises.rescale(w, r, flip=True),
    ],
)
def test_score_does_not_move_with_what_changes_no_function(
    tmp_path: Path, change: Callable[[Arrays, np.random.Generator], Arrays]
) -> None:
    """The score of a stranger is the same before and after a symmetry is applied to it."""
    rng = np.random.default_rng(8)
    twin = laboratory.shipped("twin")
    before = write(tmp_path / "before", plain(twin, dtype="F32"))
    after = write(tmp_path / "after", plain(change(twin, rng), dtype="F32"))
    scores = [seen(laboratory.model("base"), folder).score for folder in (before, after)]
    assert scores[0].agreement == pytest.approx(scores[1].agreement, abs=0.005)
    assert scores[0].outstanding == pytest.approx(scores[1].outstanding, abs=0.03)


def test_the_shipped_table_is_large_enough_for_a_verdict() -> None:
    """The table that ships allows a bound of 1 % for one base, and its greatest score is small."""
    table = shipped()[GATED]
    assert table.bound(1) <= 0.01
    assert table.pairs >= table.models / 2
    assert 0 < table.threshold < 0.2
