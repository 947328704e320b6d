"""Tests that the page of attacks is what is run."""

from __future__ import annotations

from tests.attacks.registry import PAGE, every_attack, page


def test_the_page_is_what_is_registered() -> None:
    """Written by ``python -m tests.attacks.page``; no name twice, no empty cell."""
    found = every_attack()
    assert PAGE.read_text(encoding="utf-8") == page()
    assert len({(a.surface, a.name) for a in found}) == len(found)
    assert all(a.name and a.before and a.now and "|" not in a.name + a.now for a in found)


def test_there_are_at_least_sixty() -> None:
    """The number that was asked for."""
    assert len(every_attack()) >= 60
