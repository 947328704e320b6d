"""Is a bundle believed for the identity that signed it, and for no other?

A Sigstore of our own, checked by ``sigstore``'s own verifier.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pytest

from hubcheck.errors import UnreadableError, UsageError
from hubcheck.signed.identity import verified_payload
from tests.signed.sigstore_made import OwnSigstore
from tests.signed.test_keys import STATEMENT

WHO: Final = "https://github.com/acme/models/.github/workflows/check.yml@refs/heads/main"
ISSUER: Final = "https://token.actions.githubusercontent.com"


@pytest.fixture(scope="module")
def own() -> OwnSigstore:
    """Return the services."""
    return OwnSigstore()


@pytest.fixture(scope="module")
def root(own: OwnSigstore, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of what is trusted."""
    path = tmp_path_factory.mktemp("trust") / "trusted_root.json"
    path.write_text(own.trusted_root(), encoding="utf-8")
    return path


def believed(bundle: str, root: Path, *, who: str = WHO, issuer: str = ISSUER) -> bytes | None:
    """Return the payload that is believed of an identity."""
    return verified_payload(
        bundle.encode(), identity=who, issuer=issuer, trusted_root=root, what="it"
    )


def test_the_identity_that_signed_is_believed_and_no_other(own: OwnSigstore, root: Path) -> None:
    """Another workflow, another issuer, another Sigstore: nothing."""
    bundle = own.bundle(STATEMENT, identity=WHO, issuer=ISSUER)
    assert believed(bundle, root) == STATEMENT
    assert believed(bundle, root, who=WHO.replace("acme", "other")) is None
    assert believed(bundle, root, issuer="https://accounts.example") is None
    stranger = OwnSigstore().bundle(STATEMENT, identity=WHO, issuer=ISSUER)
    assert believed(stranger, root) is None


def other_payload(document: dict[str, Any]) -> None:
    """Put another statement under the signature."""
    other = STATEMENT.replace(b"model.safetensors", b"other.safetensors")
    document["dsseEnvelope"]["payload"] = base64.b64encode(other).decode()


def other_time(document: dict[str, Any]) -> None:
    """Say that it was logged while the certificate was not valid."""
    document["verificationMaterial"]["tlogEntries"][0]["integratedTime"] = "1999999999"


def no_promise(document: dict[str, Any]) -> None:
    """Take what the log promised away."""
    del document["verificationMaterial"]["tlogEntries"][0]["inclusionPromise"]


@pytest.mark.parametrize("change", [other_payload, other_time, no_promise])
def test_a_changed_bundle_is_not_believed(
    change: Callable[[dict[str, Any]], None], own: OwnSigstore, root: Path
) -> None:
    """It is refused as no bundle, or verifies nothing."""
    document = json.loads(own.bundle(STATEMENT, identity=WHO, issuer=ISSUER))
    change(document)
    found = None
    with suppress(UnreadableError):
        found = believed(json.dumps(document), root)
    assert found is None


def test_what_is_no_root_is_a_usage_error(own: OwnSigstore, tmp_path: Path) -> None:
    """A file that holds none, and one that is not there."""
    bundle = own.bundle(STATEMENT, identity=WHO, issuer=ISSUER)
    (tmp_path / "none.json").write_text("{}", encoding="utf-8")
    for name in ("none.json", "gone.json"):
        with pytest.raises(UsageError, match="no trusted root"):
            believed(bundle, tmp_path / name)
