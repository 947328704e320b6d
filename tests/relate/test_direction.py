"""Is a direction given only where one side has lost something?"""

from __future__ import annotations

import pytest

from hubcheck.relate.direction import UNDETERMINED, direction_from_layers


def test_repeated_layers_make_the_longer_model_the_later() -> None:
    """Layers of the base that stand in the subject twice were copied there."""
    found = direction_from_layers(4, 6, {0: 0, 1: 1, 2: 2, 3: 1, 4: 2, 5: 3}, ())
    assert found.value == "base-to-subject"
    assert "(1, 2)" in found.reason


def test_a_layer_that_is_gone_makes_the_shorter_model_the_later() -> None:
    """All layers of the subject come from the base, and one of the base from nowhere."""
    assert direction_from_layers(4, 3, {0: 0, 1: 1, 2: 3}, (2,)).value == "base-to-subject"
    assert direction_from_layers(3, 4, {0: 0, 1: 1, 3: 2}, ()).value == "subject-to-base"


@pytest.mark.parametrize(
    ("sizes", "base_of", "missing"),
    [
        ((4, 3), {0: 0, 1: 1}, (2,)),
        ((4, 3), {0: 0, 1: 1, 2: 3}, ()),
        ((3, 4), {0: 0, 1: 1}, (2,)),
        ((4, 3), {0: 0, 1: 0, 2: 1}, (2, 3)),
    ],
)
def test_what_was_not_seen_decides_nothing(
    sizes: tuple[int, int], base_of: dict[int, int], missing: tuple[int, ...]
) -> None:
    """Layers without an origin, layers not looked for and repeats in a shorter model stay open."""
    assert direction_from_layers(*sizes, base_of, missing) is UNDETERMINED
