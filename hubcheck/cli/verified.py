"""Does a statement hold for the weights at hand: who signed it, of which files, what does it claim?

Every question is asked, and each has one answer: it holds, it fails, or it was not asked. Nothing
that cannot be told holds.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from hubcheck import __version__
from hubcheck.errors import UsageError, counted, printable
from hubcheck.export.in_toto import TEST_RESULT, statement
from hubcheck.export.models import shown
from hubcheck.export.outcomes import Outcome
from hubcheck.frozen import frozen
from hubcheck.source.hashing import sha256_of

if TYPE_CHECKING:
    from hubcheck.model import Model
    from hubcheck.report.schema import Report
    from hubcheck.signed.statement import Statement

NAMED: Final = 3
"""Files that a line names."""
TESTS: Final = ("passedTests", "warnedTests", "failedTests")


class Asked(StrEnum):
    """What is asked of a statement; the word is the code that scripts read."""

    SIGNATURE = "signature"
    PREDICATE = "predicate"
    DIGESTS = "digests"
    COVERED = "covered"
    RESULT = "result"
    REPORT = "report"
    REPLAY = "replay"


class Answer(StrEnum):
    """How a question was answered."""

    HOLDS = "holds"
    FAILS = "fails"
    NOT_ASKED = "not-asked"


@frozen
class Verified:
    """One question and its answer."""

    asked: Asked
    answer: Answer
    says: str
    """One line; printable."""


def holds(asked: Asked, says: str) -> Verified:
    """Return that something holds."""
    return Verified(asked=asked, answer=Answer.HOLDS, says=says)


def fails(asked: Asked, says: str) -> Verified:
    """Return that something fails, or cannot be told."""
    return Verified(asked=asked, answer=Answer.FAILS, says=says)


def not_asked(asked: Asked, says: str) -> Verified:
    """Return that something was not asked."""
    return Verified(asked=asked, answer=Answer.NOT_ASKED, says=says)


def predicate_of(claimed: Statement) -> Verified:
    """Return whether the predicate is a test result as hubcheck writes it."""
    kind, said = claimed.predicate_type, claimed.predicate
    if kind != TEST_RESULT:
        return fails(Asked.PREDICATE, f"the predicate is '{printable(kind)}', no test result")
    if not isinstance(said.get("result"), str) or said["result"] not in set(Outcome):
        return fails(Asked.PREDICATE, f"it knows no result '{printable(said.get('result'))}'")
    for name in TESTS:
        tests = said.get(name)
        if not isinstance(tests, list) or not all(isinstance(t, str) for t in tests):
            return fails(Asked.PREDICATE, f"{name} is no list of names")
    if said["failedTests"] and said["result"] != Outcome.FAILED:
        return fails(Asked.PREDICATE, f"tests failed, and the result is {said['result']}")
    if report_digest(claimed) is None:
        return fails(Asked.PREDICATE, "it names no digest of the report it was made of")
    counts = ", ".join(f"{len(said[name])} {name.removesuffix('Tests')}" for name in TESTS)
    return holds(Asked.PREDICATE, f"a test result in hubcheck's form: {counts}")


def result_of(claimed: Statement, *, needs_passed: bool) -> Verified:
    """Return whether the result that is claimed is one that a gate lets through."""
    said = printable(claimed.predicate.get("result"))
    if said == Outcome.FAILED or (needs_passed and said != Outcome.PASSED):
        return fails(Asked.RESULT, f"the statement says {said}")
    return holds(Asked.RESULT, f"the statement says {said}")


def digests_of(claimed: Statement, model: Model) -> Verified:
    """Return whether every file that the statement is about is here, with that digest."""
    here = {shown(f.path): f for f in model.files}
    gone = sorted(set(claimed.digests) - set(here))
    if gone:
        return fails(Asked.DIGESTS, f"not here: {_named(gone)}")
    known = {name: _sha256(model, here[name].path, here[name].sha256) for name in claimed.digests}
    unknown = sorted(name for name, digest in known.items() if not digest)
    if unknown:
        return fails(Asked.DIGESTS, f"the host states no sha256 of {_named(unknown)}")
    other = sorted(name for name, digest in claimed.digests.items() if known[name] != digest)
    if other:
        return fails(Asked.DIGESTS, f"other bytes than those of the statement: {_named(other)}")
    by = "computed here" if model.pin.revision == "local" else "as its host states them"
    n = counted(len(claimed.digests), "file has", "files have")
    return holds(Asked.DIGESTS, f"{n} the digests of the statement, {by}")


def covered_of(claimed: Statement, model: Model) -> Verified:
    """Return whether the statement is about every weight file that a loader loads."""
    loaded = [shown(f.path) for f in model.loaded_files]
    if not loaded:
        return fails(Asked.COVERED, "which weight files a loader loads cannot be told")
    left = sorted(set(loaded) - set(claimed.digests))
    if left:
        return fails(Asked.COVERED, f"loaded, and not in the statement: {_named(left)}")
    every = {shown(f.path) for f in model.weight_files}
    beside = sorted(every - set(claimed.digests))
    note = f"; beside them, and not in it: {_named(beside)}" if beside else ""
    n = counted(len(loaded), "weight file")
    return holds(Asked.COVERED, f"all {n} that a loader loads {_are(loaded)} in it{note}")


def report_of(claimed: Statement, report: Report, raw: bytes) -> Verified:
    """Return whether the statement is what this report makes.

    Args:
        claimed: The statement.
        report: The report that is said to be behind it.
        raw: The bytes of its file.
    """
    digest = hashlib.sha256(raw).hexdigest()
    if digest != report_digest(claimed):
        return fails(Asked.REPORT, "it was made of another report")
    try:
        made: Mapping[str, Any] = statement(report, digest)
    except UsageError as error:
        return fails(Asked.REPORT, f"this report makes no statement: {printable(error.what)}")
    if made == claimed.document:
        return holds(Asked.REPORT, "it is what this report makes, word for word")
    if report.tool.version == __version__:
        return fails(Asked.REPORT, "this report makes another statement")
    predicate = made["predicate"]
    same = made["subject"] == claimed.document.get("subject") and all(
        predicate[name] == claimed.predicate.get(name) for name in ("result", *TESTS)
    )
    if not same:
        return fails(Asked.REPORT, "this report makes another statement, by this version's rules")
    version = printable(report.tool.version)
    return holds(Asked.REPORT, f"results and files are this report's, made by hubcheck {version}")


def report_digest(claimed: Statement) -> str | None:
    """Return the digest of the report that a statement names; None where it names none."""
    configuration = claimed.predicate.get("configuration")
    for one in configuration if isinstance(configuration, list) else ():
        digest = one.get("digest") if isinstance(one, dict) else None
        named = isinstance(one, dict) and one.get("name") == "report.json"
        sha256 = digest.get("sha256") if isinstance(digest, dict) else None
        if named and isinstance(sha256, str) and re.fullmatch("[0-9a-f]{64}", sha256):
            return sha256
    return None


def _sha256(model: Model, path: str, stated: str) -> str:
    return (stated or sha256_of(model.source, path)).lower()


def _named(names: Sequence[str]) -> str:
    first = ", ".join(printable(name) for name in names[:NAMED])
    return f"{first} and {len(names) - NAMED} more" if len(names) > NAMED else first


def _are(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"
