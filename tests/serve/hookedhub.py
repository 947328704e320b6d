"""A local Hub that calls webhooks: it watches its own refs and delivers each move over a socket."""

from __future__ import annotations

import http.client
import json
import threading
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from tests.hubserver import LocalHub
from tests.hubserver.reply import Reply, error_reply, json_reply
from tests.hubserver.routes import Request

LOOK: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """One delivery as the Hub saw it."""

    ref: str
    new_sha: str
    status: int
    answer: dict[str, Any]


@dataclass(slots=True)
class _Hooks:
    registered: dict[str, dict[str, Any]] = field(default_factory=dict)
    jobs: list[dict[str, Any]] = field(default_factory=list)
    refs: dict[str, dict[str, str]] = field(default_factory=dict)
    delivered: list[Delivered] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)


class HookedHub(LocalHub):
    """A local Hub with the account's webhooks and Jobs."""

    def __init__(self, **options: Any) -> None:
        """As for ``LocalHub``."""
        super().__init__(**options)
        self._hooks = _Hooks()
        self._watcher: threading.Thread | None = None

    @property
    def webhooks(self) -> dict[str, dict[str, Any]]:
        """What was registered, by id, as it was sent."""
        return self._hooks.registered

    @property
    def jobs(self) -> list[dict[str, Any]]:
        """The Jobs that were started, as they were sent."""
        return self._hooks.jobs

    @property
    def delivered(self) -> list[Delivered]:
        """Every delivery so far."""
        return list(self._hooks.delivered)

    def watch(self, *repositories: str) -> None:
        """Deliver every move of a ref of these repositories from now on."""
        for name in repositories:
            self._hooks.refs[name] = self._refs(name)
        self._watcher = threading.Thread(target=self._look, daemon=True)
        self._watcher.start()

    def unwatch(self) -> None:
        """Deliver nothing more."""
        self._hooks.stop.set()
        if self._watcher is not None:
            self._watcher.join()

    def _refs(self, name: str) -> dict[str, str]:
        repository = self.repository(name)
        assert repository is not None
        repository.resolve("main")  # reads the refs from git
        return {
            (ref if ref.startswith("refs/") else f"refs/heads/{ref}"): oid
            for ref, oid in repository.refs.items()
        }

    def _look(self) -> None:
        while not self._hooks.stop.wait(LOOK):
            for name, before in self._hooks.refs.items():
                now = self._refs(name)
                self._hooks.refs[name] = now
                for ref, oid in now.items():
                    if before.get(ref) != oid:
                        self._deliver(name, ref, before.get(ref), oid)

    def _deliver(self, name: str, ref: str, old: str | None, new: str) -> None:
        for hook in self._hooks.registered.values():
            if not hook.get("url"):
                continue
            status, answer = post(hook["url"], payload(name, ref, old, new), hook.get("secret"))
            self._hooks.delivered.append(
                Delivered(ref=ref, new_sha=new, status=status, answer=answer)
            )

    def _answer_hub(self, request: Request) -> Reply:
        parts = request.path.strip("/").split("/")
        if parts[:3] == ["api", "settings", "webhooks"]:
            return self._settings(request, parts[3:])
        if parts[:2] == ["api", "jobs"]:
            return self._job(request, parts[2])
        return super()._answer_hub(request)

    def _settings(self, request: Request, rest: list[str]) -> Reply:
        if request.token not in self.users:
            return error_reply(401, "", "Invalid credentials in Authorization header")
        registered = self._hooks.registered
        match request.method, rest:
            case "POST", []:
                hook = json.loads(request.body)
                hook_id = f"{len(registered) + 1:024x}"
                registered[hook_id] = hook
                return json_reply({"webhook": self._shown(hook_id, hook)})
            case "GET", []:
                return json_reply([self._shown(i, h) for i, h in registered.items()])
            case "DELETE", [hook_id] if hook_id in registered:
                del registered[hook_id]
                return json_reply({})
            case _:
                return error_reply(404, "", "Webhook not found")

    def _shown(self, hook_id: str, hook: dict[str, Any]) -> dict[str, Any]:
        job = None
        if hook.get("jobSourceId"):
            sent = self._hooks.jobs[int(hook["jobSourceId"]) - 1]
            job = {"dockerImage": sent["dockerImage"], "command": sent["command"],
                   "flavor": sent["flavor"]}  # fmt: skip
        return {
            "id": hook_id,
            "url": hook.get("url"),
            "job": job,
            "watched": hook["watched"],
            "domains": hook["domains"],
            "disabled": False,
        }

    def _job(self, request: Request, namespace: str) -> Reply:
        if request.token not in self.users:
            return error_reply(401, "", "Invalid credentials in Authorization header")
        sent = json.loads(request.body)
        self._hooks.jobs.append(sent | {"namespace": namespace})
        return json_reply(
            {
                "id": str(len(self._hooks.jobs)),
                "createdAt": "2026-01-01T00:00:00.000Z",
                "owner": {"id": "1", "name": namespace, "type": "user"},
                "status": {"stage": "RUNNING", "message": None},
                "dockerImage": sent.get("dockerImage"),
                "command": sent.get("command"),
                "flavor": sent.get("flavor"),
                "environment": {},
                "secrets": [],
            }
        )


def payload(repo: str, ref: str, old: str | None, new: str | None, **event: str) -> dict[str, Any]:
    """Return a delivery of the third version, as the Hub words it."""
    return {
        "event": {"action": "update", "scope": "repo.content", **event},
        "repo": {
            "type": "model",
            "name": repo,
            "id": "0" * 24,
            "private": False,
            "url": {"web": f"https://hub/{repo}", "api": f"https://hub/api/models/{repo}"},
            "headSha": new,
            "owner": {"id": "1" * 24},
            "tags": [],
        },
        "webhook": {"id": "2" * 24, "version": 3},
        "updatedRefs": [{"ref": ref, "oldSha": old, "newSha": new}],
    }


def post(url: str, body: dict[str, Any] | bytes, secret: str | None) -> tuple[int, dict[str, Any]]:
    """Deliver to a receiver and return its answer."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    headers = {"Content-Type": "application/json"}
    if secret is not None:
        headers["X-Webhook-Secret"] = secret
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    try:
        connection.request("POST", parts.path, body=data, headers=headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"{}")
    finally:
        connection.close()
