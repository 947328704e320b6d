"""A section gets into a README, and nothing else about the file changes."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.errors import HubcheckError
from hubcheck.publish.model_card import (
    END,
    START,
    CardRefusedError,
    current_section,
    with_section,
)
from hubcheck.publish.readme_layout import read_layout
from tests.card.rendered import markdown_page
from tests.publish.readmes import OLD, REFUSED, SHAPES

SECTION: Final = "## Provenance\n\n| base | verdict |\n|---|---|\n| a | related |\n\n`x` - Größe"
OTHER: Final = "short"

LINES: Final = st.lists(
    st.sampled_from(
        (
            *("", "text", "---", "```", "~~~", "````md", "> ```", "- ```", "    code", "<!-- a"),
            *("-->", START, END, "<pre>", "</pre>", "- item", "  x", "# head", "ключ: 'x' # y"),
        )
    ),
    max_size=14,
)
NEWLINES: Final = st.sampled_from(["\n", "\r\n", "\r"])


def difference(before: bytes, after: bytes) -> tuple[bytes, bytes]:
    """Return the one stretch of ``before`` that is gone and the one of ``after`` that is new."""
    shortest = min(len(before), len(after))
    head = next((i for i in range(shortest) if before[i] != after[i]), shortest)
    rest = shortest - head
    tail = next((i for i in range(rest) if before[-1 - i] != after[-1 - i]), rest)
    return before[head : len(before) - tail], after[head : len(after) - tail]


def check_outside(before: bytes, after: bytes) -> None:
    """Check that nothing but the text between the markers differs."""
    gone, new = difference(before, after)
    old = current_section(before)
    if old is None:
        assert gone == b""
        block = len(f"{START}\n\n{SECTION}\n\n{END}\n".encode())
        newlines = SECTION.count("\n") + 6
        assert block <= len(new) <= block + 2 * newlines
    else:
        text = gone.replace(b"\r\n", b"\n").replace(b"\r", b"\n").strip()
        assert text in old.encode()


@pytest.mark.parametrize("name", SHAPES)
def test_every_byte_outside_the_markers_stays(name: str) -> None:
    """In every shape the old bytes are all there, in order, around one section."""
    before = SHAPES[name]
    after = with_section(before, SECTION)
    check_outside(before, after)
    for part in before.replace(OLD, b"\0").split(b"\0") if name == "a section" else ():
        assert part in after


@pytest.mark.parametrize("name", SHAPES)
def test_again_changes_nothing_and_another_section_replaces_it(name: str) -> None:
    """The edit is idempotent, and a later section leaves the same bytes outside."""
    once = with_section(SHAPES[name], SECTION)
    assert with_section(once, SECTION) == once
    assert current_section(once) == SECTION
    other = with_section(once, OTHER)
    assert current_section(other) == OTHER
    assert with_section(other, SECTION) == once


@pytest.mark.parametrize("name", SHAPES)
def test_the_section_is_read_as_markdown(name: str) -> None:
    """Whatever the file ends in, the section renders as a heading and a table, not as code."""
    page = markdown_page(with_section(SHAPES[name], SECTION).decode().replace("\x00", ""))
    assert "Provenance" in page.text
    assert page.tags.count("table") == SHAPES[name].count(b"|---|") + 1


@pytest.mark.parametrize("name", REFUSED)
def test_a_doubtful_file_is_left_alone(name: str) -> None:
    """Half, doubled, swapped or damaged markers and other encodings are refused, and it says why."""
    readme, words = REFUSED[name]
    with pytest.raises(CardRefusedError) as raised:
        with_section(readme, SECTION)
    assert words in raised.value.what
    assert "left as it is" in raised.value.what
    assert raised.value.next_step
    assert isinstance(raised.value, HubcheckError)


@pytest.mark.parametrize("name", SHAPES)
def test_a_section_is_seen_where_there_is_one(name: str) -> None:
    """Real markers are found, behind a list's open fence too; shown ones are not."""
    expected = "old text" if name.startswith("a section") else None
    empty = name == "a section with nothing in it"
    found = current_section(SHAPES[name])
    assert (found if found is None else found.strip()) == ("" if empty else expected)


def test_windows_newlines_are_kept_inside_the_section() -> None:
    """A file with CRLF has no bare newline afterwards."""
    after = with_section(b"# Model\r\n", SECTION)
    assert after.count(b"\n") == after.count(b"\r\n")


def test_the_owner_may_move_the_section() -> None:
    """The section stays where its markers were moved to."""
    after = with_section(b"# Model\n\n" + OLD + b"\n## Use\n", OTHER)
    assert after.index(b"short") < after.index(b"## Use")


def test_an_open_end_puts_the_section_on_top() -> None:
    """Behind an unclosed fence nothing would be read, so the section goes below the front matter."""
    after = with_section(SHAPES["fence never closed"], OTHER)
    assert after.index(b"license") < after.index(b"short") < after.index(b"# Model")


def test_a_section_that_holds_a_marker_is_a_fault_of_ours() -> None:
    """Text that would break the next edit is never written."""
    with pytest.raises(ValueError, match="marker of its own"):
        with_section(b"", f"text\n{END}\n")


@given(lines=LINES, newline=NEWLINES, last=st.booleans())
def test_any_file_is_refused_or_edited_cleanly(lines: list[str], newline: str, last: bool) -> None:
    """For any mixture of fences, comments, rules and markers: refused, or all promises hold."""
    before = (newline.join(lines) + (newline if last else "")).encode()
    try:
        once = with_section(before, SECTION)
    except CardRefusedError:
        return
    assert with_section(once, SECTION) == once
    assert current_section(once) == SECTION
    assert with_section(with_section(once, OTHER), SECTION) == once
    assert "table" in markdown_page(once[read_layout(once).body :].decode()).tags
    check_outside(before, once)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_or_kept(data: bytes) -> None:
    """No input raises anything but a refusal, and accepted bytes are all still there."""
    try:
        after = with_section(data, OTHER)
    except CardRefusedError:
        return
    position = 0
    for byte in data:
        position = after.index(bytes([byte]), position) + 1
