"""Who may deliver, for which models, and how often?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.serve import admission
from hubcheck.serve.admission import Rate, RatePerRepository, Secrets, is_listed


def test_both_secrets_open_while_one_is_replaced() -> None:
    """The present and the previous secret are taken, an empty one never."""
    secrets = Secrets(present="present-secret-16", previous="previous-secret-16")
    assert secrets.admit("present-secret-16")
    assert secrets.admit("previous-secret-16")
    assert not secrets.admit("")
    assert not secrets.admit(None)
    assert not Secrets(present="present-secret-16").admit("")


@given(st.text())
def test_nothing_else_opens(given_text: str) -> None:
    """Any other text is refused, odd characters included."""
    assert not Secrets(present="present-secret-16").admit(given_text)


def test_secrets_are_not_shown() -> None:
    """A representation that lands in a log holds no secret."""
    assert "present" not in repr(Secrets(present="x-present-secret", previous="y-present-secret"))


@pytest.mark.parametrize(
    ("repo", "patterns", "listed"),
    [
        ("acme/model", ("acme/model",), True),
        ("Acme/Model", ("acme/model",), True),
        ("acme/model", ("acme/*",), True),
        ("acme-evil/model", ("acme/*",), False),
        ("evil/acme", ("acme/*",), False),
        ("acme/model", ("*/*",), True),
        ("acme/model-7b", ("acme/model", "acme/*-7b"), True),
        ("gpt2", ("acme/*",), False),
        ("acme/model", (), False),
    ],
)
def test_the_allow_list(repo: str, patterns: tuple[str, ...], listed: bool) -> None:
    """A star stays within its part, and capitals do not matter."""
    assert is_listed(repo, patterns) is listed


def test_a_bucket_empties_and_fills() -> None:
    """A burst passes, the next has to wait for exactly as long as it is told."""
    now = [0.0]
    rate = Rate(burst=2, per_second=0.5, clock=lambda: now[0])
    assert [rate.take(), rate.take(), rate.take()] == [0.0, 0.0, 2.0]
    now[0] = 1.9
    assert rate.take() == pytest.approx(0.1)
    now[0] = 2.1
    assert rate.take() == 0.0


def test_repositories_do_not_share_a_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy model does not silence another, and only so many are remembered."""
    monkeypatch.setattr(admission, "MAX_REPOSITORIES", 2)
    rates = RatePerRepository(burst=1, per_hour=1, clock=lambda: 0.0)
    assert rates.take("a/x") == 0.0
    assert rates.take("A/X") > 0
    assert rates.take("b/x") == 0.0
    assert rates.take("c/x") == 0.0
    assert rates.take("a/x") == 0.0  # forgotten: the one that was quiet for longest
