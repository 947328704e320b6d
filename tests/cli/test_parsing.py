"""Does a command line that cannot be read get an answer that helps?"""

from __future__ import annotations

import pytest

from tests.cli.test_entry import Run, run

__all__ = ["run"]


@pytest.mark.parametrize(
    ("words", "usage", "meant"),
    [
        (("chek", "x"), "usage: hubcheck ", "did you mean 'check'?"),
        (("check", "x", "--suspct", "y"), "usage: hubcheck check ", "did you mean '--suspect'?"),
        (("check", "x", "--depth", "smaple"), "usage: hubcheck check ", "did you mean 'sample'?"),
        (("check", "x", "--repo"), "usage: hubcheck check ", "there is no option --repo\n"),
        (("replay", "x", "--form", "y"), "usage: hubcheck replay ", "did you mean '--from'?"),
        (("check", "x", "y"), "usage: hubcheck check ", "'y' is one argument too many"),
        (("webhook", "delte", "1"), "usage: hubcheck webhook ", "did you mean 'delete'?"),
        (("webhook", "list", "--jsn"), "usage: hubcheck webhook list ", "'--json'?"),
        (("check",), "usage: hubcheck check ", "required: SUBJECT"),
    ],
)
def test_an_error_shows_the_usage_of_its_command_and_what_was_meant(
    run: Run, words: tuple[str, ...], usage: str, meant: str
) -> None:
    """The exit code is 2, and the next step is said."""
    done = run(*words)
    assert done.code == 2
    assert done.err.startswith(usage)
    assert meant in done.err
    assert "--help shows what can be asked" in done.err
    assert done.out == ""
