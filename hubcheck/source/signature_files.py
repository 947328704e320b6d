"""Which files of a repository are signatures, by their names?

Nothing is opened here, and nothing verified: a name says what its maker calls a file.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType
from typing import Final, Literal

from hubcheck.frozen import frozen
from hubcheck.source.interface import FileEntry

SignatureKind = Literal["oms", "sigstore", "in-toto", "pgp", "detached"]
OMS: Final = "model.sig"
"""The name that OpenSSF Model Signing writes by default, and that NVIDIA's catalogue publishes."""
ENDINGS: Final[MappingProxyType[str, SignatureKind]] = MappingProxyType(
    {
        ".sigstore": "sigstore",
        ".sigstore.json": "sigstore",
        ".intoto.jsonl": "in-toto",
        ".asc": "pgp",
        ".sig": "detached",
    }
)


@frozen
class SignatureFile:
    """A file that its name calls a signature."""

    path: str
    kind: SignatureKind


def signature_files(files: Iterable[FileEntry]) -> tuple[SignatureFile, ...]:
    """Return the signatures among a model's files, in the order given."""
    found = []
    for file in files:
        name = file.path.rpartition("/")[2].lower()
        kind = (
            "oms"
            if name == OMS
            else next((k for e, k in ENDINGS.items() if name.endswith(e)), None)
        )
        if kind is not None:
            found.append(SignatureFile(path=file.path, kind=kind))
    return tuple(found)
