"""How is a report written as SARIF, for code scanning on the card's ``base_model`` line?

SARIF 2.1.0 (OASIS). A result stands where the model names the base; what no line names stands at
the top of README.md. Paths are relative to the repository of the run (``model_path``).
"""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from hubcheck.export import figures
from hubcheck.export.models import shown
from hubcheck.export.outcomes import Outcome, Result, results

if TYPE_CHECKING:
    from hubcheck.report.schema import Report

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"
CARD: Final = "README.md"
INFORMATION: Final = "https://github.com/hubcheck/hubcheck"
LEVELS: Final = {
    Outcome.FAILED: ("fail", "error"),
    Outcome.WARNED: ("review", "none"),
    Outcome.PASSED: ("pass", "none"),
}
"""SARIF 3.27.9 and 3.27.10: only what fails has a level, what needs a person is a review."""
WARNING_RULES: Final = frozenset(
    {"undeclared", "contradicted", "match-undated", "undeclared-upstream", "undeclared-part"}
)
"""Found by evidence, though the policy does not fail on it: shown as a warning."""
RULES: Final = {
    "confirmed": "The declared base is in the weights.",
    "contradicted": "The weights do not come from a declared base.",
    "undeclared": "The weights match a model that is not declared.",
    "explained": "The match with this model is explained by a declared base.",
    "match-undated": "The weights match a model; which came first is not known.",
    "undeclared-upstream": "A declared base itself matches a model that neither names.",
    "undeclared-part": "A part of the weights matches a model that is not declared.",
    "none-found": "No base is declared, and none of those tested matches.",
    "inconclusive": "What was seen does not decide.",
    "not-tested": "This base was not tested.",
    "nothing-compared": "No weights were compared.",
    "unrelated": "No match beyond chance with a suspected base.",
    "disguised": "The weights match after a rearrangement, by a calibrated test.",
    "identical": "The weight files are the same.",
    "related": "The weights match in part; too little was compared to confirm.",
}


def render(report: Report, report_sha256: str, *, model_path: str = "") -> str:
    """Return the log as JSON text.

    Args:
        report: The report.
        report_sha256: Hex digest of its file.
        model_path: Where the model's folder lies in the repository of the run.
    """
    told = results(report)
    rules = sorted({result.rule for result in told})
    run = {
        "tool": {
            "driver": {
                "name": "hubcheck",
                "version": shown(report.tool.version),
                "informationUri": INFORMATION,
                "rules": [
                    {"id": rule, "shortDescription": {"text": RULES.get(rule, rule)}}
                    for rule in rules
                ],
            }
        },
        "automationDetails": {"id": f"hubcheck/{quote(shown(report.subject.ref), safe='/')}/"},
        "properties": {**_bag(figures.of_report(report)), "reportSha256": report_sha256},
        "results": [_result(report, result, rules, model_path) for result in told],
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def _result(report: Report, result: Result, rules: list[str], model_path: str) -> dict[str, Any]:
    kind, level = LEVELS[result.outcome]
    if result.outcome is Outcome.WARNED and result.rule in WARNING_RULES:
        kind, level = "fail", "warning"
    path = (PurePosixPath(model_path) / CARD).as_posix()
    location: dict[str, Any] = {"artifactLocation": {"uri": quote(path)}}
    location["region"] = {"startLine": _line(report, result)}
    document = {
        "ruleId": result.rule,
        "ruleIndex": rules.index(result.rule),
        "kind": kind,
        "level": level,
        "message": {"text": shown(f"{result.name}: {result.says}")},
        "locations": [{"physicalLocation": location}],
        "partialFingerprints": {"hubcheck/base": shown(f"{report.subject.ref} {result.name}")},
    }
    if result.finding is not None:
        document["properties"] = _bag(figures.of_finding(result.finding))
    return document


def _line(report: Report, result: Result) -> int:
    """Return the line of README.md that names the base, 1 where none does."""
    base = result.finding.base.ref if result.finding is not None else None
    lines = (p.line for p in report.declared.places if p.line and base in {None, p.base})
    return next(lines, 1)


def _bag(said: dict[str, str]) -> dict[str, str]:
    return {name: shown(text) for name, text in said.items()}
