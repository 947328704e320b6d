"""Is a model named as a member of a merge only for values that no other member explains?"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from hubcheck.evidence.looks.merge.kind import MATCHED, MergeKind, find_drops
from hubcheck.evidence.looks.merge.shares import Block

Values = NDArray[np.float64]


def stored(values: Values) -> Values:
    """Return values as bfloat16 holds them."""
    return torch.tensor(values).to(torch.bfloat16).double().numpy()


def merged(*changes: Values, density: float) -> Values:
    """Return the sum of changes whose smaller part was dropped, as TIES does without elections."""
    kept = [np.where(np.abs(c) >= np.quantile(np.abs(c), 1 - density), c, 0.0) for c in changes]
    return np.asarray(np.where(kept[0] != 0, kept[0], kept[1]))


def test_a_run_on_the_text_of_a_member_is_no_member() -> None:
    """Many of its values match, and none that a member's do not; two members are found beside it."""
    rng = np.random.default_rng(3)
    shape = (60, 400)
    ancestor = stored(0.02 * rng.standard_normal(shape))
    first, second, own = (0.01 * rng.standard_normal(shape) for _ in range(3))
    alike = np.where(rng.random(shape) < 0.4, first, own)
    bases = [stored(ancestor + c) for c in (first, second, alike)]
    subject = stored(ancestor + merged(first, second, density=0.4))
    block = Block(layer=0, weight=1.0, subject_ui=subject, bases_kui=np.stack([*bases, ancestor]))
    found = find_drops([block])
    assert found is not None
    assert found.ancestor == 3
    assert found.members == (0, 1)
    assert found.kind is MergeKind.TIES
    without = Block(
        layer=0, weight=1.0, subject_ui=subject, bases_kui=np.stack([*bases[1:], ancestor])
    )
    beside = find_drops([without])
    assert beside is not None
    # Where the member it learned from is not named, it is the best explanation there is.
    assert beside.matched_k[1] >= MATCHED
