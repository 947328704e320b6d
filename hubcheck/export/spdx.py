"""How is a report written as an SPDX 3.0.1 document of the AI profile?

JSON-LD as the standard serialises it. A base is an ``ancestorOf`` the model under the rules of a
pedigree (``export.outcomes.kinship``), a variant of it where who came first is open; each
relationship says in its comment what was found. What was not found makes no relationship.
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
from hubcheck.export.outcomes import Kinship, kinship

if TYPE_CHECKING:
    from hubcheck.report.schema import Finding, Report

CONTEXT: Final = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"
SPEC: Final = "3.0.1"
CREATION: Final = "_:creation"
KINDS: Final = {
    Kinship.ANCESTOR: "ancestorOf",
    Kinship.DESCENDANT: "descendantOf",
    Kinship.VARIANT: "hasVariant",
}
"""SPDX type of a relationship from the base to the subject."""


def render(report: Report, report_sha256: str) -> str:
    """Return the document as JSON-LD text."""
    root = document_id(report, report_sha256, "spdx").urn
    subject = _package(subject_name(report), f"{root}#subject", figures.of_report(report))
    graph: list[dict[str, Any]] = [subject]
    for number, file in enumerate(digested(report.subject.files)):
        graph.append(_file(f"{root}#file-{number}", file.path, file.sha256))
    files = [element["spdxId"] for element in graph[1:]]
    if files:
        graph.append(_relation(f"{root}#contains", "contains", subject["spdxId"], files, ""))
    for number, finding in enumerate(report.findings):
        graph += _of_base(root, number, finding, subject["spdxId"])
    tool = _element("SoftwareAgent", f"{root}#hubcheck", shown(f"hubcheck {report.tool.version}"))
    creation = {
        "type": "CreationInfo",
        "@id": CREATION,
        "specVersion": SPEC,
        "created": moment(report.finished),
        "createdBy": [tool["spdxId"]],
    }
    document = {
        **_element("SpdxDocument", root, shown(f"Provenance of {report.subject.ref}")),
        "profileConformance": ["core", "software", "ai"],
        "rootElement": [subject["spdxId"]],
        "element": [element["spdxId"] for element in graph],
    }
    whole = {"@context": CONTEXT, "@graph": [creation, tool, *graph, document]}
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def _of_base(root: str, number: int, finding: Finding, subject: str) -> list[dict[str, Any]]:
    kin = kinship(finding)
    if kin is Kinship.NONE:
        return []
    said = figures.of_finding(finding)
    base = _package(base_name(finding.base), f"{root}#base-{number}", said)
    comment = "; ".join(f"{name} {shown(text)}" for name, text in said.items())
    relation = _relation(
        f"{root}#relation-{number}", KINDS[kin], base["spdxId"], [subject], comment
    )
    return [base, relation]


def _package(model: ModelName, spdx_id: str, said: dict[str, str]) -> dict[str, Any]:
    package = {
        **_element("ai_AIPackage", spdx_id, shown(f"{model.group}/{model.name}".lstrip("/"))),
        "software_primaryPurpose": "model",
        "comment": "; ".join(f"{name} {shown(text)}" for name, text in said.items()),
    }
    if model.version:
        package["software_packageVersion"] = model.version
    if model.purl:
        package["software_packageUrl"] = model.purl
    return package


def _file(spdx_id: str, path: str, sha256: str) -> dict[str, Any]:
    return {
        **_element("software_File", spdx_id, shown(path)),
        "verifiedUsing": [{"type": "Hash", "algorithm": "sha256", "hashValue": sha256}],
    }


def _relation(
    spdx_id: str, kind: str, source: str, targets: list[str], comment: str
) -> dict[str, Any]:
    element = {
        "type": "Relationship",
        "spdxId": spdx_id,
        "creationInfo": CREATION,
        "from": source,
        "to": targets,
        "relationshipType": kind,
    }
    return {**element, "comment": comment} if comment else element


def _element(kind: str, spdx_id: str, name: str) -> dict[str, Any]:
    return {"type": kind, "spdxId": spdx_id, "creationInfo": CREATION, "name": name}
