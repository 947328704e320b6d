"""Would the command on a card make the report that the card is about?

People paste it: it has to be a check of these models by these draws, and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from hubcheck.errors import UsageError
from hubcheck.report.hints import BASE, SUSPECT
from hubcheck.report.schema import Finding, Report
from hubcheck.report.words import Depth
from hubcheck.request.options import FOUND, NotACheckError, Options, read_line
from hubcheck.source.reference import LocalReference, key_of, parse_hub_reference

LOCAL: Final = "local"
"""The revision of a folder or file."""


def fault_of(report: Report) -> str:
    """Return what is wrong with the printed command, in words; empty where nothing is.

    What it does not say is not held against it: an older version said less.
    """
    if not report.replay:
        return ""
    try:
        said = read_line(report.replay)
    except NotACheckError as error:
        return f"{error}"
    for option, agrees in (
        ("--seed", said.seed in {None, report.seed}),
        ("--max-read", said.max_read in {None, report.max_read}),
        ("--depth", _is_depth(report, said.depth)),
        ("--fail-on", _is_policy(report, said.fail_on)),
        ("--mirror", _are_findings(report, [folder for _, folder in said.mirrors])),
    ):
        if not agrees:
            return f"{option} is not what the report says"
    if report.subject.revision == LOCAL and said.subject != report.subject.ref:
        return "another subject"
    return _bases(report, said)


def _is_depth(report: Report, said: Depth | None) -> bool:
    # A check without a base reads no weights, whatever depth was asked for.
    unread = report.depth is Depth.HEADERS and not report.findings
    return said in {None, report.depth} or unread


def _is_policy(report: Report, said: str | None) -> bool:
    words = set() if said is None else {word.strip() for word in said.split(",")} - {"", "none"}
    return said is None or words == set(report.policy.fail_on)


def _are_findings(report: Report, folders: Sequence[str]) -> bool:
    tested = {_keys(f.base.ref)[0] for f in report.findings if f.base.revision == LOCAL}
    return {_keys(folder)[0] for folder in folders} <= tested


def _bases(report: Report, said: Options) -> str:
    tested = {key for f in report.findings for key in _keys_of(f)}
    suspects = [s for s in said.suspects if s not in FOUND]
    for option, values in ((BASE, said.bases), (SUSPECT, suspects)):
        known = {key for v in values for key in _keys(v)}
        # One model may be named twice, by two spellings.
        strange = {_keys(v)[-1] for v in values if tested.isdisjoint(_keys(v))}
        unnamed = [
            f for f in report.findings if option in f.proposed_by and known.isdisjoint(_keys_of(f))
        ]
        if len(strange) != len(unnamed):  # a renamed repository is strange and unnamed
            return f"{option.params['option']} names other bases than the findings"
    return ""


def _keys_of(finding: Finding) -> tuple[str, ...]:
    keys = _keys(finding.base.ref)
    return keys[:2] if finding.base.revision == LOCAL else keys


def _keys(text: str) -> tuple[str, ...]:
    """Return what a name may be: a folder, one without what looks like a revision, a repository.

    The disk that it was typed for is not asked.
    """
    folders = [
        key_of(LocalReference(path=Path(name), typed=name))
        for name in (text, text.partition("@")[0])
    ]
    with suppress(UsageError):
        return (*folders, key_of(parse_hub_reference(text)))
    return tuple(folders)
