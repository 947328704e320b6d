"""Are no words put into a card, and licences judged by what files say?

Whole checks on a local Hub: the student beside its teacher, and a licence kept in a NOTICE.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hubcheck.card.wording import sentence
from hubcheck.cli import main
from hubcheck.report.load import load_report
from hubcheck.report.schema import Report
from hubcheck.report.words import DeclarationVerdict, LicenceStatus, Verdict
from tests.evidence.laboratory import model
from tests.hubserver import LocalHub
from tests.hubserver.session import reached
from tests.verdict.test_licence import MIT_TEXT


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalHub]:
    """Return a Hub with a base under MIT and a stranger."""
    with reached(LocalHub(), monkeypatch) as started:
        started.add_repo("zoo/base", model("base"))
        started.push("zoo/base", {"README.md": b"---\nlicense: mit\n---\n# Base\n"})
        started.add_repo("zoo/twin", model("twin"))
        started.add_repo("acme/model", model("finetune"))
        yield started


def report(hub: LocalHub, out: Path, **files: str) -> Report:
    """Return the report of the subject with these files."""
    said = {name.replace("__", "."): text.encode() for name, text in files.items()}
    hub.push("acme/model", said)
    main(["check", "acme/model", "--out", str(out), "--seed", "11"])
    return load_report(out / "report.json")


def test_student_beside_its_teacher_is_no_merge(hub: LocalHub, tmp_path: Path) -> None:
    """A card that lists two bases and says no more claims no merge; the teacher is refuted."""
    card = "---\nbase_model:\n- zoo/base\n- zoo/twin\n---\n# M\n"
    found = report(hub, tmp_path, README__md=card)
    verdicts = {f.base.ref: f.verdict for f in found.findings}
    assert verdicts == {"zoo/base": Verdict.RELATED, "zoo/twin": Verdict.UNRELATED}
    assert found.verdict is DeclarationVerdict.CONTRADICTED
    assert not found.context.relations
    assert "merge" not in sentence(found.warnings)


def test_licence_text_in_a_notice_is_kept(hub: LocalHub, tmp_path: Path) -> None:
    """The base's licence kept in a NOTICE raises no flag; without it, it does."""
    card = "---\nlicense: apache-2.0\nbase_model: zoo/base\n---\n# M\n"
    bare = report(hub, tmp_path / "bare", README__md=card)
    assert bare.licence.status is LicenceStatus.ATTENTION
    kept = report(hub, tmp_path / "kept", README__md=card, NOTICE=MIT_TEXT)
    assert kept.verdict is DeclarationVerdict.CONFIRMED
    assert kept.licence.flags == ()
