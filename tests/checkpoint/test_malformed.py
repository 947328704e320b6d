"""Is every malformed checkpoint refused with the right error and a message that helps?"""

from __future__ import annotations

import re

import pytest

from hubcheck.checkpoint.safetensors import open_safetensors
from hubcheck.errors import ExitCode
from tests.checkpoint.malformed import Malformed, malformed
from tests.memory_source import MemorySource

CASES = malformed()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_malformed_checkpoint_is_refused_with_its_reason(case: Malformed) -> None:
    """Each case ends in exactly its error, names the offence, a cause and a next step."""
    with pytest.raises(case.error) as caught:
        open_safetensors(MemorySource(case.files, sizes=case.sizes))
    assert type(caught.value) is case.error
    assert case.word in str(caught.value)
    assert caught.value.cause
    assert caught.value.next_step
    assert caught.value.exit_code is ExitCode.UNREADABLE


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_refusal_is_one_line_of_printable_text_of_bounded_length(case: Malformed) -> None:
    """No hostile value can move the cursor, break the line or flood the log."""
    with pytest.raises(case.error) as caught:
        open_safetensors(MemorySource(case.files, sizes=case.sizes))
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 800
    assert re.fullmatch(r".*[.!]", str(caught.value))


def test_the_table_is_large_and_names_are_unique() -> None:
    """There are at least forty cases, each with its own name."""
    names = [case.name for case in CASES]
    assert len(names) >= 40
    assert len(set(names)) == len(names)
