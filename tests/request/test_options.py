"""Is what is asked of a check written so that a shell and the parser read the same back?"""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.report.words import Depth
from hubcheck.request.options import (
    FAIL_ON,
    NotACheckError,
    Options,
    command_of,
    line_of,
    read_line,
)

TEXT = st.text(min_size=1, max_size=12).filter(lambda t: "\0" not in t)
NAMES = TEXT.filter(lambda t: "=" not in t)
OPTIONS = st.builds(
    Options,
    subject=TEXT,
    bases=st.lists(TEXT, max_size=3).map(tuple),
    suspects=st.lists(st.one_of(TEXT, st.sampled_from(["auto", "files"])), max_size=3).map(tuple),
    depth=st.one_of(st.none(), st.sampled_from(Depth)),
    max_read=st.one_of(st.none(), st.integers(0, 2**53)),
    seed=st.one_of(st.none(), st.integers(0, 2**63 - 1)),
    fail_on=st.one_of(st.none(), st.sampled_from(["none", "undeclared", "-x"])),
    mirrors=st.lists(st.tuples(NAMES, TEXT), max_size=2).map(tuple),
    policy_file=st.one_of(st.just(""), TEXT),
)


@given(OPTIONS)
def test_what_is_written_is_read_back(options: Options) -> None:
    """Whatever is asked for, by whatever names: blanks, quotes, dashes, line breaks."""
    assert read_line(line_of(options)) == options


@given(OPTIONS)
def test_one_line_is_the_words_of_the_command(options: Options) -> None:
    """What a shell makes of the line are the words that a process is started with."""
    assert shlex.split(line_of(options)) == ["hubcheck", *command_of(options)]


def test_what_nobody_said_is_not_written() -> None:
    """A short question is a short command; the default of what fails is not repeated."""
    assert line_of(Options(subject="org/m")) == "hubcheck check org/m"
    assert line_of(Options(subject="org/m", fail_on=FAIL_ON)) == "hubcheck check org/m"
    assert "--fail-on none" in line_of(Options(subject="org/m", fail_on="none"))


def test_the_default_is_written_where_a_policy_file_may_say_otherwise() -> None:
    """An option outranks the file that the same line names; left out, the file would decide."""
    line = line_of(Options(subject="org/m", fail_on=FAIL_ON, policy_file="hubcheck.yml"))
    assert read_line(line).fail_on == FAIL_ON


def test_a_found_list_is_not_written_for_auto() -> None:
    """``auto`` is what was asked for; names that the user gives would be judged as named."""
    assert line_of(Options(subject="m", suspects=("auto",))) == "hubcheck check m --suspect auto"


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    """A line out of a hostile report ends nothing: it is a check or it is refused."""
    for line in (text, f"hubcheck check {text}"):
        try:
            read_line(line)
        except NotACheckError:
            continue


@pytest.mark.parametrize("line", ["hubcheck check -h", "hubcheck check --version", "hubcheck demo"])
def test_a_line_that_would_print_or_do_something_else_is_refused(line: str) -> None:
    """Help and version end a process; they are no check."""
    with pytest.raises(NotACheckError):
        read_line(line)
