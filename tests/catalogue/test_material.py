"""Is little read for a sketch, in few requests, and is what is read what the sketch says?"""

from __future__ import annotations

import numpy as np
import pytest

from hubcheck.anatomy.interface import Role
from hubcheck.catalogue.anchors import ABSENT, anchor_ids, anchors
from hubcheck.catalogue.material import WHY, bridged, material_of
from hubcheck.demo.run import MODELS
from hubcheck.evidence.reading import Wanted
from hubcheck.model import Access, open_model
from hubcheck.source.reference import parse_reference


@pytest.mark.parametrize(
    ("rows", "room", "read"),
    [
        ((), 9, ()),
        ((4,), 9, (4,)),
        ((1, 2, 3), 0, (1, 2, 3)),
        ((1, 3, 9), 0, (1, 3, 9)),
        ((1, 3, 9), -5, (1, 3, 9)),
        ((1, 3, 9), 1, (1, 2, 3, 9)),
        ((1, 7, 9), 1, (1, 7, 8, 9)),
        ((1, 7, 9), 5, (1, 7, 8, 9)),
        ((1, 3, 9), 6, tuple(range(1, 10))),
    ],
)
def test_the_narrowest_gaps_are_filled_first(
    rows: tuple[int, ...], room: int, read: tuple[int, ...]
) -> None:
    """And never more rows than there is room for."""
    assert bridged(rows, room) == read


def test_anchors_are_their_rows_whatever_is_read_between_them() -> None:
    """Rows that are read to save requests are no part of the sketch."""
    model = open_model(
        parse_reference(str(MODELS / "base")), Access(max_read=10**9, token=None, endpoint=None)
    )
    embed = model.anatomy.get(Role.EMBED)
    assert embed is not None
    ids = anchor_ids(model.vocabulary, embed.n_out)  # type: ignore[arg-type]
    found = material_of(model)
    whole = Wanted(matrix=embed, why=WHY)
    model.reader.fetch([whole])
    every = model.reader.block(whole)
    assert found.anchor_rows is not None
    assert found.anchor_rows.shape == (len(anchors()), embed.n_in)
    assert np.array_equal(found.anchor_rows[ids != ABSENT], every[ids[ids != ABSENT]])
    assert not found.anchor_rows[ids == ABSENT].any()
