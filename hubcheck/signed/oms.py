"""Which files does a signature of OpenSSF Model Signing cover, by which digests?

Its statement lists every file of a folder, and its one subject is the digest of that list (OMS
1.0). Nothing here says who signed it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Final

from hubcheck.checkpoint.strict_json import load_object
from hubcheck.errors import UnreadableError
from hubcheck.frozen import frozen

PREDICATE: Final = "https://model_signing/signature/v1.0"
WHOLE_FILES: Final = "files"
SHA256: Final = "sha256"
MAX_FILES: Final = 100_000
"""Files of one list; a model in a hundred thousand files is none."""
_HEX: Final = re.compile(r"(?:[0-9a-fA-F]{2}){1,64}")


@frozen
class SignedList:
    """The files that a signature covers; hostile."""

    files: frozenset[str]
    """All paths."""
    sha256: Mapping[str, str]
    """Lower-case digests of those that were hashed whole, by sha256."""


def read_signed_list(payload: bytes, what: str) -> SignedList:
    """Return the files that a signature covers.

    Args:
        payload: The statement in its envelope.
        what: What it is called in messages; printable.

    Raises:
        UnreadableError: it is no statement of OMS 1.0, or its list does not have the digest that
            was signed.
    """
    document = load_object(payload, what)
    if document.get("predicateType") != PREDICATE:
        raise _not_one(what, "it is of another kind, or of a version before 1.0")
    predicate, subjects = document.get("predicate"), document.get("subject")
    resources = predicate.get("resources") if isinstance(predicate, dict) else None
    if not isinstance(predicate, dict) or not isinstance(resources, list):
        raise _not_one(what, "it lists no files")
    if not 1 <= len(resources) <= MAX_FILES:
        raise _not_one(what, f"it lists {len(resources)} files")
    whole = _method(predicate) == WHOLE_FILES
    together = hashlib.sha256()
    paths: set[str] = set()
    digests: dict[str, str] = {}
    for one in resources:
        name, algorithm, digest = _resource(one)
        if not name or _HEX.fullmatch(digest) is None:
            raise _not_one(what, "a file has no name, or no digest")
        together.update(bytes.fromhex(digest))
        # A shard is named by its file and its range: name:start:end.
        path = name if whole else name.rsplit(":", 2)[0]
        if whole and path in paths:
            raise _not_one(what, "it lists a file twice")
        paths.add(path)
        if whole and algorithm == SHA256:
            digests[path] = digest.lower()
    if _root(subjects) != together.hexdigest():
        raise _not_one(what, "its list does not have the digest that was signed")
    return SignedList(files=frozenset(paths), sha256=digests)


def _method(predicate: Mapping[str, object]) -> object:
    how = predicate.get("serialization")
    return how.get("method") if isinstance(how, dict) else None


def _resource(one: object) -> tuple[str, str, str]:
    said = [one.get(k) for k in ("name", "algorithm", "digest")] if isinstance(one, dict) else []
    name, algorithm, digest = (x if isinstance(x, str) else "" for x in (*said, *("",) * 3)[:3])
    return name, algorithm, digest


def _root(subjects: object) -> str:
    only = subjects[0] if isinstance(subjects, list) and len(subjects) == 1 else None
    digest = only.get("digest") if isinstance(only, dict) else None
    said = digest.get(SHA256) if isinstance(digest, dict) else None
    return said.lower() if isinstance(said, str) else ""


def _not_one(what: str, why: str) -> UnreadableError:
    return UnreadableError(
        f"{what} is no model signature that is read here: {why}.",
        cause="another program wrote it, or it was cut or changed.",
        next_step="verify it with the tool that made it.",
    )
