"""Does a check say what ``model.sig`` covers, and fail where a signature is asked for and missing?

The signatures are made by OpenSSF's own program.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from hubcheck.cli import main
from hubcheck.errors import ExitCode
from hubcheck.report.load import load_report
from hubcheck.report.schema import Report, SignedFiles
from tests.evidence.laboratory import model
from tests.signed.certificates_made import certificate
from tests.signed.keys_made import key_pair

signing = pytest.importorskip("model_signing.signing", reason="OpenSSF's program is not here")

WEIGHTS: Final = "model.safetensors"


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a key and a model that it signed."""
    folder = tmp_path_factory.mktemp("signed")
    key_pair(folder, "secp256r1")
    shutil.copytree(model("finetune"), folder / "model")
    signing.Config().use_elliptic_key_signer(private_key=folder / "secp256r1.pem").sign(
        folder / "model", folder / "model" / "model.sig"
    )
    return folder


Check = Callable[..., tuple[int, SignedFiles, Report]]


@pytest.fixture
def check(signed: Path, tmp_path: Path) -> Check:
    """Return what checks a changed copy of the signed model: exit code, what is signed, report."""

    def checked(*more: str, change: Callable[[Path], object] | None = None) -> Any:
        folder = tmp_path / "model"
        if not folder.exists():
            shutil.copytree(signed / "model", folder)
        if change is not None:
            change(folder)
        out = tmp_path / "out"
        code = main(["check", str(folder), "--base", str(model("base")), "--seed", "1", "--depth",
                     "headers", "--out", str(out), *more])  # fmt: skip
        report = load_report(out / "report.json")
        found = report.subject.signatures[0].signed
        assert found is not None
        return code, found, report

    return checked


def test_what_is_listed_is_told_though_nobody_is_trusted(check: Check) -> None:
    """All of the weights that are read, with their digests; who signed was not asked."""
    code, found, _ = check()
    assert code == ExitCode.OK
    assert (found.covered, found.state, found.holds) == ((WEIGHTS,), "unchecked", False)
    assert found.files == len([p for p in model("finetune").iterdir() if p.is_file()])


def test_the_signer_who_is_named_satisfies_the_policy(
    check: Check, signed: Path, tmp_path: Path
) -> None:
    """With the right key the gate opens, and the report can be replayed without the key's file."""
    asked = ("--fail-on", "require-signature", "--signer", str(signed / "secp256r1.pub"))
    code, found, report = check(*asked)
    assert code == ExitCode.OK
    assert found.holds
    assert report.policy.signers[0].startswith("-----BEGIN PUBLIC KEY-----")
    assert main(["replay", str(tmp_path / "out" / "report.json")]) == ExitCode.OK


def test_a_stranger_s_signature_does_not(check: Check, tmp_path: Path) -> None:
    """Anybody can sign: the key of another is none of the policy's signers."""
    _, other = key_pair(tmp_path, "secp256r1")
    code, found, report = check("--fail-on", "require-signature", "--signer", str(other))
    assert (code, found.state) == (ExitCode.POLICY_FAILED, "other")
    assert any(w.code == "warning.not-signed" for w in report.warnings)


def test_a_certificate_counts_under_the_authority_that_is_named(
    check: Check, signed: Path, tmp_path: Path
) -> None:
    """Signed by OpenSSF's program with a chain: under its authority it holds, under another not."""
    root = certificate("root", authority=True, days=30)
    between = certificate("between", root, authority=True, days=30)
    key, own = certificate("acme", between).written(tmp_path, "acme")
    _, chain = between.written(tmp_path, "between")
    _, trusted = root.written(tmp_path, "root")
    _, other = certificate("root", authority=True, days=30).written(tmp_path, "other")
    folder = tmp_path / "model"
    shutil.copytree(model("finetune"), folder)
    signing.Config().use_certificate_signer(
        private_key=key, signing_certificate=own, certificate_chain=[chain]
    ).sign(folder, folder / "model.sig")
    asked = ("--fail-on", "require-signature", "--signer")
    code, found, report = check(*asked, str(trusted))
    assert (code, found.signer) == (ExitCode.OK, "the certificate of CN=acme")
    assert report.policy.signers[0].startswith("-----BEGIN CERTIFICATE-----")
    assert main(["replay", str(tmp_path / "out" / "report.json")]) == ExitCode.OK
    code, found, _ = check(*asked, str(other))
    assert (code, found.state) == (ExitCode.POLICY_FAILED, "other")


def flip(folder: Path) -> None:
    """Change one value of the weights."""
    data = bytearray((folder / WEIGHTS).read_bytes())
    data[-1] ^= 1
    (folder / WEIGHTS).write_bytes(data)


def rename(folder: Path) -> None:
    """Put the weights under a name that nobody signed."""
    (folder / WEIGHTS).rename(folder / "other.safetensors")


def unsign(folder: Path) -> None:
    """Make a statement of another digest than its list has."""
    path = folder / "model.sig"
    document = json.loads(path.read_text(encoding="utf-8"))
    document["dsseEnvelope"]["payload"] = "e30="
    path.write_text(json.dumps(document), encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "field"), [(flip, "other"), (rename, "unlisted"), (unsign, "fault")]
)
def test_weights_that_nobody_signed_do_not_pass(
    change: Callable[[Path], object], field: str, check: Check, signed: Path
) -> None:
    """The right key, and other weights, another name, another statement."""
    asked = ("--fail-on", "require-signature", "--signer", str(signed / "secp256r1.pub"))
    code, found, _ = check(*asked, change=change)
    assert code == ExitCode.POLICY_FAILED
    assert getattr(found, field)
    assert not found.holds


def test_the_word_without_a_signer_is_an_error(
    signed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A signature of anybody would do, and anybody can sign."""
    code = main(["check", str(signed / "model"), "--fail-on", "require-signature"])
    assert code == ExitCode.USAGE
    assert "names no signer" in capsys.readouterr().err
