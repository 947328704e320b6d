"""Does every format hold what the report says, and pass its own standard's check?"""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any, Final

import jsonschema
import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from google.protobuf import json_format
from in_toto_attestation.predicates.test_result.v0 import test_result_pb2
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement
from junitparser import JUnitXml, Skipped, TestCase
from spdx_python_model import v3_0_1 as spdx_model

from hubcheck.cli.export import FORMATS as OFFERED
from hubcheck.errors import UsageError
from hubcheck.export.formats import FORMATS, export
from hubcheck.export.outcomes import Kinship, Outcome, kinship, results
from hubcheck.report.schema import Relation, Report, WeightFile
from hubcheck.report.words import (
    Conclusion,
    DeclarationVerdict,
    Holds,
    NothingCompared,
    RelationKind,
    Verdict,
)
from tests.card import deep_reports, reports
from tests.card.payloads import PAYLOADS
from tests.card.test_hostile_report import full, poisoned

SARIF: Final = json.loads(
    (Path(__file__).parent / "schemas" / "sarif-schema-2.1.0.json").read_text(encoding="utf-8")
)
DIGEST: Final = "ab" * 32


def with_digests(report: Report) -> Report:
    """Return a report whose weight file has a digest, as the Hub states it."""
    file = WeightFile(path="model.safetensors", size=1000, sha256=DIGEST)
    subject = report.subject.model_copy(update={"files": (file,), "read": (file.path,)})
    return report.model_copy(update={"subject": subject})


def all_cases() -> dict[str, Report]:
    """Return a report of every state that the card tests know."""
    cases = {**reports.cases(), **deep_reports.deep_cases()}
    return {name: with_digests(report) for name, report in cases.items()}


CASES: Final = all_cases()


def written(report: Report, wanted: str, **more: str) -> str:
    """Return a report in a format, as the command writes it."""
    return export(report, b"report.json as it lies there", wanted, **more)


def parsed(report: Report, wanted: str, **more: str) -> Any:
    """Return the same as JSON."""
    return json.loads(written(report, wanted, **more))


def valid_cyclonedx(text: str) -> None:
    """Assert that a BOM is one, by the strict schema of CycloneDX 1.7."""
    error = JsonStrictValidator(SchemaVersion.V1_7).validate_str(text)
    assert error is None, error


def valid_sarif(document: Any) -> None:
    """Assert that a log is one, by OASIS's schema."""
    jsonschema.Draft4Validator(SARIF).validate(document)


def valid_in_toto(text: str) -> None:
    """Assert that a statement and its predicate are what in-toto's own messages take."""
    message = json_format.Parse(text, statement_pb2.Statement())
    Statement.copy_from_pb(message).validate()
    predicate = json.loads(text)["predicate"]
    json_format.ParseDict(predicate, test_result_pb2.TestResult())


def valid_spdx(text: str) -> Any:
    """Return the objects of a document, checked by the model that SPDX generates from its SHACL."""
    objects = spdx_model.SHACLObjectSet()
    spdx_model.JSONLDDeserializer().read(io.BytesIO(text.encode()), objects)
    missing = objects.link()
    assert not missing, missing
    return objects


def check(report: Report, wanted: str) -> None:
    """Assert that a report in a format is valid by that format's standard."""
    text = written(report, wanted)
    match wanted:
        case "cyclonedx":
            valid_cyclonedx(text)
        case "in-toto":
            valid_in_toto(text)
        case "spdx":
            valid_spdx(text)
        case "sarif":
            valid_sarif(json.loads(text))
        case "junit":
            assert JUnitXml.fromstring(text.encode()).tests == len(report.findings) + 1
        case "csv":
            assert len(list(csv.DictReader(io.StringIO(text)))) == max(1, len(report.findings))
        case "eu-gpai":
            assert text.startswith("### hubcheck: facts for the EU's forms")
        case _:
            pytest.fail(f"no check of {wanted}")


@pytest.mark.parametrize("wanted", FORMATS)
@pytest.mark.parametrize("name", CASES)
def test_valid_by_its_standard(name: str, wanted: str) -> None:
    """Whatever a report says, each document passes the check that its standard publishes."""
    check(CASES[name], wanted)


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_valid_with_hostile_text(payload: str) -> None:
    """Text of a model repository breaks no format, and starts no formula of a spreadsheet."""
    # Each payload meets CSV and one more format; each format meets a fifth of the payloads.
    number = PAYLOADS.index(payload)
    verdict = list(DeclarationVerdict)[number % len(DeclarationVerdict)]
    others = [f for f in FORMATS if f != "csv"]
    report = poisoned(full(verdict), payload)
    file = WeightFile(path=payload, size=1, sha256=DIGEST)
    subject = report.subject.model_copy(update={"files": (file,), "read": ()})
    report = report.model_copy(update={"subject": subject})
    check(report, "csv")
    check(report, others[number % len(others)])
    rows = csv.reader(io.StringIO(written(report, "csv")))
    cells = [cell for row in list(rows)[1:] for cell in row]
    assert not [c for c in cells if c.startswith(("=", "+", "@"))]


def test_the_command_offers_what_there_is() -> None:
    """The choices of the command line are the formats, without importing them."""
    assert set(OFFERED) == set(FORMATS)


@pytest.mark.parametrize("wanted", FORMATS)
def test_same_report_same_bytes(wanted: str) -> None:
    """No clock and no random name goes into a document."""
    report = next(iter(CASES.values()))
    assert written(report, wanted) == written(report, wanted)


def test_statement_needs_digests() -> None:
    """A statement about files that nothing identifies is refused, with the way to get one."""
    report = with_digests(reports.report(DeclarationVerdict.NONE_FOUND, reports.unrelated()))
    subject = report.subject.model_copy(update={"read": ("model.safetensors", "other.bin")})
    with pytest.raises(UsageError, match=r"no digest of 'other\.bin'"):
        written(report.model_copy(update={"subject": subject}), "in-toto")
    subject = report.subject.model_copy(update={"files": (), "read": ()})
    with pytest.raises(UsageError, match="any weight file"):
        written(report.model_copy(update={"subject": subject}), "in-toto")


def test_nothing_compared_never_passes() -> None:
    """What was not examined is a warning in every format, whatever the conclusion says."""
    untested = reports.untested("acme/base", "gated", declared=True)
    report = reports.report(
        DeclarationVerdict.CONFIRMED,
        untested,
        conclusion=Conclusion.PASS,
        nothing_compared=NothingCompared.NO_BASE_TESTED,
    )
    assert {r.outcome for r in results(report)} == {Outcome.WARNED}


def test_declared_base_with_little_compared_does_not_pass() -> None:
    """A declared base that matches where a tenth was compared is a warning."""
    little = reports.matching(declared=True, compared=0.1)
    enough = reports.matching(
        declared=True,
        compared=0.95,
        relation=Relation(kind=RelationKind.FINE_TUNE, holds=Holds.BODY),
    )
    report = reports.report(DeclarationVerdict.INCONCLUSIVE, little, enough)
    assert [r.outcome for r in results(report)[1:]] == [Outcome.WARNED, Outcome.PASSED]


def test_fails_by_policy_alone() -> None:
    """A contradiction fails where the policy fails on it, and warns where it does not."""
    refuted = reports.unrelated()
    failing = reports.report(DeclarationVerdict.CONTRADICTED, refuted, conclusion=Conclusion.FAIL)
    lenient = reports.report(
        DeclarationVerdict.CONTRADICTED, refuted, conclusion=Conclusion.NEUTRAL
    )
    assert [r.outcome for r in results(failing)] == [Outcome.FAILED, Outcome.FAILED]
    assert [r.outcome for r in results(lenient)] == [Outcome.WARNED, Outcome.WARNED]
    assert parsed(failing, "sarif")["runs"][0]["results"][1]["level"] == "error"
    assert parsed(lenient, "sarif")["runs"][0]["results"][1]["level"] == "warning"


@pytest.mark.parametrize(
    ("changes", "kin"),
    [
        ({"declared": True}, Kinship.ANCESTOR),
        ({}, Kinship.VARIANT),
        ({"direction": "base-to-subject"}, Kinship.ANCESTOR),
        ({"declared": True, "direction": "subject-to-base"}, Kinship.DESCENDANT),
        ({"declared": True, "verdict": Verdict.UNRELATED, "relation": None}, Kinship.NONE),
        ({"declared": True, "verdict": Verdict.DISGUISED}, Kinship.NONE),
        ({"declared": True, "verdict": Verdict.NOT_TESTED, "relation": None}, Kinship.NONE),
        ({"declared": True, "relation": Relation(kind=RelationKind.PARTS)}, Kinship.VARIANT),
        (
            {"declared": True, "relation": Relation(kind=RelationKind.COMMON_INITIALISATION)},
            Kinship.NONE,
        ),
    ],
)
def test_pedigree(changes: dict[str, Any], kin: Kinship) -> None:
    """A base is an ancestor where it is declared and borne out, or where the weights tell."""
    assert kinship(reports.matching(**changes)) is kin


def test_cyclonedx_holds_bound_similarity_and_commits() -> None:
    """An ancestor carries its commit, its bound and its similarity; a refuted base is a claim."""
    held = reports.matching(declared=True, kept_interval=(0.99, 0.999))
    report = with_digests(
        reports.report(DeclarationVerdict.CONTRADICTED, held, reports.unrelated())
    )
    bom = parsed(report, "cyclonedx")
    subject = bom["metadata"]["component"]
    (ancestor,) = subject["pedigree"]["ancestors"]
    said = {p["name"]: p["value"] for p in ancestor["properties"]}
    assert ancestor["purl"] == f"pkg:huggingface/other/base-7b@{held.base.revision}"
    assert said["hubcheck:log10-bound"] == "-410.2"
    assert said["hubcheck:similarity"] == "0.9970"
    assert said["hubcheck:similarity-low"] == "0.9900"
    assert subject["components"][0]["hashes"] == [{"alg": "SHA-256", "content": DIGEST}]
    for_it, against = bom["declarations"]["claims"]
    assert for_it["evidence"]
    assert "counterEvidence" not in for_it
    assert against["counterEvidence"]
    assert "evidence" not in against


def test_sarif_points_at_the_line_that_names_the_base() -> None:
    """The result of a declared base stands on its line of the card, in the model's folder."""
    report = reports.report(DeclarationVerdict.CONTRADICTED, reports.unrelated())
    place = report.declared.model_copy(
        update={"places": ({"base": "acme/base-7b", "where": "README.md line 4", "line": 4},)}
    )
    log = parsed(report.model_copy(update={"declared": place}), "sarif", model_path="models/a b")
    physical = log["runs"][0]["results"][1]["locations"][0]["physicalLocation"]
    assert physical["artifactLocation"]["uri"] == "models/a%20b/README.md"
    assert physical["region"]["startLine"] == 4


def test_spdx_names_the_relationship() -> None:
    """The base is the ancestor of the subject, and an unrelated one makes no relationship."""
    held = reports.matching(declared=True)
    report = with_digests(
        reports.report(DeclarationVerdict.CONTRADICTED, held, reports.unrelated())
    )
    objects = valid_spdx(written(report, "spdx"))
    relations = [
        r.relationshipType.rpartition("/")[2] for r in objects.foreach_type("Relationship")
    ]
    assert sorted(relations) == ["ancestorOf", "contains"]


def test_junit_skips_what_does_not_decide() -> None:
    """A base that was not tested is a skipped case with its reason."""
    report = reports.report(
        DeclarationVerdict.INCONCLUSIVE, reports.untested("acme/base", "gated", declared=True)
    )
    (suite,) = JUnitXml.fromstring(written(report, "junit").encode())
    case = list(suite)[1]
    assert isinstance(case, TestCase)
    (result,) = case.result
    assert isinstance(result, Skipped)
    assert "gated" in result.message
