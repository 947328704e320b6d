"""Escaping: text from a repository stays text, in every medium."""

from __future__ import annotations

import json
import unicodedata

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.card import escaping
from tests.card.payloads import PAYLOADS
from tests.card.rendered import LATE_FILTERS, html_page, markdown_page, seen

SIGNS = "<>&|`*_[]()!$~\\@#^:-+=./ \n\r\t'\"{}%"
WORDS = "\u202e|\u200b|\x1b[|www.|http://|::|##[|1.|a|B|é|ש|GH-1|#1|@a|&#64;|&lt;|<b>|```|\\"
PIECES = st.sampled_from([*SIGNS, *WORDS.split("|"), "\\|"])
HOSTILE = st.one_of(
    st.text(max_size=60),
    st.lists(PIECES, max_size=25).map("".join),
    st.sampled_from(PAYLOADS),
)
SAFE = st.text(alphabet="abcXYZ019 ,.-/", max_size=40).map(lambda t: " ".join(t.split()))

TABLE = ["table", "thead", "tr", "th", "th", "tbody", "tr", "td", "td"]
CONTEXTS = {
    "paragraph": ("{}", ["p"], "{}"),
    "sentence": ("see {} here", ["p"], "see {} here"),
    "strong": ("**see {} here**", ["p", "strong"], "see {} here"),
    "heading": ("### see {} here", ["h3"], "see {} here"),
    "item": ("- {}", ["ul", "li"], "{}"),
    "cell": ("| a | b |\n|---|---|\n| {} | end |", TABLE, "a b {} end"),
}
"""Places of untrusted text: the source, the elements it renders to, the text that is seen."""


def shown_as(text: str) -> str:
    """Return what a reader must see: nothing at all is said to be empty."""
    return escaping.visible(text) or escaping.EMPTY


def check_is_only_text(context: str, text: str) -> None:
    """Assert that ``text``, escaped and rendered in its place, is that text and nothing else."""
    template, expected, around = CONTEXTS[context]
    page = markdown_page(template.format(escaping.markdown_text(text)))
    assert [tag for tag in page.tags if tag != "code"] == expected
    assert not page.attributes
    assert not page.declarations
    assert not LATE_FILTERS.search(page.prose)
    assert seen(page.text) == seen(around.format(shown_as(text)))


@pytest.mark.parametrize("context", sorted(CONTEXTS))
@pytest.mark.parametrize("text", PAYLOADS, ids=range(len(PAYLOADS)))
def test_known_attacks_are_only_text(context: str, text: str) -> None:
    """Each known attack, in each place, renders as its own text."""
    check_is_only_text(context, text)


@pytest.mark.parametrize("context", sorted(CONTEXTS))
@given(text=HOSTILE)
def test_markdown_text_is_only_text(context: str, text: str) -> None:
    """Any text rendered in any place gives that text, no element but code, nothing to act on."""
    check_is_only_text(context, text)


@pytest.mark.parametrize("context", ["sentence", "cell"])
@given(text=HOSTILE)
def test_markdown_code_is_one_code_element(context: str, text: str) -> None:
    """Any name rendered as code is one code element with that name, inside a table too."""
    template, expected, around = CONTEXTS[context]
    page = markdown_page(template.format(escaping.markdown_code(text)))
    assert [tag for tag in page.tags if tag != "code"] == expected
    assert page.tags.count("code") == 1
    assert not page.attributes
    assert not LATE_FILTERS.search(page.prose)
    assert seen(page.text) == seen(around.format(shown_as(text)))


@given(text=HOSTILE)
def test_code_element_survives_without_markdown(text: str) -> None:
    """A code element shows its text where only HTML is parsed."""
    page = html_page(escaping.code_element(text))
    assert set(page.tags) <= {"code"}
    assert seen(page.text) == seen(shown_as(text))


@given(text=HOSTILE)
def test_html_text_and_attribute(text: str) -> None:
    """Text in HTML, between tags or in quotes, is read back as that text and nothing else."""
    shown = shown_as(text)
    page = html_page(f"<p>{escaping.html_text(text)}</p>")
    assert page.tags == ["p"]
    assert page.text == shown
    page = html_page(f'<p title="{escaping.html_attribute(text)}">x</p>')
    assert page.attributes == [("p", "title", shown)]
    assert page.text == "x"


@given(text=HOSTILE)
def test_plain_text_is_one_printable_line(text: str) -> None:
    """A terminal gets one line: no control, no escape code, no workflow command."""
    line = escaping.plain_text(text)
    bare = line.strip(escaping.FIRST_STRONG_ISOLATE + escaping.POP_ISOLATE)
    assert bare.isprintable()
    assert "::" not in line
    assert "##[" not in line


@given(text=HOSTILE, limit=st.integers(min_value=1, max_value=200))
def test_visible_is_bounded_and_stable(text: str, limit: int) -> None:
    """The normal form is never longer than its limit, and is its own normal form."""
    shown = escaping.visible(text, limit=limit)
    assert len(shown) <= limit
    assert escaping.visible(shown, limit=limit) == shown
    assert all(unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} for c in shown)


@given(text=SAFE)
def test_safe_text_is_left_alone(text: str) -> None:
    """Text without any special sign comes out as it went in, however often it is escaped."""
    if text.endswith((".", "-")) or text.startswith(("-", ".")) or text[:1].isdigit():
        text = f"a{text}b"
    text = text or "a"
    assert escaping.markdown_text(text) == text
    assert escaping.markdown_text(escaping.markdown_text(text)) == text
    assert escaping.html_text(text) == text
    assert escaping.plain_text(text) == text


@given(lines=st.lists(HOSTILE.filter(bool), min_size=1, max_size=4))
def test_fenced_lines_stay_inside_their_fence(lines: list[str]) -> None:
    """No line closes its block, and each is read back as its plain text."""
    rendered = tuple(escaping.code_line(line) for line in lines)
    fence = escaping.fence_for(rendered)
    page = markdown_page("\n".join((f"{fence}text", *rendered, fence, "", "after")))
    assert page.tags == ["pre", "code", "p"]
    assert page.text == "\n".join((*rendered, "\nafter\n"))


@pytest.mark.parametrize("line", ["```", "````", "~~~", "`" * 100])
def test_a_line_of_backticks_does_not_end_its_block(line: str) -> None:
    """A line that is nothing but a fence stays inside a longer one."""
    fence = escaping.fence_for((line,))
    page = markdown_page(f"{fence}text\n{line}\n{fence}\n\nafter")
    assert page.tags == ["pre", "code", "p"]


@given(text=HOSTILE)
def test_yaml_value_is_one_scalar(text: str) -> None:
    """A name proposed for a card's header is read back as that one name."""
    shown = shown_as(text)
    assert yaml.safe_load(f"base_model: {escaping.yaml_value(text)}") == {"base_model": shown}


@pytest.mark.parametrize("code", range(128))
def test_a_plain_letter_needs_no_closer_look(code: int) -> None:
    """What is printed as it stands is what looking at each letter would have given."""
    letter = chr(code)
    seen = "".join(f"\\x{code:02x}" if not letter.isprintable() else letter)
    expected = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}.get(letter, seen)
    assert escaping._every_letter_seen(f"a{letter}b") == f"a{expected}b"


@given(text=HOSTILE)
def test_visible_is_valid_utf_8(text: str) -> None:
    """Whatever the input, a card can be written as UTF-8 and put into JSON."""
    shown = escaping.visible(text)
    assert json.loads(json.dumps(shown.encode("utf-8").decode("utf-8"))) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u202eb", "a\\u202eb"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("one\n two", "one two"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("a\u3164b", "a\\u3164b"),
        ("\ud800", "\\ud800"),
        ("e\u0301\u0302\u0303", "e\u0301\u0302\\u0303"),
        ("naïve 模型", "naïve 模型"),
        ("a\ufe0fb\U000e0100", "a\\ufe0fb\\U000e0100"),
    ],
)
def test_what_is_hidden_is_shown(text: str, shown: str) -> None:
    """What could not be seen is written out; what can be seen stays."""
    assert shown_as(text) == shown


def test_long_text_is_cut_with_a_mark() -> None:
    """A cut text says that it was cut, however long it was."""
    assert escaping.visible("a" * 50, limit=10) == "a" * 9 + "…"
    assert escaping.visible(" " * 10_000_000 + "x") == "…"


def test_a_name_is_plain_backticks_where_it_can_be() -> None:
    """An honest name, commit or command stays readable in the source of the card."""
    assert escaping.markdown_code("acme/base-7b@1a2b3c4") == "`acme/base-7b@1a2b3c4`"
    assert escaping.markdown_text("README.md line 4") == "README.md line 4"
    assert escaping.markdown_text("07:00:00, 0.1.0, --suspect") == "07:00:00, 0.1.0, --suspect"
