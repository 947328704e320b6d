"""What does a visitor of the open page ask for, and may everybody read it?

One or two models of the Hub, pinned to the commits they stand at now and asked for without any
token: what a stranger cannot read is not checked for one. The same models at the same commits are
the same question, and have one address.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any, Final

from hubcheck.errors import HubcheckError, UsageError, printable
from hubcheck.frozen import frozen
from hubcheck.publish.hub.client import HubClient
from hubcheck.publish.hub.credentials import Credential, Role
from hubcheck.publish.hub.errors import ForbiddenError, NotThereError
from hubcheck.source.reference import HubReference, parse_hub_reference

REF: Final = "asked/"
"""How the ref of a job begins that no push but a visitor started."""
KEY_LENGTH: Final = 20
"""Hex digits of an address: 80 bits."""
LONGEST: Final = 400
"""Characters of one field of the form."""
NOBODY: Final = Credential(role=Role.READ, origin="nowhere", token=None)


class TurnedAwayError(Exception):
    """Why a question is not taken: in words for the page, with the status of the answer."""

    def __init__(self, said: str, *, status: int, wait: float = 0.0) -> None:
        """Take the sentence, the status, and the seconds after which to come again."""
        super().__init__(said)
        self.said = said
        self.status = status
        self.wait = wait


@frozen
class Question:
    """A model, and one that it may come from; both at a commit."""

    subject: HubReference
    other: HubReference | None = None

    @property
    def key(self) -> str:
        """The end of its address, the same for the same models at the same commits."""
        asked = f"{written(self.subject)}\n{written(self.other)}".casefold()
        return hashlib.sha256(asked.encode()).hexdigest()[:KEY_LENGTH]

    @property
    def ref(self) -> str:
        """What the queue knows it by, beside the subject's name and commit."""
        asked = self.other.pinned_from if self.other is not None else ""
        return f"{REF}{self.subject.inside} {written(self.other)} {asked}"

    def words(self) -> list[str]:
        """Return the command that answers it.

        The other model is named as the visitor named it: a card that declares it names the same.
        """
        if self.other is None:
            return ["check", written(self.subject)]
        at = self.other.asked
        named = written(self.other).partition("@")[0] + (f"@{at}" if at else "")
        return ["check", written(self.subject), "--suspect", named]


def written(reference: HubReference | None) -> str:
    """Return a model as a command line names it, ``""`` for none."""
    if reference is None:
        return ""
    inside = f":{reference.inside}" if reference.inside else ""
    return f"{reference.repo_id}{inside}@{reference.revision}"


def question_of(repo: str, ref: str, sha: str) -> Question | None:
    """Return the question that a job of the queue is, ``None`` for a push."""
    if not ref.startswith(REF):
        return None
    inside, other, asked = (*ref.removeprefix(REF).split(" "), "", "")[:3]
    return Question(
        subject=HubReference(repo_id=repo, revision=sha, inside=inside),
        other=replace(parse_hub_reference(other), pinned_from=asked) if other else None,
    )


def read_field(text: str, *, name: str) -> HubReference:
    """Return the model that a field names.

    Raises:
        TurnedAwayError: It names none of the Hub.
    """
    text = text.strip()
    if not text:
        raise TurnedAwayError(f"Name the {name}.", status=400)
    if len(text) > LONGEST:
        raise TurnedAwayError(f"The {name} is longer than a name can be.", status=400)
    try:
        return parse_hub_reference(text)
    except UsageError as error:
        said = f"{printable(error.what)} Write org/name, or paste the address of a model's page."
        raise TurnedAwayError(said, status=400) from None


class PublicHub(HubClient):
    """The Hub as a stranger sees it: no token, and no waiting."""

    def __init__(self, repo_id: str, *, endpoint: str) -> None:
        """Take a repository; nothing is asked yet."""
        super().__init__(repo_id, credential=NOBODY, endpoint=endpoint, sleep=_not_now)

    def standing(self, revision: str) -> Any:
        """Return what the Hub says of the model at a revision."""
        return self._ask(
            "Looking up a model", lambda api: api.model_info(self.repo_id, revision=revision)
        )


def pinned(reference: HubReference, *, endpoint: str) -> HubReference:
    """Return a public model at the commit that its revision names now.

    Raises:
        TurnedAwayError: It is not there for everybody, or the Hub does not say.
    """
    name = printable(reference.repo_id)
    try:
        found = PublicHub(reference.repo_id, endpoint=endpoint).standing(reference.revision)
    except (ForbiddenError, NotThereError):
        said = f"{name} is not there, or not public. This page checks public models only."
        raise TurnedAwayError(said, status=404) from None
    except HubcheckError:
        said = "The Hub does not answer just now. Nothing was started; please come again."
        raise TurnedAwayError(said, status=503, wait=60) from None
    if found.private or found.gated:
        kind = "private" if found.private else "gated"
        said = f"{name} is {kind}. This page checks only models that everybody may read."
        raise TurnedAwayError(said, status=403)
    if not found.sha:
        said = f"The Hub does not say at which commit {name} stands."
        raise TurnedAwayError(said, status=503, wait=60)
    return replace(reference, revision=str(found.sha), pinned_from=reference.revision)


def _not_now(seconds: float) -> None:
    said = "The Hub asks to wait. Nothing was started; please come again."
    raise TurnedAwayError(said, status=503, wait=seconds)
