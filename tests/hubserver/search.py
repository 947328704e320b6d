"""How does the local Hub answer searches and describe a repository with ``expand``?

A hub that knows, beside the repositories, when each was created and how often it was downloaded.
Shapes follow the recorded answers of the Hub: card data from the front matter, parameters counted
from safetensors headers, tags and base models computed.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode

import yaml

from tests.hubserver.reply import Reply, error_reply, json_reply
from tests.hubserver.routes import Request
from tests.hubserver.server import LocalHub
from tests.hubserver.storage import Commit, Files, Repository

_BOUND: Final = re.compile(r"(min|max):(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What the Hub's own records say about a repository."""

    created: str
    downloads: int = 0


class SearchableHub(LocalHub):
    """A local Hub whose models can be searched and described."""

    def __init__(self, **options: Any) -> None:
        """Start empty; options are those of ``LocalHub``."""
        super().__init__(**options)
        self._listed: dict[str, Listed] = {}
        self._facts: dict[str, dict[str, Any]] = {}
        self.collections: dict[str, tuple[str, ...]] = {}
        """Names of models by the collection's slug."""

    def add_model(
        self,
        repo_id: str,
        files: Files,
        *,
        created: str,
        downloads: int = 0,
        gated: bool = False,
    ) -> Repository:
        """Add a repository with its records."""
        self._listed[repo_id] = Listed(created=created, downloads=downloads)
        return self.add_repo(repo_id, files, gated=gated)

    def remove_model(self, repo_id: str) -> None:
        """Delete a repository; what declares it still does."""
        del self._repositories[repo_id]
        self._listed.pop(repo_id, None)

    def _answer_hub(self, request: Request) -> Reply:
        if request.path.rstrip("/") == "/api/models":
            return self._search(request)
        if request.path.startswith("/api/collections/"):
            return self._collection(request.path.removeprefix("/api/collections/"))
        reply = super()._answer_hub(request)
        described = re.fullmatch(r"/api/models/[^/]+(?:/[^/]+)?(?:/revision/.+)?", request.path)
        if described is None or reply.status != 200:
            return reply
        answered = json.loads(reply.body)
        repository = self.repository(answered["id"])
        if repository is None:
            return reply
        records = self._listed.get(answered["id"])
        answered["createdAt"] = records.created if records else answered["createdAt"]
        if "expand" in request.query:
            answered = self._expanded(repository, request.query["expand"])
        return replace(json_reply(answered), headers=reply.headers)

    def _collection(self, slug: str) -> Reply:
        if slug not in self.collections:
            return error_reply(404, "RepoNotFound", "Collection not found")
        items = [{"type": "model", "id": ref} for ref in self.collections[slug]]
        items.append({"type": "dataset", "id": "acme/data"})
        return json_reply({"slug": slug, "items": items})

    def _search(self, request: Request) -> Reply:
        query = request.query
        bounds = dict(_BOUND.findall(query.get("num_parameters", [""])[0]))
        found = []
        for repo_id, records in self._listed.items():
            repository = self.repository(repo_id)
            if repository is None or repository.private:
                continue
            facts = self._facts_of(repository)
            total = facts["safetensors"].get("total", 0)
            if bounds and not int(bounds.get("min", 0)) <= total <= int(bounds.get("max", 1 << 60)):
                continue
            if not set(query.get("filter", [])) <= set(facts["tags"]):
                continue
            author = query.get("author", [""])[0]
            if author and not repo_id.startswith(f"{author}/"):
                continue
            if query.get("search", [""])[0].lower() not in repo_id.lower():
                continue
            found.append((records, repository))
        by = query.get("sort", ["downloads"])[0]
        down = query.get("direction", ["-1"])[0] == "-1"
        found.sort(
            key=lambda f: f[0].created if by == "createdAt" else f[0].downloads, reverse=down
        )
        limit, start = (int(query.get(n, [d])[0]) for n, d in (("limit", "1000"), ("cursor", "0")))
        expand, headers = query.get("expand", []), {}
        if start + limit < len(found):
            rest = urlencode({**query, "cursor": [start + limit]}, doseq=True)
            headers["Link"] = f'<{self.endpoint}{request.path}?{rest}>; rel="next"'
        shown = [self._expanded(r, expand) for _, r in found[start : start + limit]]
        return json_reply(shown, headers=headers)

    def _expanded(self, repository: Repository, expand: list[str]) -> dict[str, Any]:
        records = self._listed.get(repository.repo_id, Listed(created=repository.created))
        facts = self._facts_of(repository) | {
            "createdAt": records.created,
            "downloads": records.downloads,
            "gated": "manual" if repository.gated else False,
            "sha": repository.refs["main"],
        }
        chosen = {key: facts[key] for key in expand if key in facts}
        return {"_id": "0" * 24, "id": repository.repo_id, **chosen}

    def _facts_of(self, repository: Repository) -> dict[str, Any]:
        oid = repository.refs["main"]
        # Two repositories may have commits of one id: the ids of this Hub are made of sizes.
        key = f"{repository.repo_id}@{oid}"
        if key not in self._facts:
            self._facts[key] = _facts(repository.commits[oid])
        return self._facts[key]


def _facts(commit: Commit) -> dict[str, Any]:
    card = _card(commit)
    config = _json(commit, "config.json")
    bases = card.get("base_model") or []
    bases = [bases] if isinstance(bases, str) else [b for b in bases if isinstance(b, str)]
    relation = card.get("base_model_relation") or ("merge" if len(bases) > 1 else "finetune")
    kind = config.get("model_type")
    tags = ["transformers", "safetensors", *([kind] if isinstance(kind, str) else [])]
    for base in bases:
        tags += [f"base_model:{base}", f"base_model:{relation}:{base}"]
    total = sum(
        _parameters(content.read(0, min(content.size, 1 << 20)))
        for path, content in commit.files.items()
        if path.endswith(".safetensors")
    )
    return {
        "cardData": card,
        "config": {k: config[k] for k in ("architectures", "model_type") if k in config},
        "safetensors": {"parameters": {"BF16": total}, "total": total} if total else {},
        "baseModels": {"relation": relation, "models": [{"_id": "0", "id": b} for b in bases]},
        "tags": tags,
    }


def _card(commit: Commit) -> dict[str, Any]:
    readme = commit.files.get("README.md")
    text = readme.read(0, readme.size).decode("utf-8", "replace") if readme is not None else ""
    block = re.match(r"---\n(.*?)\n---", text, re.DOTALL)
    try:
        values = yaml.safe_load(block[1]) if block else {}
    except yaml.YAMLError:
        values = {}
    return values if isinstance(values, dict) else {}


def _json(commit: Commit, path: str) -> dict[str, Any]:
    content = commit.files.get(path)
    if content is None:
        return {}
    try:
        values = json.loads(content.read(0, content.size))
    except ValueError:
        return {}
    return values if isinstance(values, dict) else {}


def _parameters(start: bytes) -> int:
    length = int.from_bytes(start[:8], "little")
    try:
        header = json.loads(start[8 : 8 + length])
    except ValueError:
        return 0
    count = 0
    for name, record in header.items():
        if name != "__metadata__":
            size = 1
            for side in record["shape"]:
                size *= side
            count += size
    return count
