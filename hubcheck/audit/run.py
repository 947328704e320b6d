"""How does an audit go: which models anew, which not, what came of all of them?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from hubcheck import __version__
from hubcheck.audit.journal import Journal
from hubcheck.audit.listed import Listed
from hubcheck.errors import ExitCode
from hubcheck.frozen import frozen
from hubcheck.report.audit import Audit, Entry, changes

Work = Callable[[str], Mapping[str, Any]]
"""From a model's name to its entry and report."""
Spread = Callable[[Work, Sequence[str]], Iterable[Mapping[str, Any]]]
"""Applies the work to every name, here or elsewhere, and gives back what is done in any order."""
HeadOf = Callable[[str], str]
"""The newest commit of a repository; empty where it cannot be told."""

WORST = (
    ExitCode.POLICY_FAILED, ExitCode.INTERNAL, ExitCode.UNREADABLE, ExitCode.UNREACHABLE,
    ExitCode.USAGE,
)  # fmt: skip
"""What an audit ends with, first: a failure of the policy tells more than what was not reached."""


@frozen
class Plan:
    """What is asked of an audit."""

    asked: str
    """What it is of and how every model is checked, in words; the same words: the same audit."""
    models: Sequence[Listed]
    head_of: HeadOf
    again: bool = False
    """Whether models are looked at although nothing has changed."""


def here(work: Work, names: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    """Apply the work here, one model after the other."""
    return map(work, names)


def audit(
    plan: Plan,
    journal: Journal,
    work: Work,
    *,
    now: Callable[[], datetime],
    progress: Callable[[str], None],
    spread: Spread = here,
) -> Audit:
    """Look at every model, or go on with an audit that was stopped; return what came of all.

    Args:
        plan: What is asked.
        journal: The folder.
        work: Checks one model.
        now: The clock, timezone-aware.
        progress: Told each step in words.
        spread: Applies the work to many names.
    """
    last = journal.last()
    # Answers to another question are no news of the models.
    before = last if last is not None and last.asked == plan.asked else None
    known = {entry.ref: entry for entry in before.entries} if before else {}
    begun = now()
    wanted = Audit(
        version=__version__, asked=plan.asked, started=begun.isoformat(timespec="seconds")
    )
    started, done = journal.begun(wanted)
    same_version = before is not None and before.version == __version__
    left = []
    for one in plan.models:
        if one.ref in done:
            continue
        then = known.get(one.ref)
        if then is not None and same_version and not plan.again and _is_as_it_was(then, one, plan):
            entry = then.model_copy(update={"reused": True, "changed": ()})
            journal.add(entry, "")
            done[one.ref] = entry
        else:
            left.append(one.ref)
    for answer in spread(work, left):
        entry = Entry.model_validate(answer["entry"])
        entry = entry.model_copy(update={"changed": changes(entry, known.get(entry.ref))})
        if before is None:
            entry = entry.model_copy(update={"changed": ()})
        journal.add(entry, str(answer.get("report", "")))
        done[entry.ref] = entry
        progress(f"{len(done)} of {len(plan.models)} models: {entry.ref}")
    ended = now()
    found = wanted.model_copy(
        update={
            "started": started,
            "finished": ended.isoformat(timespec="seconds"),
            "compared_with": before.finished if before else "",
            "entries": tuple(done[one.ref] for one in plan.models),
            "gone": tuple(sorted(set(known) - {one.ref for one in plan.models})),
            "seconds": round((ended - begun).total_seconds(), 2),
        }
    )
    journal.end(found)
    return found


def exit_code_of(found: Audit) -> ExitCode:
    """Return what an audit ends with: 1 where a model fails the policy, else its worst trouble."""
    codes = {entry.exit_code for entry in found.entries}
    return next((code for code in WORST if int(code) in codes), ExitCode.OK)


def _is_as_it_was(last: Entry, one: Listed, plan: Plan) -> bool:
    """Return whether neither the model nor any base that was looked at has moved.

    Only of what lies on the Hub, by commits: a folder may hold anything by now. What could not be
    checked is looked at again.
    """
    settled = last.exit_code in {ExitCode.OK, ExitCode.POLICY_FAILED} and not last.error
    if not settled or not one.commit or last.revision != one.commit:
        return False
    return all(
        base.revision and not base.asked and plan.head_of(base.ref) == base.revision
        for base in last.bases
    )
