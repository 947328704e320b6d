"""Which attacks are run, on what, and what came of each before and what comes of it now?

Every test of an attack says so with ``attack``; a table of them hands its rows to ``attacks``.
``docs/attacks.md`` is what is registered, and a test holds the page to it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Final, TypeVar

Test = TypeVar("Test", bound=Callable[..., object])

SURFACES: Final = {
    "gate": "The required gate on GitHub",
    "action": "The Action",
    "check": "`hubcheck check`, from a hostile model",
    "base": "A base that is not what it seems",
    "replay": "`hubcheck replay`",
    "publish": "`hubcheck publish` and the comment",
    "serve": "`hubcheck serve`",
    "trouble": "Ordinary trouble that looked like a fault",
}
"""What is attacked, in the order of the page."""
PAGE: Final = Path(__file__).parents[2] / "docs" / "attacks.md"


@dataclass(frozen=True, slots=True, order=True)
class Attack:
    """One attack and what came of it."""

    surface: str
    name: str
    before: str
    """What came of it when it was first tried."""
    now: str


ATTACKS: Final[list[Attack]] = []


def attacks(surface: str, *rows: tuple[str, str, str]) -> None:
    """Register the rows of a table: name, before, now."""
    for name, before, now in rows:
        _register(Attack(surface, name, before, now))


def attack(surface: str, name: str, *, before: str, now: str) -> Callable[[Test], Test]:
    """Register the attack that a test makes."""
    _register(Attack(surface, name, before, now))
    return lambda test: test


def _register(one: Attack) -> None:
    if one.surface not in SURFACES:
        raise ValueError(one.surface)
    if one not in ATTACKS:
        ATTACKS.append(one)


def every_attack() -> list[Attack]:
    """Return what all modules of this folder register."""
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        import_module(f"tests.attacks.{path.stem}")
    return list(ATTACKS)


def page() -> str:
    """Return the page of all attacks."""
    found = every_attack()
    lines = [
        "# Attacks",
        "",
        (
            "*In plain words.* Somebody may want a false card: a copy that passes, a stranger that is "
            "accused, a secret of the machine that checks. Everything below was tried, by a test that "
            "still tries it, and the page says what came of it then and what comes of it now."
        ),
        "",
        (
            "Made by `python -m tests.attacks.page` from the tests in `tests/attacks/`, which run in "
            "CI against the real Action, gate, server and commands, with a GitHub and a Hub of this "
            f"machine. {len(found)} attacks. *Before* is what came of it before "
            "anything was done against it, `-` where it was not tried then; *now* is what its test holds."
        ),
    ]
    for surface, title in SURFACES.items():
        rows = sorted(a for a in found if a.surface == surface)
        if rows:
            lines += ["", f"## {title}", "", "| attack | before | now |", "|---|---|---|"]
            lines += [f"| {a.name} | {a.before} | {a.now} |" for a in rows]
    return "\n".join(lines) + "\n"
