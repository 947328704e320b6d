"""What does a comment remember of the run that wrote it?

A few words hidden in its first line, so that the next run knows what was said before: no file, no
artifact, no service. Only a comment of the token's own author is ever read back, and the text is
still treated as a stranger's: anything that does not fit is no state.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hubcheck.report.words import Conclusion, DeclarationVerdict, Verdict

if TYPE_CHECKING:
    from hubcheck.report.schema import Report

BASES_KEPT: Final = 20
"""As many as the card's table shows."""
MODELS_KEPT: Final = 50
"""As many as one job checks."""
ID_LIMIT: Final = 64
DEFAULT_ID: Final = "hubcheck"

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_MARKER: Final = re.compile(
    r"<!-- hubcheck:v1 id=([A-Za-z0-9._-]{1,80})(?: state=([A-Za-z0-9_=-]{1,16000}))? -->"
)


class BaseState(BaseModel):
    """What was said about one base."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    ref: str = Field(max_length=200)
    revision: str = Field(max_length=64)
    verdict: Verdict
    kept: float = 0.0
    relation: str = Field(default="", max_length=40)


class ModelState(BaseModel):
    """What was said about one of several models."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    model: str = Field(max_length=120)
    said: str = Field(max_length=20, description="a verdict, or empty where it was not checked")


class State(BaseModel):
    """What a comment said, and about what."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    verdict: DeclarationVerdict
    conclusion: Conclusion
    commit: str = Field(default="", max_length=64)
    run: int = Field(default=0, ge=0, description="id of the workflow run, 0 outside of one")
    key: str = Field(default="", max_length=64, description="see ``key_of``; empty: unknown")
    bases: tuple[BaseState, ...] = Field(default=(), max_length=BASES_KEPT)
    models: tuple[ModelState, ...] = Field(default=(), max_length=MODELS_KEPT)


def is_comment_id(text: str) -> bool:
    """Return whether a text can name one of several comments on a pull request."""
    return _ID.fullmatch(text) is not None


def identity(comment_id: str, asked: str) -> str:
    """Return the id of the comment about what was asked for: one model, or a list or pattern.

    Two jobs of one workflow that check two models with the same ``comment_id`` have two comments.
    """
    return f"{comment_id}.{hashlib.sha256(asked.encode('utf-8', 'replace')).hexdigest()[:8]}"


def key_of(*parts: str) -> str:
    """Return a digest of everything that a result depends on; empty if any part is unknown."""
    if not all(parts):
        return ""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def state_of(report: Report, *, commit: str, run: int, key: str) -> State:
    """Return what the next run should know about this one."""
    return State(
        verdict=report.verdict,
        conclusion=report.conclusion,
        commit=commit,
        run=run,
        key=key,
        bases=tuple(
            BaseState(
                ref=_storable(f.base.ref, 200),
                revision=_storable(f.base.revision, 64),
                verdict=f.verdict,
                kept=round(f.kept, 4),
                relation=f.relation.kind.value if f.relation else "",
            )
            for f in report.findings[:BASES_KEPT]
        ),
    )


def _storable(text: str, limit: int) -> str:
    """Return text that JSON can hold: a name may be half of a character."""
    return text[:limit].encode("utf-8", "replace").decode()


def marker(comment_id: str, state: State | None = None) -> str:
    """Return the hidden first line of a comment."""
    if state is None:
        return f"<!-- hubcheck:v1 id={comment_id} -->"
    text = state.model_dump_json(exclude_defaults=True)
    packed = base64.urlsafe_b64encode(text.encode()).decode()
    # Twenty bases with the longest names still fit; the pattern that reads it back has the limit.
    return f"<!-- hubcheck:v1 id={comment_id} state={packed} -->"


def has_marker(body: str, comment_id: str) -> bool:
    """Return whether a comment is the one of this id: the marker stands in its first line."""
    found = _MARKER.match(body)
    return found is not None and found.group(1) == comment_id


def read_state(body: str) -> State | None:
    """Return what a comment remembers, or None when that is nothing that can be used."""
    found = _MARKER.match(body)
    if found is None or not found.group(2):
        return None
    try:
        return State.model_validate_json(base64.urlsafe_b64decode(found.group(2)))
    except (ValidationError, ValueError):
        return None
