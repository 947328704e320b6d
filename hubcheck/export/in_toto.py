"""How is a report written as an in-toto statement about the weight files?

Statement v1 with the predicate test-result v0.1: the digests of the weights are the subject, each
base is a test. What was not compared is a warning, never a pass: the predicate knows no "skipped".
The statement is not signed; whoever signs it vouches for it.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from hubcheck.errors import UsageError, printable
from hubcheck.export.models import digested, shown, subject_name
from hubcheck.export.outcomes import Outcome, results

if TYPE_CHECKING:
    from hubcheck.report.schema import Report

STATEMENT: Final = "https://in-toto.io/Statement/v1"
TEST_RESULT: Final = "https://in-toto.io/attestation/test-result/v0.1"


def render(report: Report, report_sha256: str) -> str:
    """Return the statement as JSON text.

    Raises:
        UsageError: the digest of a weight file that was read is not known, so that nothing ties a
            statement to these weights.
    """
    return json.dumps(statement(report, report_sha256), indent=2, ensure_ascii=False) + "\n"


def statement(report: Report, report_sha256: str) -> dict[str, Any]:
    """Return the statement. Errors as in ``render``."""
    told = results(report)
    policy = json.dumps(report.policy.model_dump(), default=str)
    by_outcome = {
        outcome: [shown(f"{r.name}: {r.rule}") for r in told if r.outcome is outcome]
        for outcome in Outcome
    }
    return {
        "_type": STATEMENT,
        "subject": _subject(report),
        "predicateType": TEST_RESULT,
        "predicate": {
            "result": told[0].outcome.value,
            "configuration": [
                {
                    "name": "policy",
                    "digest": {"sha256": _sha256(policy)},
                    "annotations": {"fail-on": shown(",".join(report.policy.fail_on))},
                },
                {
                    "name": "report.json",
                    "digest": {"sha256": report_sha256},
                    "annotations": {
                        "depth": report.depth.value,
                        "seed": str(report.seed),
                        "hubcheck": shown(report.tool.version),
                        "replay": shown(report.replay),
                    },
                },
            ],
            "passedTests": by_outcome[Outcome.PASSED],
            "warnedTests": by_outcome[Outcome.WARNED],
            "failedTests": by_outcome[Outcome.FAILED],
        },
    }


def _subject(report: Report) -> list[dict[str, Any]]:
    known = digested(report.subject.files)
    names = {file.path for file in known}
    missing = sorted({*report.subject.read} - names)
    if missing or not known:
        which = f"of '{printable(missing[0])}'" if missing else "of any weight file"
        raise UsageError(
            f"the report holds no digest {which}.",
            cause="the check did not read the file whole, and its host states no digest.",
            next_step="check with --depth full, or a model on the Hub, which states digests.",
        )
    purl = subject_name(report).purl
    described = {"uri": purl} if purl else {}
    return [
        {"name": shown(file.path), **described, "digest": {"sha256": file.sha256}} for file in known
    ]


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
