"""Which files of a model are signatures, and what does its ``model.sig`` cover?

OpenSSF's file is opened: whether the weights that are read are among the files that it lists, with
the digests they have, and whether somebody signed it whom the policy names. It says whose files
these are, never where the weights come from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from hubcheck.candidates.documents import Malformed, read_bytes
from hubcheck.errors import BudgetExceededError, HubcheckError, UsageError, printable
from hubcheck.model import Model
from hubcheck.report.schema import Signature, SignedFiles
from hubcheck.signed.envelope import Envelope, read_envelope
from hubcheck.signed.oms import SignedList, read_signed_list
from hubcheck.signed.signers import signer_of
from hubcheck.source.interface import FileEntry
from hubcheck.source.signature_files import OMS, signature_files

LIMIT: Final = 4_000_000
"""Bytes of a ``model.sig`` that are read: twenty thousand files; a model of a thousand shards has
under 300 kB."""


def signatures_of(model: Model, signers: Sequence[str]) -> tuple[Signature, ...]:
    """Return the files of a model that their names call signatures, the one of OMS opened.

    Args:
        model: The model.
        signers: Who may have signed it.

    Raises:
        UsageError: what verifies a signature is not installed.
    """
    found = (Signature(path=f.path, kind=f.kind) for f in signature_files(model.files))
    return tuple(
        one.model_copy(update={"signed": _signed(model, signers)}) if one.path == OMS else one
        for one in found
    )


def _signed(model: Model, signers: Sequence[str]) -> SignedFiles:
    try:
        raw = read_bytes(model.source, OMS, limit=LIMIT)
        if not isinstance(raw, bytes):
            fault = raw.said.params["problem"] if isinstance(raw, Malformed) else "absent"
            return SignedFiles(fault=str(fault))
        envelope = read_envelope(raw, OMS)
        listed = read_signed_list(envelope.payload, OMS)
    except UsageError:
        raise
    except BudgetExceededError as error:
        return SignedFiles(fault=printable(error.what, limit=300))
    except HubcheckError as error:
        return SignedFiles(fault=printable(error.what, limit=300))
    return _held(model, listed, _signer(envelope, raw, signers))


def _signer(envelope: Envelope, raw: bytes, signers: Sequence[str]) -> SignedFiles:
    if not signers:
        return SignedFiles()
    name = signer_of(envelope, raw, signers)
    return SignedFiles(state="valid" if name else "other", signer=printable(name))


def _held(model: Model, listed: SignedList, who: SignedFiles) -> SignedFiles:
    covered, other, unlisted, undecided = [], [], [], []
    for file in model.loaded_files:
        known = _digest(file)
        if file.path not in listed.files:
            unlisted.append(file.path)
        elif not known or file.path not in listed.sha256:
            undecided.append(file.path)
        elif listed.sha256[file.path] == known:
            covered.append(file.path)
        else:
            other.append(file.path)
    return who.model_copy(
        update={
            "files": len(listed.files),
            "covered": tuple(covered),
            "other": tuple(other),
            "unlisted": tuple(unlisted),
            "undecided": tuple(undecided),
        }
    )


def _digest(file: FileEntry) -> str:
    return replace(file, blob_id="").digest
