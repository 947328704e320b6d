"""Whose rows stand for the tokens at the end of the stream?"""

from __future__ import annotations

import pytest

from hubcheck.anatomy.interface import Role
from hubcheck.anatomy.read import anatomy_of
from hubcheck.evidence.reading import Reader
from hubcheck.evidence.side import Side
from tests.anatomy.tiny import shapes_of

WIDTH, TOKENS = 8, 20


@pytest.mark.parametrize(
    ("rows", "role"),
    [(TOKENS, Role.LM_HEAD), (TOKENS + 4, Role.LM_HEAD), (TOKENS - 1, Role.EMBED), (0, Role.EMBED)],
)
def test_a_head_with_fewer_rows_than_tokens_is_not_asked_for_them(rows: int, role: Role) -> None:
    """SigLIP's text stack ends in a projection called ``head``; a hostile file may do the same."""
    shapes = {"model.embed_tokens.weight": (TOKENS, WIDTH), "model.norm.weight": (WIDTH,)}
    if rows:
        shapes["lm_head.weight"] = (rows, WIDTH)
    side = Side(Reader(anatomy_of(shapes_of(shapes), {})), tuple(range(TOKENS)))
    assert side.head_role is role
