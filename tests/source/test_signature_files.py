"""Are signatures told from other files by their names alone?"""

from __future__ import annotations

import pytest

from hubcheck.source.interface import FileEntry
from hubcheck.source.signature_files import signature_files


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("model.sig", "oms"),
        ("deploy/Model.SIG", "oms"),
        ("model.safetensors.sig", "detached"),
        ("model.safetensors.asc", "pgp"),
        ("model.safetensors.sigstore.json", "sigstore"),
        ("weights.sigstore", "sigstore"),
        ("model.intoto.jsonl", "in-toto"),
    ],
)
def test_a_signature_is_named_with_its_kind(path: str, kind: str) -> None:
    """In any folder, in capitals or not."""
    (found,) = signature_files([FileEntry(path=path, size=9, sha256="")])
    assert (found.path, found.kind) == (path, kind)


def test_other_files_are_none() -> None:
    """Nothing that only sounds like one."""
    names = ("model.safetensors", "signature.md", "sig", "model.sig.md", "config.json")
    assert signature_files([FileEntry(path=n, size=9, sha256="") for n in names]) == ()
