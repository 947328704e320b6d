"""How is a report written as a CycloneDX ML-BOM whose pedigree was tested on the weights?

CycloneDX 1.7 (ECMA-424). A base goes into ``pedigree.ancestors`` where it is declared and the
weights bear it out, or where the weights tell the direction; into ``variants`` where they are
related and who came first is open; nowhere where nothing exact was found. Every base is a claim of
``declarations`` with the evidence for or against it, refuted declarations included.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from hubcheck.export import figures
from hubcheck.export.models import (
    ModelName,
    base_name,
    digested,
    document_id,
    moment,
    shown,
    subject_name,
)
from hubcheck.export.outcomes import Kinship, Result, kinship, results
from hubcheck.report.standing import FOUND
from hubcheck.report.words import Verdict

if TYPE_CHECKING:
    from hubcheck.report.schema import Finding, Report

SPEC: Final = "1.7"
SUBJECT: Final = "subject"
PLACES: Final = {
    Kinship.ANCESTOR: "ancestors",
    Kinship.VARIANT: "variants",
    Kinship.DESCENDANT: "descendants",
}


def render(report: Report, report_sha256: str) -> str:
    """Return the BOM as JSON text."""
    told = [result for result in results(report) if result.finding is not None]
    document = {
        "$schema": f"http://cyclonedx.org/schema/bom-{SPEC}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": SPEC,
        "serialNumber": document_id(report, report_sha256, "cyclonedx").urn,
        "version": 1,
        "metadata": {
            "timestamp": moment(report.finished),
            "tools": {
                "components": [
                    {
                        "type": "application",
                        "name": "hubcheck",
                        "version": shown(report.tool.version),
                    }
                ]
            },
            "component": _subject(report, report_sha256),
        },
        "declarations": {
            "claims": [_claim(number, result) for number, result in enumerate(told)],
            "evidence": [
                _evidence(number, result.finding, report)
                for number, result in enumerate(told)
                if result.finding is not None and result.finding.status == "tested"
            ],
        },
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _subject(report: Report, report_sha256: str) -> dict[str, Any]:
    component = _component(subject_name(report), SUBJECT)
    said = {**figures.of_report(report), "report-sha256": report_sha256, "signed": "no"}
    component["properties"] = _properties(said)
    if report.declared.licence:
        licence = {"name": shown(report.declared.licence), "acknowledgement": "declared"}
        component["licenses"] = [{"license": licence}]
    files = [
        {
            "type": "file",
            "name": shown(file.path),
            "hashes": [{"alg": "SHA-256", "content": file.sha256}],
        }
        for file in digested(report.subject.files)
    ]
    if files:
        component["components"] = files
    pedigree: dict[str, Any] = {}
    for number, finding in enumerate(report.findings):
        place = PLACES.get(kinship(finding))
        if place is not None:
            pedigree.setdefault(place, []).append(_base(number, finding))
    if pedigree:
        pedigree["notes"] = (
            "Tested on the weights. An ancestor is a base that the model declares, or whose lost "
            "information tells the direction; a variant is related, and which came first is not "
            "known."
        )
        component["pedigree"] = pedigree
    return component


def _base(number: int, finding: Finding) -> dict[str, Any]:
    component = _component(base_name(finding.base), f"base-{number}")
    component["properties"] = _properties(figures.of_finding(finding))
    return component


def _component(model: ModelName, ref: str) -> dict[str, Any]:
    component: dict[str, Any] = {
        "type": "machine-learning-model",
        "bom-ref": ref,
        "name": shown(model.name),
    }
    if model.group:
        component["group"] = shown(model.group)
    if model.version:
        component["version"] = model.version
    if model.purl:
        component["purl"] = model.purl
    return component


def _claim(number: int, result: Result) -> dict[str, Any]:
    finding = result.finding
    claim: dict[str, Any] = {
        "bom-ref": f"claim-{number}",
        "target": SUBJECT,
        "predicate": shown(f"shares trained weights with {result.name.partition(' base ')[2]}"),
        "reasoning": shown(result.says),
    }
    if finding is not None and finding.status == "tested":
        if finding.verdict in FOUND:
            claim["evidence"] = [f"evidence-{number}"]
        elif finding.verdict is Verdict.UNRELATED:
            claim["counterEvidence"] = [f"evidence-{number}"]
    return claim


def _evidence(number: int, finding: Finding, report: Report) -> dict[str, Any]:
    said = {**figures.of_finding(finding), "replay": report.replay}
    return {
        "bom-ref": f"evidence-{number}",
        "description": "What the weights show, with the bound on chance and how to repeat it.",
        "created": moment(report.finished),
        "data": [
            {
                "name": name,
                "contents": {"attachment": {"contentType": "text/plain", "content": shown(text)}},
            }
            for name, text in said.items()
            if text
        ],
    }


def _properties(said: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": f"hubcheck:{name}", "value": shown(text)} for name, text in said.items()]
