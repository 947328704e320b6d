"""What is answered to the visitors of the open page?

A question is counted against its visitor, looked up on the Hub without a token, counted against its
model, and put into the queue that deliveries wait in: the same workers, the same limits.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs

from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from hubcheck.errors import printable
from hubcheck.serve.admission import RatePerRepository, is_listed
from hubcheck.serve.asked import Question, TurnedAwayError, pinned, read_field, written
from hubcheck.serve.carry_out import Tell, last_line
from hubcheck.serve.checker_page import card_page, form_page, watch_page
from hubcheck.serve.intake import Intake
from hubcheck.serve.job import Added, State
from hubcheck.serve.jobs import Jobs
from hubcheck.serve.kept import CARD, REPORT, Kept
from hubcheck.serve.payload import Push
from hubcheck.serve.settings import OpenPage, Settings

FORM_BYTES: Final = 8_192
"""Of a body: two names and their escapes."""
LOOKUPS: Final = 4
"""Questions that are looked up on the Hub at once."""
LOOKUP_SECONDS: Final = 30.0
AGAIN_AFTER: Final = 600.0
"""Seconds after which a check that failed may be asked for once more."""
REFRESH: Final = "2"
HEADERS: Final = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}
_HOST: Final = re.compile(r"[A-Za-z0-9.:\[\]-]{1,255}")


class Checker:
    """The routes of the open page."""

    def __init__(
        self,
        settings: Settings,
        plan: OpenPage,
        *,
        jobs: Jobs,
        intake: Intake,
        rates: RatePerRepository,
        kept: Kept,
        folder: Path,
        tell: Tell,
    ) -> None:
        """Take what the routes need.

        Args:
            settings: Of the server.
            plan: Of this page.
            jobs: The queue.
            intake: What writes into it.
            rates: How often one model is checked, deliveries counted.
            kept: Where answers stay.
            folder: Where the jobs' folders lie.
            tell: The log.
        """
        self._settings, self._plan = settings, plan
        self._jobs, self._intake, self._rates = jobs, intake, rates
        self._kept, self._folder, self._tell = kept, folder, tell
        self._visitors = RatePerRepository(burst=plan.per_visitor, per_hour=plan.per_visitor)
        self._lookups = asyncio.Semaphore(LOOKUPS)

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/", self.form),
            Route("/check", self.check, methods=["POST"]),
            Route("/c/{key}", self.card),
            Route("/c/{key}/report.json", self.report),
        ]

    async def form(self, _request: Request) -> Response:
        """Show the form."""
        return await self._form()

    async def check(self, request: Request) -> Response:
        """Take a question; lead to its address."""
        fields: dict[str, str] = {}
        try:
            fields = await _fields(request)
            question = await self._question(request, fields)
            await self._put(question)
        except TurnedAwayError as refusal:
            self._tell("turned-away", status=refusal.status, said=printable(refusal.said))
            return await self._form(fields, refusal)
        return RedirectResponse(f"c/{question.key}", status_code=303, headers=HEADERS)

    async def card(self, request: Request) -> Response:
        """Show the card of a question, or how far its check is."""
        key = request.path_params["key"]
        card = await asyncio.to_thread(self._kept.read, key, CARD)
        if card is not None:
            text = card_page(card.decode("utf-8", "replace"), address=self._address(request))
            return HTMLResponse(text, headers=HEADERS)
        question = await asyncio.to_thread(self._kept.question, key)
        if question is None:
            return PlainTextResponse("Nothing was asked under this address.\n", status_code=404)
        text, running = await asyncio.to_thread(self._watch, question)
        return HTMLResponse(text, headers=HEADERS | ({"Refresh": REFRESH} if running else {}))

    async def report(self, request: Request) -> Response:
        """Give the report of a question."""
        data = await asyncio.to_thread(self._kept.read, request.path_params["key"], REPORT)
        if data is None:
            return PlainTextResponse("There is no report here.\n", status_code=404)
        return Response(data, media_type="application/json", headers=HEADERS)

    async def _form(
        self, fields: Mapping[str, str] | None = None, refusal: TurnedAwayError | None = None
    ) -> Response:
        counts = await asyncio.to_thread(self._jobs.counts)
        fields = fields or {}
        text = form_page(
            model=fields.get("model", ""),
            other=fields.get("other", ""),
            refused=refusal.said if refusal else "",
            waiting=counts[State.WAITING],
            running=counts[State.RUNNING],
        )
        headers = dict(HEADERS)
        if refusal is not None and refusal.wait:
            headers["Retry-After"] = str(max(1, round(refusal.wait)))
        return HTMLResponse(text, status_code=refusal.status if refusal else 200, headers=headers)

    async def _question(self, request: Request, fields: Mapping[str, str]) -> Question:
        """Return the question of a form, looked up on the Hub.

        Raises:
            TurnedAwayError: It is not taken.
        """
        subject = read_field(fields.get("model", ""), name="model")
        typed = fields.get("other", "").strip()
        other = read_field(typed, name="other model") if typed else None
        if not is_listed(subject.repo_id, self._settings.allowed):
            raise TurnedAwayError("This server checks other models only.", status=403)
        wait = self._visitors.take(self._visitor(request))
        if wait:
            minutes = round(wait / 60) + 1
            said = f"Too many questions from your address; come again in {minutes} minutes."
            raise TurnedAwayError(said, status=429, wait=wait)
        endpoint = self._settings.endpoint
        try:
            async with asyncio.timeout(LOOKUP_SECONDS), self._lookups:
                found = await asyncio.to_thread(pinned, subject, endpoint=endpoint)
                beside = other and await asyncio.to_thread(pinned, other, endpoint=endpoint)
        except TimeoutError:
            said = "The Hub takes too long to answer. Nothing was started; please come again."
            raise TurnedAwayError(said, status=503, wait=60) from None
        question = Question(subject=replace(found, pinned_from=""), other=beside)
        if beside is not None and written(question.subject) == written(beside):
            raise TurnedAwayError("Both fields name the same model.", status=400)
        return question

    async def _put(self, question: Question) -> None:
        """Put a question into the queue, unless it is there or answered already.

        Raises:
            TurnedAwayError: There is no room for it now.
        """
        if await asyncio.to_thread(self._kept.read, question.key, CARD) is not None:
            return
        push = _push(question)
        if await asyncio.to_thread(self._jobs.unknown, [push]):
            if not await asyncio.to_thread(self._kept.has_room):
                raise TurnedAwayError("This server keeps no more cards.", status=503)
            wait = self._rates.take(push.repo)
            if wait:
                said = "This model was checked often in the last hour; please come again later."
                raise TurnedAwayError(said, status=429, wait=wait)
        elif await asyncio.to_thread(self._jobs.again, push, after=AGAIN_AFTER):
            return
        await asyncio.to_thread(self._kept.ask, question)
        (outcome,) = await asyncio.wrap_future(self._intake.submit((push,)))
        self._tell(outcome.value, repo=push.repo, ref=push.ref, sha=push.new_sha)
        if outcome is Added.FULL:
            said = "Too many checks wait already; please come again later."
            raise TurnedAwayError(said, status=503, wait=300)

    def _watch(self, question: Question) -> tuple[str, bool]:
        job = self._jobs.find(_push(question))
        running = job is not None and job.state in {State.WAITING, State.RUNNING, State.DONE}
        before = self._jobs.before(job) if job is not None else 0
        log = self._folder / str(job.id) / "check.log" if job is not None else None
        said = last_line(log) if log is not None and log.is_file() else ""
        if job is not None and job.state is not State.RUNNING:
            said = job.note
        # Where this server keeps its files is nobody's business.
        said = said.replace(str(self._settings.state), "...")
        return watch_page(question, job, before=before, said=said), running

    def _visitor(self, request: Request) -> str:
        """Return whom a question is counted against.

        Behind a proxy that is what the proxy itself wrote: the last address of the header.
        """
        if self._plan.behind_proxy:
            forwarded = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
            if forwarded:
                return forwarded[:64]
        return request.client.host if request.client else ""

    def _address(self, request: Request) -> str:
        """Return where this page is, as the visitor's browser names it."""
        host = request.headers.get("host", "")
        scheme = request.url.scheme
        if self._plan.behind_proxy and request.headers.get("x-forwarded-proto", "") == "https":
            scheme = "https"
        path = f"/c/{request.path_params['key']}"
        return f"{scheme}://{host}{path}" if _HOST.fullmatch(host) else path


def _push(question: Question) -> Push:
    subject = question.subject
    return Push(repo=subject.repo_id, ref=question.ref, old_sha="", new_sha=subject.revision)


async def _fields(request: Request) -> dict[str, str]:
    """Return the fields of a form.

    Raises:
        TurnedAwayError: The body is none, or another site sent it.
    """
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise TurnedAwayError("Use the form of this page.", status=403)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise TurnedAwayError("Use the form of this page.", status=415)
    data = b""
    try:
        async with asyncio.timeout(LOOKUP_SECONDS):
            async for piece in request.stream():
                data += piece
                if len(data) > FORM_BYTES:
                    raise TurnedAwayError("That is longer than two names.", status=413)
        found = parse_qs(data.decode("utf-8"), keep_blank_values=True, max_num_fields=8)
    except (TimeoutError, ClientDisconnect, ValueError):
        raise TurnedAwayError("The form could not be read.", status=400) from None
    return {name: values[0] for name, values in found.items()}
