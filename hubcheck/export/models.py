"""How do other formats name a model, its files and the document about it?

Names are stable: the same report gives the same names, so that documents can be compared.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from hubcheck.card.escaping import visible
from hubcheck.card.names import is_commit
from hubcheck.frozen import frozen

if TYPE_CHECKING:
    from hubcheck.report.schema import BaseModelRef, Report, WeightFile

NAMESPACE: Final = uuid.uuid5(uuid.NAMESPACE_URL, "https://github.com/hubcheck/hubcheck/report")
"""Of the names that documents get (RFC 9562, version 5): chosen once, never changed."""
SHA256_DIGITS: Final = 64


@frozen(kw_only=False)
class ModelName:
    """A model as package formats name it. All fields but ``purl`` are raw."""

    group: str
    """The owner on the Hub; empty for a folder and for a model without an owner."""
    name: str
    version: str
    """The commit; empty for a folder."""
    purl: str
    """A package URL (purl-spec, type huggingface); empty for what lies on no Hub."""


def subject_name(report: Report) -> ModelName:
    """Return the name of the model under test."""
    return model_name(report.subject.ref, report.subject.revision)


def base_name(base: BaseModelRef) -> ModelName:
    """Return the name of a base, at the commit that was looked at."""
    return model_name(base.ref.partition("@")[0], base.revision)


def model_name(ref: str, revision: str) -> ModelName:
    """Return the name of ``org/name``, ``org/name:folder`` or a local folder.

    purl-spec wants the commit in lower case and every part percent-encoded; a folder of a
    repository is its subpath.
    """
    if not is_commit(revision):
        name = ref.replace("\\", "/").rstrip("/").rpartition("/")[2] or ref
        return ModelName(group="", name=name, version="", purl="")
    repository, _, folder = ref.partition(":")
    owner, _, name = repository.rpartition("/")
    path = "/".join(quote(part, safe="") for part in (owner, name) if part)
    subpath = "/".join(quote(p, safe="") for p in folder.split("/") if p not in {"", ".", ".."})
    purl = f"pkg:huggingface/{path}@{revision}" + (f"#{subpath}" if subpath else "")
    return ModelName(
        group=owner, name=name + (f":{folder}" if folder else ""), version=revision, purl=purl
    )


def document_id(report: Report, report_sha256: str, kind: str) -> uuid.UUID:
    """Return the identifier of the document of one kind about a report: the same every time."""
    ref = report.subject.ref.encode("utf-8", "backslashreplace").decode()  # half a character too
    return uuid.uuid5(NAMESPACE, f"{kind} {report_sha256} {ref}")


def digested(files: Sequence[WeightFile]) -> tuple[WeightFile, ...]:
    """Return the files whose digest is known."""
    hexadecimal = set("0123456789abcdef")
    return tuple(
        f for f in files if len(f.sha256) == SHA256_DIGITS and set(f.sha256) <= hexadecimal
    )


def shown(text: str) -> str:
    """Return text from a model repository as one line in which every character can be seen."""
    return visible(text)


def moment(stamp: str) -> str:
    """Return a time in UTC and whole seconds, as every format takes it.

    A report is a file that anyone can write: what is no time is the epoch.
    """
    try:
        parsed = datetime.fromisoformat(stamp).astimezone(UTC)
    except (ValueError, OverflowError):
        parsed = datetime.fromtimestamp(0, UTC)
    return parsed.replace(microsecond=0, tzinfo=None).isoformat() + "Z"
