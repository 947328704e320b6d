"""The open page: an address to a card that stays, public models only, the limits of deliveries."""

from __future__ import annotations

import http.client
import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final
from urllib.parse import urlencode

import pytest

from hubcheck.demo.run import MODELS
from hubcheck.report.schema import Report
from hubcheck.report.words import Verdict
from hubcheck.serve.asked import Question, TurnedAwayError, question_of, read_field
from hubcheck.serve.checker import Checker
from hubcheck.serve.checker_page import card_page, form_page, watch_page
from hubcheck.serve.job import Job, Result, State
from hubcheck.serve.jobs import Jobs
from hubcheck.serve.kept import CARD, Kept
from hubcheck.serve.payload import Push
from hubcheck.source.reference import HubReference
from tests.card.payloads import PAYLOADS
from tests.hubserver import LocalHub
from tests.serve.receiving import Receiving, until

READER: Final = "hf_reader_token_0123456789"
SHA: Final = "d" * 40


@pytest.fixture(scope="module")
def hub() -> Iterator[LocalHub]:
    """Return a Hub with public, private and gated models."""
    with LocalHub() as hub:
        hub.add_repo("zoo/base", MODELS / "base")
        files = {p.name: p.read_bytes() for p in (MODELS / "finetune").iterdir() if p.is_file()}
        card = files["README.md"].decode()
        # A lure: its card names a model that only the machine's own token may read.
        lured = card.replace("base_model: zoo/base", "base_model: [zoo/base, acme/hidden]")
        hub.add_repo("acme/finetune", files | {"README.md": lured.encode()})
        hub.add_repo("acme/hidden", MODELS / "twin", private=True, readers=frozenset({READER}))
        hub.add_repo("acme/gated", MODELS / "twin", gated=True, readers=frozenset({READER}))
        yield hub


@pytest.fixture(scope="module")
def server(hub: LocalHub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiving]:
    """Return a page whose machine holds a token that may read everything."""
    environment = {"HF_ENDPOINT": hub.endpoint, "HF_TOKEN": READER, "HUBCHECK_WEBHOOK_SECRET": ""}
    words = ("--open", "--per-visitor", "9")
    with Receiving(tmp_path_factory.mktemp("state"), *words, environment=environment) as started:
        yield started
        assert started.terminate() == 0
        assert READER not in "".join(started.text)


def ask(
    server: Receiving, fields: Mapping[str, str], headers: Mapping[str, str] | None = None
) -> Any:
    """Send the form; return status, text and headers."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    sent = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
    try:
        connection.request("POST", "/check", body=urlencode(fields), headers=sent)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), answer.headers
    finally:
        connection.close()


def test_an_address_to_a_card_that_stays(server: Receiving, hub: LocalHub) -> None:
    """Paste two addresses, watch, get a card with its report; asked again, the same place."""
    status, form, headers = server.get("/")
    assert (status, 'action="check"' in form) == (200, True)
    assert "form-action 'self'" in form
    assert headers["X-Frame-Options"] == "DENY"
    fields = {"model": "https://huggingface.co/acme/finetune", "other": "zoo/base"}
    status, _, headers = ask(server, fields)
    assert status == 303
    place = "/" + headers["Location"].removeprefix("/")
    assert re.fullmatch(r"/c/[0-9a-f]{20}", place)
    status, seen, headers = server.get(place)
    assert status == 200
    if "report.json" not in seen:  # it may be fast
        assert headers["Refresh"] == "2"
        assert "acme/finetune@" in seen
    until(lambda: server.get(f"{place}/report.json")[0] == 200)
    report = Report.model_validate_json(server.get(f"{place}/report.json")[1])
    until(lambda: "report.json" in server.get(place)[1])
    _, card, headers = server.get(place)
    assert "Refresh" not in headers
    assert "acme/hidden" in card
    assert f"curl -O http://127.0.0.1:{server.port}{place}/report.json" in card
    verdicts = {f.base.ref: f.verdict for f in report.findings}
    assert verdicts == {"zoo/base": Verdict.RELATED, "acme/hidden": Verdict.NOT_TESTED}
    assert all("authorization" not in {n.lower() for n in e.headers} for e in hub.exchanges)
    assert report.subject.revision in report.replay
    assert ask(server, fields)[2]["Location"] == place.removeprefix("/")  # no second check
    assert len([e for e in server.events if e["event"] == "started"]) == 1


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"model": "acme/hidden"}, 404, "not there, or not public"),
        ({"model": "acme/nothing"}, 404, "not there, or not public"),
        ({"model": "acme/gated"}, 403, "is gated"),
        ({"model": ""}, 400, "Name the model"),
        ({"model": "zoo/base", "other": "zoo/base"}, 400, "name the same model"),
        ({"model": "/etc/passwd"}, 400, "neither an existing path nor a Hub repository"),
        ({"model": "https://example.org/acme/model"}, 400, "Write org/name"),
        ({"model": "x" * 500}, 400, "longer than a name"),
        ({"model": "a/b", "more": "y" * 9000}, 413, "longer than two names"),
    ],
)
def test_what_not_everybody_may_read_is_turned_away(
    server: Receiving, fields: dict[str, str], status: int, said: str
) -> None:
    """The server's own token is no reason to read a private model for a stranger."""
    got, text, _ = ask(server, fields)
    assert got == status
    assert said in text
    assert 'role="alert"' in text
    assert 'action="check"' in text  # the form is there to correct it
    if (
        status != 413
    ):  # what was typed stands there still; of a body that is too long nothing is read
        assert f'value="{fields["model"][:100]}' in text


def test_a_visitor_who_asks_too_often_waits(server: Receiving) -> None:
    """The bucket of an address runs dry; another page's form is not this one's."""
    answers = [ask(server, {"model": "acme/nothing"})[0] for _ in range(10)]
    assert answers[-1] == 429
    status, text, headers = ask(server, {"model": "acme/nothing"})
    assert (status, int(headers["Retry-After"]) > 0) == (429, True)
    assert "Too many questions" in text
    assert ask(server, {"model": "a/b"}, {"Sec-Fetch-Site": "cross-site"})[0] == 403
    assert ask(server, {"model": "a/b"}, {"Content-Type": "text/plain"})[0] == 415


def test_there_is_nothing_else(server: Receiving) -> None:
    """No webhook without a secret, no queue without a password, no card of an unknown key."""
    assert server.get("/webhook")[0] == 404
    assert server.get("/queue")[0] == 404
    for key in ("0" * 20, "..%2f..%2fqueue.sqlite", "A" * 20, "0" * 19):
        assert server.get(f"/c/{key}")[0] == 404
        assert server.get(f"/c/{key}/report.json")[0] == 404


def question(**changes: str) -> Question:
    """Return a question about two models."""
    return Question(
        subject=HubReference(repo_id="acme/new", revision=SHA, inside=changes.get("inside", "")),
        other=HubReference(repo_id="acme/old", revision="e" * 40, pinned_from="main"),
    )


def test_a_question_survives_the_queue() -> None:
    """What is written into a row is read back as the same question; a push is none."""
    for asked in (question(), question(inside="fp16"), Question(subject=question().subject)):
        subject = asked.subject
        assert question_of(subject.repo_id, asked.ref, subject.revision) == asked
    assert question_of("acme/new", "refs/heads/main", SHA) is None
    assert question().key != Question(subject=question().subject).key
    words = question(inside="fp16").words()
    assert words == ["check", f"acme/new:fp16@{SHA}", "--suspect", "acme/old"]


def test_answers_are_kept_until_there_is_no_room(tmp_path: Path) -> None:
    """Card and report come back by key, half a question is none, and a full place says so."""
    kept = Kept(tmp_path / "kept", limit=1)
    assert kept.has_room()
    kept.ask(question())
    assert not kept.has_room()
    place = tmp_path / "kept" / question().key
    os.utime(place, (0, 0))
    assert kept.has_room()  # it got no answer for a day
    assert not place.exists()
    kept.ask(question())
    assert kept.question(question().key) == question()
    (tmp_path / "made").mkdir()
    for name in ("card.html", "report.json"):
        (tmp_path / "made" / name).write_text(name)
    kept.answer(question(), tmp_path / "made")
    assert kept.read(question().key, CARD) == b"card.html"
    os.utime(place, (0, 0))
    assert not kept.has_room()  # an answer stays
    (tmp_path / "kept" / question().key / "asked.json").write_text('{"repo": 1}')
    assert kept.question(question().key) is None
    assert kept.read("../kept", CARD) is None


def test_a_check_that_failed_may_be_asked_for_again(tmp_path: Path) -> None:
    """Not at once, and only one that failed."""
    now = [1000.0]
    jobs = Jobs(tmp_path / "queue.sqlite", limit=5, clock=lambda: now[0])
    push = Push(repo="acme/new", ref=question().ref, old_sha="", new_sha=SHA)
    other = Push(repo="acme/other", ref=question().ref, old_sha="", new_sha=SHA)
    jobs.add([push, other])
    job = jobs.claim(lease_seconds=60)
    assert job is not None
    waiting = jobs.find(other)
    assert waiting is not None
    assert jobs.before(waiting) == 0
    jobs.finish(job, Result(state=State.FAILED, note="gone"))
    assert not jobs.again(push, after=60)
    now[0] += 61
    assert not jobs.again(other, after=60)
    assert jobs.again(push, after=60)
    again = jobs.find(push)
    assert again is not None
    assert (again.state, again.attempts, again.note) == (State.WAITING, 0, "")
    assert jobs.before(again) == 1
    jobs.close()


def job(state: State, note: str) -> Job:
    """Return a row of the queue."""
    return Job(
        id=1, push=Push(repo="a/b", ref="asked/ ", old_sha="", new_sha=SHA), state=state,
        received=0, attempts=1, lease="", started=0, finished=0, verdict="", conclusion="", note=note,
    )  # fmt: skip


@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_a_stranger_typed_stays_text(payload: str) -> None:
    """In the form, in the log line of a check, in a host: no element, no attribute more."""
    pairs = [
        (form_page(model=payload, other=payload, refused=payload or "x"),
         form_page(model="m", other="o", refused="x")),
        *((watch_page(question(), job(state, "x"), before=0, said=payload or "x"),
           watch_page(question(), job(state, "x"), before=0, said="x")) for state in State),
        (card_page("<body>\nx", address=payload), card_page("<body>\nx", address="y")),
    ]  # fmt: skip
    for odd, plain in pairs:
        assert tags(odd) == tags(plain)


def tags(text: str) -> list[str]:
    """Return the elements of a page without what their attributes hold."""
    return re.findall(r"<(/?[a-z0-9]+)", text.partition("<body>")[2])


def test_a_page_says_nothing_of_the_machine(tmp_path: Path) -> None:
    """A line of a log may name a place on the server; the page does not."""
    jobs = Jobs(tmp_path / "queue.sqlite", limit=5)
    asked = question()
    jobs.add([Push(repo="acme/new", ref=asked.ref, old_sha="", new_sha=SHA)])
    running = jobs.claim(lease_seconds=60)
    assert running is not None
    log = tmp_path / "jobs" / str(running.id) / "check.log"
    log.parent.mkdir(parents=True)
    log.write_text(f"hubcheck: wrote {tmp_path}/jobs/1/report.json\n")
    checker = Checker.__new__(Checker)
    checker._jobs, checker._folder = jobs, tmp_path / "jobs"
    checker._settings = SimpleNamespace(state=tmp_path)  # type: ignore[assignment]
    text, goes_on = checker._watch(asked)
    assert goes_on
    assert "wrote .../jobs/1/report.json" in text
    assert str(tmp_path) not in text
    jobs.finish(running, Result(state=State.FAILED, note=f"exit code 4: {tmp_path}/x"))
    text, goes_on = checker._watch(asked)
    assert not goes_on
    assert "exit code 4: .../x" in text
    jobs.close()


def test_only_names_of_models_are_read() -> None:
    """A folder of the server is no model, nor is anything but a name."""
    for text in ("./x", "..", "/etc", "~", "C:/x", "file:///etc/passwd", "a b"):
        with pytest.raises(TurnedAwayError):
            read_field(text, name="model")
    assert read_field(" org/name@v1 ", name="model").revision == "v1"


def test_the_queue_knows_what_was_asked(server: Receiving) -> None:
    """Health counts the jobs of visitors with all others."""
    assert json.loads(server.get("/healthz")[1])["status"] == "ok"
