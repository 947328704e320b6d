"""Are merges of shipped models found, with their shares, and nothing else called one?"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations, product
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer

from hubcheck.evidence.draw import Draw
from hubcheck.evidence.looks.change.run import SAMPLE_BYTES
from hubcheck.evidence.looks.merge.kind import EXACT, MergeKind
from hubcheck.evidence.looks.merge.run import Merge, MergeMember, merge_shares
from hubcheck.evidence.refused import Refused, Why
from tests.evidence.laboratory import (
    Weights,
    derived,
    model,
    plain,
    shipped,
    weights_of,
    write,
)
from tests.evidence.looks.change.test_run import RNG, opened
from tests.material.zoo import alterations, relations
from tests.material.zoo.corpus import Text
from tests.material.zoo.learn import TINY, tiny_tokens, train_tiny


def fitted(subject: Path, *bases: str, limit: int = SAMPLE_BYTES) -> Merge | Refused:
    """Return the fit of a folder by shipped models."""
    members = [MergeMember(ref=b, reader=opened(model(b)).reader) for b in bases]
    return merge_shares(opened(subject).reader, members, Draw(5), limit=limit)


def merge_of(tmp_path: Path, weights: Weights, *bases: str) -> Merge:
    """Return the fit of changed weights."""
    found = fitted(write(tmp_path / "merged", plain(weights)), *bases)
    assert isinstance(found, Merge)
    return found


def wholes(merge: Merge) -> Mapping[str, float]:
    """Return each base's share of the whole model."""
    return {ref: shares[0].share for ref, shares in merge.shares.items()}


def test_a_linear_merge_is_found_with_its_shares_and_its_decoys(tmp_path: Path) -> None:
    """Shares to a thousandth; a stranger's and an unmerged relative's intervals hold zero."""
    weights = alterations.blend([(shipped("base"), 0.35), (shipped("continued"), 0.65)])
    merge = merge_of(tmp_path, weights, "base", "continued", "twin", "finetune")
    assert merge.members == ("base", "continued")
    assert wholes(merge) == pytest.approx(
        {"base": 0.35, "continued": 0.65, "twin": 0, "finetune": 0}, abs=1e-3
    )
    assert merge.kind is MergeKind.LINEAR
    assert merge.computed
    for decoy in ("twin", "finetune"):
        assert abs(merge.shares[decoy][0].share) < 1e-3
        assert sum(s.low <= 0 <= s.high for s in merge.shares[decoy]) >= 4


def test_a_great_circle_is_told_from_a_straight_line(tmp_path: Path) -> None:
    """SLERP's shares are those of its angle, and it is named."""
    weights = relations.slerp(shipped("base"), shipped("continued"), t=0.5)
    merge = merge_of(tmp_path, weights, "base", "continued")
    assert merge.kind is MergeKind.SLERP
    assert wholes(merge) == pytest.approx({"base": 0.5, "continued": 0.5}, abs=1e-3)


def test_whole_layers_are_told_layer_by_layer(tmp_path: Path) -> None:
    """A frankenmerge has shares of nought and one."""
    weights = relations.layers_from([shipped("base"), shipped("continued")], (0, 1, 1, 0))
    merge = merge_of(tmp_path, weights, "base", "continued")
    assert merge.kind is MergeKind.LAYERS
    assert [round(s.share, 3) for s in merge.shares["continued"][1:]] == [0, 1, 1, 0]


@pytest.mark.parametrize(("rule", "kind"), [("ties", MergeKind.TIES), ("dare", MergeKind.DARE)])
def test_task_vectors_are_known_by_their_values(rule: str, kind: MergeKind, tmp_path: Path) -> None:
    """Dropped and enlarged changes of two models are found beside their ancestor."""
    root, two = shipped("base"), [shipped("continued"), shipped("finetune")]
    if rule == "ties":
        weights = relations.ties(root, two, (0.5, 0.5), density=0.4)
    else:
        weights = relations.dare(root, two, (0.5, 0.5), RNG(0), drop=0.6)
    merge = merge_of(tmp_path, weights, "base", "continued", "finetune")
    assert merge.kind is kind
    assert merge.ancestor == "base"
    assert set(merge.members) == {"continued", "finetune"}


@pytest.mark.parametrize(
    ("subject", "bases"),
    [
        ("base", ("finetune", "continued")),
        ("finetune", ("base", "continued")),
        ("continued", ("base", "finetune")),
        ("continued", ("finetune", "twin")),
    ],
)
def test_relatives_that_were_not_merged_are_no_merge(subject: str, bases: tuple[str, ...]) -> None:
    """An ancestor of fine-tunes, a sibling and a stranger's neighbour are called nothing."""
    found = fitted(model(subject), *bases)
    assert isinstance(found, Merge)
    assert not found.is_merge
    assert found.kind is MergeKind.NONE
    assert not found.computed


MAKERS = ((11, 40, 1e-3), (11, 30, 5e-4), (12, 60, 1e-3), (13, 60, 3e-3), (14, 20, 5e-4))
"""Order seed, steps and rate of makers who fine-tune one base on one text; two kept the same order,
as the default seed of a training script makes it."""


@pytest.fixture(scope="module")
def siblings(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Path]]:
    """Return a tiny base and what five makers made of it."""
    room = tmp_path_factory.mktemp("siblings")
    tokenizer = Tokenizer.from_file(str(model("base") / "tokenizer.json"))
    first, second = (tiny_tokens(tokenizer, text) for text in Text)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    root, _ = train_tiny(first, seed=1, order_seed=1, steps=80)
    made = [
        train_tiny(second, start=root, order_seed=order, steps=steps, rate=rate)[0]
        for order, steps, rate in MAKERS
    ]
    torch.set_num_threads(threads)
    folders = [write(room / f"child-{n}", plain(w, TINY)) for n, w in enumerate(made)]
    return write(room / "root", plain(root, TINY)), folders


def of_folders(subject: Path, *bases: Path) -> Merge:
    """Return the fit of one folder by others."""
    members = [MergeMember(ref=b.name, reader=opened(b).reader) for b in bases]
    found = merge_shares(opened(subject).reader, members, Draw(5), limit=SAMPLE_BYTES)
    assert isinstance(found, Merge)
    return found


def test_children_of_one_base_on_one_text_are_no_merge(siblings: tuple[Path, list[Path]]) -> None:
    """They share their change, so one lies between the base and another, and none was merged."""
    root, children = siblings
    gains = []
    for subject, other in permutations(children, 2):
        found = of_folders(subject, root, other)
        gains.append(found.gain)
        assert not found.is_merge
        assert not found.computed
    assert max(gains) > 0.45  # half-way between the two and no merge: the case is there
    for subject in children:
        others = [c for c in children if c != subject]
        assert not of_folders(subject, root, *others).is_merge
        assert not of_folders(subject, *others).is_merge


def test_a_light_run_beside_a_sibling_is_no_merge(
    siblings: tuple[Path, list[Path]], tmp_path: Path
) -> None:
    """A change of a few roundings, half of it a sibling's: nearly the sum of the two, made by none."""
    root, children = siblings
    old, subjects = weights_of(root), [weights_of(c) for c in children[1:4]]
    remainders = []
    for n, (subject, size) in enumerate(product(subjects, (0.03, 0.06, 0.12, 0.25))):
        light = relations.update_lightly(old, subject, size=size)
        found = of_folders(write(tmp_path / f"light-{n}", plain(light, TINY)), root, children[0])
        remainders.append(found.remainder)
        assert not found.is_merge, (n, size, found.remainder, found.gain)
    assert min(remainders) < EXACT  # what is left beside the sum may sink into the rounding


def test_a_base_extrapolated_from_the_subject_makes_it_no_merge(
    siblings: tuple[Path, list[Path]], tmp_path: Path
) -> None:
    """A = S + x (S - C) makes S an exact sum of A and C; S was there first, and is no merge."""
    root, (child, *_) = siblings
    s, c = (stored(f) for f in (child, root))
    for x in (0.3, 0.5, 1.0):
        further = alterations.blend([(s, 1 + x), (c, -x)])
        ahead = write(tmp_path / f"ahead-{x}", plain(further, TINY))
        found = of_folders(child, ahead, root)
        assert wholes(found) == pytest.approx(
            {ahead.name: 1 / (1 + x), "root": x / (1 + x)}, abs=0.02
        )
        assert not found.is_merge
        assert not found.computed
        # the other way round the shares say it: one is above 1
        back = of_folders(ahead, child, root)
        assert max(wholes(back).values()) > 1.2
        assert not back.is_merge


def test_sums_of_a_base_and_its_child_are_merges(
    siblings: tuple[Path, list[Path]], tmp_path: Path
) -> None:
    """The same place between the two, hit exactly, is a merge at any share and in any format."""
    root, (child, *_) = siblings
    s, c = (stored(f) for f in (child, root))
    for share in (0.1, 0.5, 0.9):
        for dtype in ("BF16", "F16", "F32"):
            mixed = alterations.blend([(s, share), (c, 1 - share)])
            folder = write(tmp_path / f"{share}-{dtype}", plain(mixed, TINY, dtype=dtype))
            found = of_folders(folder, child, root)
            assert found.is_merge, (share, dtype, found.remainder)


def stored(folder: Path) -> Weights:
    """Return the weights of a folder as its file holds them."""
    held = load_file(folder / "model.safetensors")
    return {name: tensor.float().numpy() for name, tensor in held.items()}


def test_what_has_no_shares_is_refused_with_the_reason(tmp_path: Path) -> None:
    """One base, equal bases, other widths or depths, or no budget: a code, no number."""
    narrow = write(tmp_path / "narrow", derived("pruned-neurons"))
    for found, code in (
        (fitted(model("finetune"), "base"), Why.ONE_BASE),
        (fitted(model("finetune"), "base", "base"), Why.LIKE_BASES),
        (fitted(narrow, "base", "continued"), Why.OTHER_WIDTH),
        (fitted(model("upscaled"), "base", "continued"), Why.OTHER_DEPTH),
        (fitted(model("finetune"), "base", "continued", limit=10), Why.BUDGET),
    ):
        assert isinstance(found, Refused)
        assert found.code is code
