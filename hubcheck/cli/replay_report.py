"""What comes of making a report again, and how is that said?

The check is made again from the pinned commits, and the whole report is held against the one given.
It says that they agree only of what was made again; everything else is named.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from hubcheck.card.wording import sentence
from hubcheck.cli.carry_out import carried_out, means_of, resources_of
from hubcheck.cli.launch import ended
from hubcheck.errors import ExitCode, counted, printable
from hubcheck.frozen import frozen
from hubcheck.report.load import schema_of
from hubcheck.report.schema import Report
from hubcheck.request.build import build_request
from hubcheck.request.interface import ESCALATION, IN_FULL, Searched
from hubcheck.request.options import NotACheckError, Options, read_line
from hubcheck.request.printed_line import fault_of
from hubcheck.request.replayed import (
    ANY_NUMBER,
    Replayed,
    Unverified,
    covers,
    day_of,
    left,
    left_open,
    pinned,
    root_of,
)
from hubcheck.verdict.allowance import allowances_of, apply_allowances
from hubcheck.verdict.differences import (
    NOT_COMPARED,
    Difference,
    Open,
    asked_for_power,
    differences,
    old_bounds,
    smaller_shares,
    unknown_fields,
    weaker_bounds,
)
from hubcheck.verdict.older_tests import ended_early
from hubcheck.verdict.older_texts import OLDER, SENTENCES, lacking, retold
from hubcheck.verdict.policy import parse_fail_on

SHOWN: Final = 120
"""Characters shown of a value."""
GONE: Final = re.compile(r"findings\[[0-9]+\]")
ASKED: Final = (
    "taken from the report as what was asked: the subject, depth, seed, limits and policy, and the "
    "bases named by --base and --suspect"
)


@frozen
class Outcome:
    """What came of a replay."""

    given: Report
    again: Report
    differing: tuple[Difference, ...]
    unverified: tuple[Unverified, ...]

    @property
    def exit_code(self) -> ExitCode:
        """1 where a field differs, 3 where a base is missing now, else 0."""
        if self.differing:
            return ExitCode.POLICY_FAILED
        missing = any(GONE.fullmatch(u.path) for u in self.unverified)
        return ExitCode.UNREACHABLE if missing else ExitCode.OK


def replay(given: Report, path: Path, *, given_root: Path | None) -> Outcome | None:
    """Make a report again; None in a process that only shares the work.

    Args:
        given: The report.
        path: Where it lies; its folders may be found from there.
        given_root: The folder that the report's folders are counted from, if it was named.
    """
    root = root_of(given, path, given_root)
    resources = resources_of(given.depth, None)
    bases = Replayed(report=given, root=root)
    request = build_request(
        Options(
            subject=given.subject.ref,
            depth=given.depth,
            max_read=given.max_read or None,
            seed=given.seed,
            fail_on="none",
        ),
        means_of(root=root, resources=resources),
        subject=pinned(given.subject.ref, given.subject.revision, root=root),
        bases=bases,
    )
    again = carried_out(
        replace(
            request,
            policy=parse_fail_on(",".join(given.policy.fail_on), given.policy.signers),
            replay=given.replay,
            searched=lambda: Searched(
                kind=given.search.kind,
                tried=given.search.bases_tried,
                catalogue=given.search.catalogue,
            ),
            escalate_to=_escalation(given),
            in_full=IN_FULL if any(not f.in_full for f in given.findings) else len(given.findings),
        )
    ).report
    main = resources.team.main
    ended(resources)
    if not main:
        return None
    again = apply_allowances(again, allowances_of(given), today=day_of(given))
    unverified = [*bases.unverified, *left_open(given, again)]
    raw = json.loads(path.read_bytes())
    unverified += [
        Unverified(path=name, why=left(Open.UNKNOWN_FIELD))
        for name in unknown_fields(raw, given.model_dump(mode="json"))
    ]
    schema, old = schema_of(raw), printable(given.schema_version)
    read = (raw, given.model_dump(mode="json"), again.model_dump(mode="json"))
    why = left(Open.OLD_FIELD, schema=old)
    unverified += [Unverified(path=name, why=why) for name in lacking(*read, schema=schema)]
    if schema in OLDER:
        why = left(Open.OLD_SCHEMA, schema=old)
        unverified.append(Unverified(path="schema_version", why=why))
    made_again = frozenset(retold(*read, schema=schema))
    if schema == SENTENCES:
        why = left(Open.OLD_POWER, schema=old)
        unverified += [Unverified(path=name, why=why) for name in asked_for_power(given, again)]
        why = left(Open.OLD_SHARES, schema=old)
        unverified += [Unverified(path=name, why=why) for name in smaller_shares(given, again)]
        why = left(Open.OLD_BOUND, schema=old)
        unverified += [Unverified(path=name, why=why) for name in weaker_bounds(given, again)]
        made_again |= frozenset(old_bounds(given, again))
    if schema in OLDER:
        why = left(Open.OLD_DISGUISE, schema=old)
        unverified += [Unverified(path=name, why=why) for name in ended_early(given, again)]
    found = tuple(d for d in differences(given, again) if d.path not in made_again)
    fault = fault_of(given)
    if fault:
        found = (*found, Difference(path="replay", was=json.dumps(given.replay), now=fault))
    differing = tuple(d for d in found if not any(covers(u.path, d.path) for u in unverified))
    return Outcome(given=given, again=again, differing=differing, unverified=tuple(unverified))


def _escalation(given: Report) -> int:
    """Return the bytes that a disguise test might cost; older reports say it in their command."""
    if given.escalate_to >= 0:
        return given.escalate_to
    try:
        return ESCALATION if read_line(given.replay).max_read is None else 0
    except NotACheckError:
        return ESCALATION


def lines_of(outcome: Outcome) -> list[str]:
    """Return what a replay says, one line each."""
    lines = [
        f"{printable(d.path, limit=SHOWN)}: {printable(d.was, limit=SHOWN)} in the report, "
        f"{printable(d.now, limit=SHOWN)} now"
        for d in outcome.differing
    ]
    if any(d.path == "subject.weights_digest" for d in outcome.differing):
        lines.append("the subject's weights are not the ones of the report")
    lines += [
        f"unverified: {line}"
        for line in _grouped([(_place(u), sentence(u.why)) for u in outcome.unverified])
    ]
    always = [(path, sentence(left(why))) for path, why in NOT_COMPARED.items()]
    lines += [f"not compared: {line}" for line in _grouped(always)]
    lines.append(ASKED)
    again = outcome.again
    n_rows = sum(len(f.evidence) for f in again.findings)
    agreed = (
        f"{counted(len(again.findings), 'base')}, {counted(n_rows, 'row')} of evidence, "
        f"verdict {again.verdict}, "
        f"seed {again.seed}."
    )
    match outcome.exit_code:
        case ExitCode.POLICY_FAILED:
            n = len(outcome.differing)
            fields = "one field differs" if n == 1 else f"{n} fields differ"
            lines.append(f"hubcheck: the replay does NOT agree with the report: {fields}.")
        case ExitCode.UNREACHABLE:
            lines.append("hubcheck: the replay is incomplete: a base is not there any more.")
        case _ if outcome.unverified:
            lines.append(f"hubcheck: all that was made again agrees: {agreed}")
        case _:
            lines.append(f"hubcheck: the replay agrees: {agreed}")
    return lines


def _place(left_open: Unverified) -> str:
    """Return the path as it is shown: what an older schema has nowhere is named once."""
    old = any(one.params.get("why") == Open.OLD_FIELD.value for one in left_open.why)
    return ANY_NUMBER.sub("[]", left_open.path) if old else left_open.path


def _grouped(items: Sequence[tuple[str, str]]) -> list[str]:
    """Return one line for each reason, with every path that it holds for."""
    reasons: dict[str, list[str]] = {}
    for path, why in items:
        reasons.setdefault(why, []).append(printable(path, limit=SHOWN))
    return [
        f"{', '.join(dict.fromkeys(paths))}: {printable(why, limit=400)}"
        for why, paths in reasons.items()
    ]
