"""Where do two reports of one request differ?

The whole of both is compared, field by field; what is not compared is named in one table with its
reason, and ``replay`` prints it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, Final

from hubcheck.evidence.account import SHARES, WHOLE, part_share, price
from hubcheck.frozen import frozen
from hubcheck.report.phrases import PhraseCode
from hubcheck.report.schema import Finding, Report
from hubcheck.report.words import Depth, Verdict

RELATIVE: Final = 1.01e-5
"""By how much numbers with a fraction may differ, as a share of the larger: they are sums of many
products, which another processor's library adds up in another order (``devices.reduction``: 1e-7),
and they are told to six digits, of which a rounding may then fall either way. Counts are exact."""
ROUNDED: Final = 1.01e-4
"""One unit of the fourth decimal, for numbers that the report rounds there: a rounding falls either
way where the sums before it differ in their last bits."""
DECIMALS: Final = 4
NO_BOUND: Final = 1e-9
"""Decades below which a bound is none: what is left of a sum that comes to nothing."""
ABSENT: Final = "(not there)"


class Open(StrEnum):
    """Why a field of a report is not held against a new run; the words are the card's."""

    CLOCK = "clock"
    SHARED_WORK = "shared-work"
    WHICH_HUB = "which-hub"
    REQUESTS = "requests"
    LINE = "line"
    PROPOSED = "proposed"
    """By a search, which is not made again."""
    SEARCH = "search"
    """What it saw is not searched for again."""
    TRIED = "tried"
    READ_BY_SEARCH = "read-by-search"
    CATALOGUE = "catalogue"
    """What a catalogue answered is not asked for again."""
    CHOSEN_AMONG = "chosen-among"
    """The number of families that a catalogue chose among."""
    READ_BY_SKETCH = "read-by-sketch"
    STANDS_FOR = "stands-for"
    """A folder stands for a name of the card."""
    MISSING = "missing"
    ASKED = "asked"
    """Which branch or tag was named."""
    BESIDE = "beside"
    """Files beside the weights may have been written to."""
    ACCEPTED = "accepted"
    NOT_DESCRIBED = "not-described"
    UNKNOWN_FIELD = "unknown-field"
    OLD_SCHEMA = "old-schema"
    OLD_FIELD = "old-field"
    OLD_POWER = "old-power"
    OLD_SHARES = "old-shares"
    """Shares into which units went that were taken for relabelled."""
    OLD_BOUND = "old-bound"
    OLD_DISGUISE = "old-disguise"
    """The disguise test ends where it cannot find anything any more."""


NOT_COMPARED: Final[Mapping[str, Open]] = {
    "started": Open.CLOCK,
    "finished": Open.CLOCK,
    "seconds": Open.CLOCK,
    "processes": Open.SHARED_WORK,
    "coverage.requests": Open.REQUESTS,
    "replay": Open.LINE,
    "public_hub": Open.WHICH_HUB,
}
"""Fields that two honest runs of one request may have different, with the reason."""


@frozen
class Difference:
    """One field that differs; texts are raw JSON of hostile values."""

    path: str
    was: str
    """In the report that was given."""
    now: str
    """In the report made again."""


def differences(given: Report, again: Report) -> tuple[Difference, ...]:
    """Return every field in which two reports differ, in the order of the report.

    Args:
        given: The report that is held against.
        again: The report of the same request, made again.
    """
    return tuple(_walk("", given.model_dump(mode="json"), again.model_dump(mode="json")))


def unknown_fields(raw: object, known: object, path: str = "") -> Iterator[str]:
    """Yield the fields of a report's JSON that this version does not know."""
    if isinstance(raw, dict) and isinstance(known, dict):
        for key, value in raw.items():
            inner = f"{path}.{key}" if path else str(key)
            if key in known:
                yield from unknown_fields(value, known[key], inner)
            else:
                yield inner
    elif isinstance(raw, list) and isinstance(known, list):
        for n, (one, other) in enumerate(zip(raw, known, strict=False)):
            yield from unknown_fields(one, other, f"{path}[{n}]")


def weaker_bounds(given: Report, again: Report) -> Iterator[str]:
    """Yield the bounds of schema 1.0 that are weaker now by no more than the account sets aside.

    Its account was given out to the looks alone: nothing of it was kept for deeper ones, nor for
    the statements about parts. A bound that is stronger now, or weaker by more, is a difference.
    Those that ``old_bounds`` finds made again exactly are not among them.

    Args:
        given: A report of schema 1.0, as it was read.
        again: The report made again.
    """
    exact = frozenset(old_bounds(given, again))
    for n, (was, now) in enumerate(zip(given.findings, again.findings, strict=False)):
        share = min(WHOLE, part_share(len(now.parts))) * min(SHARES.values())
        most = price(1, share) / math.log(10)
        before, after = _bounds(was), _bounds(now)
        for name, bound in before.items():
            path = f"findings[{n}].{name}"
            if path not in exact and name in after and 0.0 < after[name] - bound <= most:
                yield path


def old_bounds(given: Report, again: Report) -> Iterator[str]:
    """Yield the bounds of schema 1.0 that are made again exactly, by the rule of that schema.

    At ``sample`` a statement then had the whole of what its look brought in, divided by the bases
    tried; now it has a share of that. Where one look alone spent, the two differ by the log of the
    share and by nothing else, so an old bound follows from a new one. Of deeper checks the rule
    changed while the schema did not, and a report does not say which one made it: their bounds are
    only held against what can be set aside (``weaker_bounds``).

    Args:
        given: A report of schema 1.0, as it was read.
        again: The report made again.
    """
    if given.depth is not Depth.SAMPLE:
        return
    for n, (was, now) in enumerate(zip(given.findings, again.findings, strict=False)):
        if len(now.account) != 1:
            continue
        of_whole = now.account[0].share
        # The first part is the body, which the statement about the whole is about.
        of_part = float(part_share(len(now.parts) - 1))
        after = _bounds(now)
        for name, bound in _bounds(was).items():
            beside = name.startswith("parts") and not name.startswith("parts[0]")
            share = of_part if beside else of_whole
            found = after.get(name, -math.inf)
            if found > -NO_BOUND:  # it hides how far below the account is: nothing else follows
                agrees = abs(bound) < NO_BOUND
            else:
                agrees = equal(bound, found + math.log10(share))
            if agrees:
                yield f"findings[{n}].{name}"


def asked_for_power(given: Report, again: Report) -> Iterator[str]:
    """Yield the parts that schema 1.0 called unrelated and that are open now.

    Nothing matches, then as now; that a copy would have been seen was not asked of norms.

    Args:
        given: A report of schema 1.0, as it was read.
        again: The report made again.
    """
    for n, (was, now) in enumerate(zip(given.findings, again.findings, strict=False)):
        for k, (old, new) in enumerate(zip(was.parts, now.parts, strict=False)):
            silent = max(abs(old.log10_p), abs(new.log10_p)) < NO_BOUND
            opened = (old.verdict, new.verdict) == (Verdict.UNRELATED, Verdict.INCONCLUSIVE)
            if old.name == new.name and silent and opened:
                yield f"findings[{n}].parts[{k}].verdict"


def smaller_shares(given: Report, again: Report) -> Iterator[str]:
    """Yield the shares that are smaller than in a report of schema 1.0.

    A family whose units are seen by a few features has neighbours among strangers, too; it was
    taken for relabelled, and so for compared.

    Args:
        given: A report of schema 1.0, as it was read.
        again: The report made again.
    """
    for n, (was, now) in enumerate(zip(given.findings, again.findings, strict=False)):
        if now.compared < was.compared:
            yield f"findings[{n}].compared"
        if now.held < was.held:
            yield f"findings[{n}].held"
        for k, (old, new) in enumerate(zip(was.parts, now.parts, strict=False)):
            if old.name == new.name and new.compared < old.compared:
                yield f"findings[{n}].parts[{k}].compared"


def _bounds(finding: Finding) -> dict[str, float]:
    """Return every bound of a finding that the account makes, by its path."""
    return {
        "log10_p": finding.log10_p,
        "log10_p_without_strongest": finding.log10_p_without_strongest,
        **{f"parts[{n}].log10_p": part.log10_p for n, part in enumerate(finding.parts)},
    }


def is_compared(path: str) -> bool:
    """Return whether a field is compared."""
    return path not in NOT_COMPARED


def _walk(path: str, was: Any, now: Any) -> Iterator[Difference]:
    if not is_compared(path) or equal(was, now):
        return
    if isinstance(was, dict) and isinstance(now, dict):
        for key in (*was, *(k for k in now if k not in was)):
            inner = f"{path}.{key}" if path else key
            yield from _walk(inner, was.get(key, _NOTHING), now.get(key, _NOTHING))
    elif isinstance(was, list) and isinstance(now, list):
        yield from _lists(path, was, now)
    else:
        yield Difference(path=path, was=_shown(was), now=_shown(now))


def _lists(path: str, was: list[Any], now: list[Any]) -> Iterator[Difference]:
    """Compare lists so that one row more or less is one difference, not all that follow it."""
    if path == "warnings" or path.endswith(".notes"):
        was, now = ([n for n in s if not is_of_machine(n)] for s in (was, now))
    same = 0
    if len(was) != len(now):
        while same < min(len(was), len(now)) and equal(was[same], now[same]):
            same += 1
    tail = 0
    shorter = min(len(was), len(now)) - same
    if len(was) != len(now):
        while tail < shorter and equal(was[-1 - tail], now[-1 - tail]):
            tail += 1
    middle_was, middle_now = (s[same : len(s) - tail] for s in (was, now))
    for n in range(max(len(middle_was), len(middle_now))):
        old, new = (m[n] if n < len(m) else _NOTHING for m in (middle_was, middle_now))
        inner = f"{path}[{same + n}]"
        if old is _NOTHING or new is _NOTHING:
            yield Difference(path=inner, was=_shown(old), now=_shown(new))
        else:
            yield from _walk(inner, old, new)


def is_of_machine(note: object) -> bool:
    """Return whether a note is about the machine of its run; another one may say otherwise."""
    if not isinstance(note, dict):
        return False
    about = note.get("params", {}).get("what", []) if note.get("code") == PhraseCode.ABOUT else []
    return note.get("code") == PhraseCode.MACHINE or (
        bool(about) and all(map(is_of_machine, about))
    )


def equal(was: Any, now: Any) -> bool:
    """Return whether two values of JSON are equal, numbers with a fraction but for rounding."""
    if isinstance(was, float) and isinstance(now, float):
        return _close(was, now)
    if type(was) is not type(now):
        return False
    if isinstance(was, dict):
        return was.keys() == now.keys() and all(equal(was[k], now[k]) for k in was)
    if isinstance(was, list):
        return len(was) == len(now) and all(map(equal, was, now))
    return bool(was == now)


def _close(was: float, now: float) -> bool:
    if was == now or (math.isnan(was) and math.isnan(now)):
        return True
    rounded = all(math.isfinite(v) and round(v, DECIMALS) == v for v in (was, now))
    return math.isclose(was, now, rel_tol=RELATIVE, abs_tol=ROUNDED if rounded else 0.0)


class _Nothing:
    """What stands for a value that is not there."""


_NOTHING: Final = _Nothing()


def _shown(value: object) -> str:
    return ABSENT if value is _NOTHING else json.dumps(value)
