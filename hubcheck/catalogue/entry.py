"""What does a catalogue know of one model?"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import numpy as np

from hubcheck.catalogue.sketch import N_SLOTS, Sketch
from hubcheck.checkpoint.strict_json import load_object
from hubcheck.errors import UnreadableError, printable
from hubcheck.frozen import frozen
from hubcheck.source.reference import is_repo_id
from hubcheck.statistics.sketch import SLOT_BYTES

_DATE: Final = re.compile(r"[0-9TZ:.+-]{0,40}", re.ASCII)
_HEX: Final = re.compile(r"[0-9a-f]{0,64}")
MAX_NAME: Final = 300


class Standing(StrEnum):
    """How an entry stands to its family."""

    ROOT = "root"
    """The family bears its name: it came in first. It says nothing about who made what."""
    MEMBER = "member"
    """It matched the root exactly when it came in."""
    QUARANTINED = "quarantined"
    """Its sketch is near the family's, and the exact test did not find it related."""


@frozen
class Entry:
    """One model at one state."""

    ref: str
    """``org/name`` on the Hub, or ``./path`` from the catalogue's own folder."""
    revision: str
    """Commit, or ``local``."""
    digest: str
    """sha256 over the sorted (path, sha256) of its weight files; empty where one is not known."""
    family: str
    """The root's name; of one that is quarantined: the family that it resembles."""
    standing: Standing
    sketch: Sketch
    first_seen: str
    """When these digests were first entered here, UTC."""
    created: str = ""
    """When the host says that the repository was made: context, the owner's to choose."""
    architecture: str = ""
    """As config.json states it; hostile text."""
    parameters: int = 0
    closed: bool = False
    """Only a token opens it: never published unless that is asked for."""

    @property
    def is_local(self) -> bool:
        """Whether it lies beside the catalogue, and not on the Hub."""
        return is_local(self.ref)

    def line(self) -> bytes:
        """Return everything but the sketch's bits, as one line of JSON."""
        known = {
            "ref": self.ref,
            "revision": self.revision,
            "digest": self.digest,
            "family": self.family,
            "standing": self.standing.value,
            "first_seen": self.first_seen,
            "created": self.created,
            "architecture": self.architecture[:MAX_NAME],
            "parameters": self.parameters,
            "present": self.sketch.present,
            "closed": self.closed,
        }
        return json.dumps(known, separators=(",", ":")).encode("ascii")


def is_local(ref: str) -> bool:
    """Return whether a name is a path from the catalogue's folder."""
    return ref.startswith("./")


def family_key(root: str) -> int:
    """Return the number by which a family's members are found."""
    return int.from_bytes(hashlib.sha256(root.casefold().encode()).digest()[:8], "little")


def read_entry(line: bytes, bits: bytes) -> Entry:
    """Return an entry from its line and the bits of its sketch; both are a stranger's.

    Raises:
        UnreadableError: it is none.
    """
    values = load_object(line, "An entry of the catalogue")
    ref, family = _text(values, "ref"), _text(values, "family")
    for name in (ref, family):
        if not (is_local(name) or is_repo_id(name)):
            raise _broken(f"'{printable(name)}' is no name of a model")
    standing = _text(values, "standing")
    if standing not in {s.value for s in Standing} or len(bits) != N_SLOTS * SLOT_BYTES:
        raise _broken(f"'{printable(ref)}' has no standing or no sketch")
    for name in ("first_seen", "created"):
        if _DATE.fullmatch(_text(values, name)) is None:
            raise _broken(f"a date of '{printable(ref)}' is none")
    digest = _text(values, "digest")
    if _HEX.fullmatch(digest) is None:
        raise _broken(f"the digest of '{printable(ref)}' is none")
    slots = np.frombuffer(bits, dtype=np.uint8).reshape(N_SLOTS, SLOT_BYTES)
    return Entry(
        ref=ref,
        revision=_text(values, "revision"),
        digest=digest,
        family=family,
        standing=Standing(standing),
        sketch=Sketch(slots=slots, present=_number(values, "present") & ((1 << N_SLOTS) - 1)),
        first_seen=_text(values, "first_seen"),
        created=_text(values, "created"),
        architecture=_text(values, "architecture"),
        parameters=_number(values, "parameters"),
        closed=values.get("closed") is True,
    )


def _text(values: Mapping[str, object], name: str) -> str:
    value = values.get(name, "")
    if not isinstance(value, str) or len(value) > MAX_NAME:
        raise _broken(f"its {name} is no text")
    return value


def _number(values: Mapping[str, object], name: str) -> int:
    value = values.get(name, 0)
    if type(value) is not int or not 0 <= value < 2**60:
        raise _broken(f"its {name} is no number")
    return value


def _broken(why: str) -> UnreadableError:
    return UnreadableError(
        f"An entry of the catalogue cannot be used: {why}.",
        cause="the file was damaged, or written by something else.",
        next_step="build the catalogue again, or take another copy of it.",
    )
