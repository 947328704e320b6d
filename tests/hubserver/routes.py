"""Which answer does each address of the Hub's API give?

Only what the Hub's client and hubcheck ask for; shapes follow the recorded answers of the Hub.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Protocol
from urllib.parse import parse_qs, quote, unquote, urlsplit

from tests.hubserver.accounts import Account
from tests.hubserver.discussions import answer_discussions
from tests.hubserver.reply import Reply, content_reply, error_reply, json_reply
from tests.hubserver.storage import Commit, Content, Repository, is_lfs
from tests.hubserver.trust import exchange, identity_token
from tests.hubserver.writing import (
    commit as take_commit,
)
from tests.hubserver.writing import (
    lfs_batch,
    lfs_verify,
    preupload,
    validate_yaml,
)

_VERBS: Final = frozenset(
    {"revision", "tree", "paths-info", "refs", "commits", "resolve", "preupload", "commit"}
    | {"discussions"}
)
_LFS: Final = ".git/info/lfs/objects/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a route needs to know of an HTTP request."""

    method: str
    target: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes = b""

    @property
    def path(self) -> str:
        """The path of the address, still quoted."""
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, list[str]]:
        """The query, unquoted."""
        return parse_qs(urlsplit(self.target).query)

    @property
    def token(self) -> str:
        """The bearer token, or ``""``."""
        return self.headers.get("authorization", "").removeprefix("Bearer ")

    def asks(self, name: str) -> bool:
        """Return whether a query flag is ``true``."""
        return self.query.get(name, [""])[0].lower() == "true"


class Hub(Protocol):
    """What the routes need of the server they belong to."""

    page_size: int
    commits_page: int
    resolve_cache: bool
    describes_files: bool
    trusted: set[str]
    """Resources for which an identity is exchanged: ``org/name`` to write, a user to read."""

    @property
    def users(self) -> Mapping[str, Account]:
        """Who is behind each valid token."""
        ...

    def add_user(self, token: str, name: str, *, writes: frozenset[str]) -> None:
        """Make a token valid."""
        ...

    def add_account(self, token: str, account: Account) -> None:
        """Make a token valid."""
        ...

    def stored(self, sha256: str) -> Content | None:
        """Return an LFS object, if it is there."""
        ...

    def upload_address(self, sha256: str) -> str:
        """Return a signed address to which an LFS object can be put."""
        ...

    @property
    def endpoint(self) -> str:
        """The Hub's address."""
        ...

    def repository(self, repo_id: str) -> Repository | None:
        """Return a repository by its present name."""
        ...

    def new_name(self, repo_id: str) -> str:
        """Return what a repository was renamed to, or ``""``."""
        ...

    def signed_address(self, content: Content, path: str) -> str:
        """Return an address on the storage host that works until signatures expire."""
        ...


def answer(hub: Hub, request: Request) -> Reply:
    """Answer one request to the Hub's own origin."""
    request = _without_kind(request)
    parts = request.path.strip("/").split("/")
    match parts:
        case ["api", "whoami-v2"]:
            return _whoami(hub, request)
        case ["api", "validate-yaml"]:
            return validate_yaml(request)
        case ["oauth", "token"]:
            return exchange(hub, request)
        case ["ci", "identity"]:
            return identity_token(request)
        case _ if _LFS in request.path:
            return _lfs(hub, request)
        case _:
            return _answer_repository(hub, request, parts)


def _without_kind(request: Request) -> Request:
    """Return a question about a data set as one about a model: here both share their names."""
    target = request.target
    if target.startswith("/api/datasets/"):
        target = target.replace("/api/datasets/", "/api/models/", 1)
    elif target.startswith("/datasets/"):
        target = target.removeprefix("/datasets")
    return replace(request, target=target)


def _answer_repository(hub: Hub, request: Request, parts: list[str]) -> Reply:
    cached = parts[:3] == ["api", "resolve-cache", "models"]
    api = parts[:2] == ["api", "models"]
    repo_id, verb, rest = _split(parts[3 if cached else 2 if api else 0 :], cached=cached)
    renamed = hub.new_name(repo_id)
    if renamed:
        target = request.target.replace(f"/{repo_id}", f"/{renamed}", 1)
        return Reply(status=307, headers={"Location": target})
    repository = _allowed(hub, request, repo_id)
    if isinstance(repository, Reply):
        return repository
    account = hub.users.get(request.token)
    revision = unquote(rest[0]) if rest else "main"
    match verb:
        case "discussions":
            return answer_discussions(request, account, repository, rest)
        case "preupload":
            return preupload(request, account, repository, revision)
        case "commit" if request.method == "POST":
            return take_commit(hub, request, account, repository, revision)
        case _:
            pass
    commit = repository.resolve(revision)
    if commit is None:
        return error_reply(404, "RevisionNotFound", f"Invalid rev id: {revision}")
    path = "/".join(map(unquote, rest[1:]))
    if verb == "resolve":
        return _resolve(hub, request, repository, commit, path, cached=cached)
    return _describe(hub, request, repository, commit, verb, path)


def _lfs(hub: Hub, request: Request) -> Reply:
    repo_id, action = request.path.strip("/").split(_LFS)
    repository = _allowed(hub, request, repo_id)
    if isinstance(repository, Reply):
        return repository
    if action == "verify":
        return lfs_verify(hub, request)
    return lfs_batch(hub, request, hub.users.get(request.token), repository)


def _describe(
    hub: Hub, request: Request, repository: Repository, commit: Commit, verb: str, path: str
) -> Reply:
    match verb:
        case "refs":
            return _refs(request, repository)
        case "tree":
            return _tree(hub, request, commit, path)
        case "paths-info":
            wanted = parse_qs(request.body.decode()).get("paths", [])
            return json_reply([_item(p, c) for p, c in commit.files.items() if p in wanted])
        case "commits":
            return _commits(hub, request, repository.history(commit))
        case _:
            return _info(repository, commit, blobs=hub.describes_files and request.asks("blobs"))


def _whoami(hub: Hub, request: Request) -> Reply:
    account = hub.users.get(request.token)
    if account is None:
        return error_reply(401, "", "Invalid credentials in Authorization header")
    return json_reply({"type": "user", "name": account.name, "auth": {"type": "access_token"}})


def _split(parts: list[str], *, cached: bool) -> tuple[str, str, list[str]]:
    """Return the repository id, the verb after it, and what follows the verb."""
    if cached:
        return "/".join(parts[:2]), "resolve", parts[2:]
    for length in (1, 2):
        if len(parts) > length and parts[length] in _VERBS:
            return "/".join(parts[:length]), parts[length], parts[length + 1 :]
    return ("/".join(parts), "", []) if len(parts) <= 2 else ("", "", [])


def _allowed(hub: Hub, request: Request, repo_id: str) -> Repository | Reply:
    if request.token and request.token not in hub.users:
        return error_reply(401, "", "Invalid credentials in Authorization header")
    repository = hub.repository(repo_id)
    hidden = repository is None or (repository.private and request.token not in repository.readers)
    if repository is not None and not hidden:
        return repository
    # The Hub does not tell a stranger whether a hidden repository exists. (It leaves the code out
    # of a 401; the client infers it for https addresses only, and this server speaks http.)
    status = 404 if request.token in hub.users else 401
    return error_reply(status, "RepoNotFound", "Repository not found")


def _info(repository: Repository, commit: Commit, *, blobs: bool) -> Reply:
    siblings: list[dict[str, object]] = []
    for path, content in commit.files.items():
        sibling: dict[str, object] = {"rfilename": path}
        if blobs:
            sibling |= {"size": content.size, "blobId": _blob_id(path, content)}
            if is_lfs(path, content):
                sibling["lfs"] = {
                    "sha256": content.sha256,
                    "size": content.size,
                    "pointerSize": len(content.pointer),
                }
        siblings.append(sibling)
    return json_reply(
        {
            "_id": "0" * 24,
            "id": repository.repo_id,
            "modelId": repository.repo_id,
            "author": repository.repo_id.split("/")[0],
            "sha": commit.oid,
            "private": repository.private,
            "gated": "manual" if repository.gated else False,
            "disabled": False,
            "createdAt": repository.created,
            "lastModified": commit.date,
            "tags": [],
            "downloads": 0,
            "likes": 0,
            "siblings": siblings,
        }
    )


def _tree(hub: Hub, request: Request, commit: Commit, folder: str) -> Reply:
    prefix = f"{folder}/" if folder else ""
    inside = [path for path in commit.files if path.startswith(prefix)]
    if prefix and not inside:
        return error_reply(404, "EntryNotFound", f"{folder} does not exist")
    folders = {
        "/".join(path.split("/")[:depth])
        for path in inside
        for depth in range(1, path.count("/") + 1)
    }
    items = [_item(path, commit.files[path]) for path in inside]
    items += [{"type": "directory", "oid": "0" * 40, "size": 0, "path": name} for name in folders]
    if not request.asks("recursive"):
        items = [item for item in items if "/" not in str(item["path"])[len(prefix) :]]
    items.sort(key=lambda item: str(item["path"]))
    start = int(request.query.get("cursor", ["0"])[0])
    headers = {}
    if start + hub.page_size < len(items):
        address = f"{hub.endpoint}{request.path}?recursive={request.asks('recursive')}"
        headers["Link"] = f'<{address.lower()}&cursor={start + hub.page_size}>; rel="next"'
    return json_reply(items[start : start + hub.page_size], headers=headers)


def _item(path: str, content: Content) -> dict[str, object]:
    item: dict[str, object] = {
        "type": "file",
        "oid": _blob_id(path, content),
        "size": content.size,
        "path": path,
    }
    if is_lfs(path, content):
        item["lfs"] = {
            "oid": content.sha256,
            "size": content.size,
            "pointerSize": len(content.pointer),
        }
    return item


def _blob_id(path: str, content: Content) -> str:
    return Content(content.pointer).git_oid if is_lfs(path, content) else content.git_oid


_REFS: Final = {
    "branches": "refs/heads/",
    "converts": "refs/convert/",
    "tags": "refs/tags/",
    "pullRequests": "refs/pr/",
}


def _refs(request: Request, repository: Repository) -> Reply:
    def named(name: str, oid: str) -> dict[str, str]:
        ref = name if name.startswith("refs/") else f"refs/heads/{name}"
        kind = next((k for k in _REFS.values() if ref.startswith(k)), "")
        short = ref if kind == "refs/pr/" else ref.removeprefix(kind)
        return {"name": short, "ref": ref, "targetCommit": oid}

    listed = [named(name, oid) for name, oid in repository.refs.items()]
    found = {
        kind: [ref for ref in listed if ref["ref"].startswith(start)]
        for kind, start in _REFS.items()
    }
    if request.query.get("include_prs") != ["1"]:
        del found["pullRequests"]
    return json_reply(found)


def _commits(hub: Hub, request: Request, history: list[Commit]) -> Reply:
    page, size = int(request.query.get("p", ["0"])[0]), hub.commits_page
    headers = {}
    if (page + 1) * size < len(history):
        headers["Link"] = f'<{hub.endpoint}{request.path}?p={page + 1}>; rel="next"'
    shown = history[page * size : (page + 1) * size]
    return json_reply([_log_entry(made) for made in shown], headers=headers)


def _log_entry(commit: Commit) -> dict[str, object]:
    return {
        "id": commit.oid,
        "title": commit.title,
        "message": "",
        "date": commit.date,
        "authors": [{"user": "someone"}],
    }


def _resolve(
    hub: Hub, request: Request, repository: Repository, commit: Commit, path: str, *, cached: bool
) -> Reply:
    if not repository.may_read_files(request.token):
        status = 403 if request.token else 401
        return error_reply(status, "GatedRepo", f"Access to {repository.repo_id} is restricted.")
    content = commit.files.get(path)
    if content is None:
        return error_reply(404, "EntryNotFound", "Entry not found")
    headers = {"X-Repo-Commit": commit.oid, "ETag": f'"{_blob_id(path, content)}"'}
    if is_lfs(path, content):
        headers |= {
            "X-Linked-Size": str(content.size),
            "X-Linked-Etag": f'"{content.sha256}"',
            "Location": hub.signed_address(content, path),
        }
        return Reply(status=302, headers=headers, body=b"Found. Redirecting\n")
    if hub.resolve_cache and not cached:
        target = f"/api/resolve-cache/models/{repository.repo_id}/{commit.oid}/{quote(path)}"
        return Reply(status=307, headers=headers | {"Location": target}, body=b"moved\n")
    return content_reply(content, request.headers.get("range", ""), headers=headers)
