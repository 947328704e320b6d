"""Which seed may a check share with earlier ones of the same cache, so that a base is read once?

A seed decides which rows are looked at, so whoever uploads a model must not know it beforehand.
Rows of a base that the cache holds were drawn by a seed that this user's own earlier check took
from the system; it lies in a file that only this user may read. What ends its secrecy is a card,
which prints it. A seed is therefore shared for a day and a number of checks at most, and never in
a CI job, whose cards are shown to whoever uploads. After a card was given away, ``--fresh-seed``
draws anew and replaces the seed that is kept.
"""

from __future__ import annotations

import json
import os
import secrets
import stat
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from hubcheck.frozen import frozen
from hubcheck.system import open_for_reading

SEED_BITS: Final = 32
"""Four billion draws are more than anyone can prepare a copy for, and short to type."""
LONGEST: Final = 24 * 3600
"""Seconds for which a seed is shared: a day's work on one base."""
MOST_CHECKS: Final = 256
"""Checks that share a seed: a base against every model that claims it."""

_NAME: Final = "draw.json"
_FIELDS: Final = ("seed", "made", "checks")
"""The seed, the second in which it was drawn, and how many checks took it."""
_CI: Final = ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "JENKINS_URL", "TF_BUILD", "BUILDKITE")
"""Variables of CI systems; most set ``CI``."""


@frozen
class ChosenSeed:
    """The seed of a check, and where it comes from."""

    seed: int
    checks: int
    """Checks that took it, this one included."""
    why_fresh: str = ""
    """Why it is shared with no earlier check, in words; empty when it is."""

    @property
    def sentence(self) -> str:
        """What the user is told."""
        if self.why_fresh:
            return f"seed {self.seed} is fresh: {self.why_fresh}"
        return (
            f"seed {self.seed} is shared with {self.checks - 1} earlier checks of this cache; "
            "if a card of theirs was given away, use --fresh-seed"
        )


def fresh_seed() -> int:
    """Return a seed that nobody can know."""
    return secrets.randbits(SEED_BITS)


def shared_seed(
    folder: Path,
    *,
    now: Callable[[], float],
    environment: Mapping[str, str],
    draw: Callable[[], int] = fresh_seed,
    renew: bool = False,
) -> ChosenSeed:
    """Return the seed that a cache keeps, or a new one, which it then keeps.

    Args:
        folder: The cache.
        now: Seconds since the epoch.
        environment: Variables of the process; those of a CI system end all sharing.
        draw: Draws a seed.
        renew: Whether a new one is asked for.
    """
    if any(environment.get(name, "").lower() not in ("", "0", "false") for name in _CI):
        return ChosenSeed(seed=draw(), checks=1, why_fresh="a CI job shows its cards")
    place = folder / _NAME
    kept, why = _kept(place, now()) if not renew else (None, "a fresh seed was asked for")
    if kept is None:
        seed, made, checks = draw(), int(now()), 1
    else:
        seed, made, checks = kept[0], kept[1], kept[2] + 1
    if not _keep(place, {"seed": seed, "made": made, "checks": checks}):
        why = why or "the cache cannot be written"
    return ChosenSeed(seed=seed, checks=checks, why_fresh=why)


def _kept(place: Path, now: float) -> tuple[tuple[int, int, int] | None, str]:
    """Return (seed, when it was made, checks) of a seed that may be shared, or why there is none.

    The file is opened once and judged by what was opened; a link is not followed.
    """
    try:
        descriptor = open_for_reading(place)
    except FileNotFoundError:
        return None, "the cache keeps no seed yet"
    except OSError:
        return None, "the kept seed cannot be read"
    with os.fdopen(descriptor, "rb") as file:
        if not _private(os.fstat(file.fileno()), place.parent):
            return None, "others may read or replace the kept seed"
        text = file.read(1000)
    seed = made = checks = -1
    try:
        known = json.loads(text)
        values = [known[key] for key in _FIELDS]
    except (ValueError, KeyError, TypeError, RecursionError):
        values = []
    numbers = [n for n in values if type(n) is int]
    if len(numbers) < len(_FIELDS) or not 0 <= numbers[0] < 2**SEED_BITS:
        return None, "the kept seed is damaged"
    seed, made, checks = numbers
    if not 0 <= now - made < LONGEST:
        return None, "the kept seed is a day old"
    if checks >= MOST_CHECKS:
        return None, f"the kept seed served {MOST_CHECKS} checks"
    return (seed, made, checks), ""


def _private(status: os.stat_result, folder: Path) -> bool:
    """Return whether a file is this user's alone, in a folder that nobody else may write.

    A system without such rights cannot show it, and nothing is shared there.
    """
    if not hasattr(os, "geteuid"):
        return False
    own = os.geteuid()
    try:
        above = folder.stat()
    except OSError:
        return False
    others_read = stat.S_IRWXG | stat.S_IRWXO
    others_write = stat.S_IWGRP | stat.S_IWOTH
    return (
        stat.S_ISREG(status.st_mode)
        and status.st_uid == own
        and not status.st_mode & others_read
        and above.st_uid == own
        and not above.st_mode & others_write
    )


def _keep(place: Path, values: Mapping[str, int]) -> bool:
    """Write the seed for this user alone, whole or not at all; return whether that worked.

    Checks side by side may count one less: the last one writes. The first check of a cache takes
    its seed before anything else is kept there, so the folder may be missing.
    """
    temporary = place.with_name(f".new-{os.urandom(12).hex()}")
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(json.dumps(dict(values)).encode("ascii"))
        temporary.replace(place)
    except OSError:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        return False
    return True
