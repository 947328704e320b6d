"""How is the local Hub reached over sockets, and what did it count?

Two servers on two ports, since the Hub and its storage are two origins.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import parse_qs, quote, urlsplit

from tests.hubserver.accounts import Account
from tests.hubserver.faults import Fault, FaultPlan
from tests.hubserver.git_storage import GitRepository
from tests.hubserver.link import Link
from tests.hubserver.reply import Reply, content_reply
from tests.hubserver.routes import Request, answer
from tests.hubserver.sockets import Exchange, Origin
from tests.hubserver.storage import Commit, Content, Files, Repository, contents_of

HUB_HOST: Final = "127.0.0.1"
STORAGE_HOST: Final = "localhost"
"""Another name, not only another port: client 1.33 takes two ports of one host for one origin."""


@dataclass(slots=True)
class _Log:
    exchanges: list[Exchange] = field(default_factory=list)
    connections: int = 0


class LocalHub:
    """A Hub with a storage host on this machine; use as a context manager.

    Attributes:
        faults: What goes wrong; see ``FaultPlan.add``.
        exchanges: Every request so far, in the order of arrival.
        link: The line to both hosts.
    """

    def __init__(
        self,
        *,
        page_size: int = 1000,
        commits_page: int = 50,
        resolve_cache: bool = False,
        describes_files: bool = True,
        link: Link | None = None,
        git: Path | None = None,
    ) -> None:
        """Bind two ports; nothing is served before the context is entered.

        Args:
            page_size: Entries on a page of a listing.
            commits_page: Commits on a page of a history.
            resolve_cache: Whether small files are redirected on the Hub itself, as the Hub does.
            describes_files: Whether a description says the sizes of files where that is asked, as
                the Hub does; mirrors do not.
            link: The line to both hosts; by default nothing slows it.
            git: Folder for bare git repositories; without it they are held in memory and can only
                be read.
        """
        self.link = link or Link()
        self.page_size = page_size
        self.commits_page = commits_page
        self.resolve_cache = resolve_cache
        self.describes_files = describes_files
        self.faults = FaultPlan()
        self.git = git
        self.trusted: set[str] = set()
        self._accounts: dict[str, Account] = {}
        self._repositories: dict[str, Repository] = {}
        self._new_names: dict[str, str] = {}
        self._stored: dict[str, Content] = {}
        self._epoch = 0
        self._log = _Log()
        self._hub = Origin("hub", HUB_HOST, self._answer_hub, self)
        self._storage = Origin("storage", STORAGE_HOST, self._answer_storage, self)

    def __enter__(self) -> Self:
        """Start serving."""
        self._hub.start()
        self._storage.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop serving."""
        self._hub.stop()
        self._storage.stop()

    @property
    def users(self) -> Mapping[str, Account]:
        """Who is behind each valid token."""
        return self._accounts

    def add_user(self, token: str, name: str, *, writes: frozenset[str] = frozenset()) -> None:
        """Make a token valid; ``writes`` names the repositories it may commit to."""
        self.add_account(token, Account(name=name, writes=writes))

    def add_account(self, token: str, account: Account) -> None:
        """Make a token valid."""
        self._accounts[token] = account

    @property
    def endpoint(self) -> str:
        """The Hub's address."""
        return self._hub.address

    @property
    def exchanges(self) -> list[Exchange]:
        """Every request so far."""
        return list(self._log.exchanges)

    @property
    def requests(self) -> int:
        """Number of requests so far, to both origins."""
        return len(self._log.exchanges)

    @property
    def connections(self) -> int:
        """Number of connections accepted so far, on both origins."""
        return self._log.connections

    def content_bytes(self, path: str = "") -> int:
        """Return the bytes of file content sent so far, for paths that end in ``path``."""
        return sum(
            seen.body_bytes
            for seen in self._log.exchanges
            if seen.is_content and seen.path.endswith(path)
        )

    def forget(self) -> None:
        """Start counting anew."""
        self._log.exchanges.clear()

    def add_repo(
        self,
        repo_id: str,
        files: Files,
        *,
        private: bool = False,
        gated: bool = False,
        readers: frozenset[str] = frozenset(),
    ) -> Repository:
        """Add a repository with one commit on ``main``.

        Args:
            repo_id: ``org/name``.
            files: A folder, or a mapping from path to bytes or to a file on disk.
            private: Hidden from all but ``readers``.
            gated: Described to all, contents only for ``readers``.
            readers: Tokens with access; they become valid tokens.
        """
        if self.git is None:
            repository = Repository(repo_id=repo_id, private=private, gated=gated, readers=readers)
        else:
            repository = GitRepository(
                repo_id=repo_id,
                private=private,
                gated=gated,
                readers=readers,
                folder=self.git / f"{repo_id}.git",
                objects=self._stored,
            )
        self._repositories[repo_id] = repository
        for token in readers:
            self._accounts.setdefault(token, Account(name="reader"))
        self.push(repo_id, files)
        return repository

    def push(self, repo_id: str, files: Files, *, ref: str = "main") -> Commit:
        """Add a commit to a ref of a repository."""
        return self._repositories[repo_id].commit(contents_of(files), ref=ref)

    def rename(self, old: str, new: str) -> None:
        """Give a repository a new name; the old one redirects."""
        repository = self._repositories.pop(old)
        repository.repo_id = new
        self._repositories[new] = repository
        self._new_names[old] = new

    def expire_signatures(self) -> None:
        """Make every signed address handed out so far invalid."""
        self._epoch += 1

    def repository(self, repo_id: str) -> Repository | None:
        """Return a repository by its present name."""
        return self._repositories.get(repo_id)

    def new_name(self, repo_id: str) -> str:
        """Return what a repository was renamed to, or ``""``."""
        return self._new_names.get(repo_id, "")

    def signed_address(self, content: Content, path: str) -> str:
        """Return an address on the storage host that works until signatures expire."""
        self._stored[content.sha256] = content
        signature = self._signature(content.sha256)
        return (
            f"{self._storage.address}/{content.sha256}/{quote(path)}"
            f"?X-Amz-Expires=3600&X-Amz-Signature={signature}"
        )

    def stored(self, sha256: str) -> Content | None:
        """Return an LFS object, if it is there."""
        return self._stored.get(sha256)

    def upload_address(self, sha256: str) -> str:
        """Return a signed address on the storage host to which an LFS object can be put."""
        return f"{self._storage.address}/{sha256}/upload?X-Amz-Signature={self._signature(sha256)}"

    def _signature(self, sha256: str) -> str:
        return hmac.digest(b"local hub", f"{sha256} {self._epoch}".encode(), "sha256").hex()

    def _answer_hub(self, request: Request) -> Reply:
        return answer(self, request)

    def _answer_storage(self, request: Request) -> Reply:
        if "authorization" in request.headers:
            # S3 refuses a request that is authorised twice.
            return Reply(status=400, body=b"only one auth mechanism allowed\n")
        sha256 = request.path.split("/")[1]
        given = parse_qs(urlsplit(request.target).query).get("X-Amz-Signature", [""])[0]
        if not hmac.compare_digest(given, self._signature(sha256)):
            return Reply(status=403, body=b"<Error><Code>AccessDenied</Code></Error>\n")
        if request.method == "PUT":
            if hashlib.sha256(request.body).hexdigest() != sha256:
                return Reply(status=400, body=b"<Error><Code>BadDigest</Code></Error>\n")
            self._stored[sha256] = Content(request.body)
            return Reply()
        content = self._stored[sha256]
        return content_reply(
            content, request.headers.get("range", ""), headers={"ETag": f'"{sha256}"'}
        )

    def record(self, exchange: Exchange) -> Fault | None:
        """Log a request and return what shall go wrong with it."""
        self._log.exchanges.append(exchange)
        return self.faults.take(origin=exchange.origin, path=exchange.path)

    def connected(self) -> None:
        """Count an accepted connection."""
        self._log.connections += 1
