"""What the card's YAML block says, on which line, and what it may not do."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.candidates.documents import CARD_LIMIT, Absent, Malformed
from hubcheck.candidates.front_matter import (
    FrontMatter,
    parse_front_matter,
    read_card,
)
from hubcheck.card.wording import words
from tests.memory_source import MemorySource

BASE = "acme/base-7b"

WELL_FORMED = {
    "plain": (b"---\nbase_model: acme/base-7b\n---\ntext\n", BASE, 2),
    "byte order mark": (b"\xef\xbb\xbf---\nbase_model: acme/base-7b\n---\n", BASE, 2),
    "carriage returns": (b"---\r\nlicense: mit\r\nbase_model: acme/base-7b\r\n---\r\n", BASE, 3),
    "old mac line ends": (b"---\rlicense: mit\rbase_model: acme/base-7b\r---\r", BASE, 3),
    "mark and carriage returns": (
        b"\xef\xbb\xbf---\r\nbase_model: acme/base-7b\r\n---\r\n",
        BASE,
        2,
    ),
    "leading blank lines": (b"\n  \n---\nbase_model: acme/base-7b\n---\n", BASE, 4),
    "spaces behind the fence": (b"---  \nbase_model: acme/base-7b\n--- \n", BASE, 2),
    "no newline at the end": (b"---\nbase_model: acme/base-7b\n---", BASE, 2),
    "comments": (b"---\n# about\nbase_model: acme/base-7b  # the base\n---\n", BASE, 3),
    "double quotes": (b'---\nbase_model: "acme/base-7b"\n---\n', BASE, 2),
    "single quotes": (b"---\nbase_model: 'acme/base-7b'\n---\n", BASE, 2),
    "folded onto the next line": (b"---\nbase_model:\n  acme/base-7b\n---\n", BASE, 3),
    "block scalar": (b"---\nbase_model: >-\n  acme/base-7b\n---\n", BASE, 2),
    "trailing spaces": (b"---\nbase_model: acme/base-7b   \n---\n", BASE, 2),
    "list": (b"---\nbase_model:\n- acme/base-7b\n---\n", [BASE], 3),
    "indented list": (b"---\nbase_model:\n    - acme/base-7b\n---\n", [BASE], 3),
    "flow list": (b"---\nbase_model: [acme/base-7b]\n---\n", [BASE], 2),
    "flow list over lines": (b"---\nbase_model: [\n  acme/base-7b\n]\n---\n", [BASE], 3),
    "flow mapping": (b"---\n{base_model: acme/base-7b}\n---\n", BASE, 2),
    "quoted key": (b"---\n'base_model': acme/base-7b\n---\n", BASE, 2),
    "rule in the text below": (b"---\nbase_model: acme/base-7b\n---\na\n---\nb\n", BASE, 2),
    "fence in the text below": (
        b"---\nbase_model: acme/base-7b\n---\n```yaml\n---\nbase_model: x/y\n---\n```\n",
        BASE,
        2,
    ),
    "explicit tag": (b"---\nbase_model: !!str 7\n---\n", "7", 2),
    "number": (b"---\nbase_model: 7\n---\n", 7, 2),
    "float": (b"---\nbase_model: 1.10\n---\n", 1.1, 2),
    "nothing": (b"---\nbase_model:\n---\n", None, 2),
    "truth value": (b"---\nbase_model: yes\n---\n", True, 2),
    "date stays text": (b"---\nbase_model: 2024-13-45\n---\n", "2024-13-45", 2),
    "mapping": (b"---\nbase_model:\n  name: a/b\n---\n", {"name": "a/b"}, 3),
    "python tag is text": (b"---\nbase_model: !!python/name:os.system x\n---\n", "x", 2),
    "alias of a scalar": (b"---\nx: &a acme/base-7b\nbase_model: *a\n---\n", BASE, 3),
    "unicode": ("---\ntitle: 模型 🤗\nbase_model: é/ü\n---\n".encode(), "é/ü", 3),
    "odd line separator": ("---\nt: 'a\u2028b'\nbase_model: acme/base-7b\n---\n".encode(), BASE, 3),
}


@pytest.mark.parametrize("shape", WELL_FORMED)
def test_value_and_line_are_found_in_every_published_shape(shape: str) -> None:
    """A well-formed card gives the value of base_model and the line a person would look at."""
    data, value, line = WELL_FORMED[shape]
    card = parse_front_matter(data)
    assert isinstance(card, FrontMatter)
    assert card.fields["base_model"].value == value
    assert card.fields["base_model"].line == line


NO_BLOCK = {
    "empty file": b"",
    "blank file": b"\n \n",
    "text only": b"# A model\nbase_model: a/b\n",
    "block not in front": b"# A model\n---\nbase_model: a/b\n---\n",
    "block in a code fence": b"```yaml\n---\nbase_model: a/b\n---\n```\n",
    "four dashes": b"----\nbase_model: a/b\n----\n",
    "indented block": b"    ---\n    base_model: a/b\n    ---\n",
}


@pytest.mark.parametrize("shape", NO_BLOCK)
def test_card_without_a_block_is_absent(shape: str) -> None:
    """A card whose first line with text is not --- has no front matter, which is no error."""
    assert parse_front_matter(NO_BLOCK[shape]) == Absent()


MALFORMED = {
    "unterminated": (b"---\nbase_model: a/b\n", "no closing ---"),
    "broken flow": (b"---\nbase_model: [a/b\n---\n", "README.md: line 3"),
    "tab indent": (b"---\nbase_model:\n\t- a/b\n---\n", "README.md: line 3"),
    "list on top": (b"---\n- a/b\n---\n", "not a mapping"),
    "text on top": (b"---\njust text\n---\n", "not a mapping"),
    "two documents": (b"---\na: 1\n--- b\n---\n", "more than one document"),
    "alias of a list": (b"---\na: &a [x]\nb: *a\n---\n", "alias *a of a collection"),
    "alias of itself": (b"---\na: &a [*a]\n---\n", "alias *a of a collection"),
    "undefined alias": (b"---\na: *b\n---\n", "alias *b"),
    "collection as key": (b"---\n? [a, b]\n: c\n---\n", "a key is a collection"),
    "control character": (b"---\na: \x00\n---\n", "characters are not allowed"),
    "deep nesting": (b"---\na: " + b"[" * 1000 + b"]" * 1000 + b"\n---\n", "nested deeper than 32"),
    "not utf-8": (b"---\na: \xff\n---\n", "not UTF-8 (byte 7)"),
    "utf-16": ("---\na: b\n---\n".encode("utf-16"), "not UTF-8 (byte 0)"),
}


@pytest.mark.parametrize("shape", MALFORMED)
def test_unusable_block_is_a_value_with_a_reason(shape: str) -> None:
    """A block that is not a plain YAML mapping gives the reason, and never an exception."""
    data, reason = MALFORMED[shape]
    card = parse_front_matter(data)
    assert isinstance(card, Malformed)
    assert reason in words(card.said)


def test_alias_bomb_costs_nothing() -> None:
    """Nested aliases are refused at the first alias of a list, before anything is expanded."""
    names = "abcdefghij"
    rows = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    rows += [f"{n}: &{n} [{', '.join(['*' + p] * 9)}]" for p, n in pairwise(names)]
    assert isinstance(parse_front_matter("\n".join(["---", *rows, "---"]).encode()), Malformed)


def test_every_item_of_a_list_has_its_own_line() -> None:
    """The items of a block list carry the lines they stand on, comments between them counted."""
    card = parse_front_matter(b"---\nbase_model:\n- a/b\n# no\n- c/d\n---\n")
    assert isinstance(card, FrontMatter)
    assert card.fields["base_model"].item_lines == (3, 5)


def test_repeated_key_is_told_and_the_last_stands() -> None:
    """A key written twice is named, and its last value is the one every loader would use."""
    card = parse_front_matter(b"---\nbase_model: a/b\nbase_model: c/d\n---\n")
    assert isinstance(card, FrontMatter)
    assert card.duplicates == ("base_model",)
    assert card.fields["base_model"].value == "c/d"
    assert card.fields["base_model"].line == 3


def test_nested_keys_are_not_taken_for_top_level_ones() -> None:
    """A base_model inside another mapping or list is not a declaration."""
    card = parse_front_matter(b"---\nx:\n  base_model: a/b\ny:\n- base_model: c/d\n---\n")
    assert isinstance(card, FrontMatter)
    assert set(card.fields) == {"x", "y"}


def test_missing_and_oversized_cards_are_values() -> None:
    """No README.md is Absent; one over 5 MB is Malformed and is not read."""
    card, lines = read_card(MemorySource({}))
    assert isinstance(card, Absent)
    assert lines == []
    huge = MemorySource({"README.md": b"---\n"}, sizes={"README.md": CARD_LIMIT + 1})
    card, lines = read_card(huge)
    assert isinstance(card, Malformed)
    assert "5000001 bytes" in words(card.said)
    assert lines == []
    assert huge.ledger.bytes_read == 0


@given(st.binary(max_size=300))
def test_any_bytes_give_a_value(data: bytes) -> None:
    """No file, however broken, raises."""
    assert isinstance(parse_front_matter(data), (FrontMatter, Absent, Malformed))


YAML_TEXT = st.text(
    alphabet=st.sampled_from("ab:-[]{}&*!|>#'\"%@`,? \n\t0~<=\u2028\x85é\ufeff"), max_size=80
)


@given(YAML_TEXT)
def test_any_yaml_like_text_gives_a_value_with_lines_of_the_file(text: str) -> None:
    """Whatever stands between the fences, lines point into the block and nothing raises."""
    data = f"---\n{text}\n---\n".encode()
    card = parse_front_matter(data)
    if isinstance(card, FrontMatter):
        for found in card.fields.values():
            assert 2 <= found.line <= card.last_line
            assert all(2 <= line <= card.last_line for line in found.item_lines)


@given(
    st.lists(st.sampled_from(["# c", "", "x: 1", "y: [1,\n  2]", "z: |\n  a\n\n  b"]), unique=True)
)
def test_line_number_survives_whatever_stands_above(rows: list[str]) -> None:
    """The reported line, read back from the file, is the line that holds the value."""
    data = "\n".join(["---", *rows, "base_model: acme/base-7b", "---", ""])
    card = parse_front_matter(data.encode())
    assert isinstance(card, FrontMatter)
    assert data.split("\n")[card.fields["base_model"].line - 1] == "base_model: acme/base-7b"
