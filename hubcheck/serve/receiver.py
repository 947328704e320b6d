"""What is answered to a delivery, and to whoever looks at the server?

A delivery is answered as soon as it is on the disk; nothing is fetched, checked or even looked up
while the Hub waits. The secret stands in a header, so a stranger's body is never read.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import time
from collections import Counter
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from hubcheck.errors import printable
from hubcheck.frozen import frozen
from hubcheck.serve.admission import Rate, RatePerRepository, is_listed
from hubcheck.serve.carry_out import Tell
from hubcheck.serve.checker import Checker
from hubcheck.serve.intake import Intake
from hubcheck.serve.job import Added
from hubcheck.serve.jobs import Jobs
from hubcheck.serve.kept import Kept
from hubcheck.serve.metrics import CONTENT_TYPE, Metrics
from hubcheck.serve.page import SHOWN, queue_page
from hubcheck.serve.payload import Ignored, Malformed, Push, read_delivery
from hubcheck.serve.settings import Settings

HEADER: Final = "x-webhook-secret"
BODY_SECONDS: Final = 15.0
"""Time for a whole body: a delivery has some kilobytes."""
DRAINED: Final = 1_000_000
"""Bytes of a body that is too large that are read and dropped, so that the sender gets to read the
answer; beyond that the connection is cut."""
STRANGERS: Final = (50, 5.0)
"""Wrong secrets that are told in the log, burst and rate per second: a flood fills no disk."""
GUESSES: Final = (10, 360)
"""Wrong passwords of one address, burst and number an hour; behind a proxy all have its address."""
LONGEST_JOB: Final = 18
"""Digits of a job's number: what SQLite counts to."""
PAGE_HEADERS: Final = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}
LOOKED_AT: Final = 1000
"""Ended jobs that the page looks through for what needs attention."""
REFRESH: Final = "30"
"""Seconds after which a browser asks for the queue again; the page itself runs nothing."""


@frozen
class Answer:
    """What a delivery is answered, and the word under which it is counted."""

    status: int
    result: str
    body: dict[str, object]
    wait: float = 0.0


class Receiver:
    """The routes of one server."""

    def __init__(
        self,
        settings: Settings,
        *,
        jobs: Jobs,
        intake: Intake,
        metrics: Metrics,
        tell: Tell,
        cards: Path,
        kept: Kept,
    ) -> None:
        """Take what the routes need; ``cards`` is the folder of the jobs' folders."""
        self._kept = kept
        self._settings = settings
        self._jobs = jobs
        self._intake = intake
        self._metrics = metrics
        self._tell = tell
        self._cards = cards
        self._rates = RatePerRepository(burst=settings.per_hour, per_hour=settings.per_hour)
        self._guessers = RatePerRepository(burst=GUESSES[0], per_hour=GUESSES[1])
        self._strangers = Rate(burst=STRANGERS[0], per_second=STRANGERS[1])

    def application(self) -> Starlette:
        """Return the ASGI application."""
        routes = [Route("/healthz", self.health), Route("/metrics", self.metrics)]
        if self._settings.secrets is not None:
            routes.append(Route("/webhook", self.webhook, methods=["POST"]))
        plan = self._settings.open_page
        if self._settings.page_password:
            place = "/queue" if plan is not None else "/"
            routes += [Route(place, self.page), Route("/cards/{job}", self.card)]
        if plan is not None:
            routes += Checker(
                self._settings, plan, jobs=self._jobs, intake=self._intake, rates=self._rates,
                kept=self._kept, folder=self._cards, tell=self._tell,
            ).routes()  # fmt: skip
        return Starlette(routes=routes)

    async def webhook(self, request: Request) -> Response:
        """Take one delivery."""
        began = time.perf_counter()
        answer = await self._delivery(request)
        seconds = time.perf_counter() - began
        self._metrics.answered(answer.result, seconds)
        headers = {}
        if answer.wait:
            headers["Retry-After"] = str(max(1, round(answer.wait)))
        if answer.result in {"unauthorised", "flood", "too-large", "slow"}:
            headers["Connection"] = "close"
        return JSONResponse(answer.body, status_code=answer.status, headers=headers)

    async def health(self, _request: Request) -> Response:
        """Say that the process answers and its queue can be read."""
        try:
            counts = await asyncio.to_thread(self._jobs.counts)
        except Exception as error:  # noqa: BLE001 - whatever it is, the server is not healthy
            self._tell("unhealthy", error=printable(error))
            return JSONResponse({"status": "queue unreadable"}, status_code=503)
        return JSONResponse({"status": "ok", "jobs": {s.value: n for s, n in counts.items()}})

    async def metrics(self, _request: Request) -> Response:
        """Give the counters to Prometheus."""
        counts = await asyncio.to_thread(self._jobs.counts)
        oldest = await asyncio.to_thread(self._jobs.oldest_waiting)
        return PlainTextResponse(self._metrics.text(counts, oldest), media_type=CONTENT_TYPE)

    async def page(self, request: Request) -> Response:
        """Show the queue and the last verdicts."""
        refusal = self._refusal(request)
        if refusal is not None:
            return refusal
        headers = PAGE_HEADERS | {"Refresh": REFRESH}
        return HTMLResponse(await asyncio.to_thread(self._page), headers=headers)

    async def card(self, request: Request) -> Response:
        """Show the card of one job."""
        refusal = self._refusal(request)
        if refusal is not None:
            return refusal
        job = request.path_params["job"]
        if not (job.isascii() and job.isdecimal() and len(job) <= LONGEST_JOB):
            return PlainTextResponse("There is no card of this job.\n", status_code=404)
        path = self._cards / str(int(job)) / "card.html"
        try:
            text = await asyncio.to_thread(path.read_text, encoding="utf-8")
        except OSError:
            return PlainTextResponse("There is no card of this job.\n", status_code=404)
        return HTMLResponse(text, headers=PAGE_HEADERS)

    async def _delivery(self, request: Request) -> Answer:
        secrets = self._settings.secrets
        if secrets is None or not secrets.admit(request.headers.get(HEADER)):
            wait = self._strangers.take()
            if wait:
                return Answer(
                    status=429, result="flood", body={"error": "too many wrong secrets"}, wait=wait
                )
            self._tell("unauthorised", sender=request.client.host if request.client else "")
            body: dict[str, object] = {"error": "X-Webhook-Secret is missing or wrong"}
            return Answer(status=401, result="unauthorised", body=body)
        data = await self._body(request)
        if isinstance(data, Answer):
            return data
        match read_delivery(data):
            case Malformed(reason=reason):
                self._tell("malformed", reason=reason)
                return Answer(status=400, result="malformed", body={"error": reason})
            case Ignored(reason=reason):
                return Answer(status=200, result="ignored", body={"ignored": reason})
            case pushes:
                return await self._pushes(pushes)

    async def _body(self, request: Request) -> bytes | Answer:
        """Read the body as it comes, and no more of it than is allowed."""
        limit = self._settings.body_limit
        pieces: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(BODY_SECONDS):
                async for piece in request.stream():
                    size += len(piece)
                    if size <= limit:
                        pieces.append(piece)
                    elif size > limit + DRAINED:
                        break
        except TimeoutError:
            return Answer(status=408, result="slow", body={"error": "the body did not come"})
        except ClientDisconnect:
            return Answer(status=400, result="disconnected", body={"error": "hung up"})
        if size > limit:
            self._tell("too-large", bytes=size)
            return Answer(
                status=413, result="too-large", body={"error": f"more than {limit} bytes"}
            )
        return b"".join(pieces)

    async def _pushes(self, pushes: tuple[Push, ...]) -> Answer:
        repo = pushes[0].repo
        if not is_listed(repo, self._settings.allowed):
            self._tell("not-listed", repo=repo)
            body: dict[str, object] = {"ignored": "this model is not on the allow-list"}
            return Answer(status=200, result="not-listed", body=body)
        # Repeats cost no token: the Hub may deliver as often as it likes.
        fresh = await asyncio.to_thread(self._jobs.unknown, pushes)
        wait = max((self._rates.take(push.repo) for push in fresh), default=0.0)
        if wait:
            self._tell("limited", repo=repo, wait=round(wait))
            body = {"error": "too many pushes of this model"}
            return Answer(status=429, result="limited", body=body, wait=wait)
        try:
            outcomes = await asyncio.wrap_future(self._intake.submit(pushes))
        except Exception as error:  # noqa: BLE001 - a full disk; the Hub shows the failed delivery
            self._tell("not-stored", error=printable(error))
            return Answer(status=503, result="not-stored", body={"error": "storage"}, wait=60)
        counted = Counter(outcomes)
        for push, outcome in zip(pushes, outcomes, strict=True):
            self._tell(outcome.value, repo=push.repo, ref=push.ref, sha=push.new_sha)
        body = {added.value: counted[added] for added in Added}
        if counted[Added.FULL]:
            return Answer(status=503, result="full", body=body, wait=60)
        new = counted[Added.NEW] > 0
        return Answer(
            status=202 if new else 200, result="accepted" if new else "repeated", body=body
        )

    def _page(self) -> str:
        ended = self._jobs.ended(LOOKED_AT)
        present = [j.id for j in ended if (self._cards / str(j.id) / "card.html").is_file()]
        return queue_page(
            self._jobs.counts(),
            self._jobs.unfinished(SHOWN),
            ended,
            now=time.time(),
            cards=frozenset(present),
        )

    def _refusal(self, request: Request) -> Response | None:
        """Return why the page is not shown, if it is not: the password, or too many wrong ones.

        An address that has guessed too often is not even told whether the next guess is right.
        """
        sender = request.client.host if request.client else ""
        wait = self._guessers.owed(sender)
        if wait:
            headers = {"Retry-After": str(max(1, round(wait)))}
            text = "Too many wrong passwords.\n"
            return PlainTextResponse(text, status_code=429, headers=headers)
        if self._may_look(request):
            return None
        if request.headers.get("authorization"):
            self._guessers.take(sender)
        return _login()

    def _may_look(self, request: Request) -> bool:
        """Return whether the page's password came with the request; any user name will do."""
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        try:
            given = base64.b64decode(encoded, validate=True).partition(b":")[2]
        except (binascii.Error, ValueError):
            return False
        asked = hashlib.sha256(given).digest()
        mine = hashlib.sha256(self._settings.page_password.encode()).digest()
        return scheme.lower() == "basic" and hmac.compare_digest(asked, mine)


def _login() -> Response:
    headers = {"WWW-Authenticate": 'Basic realm="hubcheck", charset="UTF-8"'}
    return PlainTextResponse("A password is needed.\n", status_code=401, headers=headers)
