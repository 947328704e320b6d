"""Does ``hubcheck verify`` tell a statement about these weights from every other?"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from hubcheck.cli import main
from hubcheck.errors import ExitCode
from tests.evidence.laboratory import model
from tests.signed.keys_made import key_pair

SEED: Final = "11"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a model, its report, and a statement signed with a key."""
    folder = tmp_path_factory.mktemp("verify")
    for name in ("base", "finetune"):
        shutil.copytree(model(name), folder / name)
    before = Path.cwd()
    os.chdir(folder)
    try:
        check = ["check", "finetune", "--base", "base", "--seed", SEED, "--out", "out"]
        assert main(check) == ExitCode.OK
        export = ["export", "out/report.json", "--format", "in-toto", "--out", "statement.json"]
        assert main(export) == ExitCode.OK
        key_pair(folder)
        sign = ["sign", "statement.json", "--key", "ed25519.pem", "--out", "signed.json"]
        assert main(sign) == ExitCode.OK
    finally:
        os.chdir(before)
    return folder


@pytest.fixture
def ask(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, dict[str, str]]]:
    """Return what asks ``verify`` in that folder: its exit code, and its answers by question."""
    monkeypatch.chdir(place)

    def asked(statement: str, subject: str, *more: str) -> tuple[int, dict[str, str]]:
        capsys.readouterr()
        code = main(["verify", statement, subject, *more, "--json"])
        answers = json.loads(capsys.readouterr().out)["answers"]
        return code, {one["asked"]: one["answer"] for one in answers}

    return asked


def resigned(place: Path, name: str, **changes: Any) -> str:
    """Return the name of a statement that was changed and then signed again with the key."""
    document = json.loads((place / "statement.json").read_text(encoding="utf-8"))
    document["predicate"].update(changes.pop("predicate", {}))
    document.update(changes)
    (place / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")
    key, out = str(place / "ed25519.pem"), str(place / f"{name}.signed.json")
    assert main(["sign", str(place / f"{name}.json"), "--key", key, "--out", out]) == ExitCode.OK
    return out


def test_all_holds_and_the_report_is_made_again(ask: Any) -> None:
    """Signature, predicate, digests, coverage, result, report, replay."""
    code, told = ask(
        "signed.json", "finetune", "--key", "ed25519.pub", "--report", "out/report.json", "--replay"
    )
    assert code == ExitCode.OK
    assert set(told.values()) == {"holds"}
    assert len(told) == 7


def test_without_a_report_it_is_said_that_nothing_was_made_again(ask: Any) -> None:
    """What was not asked is told, and is no failure."""
    code, told = ask("signed.json", "finetune", "--key", "ed25519.pub")
    assert code == ExitCode.OK
    assert {name for name, answer in told.items() if answer == "not-asked"} == {"report", "replay"}


def test_other_weights_fail(place: Path, ask: Any) -> None:
    """One changed byte; another model; a loaded file that the statement does not know."""
    changed = place / "changed"
    shutil.copytree(place / "finetune", changed)
    weights = changed / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    for subject in ("changed", "base"):
        code, told = ask("signed.json", subject, "--key", "ed25519.pub")
        assert (code, told["digests"]) == (ExitCode.POLICY_FAILED, "fails")
    renamed = place / "renamed"
    shutil.copytree(place / "finetune", renamed)
    (renamed / "model.safetensors").rename(renamed / "other.safetensors")
    code, told = ask("signed.json", "renamed", "--key", "ed25519.pub")
    assert (told["digests"], told["covered"]) == ("fails", "fails")


def test_a_file_that_loads_and_is_not_covered_fails(place: Path, ask: Any) -> None:
    """The digests of what is covered agree, and a shard beside it is a stranger's."""
    document = json.loads((place / "statement.json").read_text(encoding="utf-8"))
    sharded = place / "sharded"
    shutil.copytree(place / "finetune", sharded)
    weights = sharded / "model.safetensors"
    first, second = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
    shutil.copy(weights, sharded / second)
    weights.rename(sharded / first)
    index = {"weight_map": {"a": first, "b": second}}
    (sharded / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    document["subject"][0]["name"] = first
    statement = resigned(place, "half", subject=document["subject"])
    code, told = ask(statement, "sharded", "--key", "ed25519.pub")
    assert code == ExitCode.POLICY_FAILED
    assert (told["digests"], told["covered"]) == ("holds", "fails")


def test_a_bundle_is_held_to_the_identity_that_is_named(place: Path, ask: Any) -> None:
    """As GitHub's attestations are: the workflow's name, its issuer, and the weights."""
    from tests.signed.sigstore_made import OwnSigstore

    who, issuer = "https://github.com/acme/m/check.yml@main", "https://issuer.example"
    own = OwnSigstore()
    payload = (place / "statement.json").read_bytes()
    bundle = own.bundle(payload, identity=who, issuer=issuer)
    (place / "bundle.json").write_text(bundle, encoding="utf-8")
    (place / "root.json").write_text(own.trusted_root(), encoding="utf-8")
    trust = ("--issuer", issuer, "--trusted-root", "root.json")
    code, told = ask("bundle.json", "finetune", "--identity", who, *trust)
    assert code == ExitCode.OK
    assert {told[name] for name in ("signature", "predicate", "digests", "covered")} == {"holds"}
    code, told = ask("bundle.json", "finetune", "--identity", f"{who}2", *trust)
    assert (code, told["signature"]) == (ExitCode.POLICY_FAILED, "fails")


def test_a_strangers_signature_fails_and_so_does_none(place: Path, ask: Any) -> None:
    """By another key; by nobody; and --unsigned says that anyone can have written it."""
    (place / "other").mkdir()
    key_pair(place / "other")
    code, told = ask("signed.json", "finetune", "--key", "other/ed25519.pub")
    assert (code, told["signature"]) == (ExitCode.POLICY_FAILED, "fails")
    code, told = ask("statement.json", "finetune", "--key", "ed25519.pub")
    assert (code, told["signature"]) == (ExitCode.POLICY_FAILED, "fails")
    code, told = ask("signed.json", "finetune", "--identity", "me@example.org")
    assert (code, told["signature"]) == (ExitCode.POLICY_FAILED, "fails")
    code, told = ask("statement.json", "finetune", "--unsigned")
    assert (code, told["signature"]) == (ExitCode.OK, "not-asked")


@pytest.mark.parametrize(
    ("changes", "fails"),
    [
        ({"predicate": {"result": "FAILED"}}, {"result", "report"}),
        ({"predicate": {"result": "PASSED", "failedTests": ["x"]}}, {"predicate", "report"}),
        ({"predicate": {"result": "perfect"}}, {"predicate", "report"}),
        ({"predicate": {"warnedTests": "none"}}, {"predicate", "report"}),
        ({"predicate": {"configuration": []}}, {"predicate", "report"}),
        ({"predicate": {"passedTests": ["declaration: all is well"]}}, {"report"}),
        ({"predicateType": "https://slsa.dev/provenance/v1"}, {"predicate", "report"}),
    ],
)
def test_a_changed_claim_fails_though_it_is_signed(
    changes: dict[str, Any], fails: set[str], place: Path, ask: Any
) -> None:
    """Each change is named by its own question."""
    statement = resigned(place, "claim", **changes)
    code, told = ask(statement, "finetune", "--key", "ed25519.pub", "--report", "out/report.json")
    assert code == ExitCode.POLICY_FAILED
    assert {name for name, answer in told.items() if answer == "fails"} == fails


def test_a_report_that_was_made_up_fails_its_replay(place: Path, ask: Any) -> None:
    """A signer may sign a statement of a report in which a number was raised."""
    report = json.loads((place / "out" / "report.json").read_text(encoding="utf-8"))
    report["findings"][0]["kept"] = 0.5
    (place / "made-up.json").write_text(json.dumps(report), encoding="utf-8")
    out = str(place / "made-up.statement.json")
    main(["export", str(place / "made-up.json"), "--format", "in-toto", "--out", out])
    statement = str(place / "made-up.signed.json")
    main(["sign", out, "--key", str(place / "ed25519.pem"), "--out", statement])
    code, told = ask(
        statement, "finetune", "--key", "ed25519.pub", "--report", "made-up.json", "--replay"
    )
    assert code == ExitCode.POLICY_FAILED
    assert (told["report"], told["replay"]) == ("holds", "fails")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["statement.json", "finetune", "--unsigned", "--replay"], 2),
        (["none.json", "finetune", "--unsigned"], 2),
        (["signed.json", "finetune", "--key", "none.pub"], 2),
        (["statement.json", "gone/gone", "--unsigned"], 3),
        (["out/report.json", "finetune", "--unsigned"], 4),
        (["out/card.md", "finetune", "--unsigned"], 4),
    ],
)
def test_what_cannot_be_asked_has_its_exit_code(
    words: list[str], code: int, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """2 for the request, 3 for a model that is not there, 4 for what is no statement."""
    monkeypatch.chdir(place)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert main(["verify", *words]) == code


def test_somebody_must_be_trusted(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a key, an identity or --unsigned nothing is verified at all."""
    monkeypatch.chdir(place)
    with pytest.raises(SystemExit) as ended:
        main(["verify", "statement.json", "finetune"])
    assert ended.value.code == ExitCode.USAGE


def test_a_process_without_an_identity_signs_nothing(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """--as-this-job outside a CI job is a usage error that names the permission."""
    for name in ("GITHUB_ACTIONS", "GITLAB_CI", "BUILDKITE", "CIRCLECI"):
        monkeypatch.delenv(name, raising=False)
    assert main(["sign", str(place / "statement.json"), "--as-this-job"]) == ExitCode.USAGE
    assert "id-token: write" in capsys.readouterr().err
    assert main(["sign", str(place / "signed.json"), "--as-this-job"]) == ExitCode.USAGE
