"""How is one repository on the Hub spoken to when something is published there?

The official client over the network, with timeouts, bounded waits, and errors that carry no token.
Reading goes through ``source.hub``, which checks what it gets.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from hubcheck import __version__
from hubcheck.errors import printable
from hubcheck.frozen import frozen
from hubcheck.publish.hub.credentials import Credential
from hubcheck.publish.hub.errors import HubPublishError, NotThereError, refused
from hubcheck.source.redaction import install_redaction
from hubcheck.source.retry import requested_wait

if TYPE_CHECKING:
    from huggingface_hub import DiscussionComment, DiscussionWithDetails, HfApi
    from huggingface_hub.community import Discussion

MAIN: Final = "main"
CONNECT_SECONDS: Final = 10.0
SILENCE_SECONDS: Final = 60.0
"""The client itself waits for ever."""
LONGEST_WAIT: Final = 120.0
"""Seconds that one publication may wait for rate limits: a comment is not worth more."""
LIMITED: Final = 429
FIRST_WAIT: Final = 2.0
_BAD_CARD: Final = "Invalid metadata in README.md"
"""How the client begins when the Hub has looked at the front matter and refused it."""

T = TypeVar("T")


@frozen
class Refs:
    """Where branches and pull requests stand: commit by name, ``main`` or ``refs/pr/3``."""

    commits: Mapping[str, str]

    def pull_request_at(self, commit: str) -> int:
        """Return the number of the newest pull request whose head is ``commit``, or 0."""
        numbers = [
            int(name.rpartition("/")[2])
            for name, head in self.commits.items()
            if head == commit and name.startswith("refs/pr/") and name.rpartition("/")[2].isdigit()
        ]
        return max(numbers, default=0)


class HubClient:
    """One repository on the Hub, to be written to."""

    def __init__(
        self,
        repo_id: str,
        *,
        credential: Credential,
        endpoint: str,
        sleep: Callable[[float], None] = time.sleep,
        data_set: bool = False,
    ) -> None:
        """Take a repository; nothing is asked yet.

        Args:
            repo_id: ``org/name``.
            credential: The token of the write role.
            endpoint: The Hub's address.
            sleep: Waits; an argument so that tests need no time.
            data_set: Whether it is a repository of data; else of a model.
        """
        self.repo_id = repo_id
        self.kind = "dataset" if data_set else "model"
        self.endpoint = endpoint.rstrip("/")
        self.credential = credential
        self._sleep = sleep
        self._waited = 0.0
        self._name: str | None = None

    def __repr__(self) -> str:
        """Show everything but the token."""
        return f"HubClient({self.repo_id!r}, endpoint={self.endpoint!r})"

    def url(self, number: int = 0) -> str:
        """Return the address of the repository's page, or of one of its discussions."""
        home = f"{self.endpoint}/{self.repo_id}"
        return f"{home}/discussions/{number}" if number else home

    def name(self) -> str:
        """Return whose token this is; asked once, for the Hub limits this strictly.

        Raises:
            HubPublishError: the Hub does not say.
        """
        if self._name is None:
            answer = self._ask("Asking who this token belongs to", lambda api: api.whoami())
            self._name = str(answer.get("name") or "")
        if not self._name:
            raise NotThereError(
                "The Hub does not say whose token this is.",
                cause="a token of a trusted publisher may have no user.",
                next_step="use a user's or an organisation's token to comment.",
            )
        return self._name

    def refs(self) -> Refs:
        """Return where branches and pull requests stand."""
        found = self._ask(
            "Looking up the branches",
            lambda api: api.list_repo_refs(
                self.repo_id, repo_type=self.kind, include_pull_requests=True
            ),
        )
        listed = [*found.branches, *(found.pull_requests or ())]
        return Refs(
            commits={
                (r.ref if r.ref.startswith("refs/pr/") else r.name): r.target_commit for r in listed
            }
        )

    def digests(self, paths: tuple[str, ...], *, revision: str) -> dict[str, str]:
        """Return the sha256 (of a file stored by LFS) or git id of those files that exist."""
        found = self._ask(
            "Looking up files",
            lambda api: api.get_paths_info(self.repo_id, list(paths), revision=revision),
        )
        # A folder of the same name has no content.
        files = [item for item in found if not hasattr(item, "tree_id")]
        return {f.path: f.lfs.sha256 if f.lfs else f.blob_id for f in files}

    def commit(
        self,
        files: Mapping[str, bytes | Path],
        *,
        title: str,
        text: str,
        parent: str,
        revision: str = MAIN,
        create_pr: bool = False,
    ) -> int:
        """Commit files; return the number of the pull request that was opened, or 0.

        Raises:
            ConflictError: ``revision`` is no longer at ``parent``.
            HubPublishError: another reason.
        """
        from huggingface_hub import CommitOperationAdd

        made = self._ask(
            "Committing",
            lambda api: api.create_commit(
                self.repo_id,
                # The client marks operations as used: a second try needs new ones.
                [
                    CommitOperationAdd(path_in_repo=path, path_or_fileobj=data)
                    for path, data in sorted(files.items())
                ],
                repo_type=self.kind,
                commit_message=title,
                commit_description=text,
                revision=revision,
                parent_commit=parent,
                create_pr=create_pr,
            ),
        )
        return int(made.pr_num or 0)

    def topics_of(self, author: str, *, kind: str) -> list[Discussion]:
        """Return one author's topics, open or not, oldest first.

        Args:
            author: A user's name.
            kind: ``pull_request`` or ``discussion``.
        """
        found = self._ask(
            "Listing discussions",
            lambda api: list(
                api.get_repo_discussions(
                    self.repo_id,
                    author=author,
                    discussion_type=kind,  # type: ignore[arg-type]
                )
            ),
        )
        # A server that ignores the filter must not lead to someone else's topic.
        return sorted((t for t in found if t.author == author), key=lambda t: t.num)

    def topic(self, number: int) -> DiscussionWithDetails:
        """Return a discussion or pull request with its comments."""
        return self._ask(
            f"Reading discussion {number}",
            lambda api: api.get_discussion_details(self.repo_id, number),
        )

    def open_discussion(self, title: str, text: str) -> int:
        """Open a discussion and return its number."""
        made = self._ask(
            "Opening a discussion",
            lambda api: api.create_discussion(self.repo_id, title, description=text),
        )
        return int(made.num)

    def comment(self, number: int, text: str) -> DiscussionComment:
        """Add a comment."""
        return self._ask(
            f"Commenting on discussion {number}",
            lambda api: api.comment_discussion(self.repo_id, number, text),
        )

    def edit(self, number: int, comment_id: str, text: str) -> None:
        """Replace the text of a comment."""
        self._ask(
            f"Editing a comment on discussion {number}",
            lambda api: api.edit_discussion_comment(self.repo_id, number, comment_id, text),
        )

    def close(self, number: int, text: str) -> None:
        """Close a discussion or pull request, saying why."""
        self._ask(
            f"Closing discussion {number}",
            lambda api: api.change_discussion_status(self.repo_id, number, "closed", comment=text),
        )

    def _ask(self, doing: str, ask: Callable[[HfApi], T]) -> T:
        """Send one request of the client's, waiting out rate limits.

        Only a refusal that says "too many requests" is sent again: it alone is known to have done
        nothing. The client's own errors are dropped with their requests, which hold the token.
        """
        from huggingface_hub import HfApi
        from huggingface_hub.errors import HfHubHTTPError

        from hubcheck.source.http_session import http

        install_redaction()
        http().limit_silence(connect=CONNECT_SECONDS, read=SILENCE_SECONDS)
        broken: tuple[type[Exception], ...] = (OSError, *http().anything)
        api = HfApi(
            endpoint=self.endpoint,
            token=self.credential.token or False,
            library_name="hubcheck",
            library_version=__version__,
        )
        wait = FIRST_WAIT
        while True:
            failure: HubPublishError
            try:
                with warnings.catch_warnings():
                    # About a card without metadata, and about the client's own libraries.
                    warnings.simplefilter("ignore")
                    return ask(api)
            except HfHubHTTPError as error:
                with closing(error.response):
                    status = error.response.status_code
                    headers = {k.lower(): v for k, v in error.response.headers.items()}
                    disabled = "disabled" in (error.server_message or "")
                failure = refused(status, doing=doing, repo_id=self.repo_id, disabled=disabled)
                asked = requested_wait(headers, now=time.time())
                pause = wait if asked is None else asked
                if status != LIMITED or self._waited + pause > LONGEST_WAIT:
                    raise failure from None
            except broken:
                raise refused(0, doing=doing, repo_id=self.repo_id) from None
            except (ValueError, KeyError, TypeError, RuntimeError) as error:
                raise _client_failed(error, doing=doing, repo_id=self.repo_id) from None
            self._waited += pause
            wait *= 2
            self._sleep(pause)


def _client_failed(error: Exception, *, doing: str, repo_id: str) -> HubPublishError:
    """Return the error for what the client raises on an answer of a form it does not expect."""
    if _BAD_CARD in str(error):
        return HubPublishError(
            f"{doing} on '{printable(repo_id)}' failed: the front matter of README.md is not YAML "
            "that the Hub accepts.",
            cause="it was so before; hubcheck does not touch the front matter.",
            next_step="mend the front matter, then publish the same report again.",
        )
    what = f"{doing} on '{printable(repo_id)}' failed in the Hub's client"
    return HubPublishError(f"{what} ({type(error).__name__}).")
