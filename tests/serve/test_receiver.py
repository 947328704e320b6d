"""What does the receiver answer over a socket, to friend and foe?"""

from __future__ import annotations

import base64
import json
import re
import socket
import time
from collections.abc import Iterator
from typing import Final

import pytest

from hubcheck.serve.job import Result, State
from hubcheck.serve.jobs import Jobs
from hubcheck.serve.payload import MAIN, Push
from hubcheck.serve.server import _listening
from tests.hubserver import LocalHub
from tests.serve.hookedhub import payload, post
from tests.serve.receiving import PASSWORD, SECRET, Receiving, until

SHA: Final = "d" * 40
LIMIT: Final = 10_000
HOSTILE: Final = "<img src=x onerror=alert(1)>\u202e"


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiving]:
    """Return a receiver for acme's models; its Hub knows none of them."""
    state = tmp_path_factory.mktemp("state")
    jobs = Jobs(state / "queue.sqlite", limit=10)
    jobs.add([Push(repo="acme/old", ref=MAIN, old_sha="", new_sha=SHA)])
    job = jobs.claim(lease_seconds=1)
    assert job is not None
    jobs.finish(job, Result(state=State.DONE, verdict="contradicted", conclusion="fail",
                            note=HOSTILE))  # fmt: skip
    jobs.close()
    card = state / "jobs" / str(job.id) / "card.html"
    card.parent.mkdir(parents=True)
    card.write_text("<p>the card</p>", encoding="utf-8")
    with LocalHub() as hub:
        environment = {"HF_ENDPOINT": hub.endpoint, "HUBCHECK_PAGE_PASSWORD": PASSWORD}
        words = ("--allow", "acme/*", "--publish", "none", "--body-limit", str(LIMIT),
                 "--per-hour", "3")  # fmt: skip
        with Receiving(state, *words, environment=environment) as started:
            yield started
            assert started.terminate() == 0
            said = "".join(started.text)
            assert SECRET not in said
            assert PASSWORD not in said


def deliver(receiver: Receiving, repo: str, sha: str, secret: str | None = SECRET) -> int:
    """Deliver a push and return the status."""
    return post(receiver.url, payload(repo, MAIN, None, sha), secret)[0]


def authorised(password: str) -> dict[str, str]:
    """Return the header that carries a password."""
    return {"Authorization": "Basic " + base64.b64encode(f"me:{password}".encode()).decode()}


def test_new_repeated_and_limited(receiver: Receiving) -> None:
    """A push is accepted once; a repeat costs nothing; too many new ones of a model must wait."""
    assert deliver(receiver, "acme/a", "1" * 40) == 202
    assert [deliver(receiver, "acme/a", "1" * 40) for _ in range(5)] == [200] * 5
    assert [deliver(receiver, "acme/a", c * 40) for c in "234"] == [202, 202, 429]
    assert deliver(receiver, "acme/b", "1" * 40) == 202


@pytest.mark.parametrize("secret", [None, "", SECRET[:-1], SECRET + "x", SECRET.upper(), "é"])
def test_a_wrong_secret_is_refused(receiver: Receiving, secret: str | None) -> None:
    """Without the secret nothing is read, queued or looked up."""
    assert deliver(receiver, "acme/wrong", "1" * 40, secret) in {401, 429}
    assert "acme/wrong" not in receiver.get("/", authorised(PASSWORD))[1]


def test_a_flood_of_wrong_secrets_fills_no_log(receiver: Receiving) -> None:
    """After a burst they leave no line, and the right one still opens."""
    statuses = [deliver(receiver, "acme/wrong", "1" * 40, "guess" * 5) for _ in range(80)]
    assert set(statuses) == {401, 429}
    told = [e for e in receiver.events if e["event"] == "unauthorised"]
    assert len(told) < 80
    assert deliver(receiver, "acme/c", "1" * 40) == 202


def test_bodies_are_bounded_while_they_come(receiver: Receiving) -> None:
    """A body over the limit is refused, stated length or not; below it, it is read."""
    assert post(receiver.url, b"x" * (LIMIT + 1), SECRET)[0] == 413
    assert post(receiver.url, b"x" * LIMIT, SECRET)[0] == 400
    with socket.create_connection(("127.0.0.1", receiver.port), timeout=20) as raw:
        raw.sendall(
            f"POST /webhook HTTP/1.1\r\nHost: x\r\nX-Webhook-Secret: {SECRET}\r\n"
            "Transfer-Encoding: chunked\r\n\r\n".encode()
        )
        for _ in range(3):
            raw.sendall(b"1000\r\n" + b"y" * 0x1000 + b"\r\n")
        raw.sendall(b"0\r\n\r\n")
        assert raw.recv(100).startswith(b"HTTP/1.1 413")


def test_a_client_that_hangs_up_harms_nobody(receiver: Receiving) -> None:
    """Half a body and a closed connection leave the server answering."""
    with socket.create_connection(("127.0.0.1", receiver.port), timeout=20) as raw:
        raw.sendall(
            f"POST /webhook HTTP/1.1\r\nHost: x\r\nX-Webhook-Secret: {SECRET}\r\n"
            'Content-Length: 500\r\n\r\n{"event":'.encode()
        )
    time.sleep(0.1)
    assert receiver.get("/healthz")[0] == 200
    assert "Traceback" not in "".join(receiver.text)


def test_what_is_not_for_us_is_ignored(receiver: Receiving) -> None:
    """Other models and other events are answered 200, so that the Hub sees no failure."""
    status, answer = post(receiver.url, payload("evil/model", MAIN, None, SHA), SECRET)
    assert (status, answer) == (200, {"ignored": "this model is not on the allow-list"})
    comment = payload("acme/a", MAIN, None, SHA, scope="discussion.comment")
    assert post(receiver.url, comment, SECRET)[0] == 200
    assert receiver.get("/webhook")[0] == 405


def test_health_and_metrics(receiver: Receiving) -> None:
    """Both answer without a password, and neither names a model."""
    deliver(receiver, "acme/named", "1" * 40)
    status, text, _ = receiver.get("/healthz")
    assert status == 200
    assert json.loads(text)["status"] == "ok"
    status, text, headers = receiver.get("/metrics")
    assert status == 200
    assert headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert 'hubcheck_deliveries_total{result="accepted"}' in text
    assert 'hubcheck_jobs{state="done"} 1' in text
    assert "acme" not in text
    samples = [line for line in text.splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r'[a-z_]+(\{[a-z]+="[^"]+"\})? [0-9.]+', s) for s in samples)
    described = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
    names = {re.sub(r"_(bucket|sum|count)$", "", s.split("{")[0].split()[0]) for s in samples}
    assert names <= described


def test_the_page_needs_its_password(receiver: Receiving) -> None:
    """Names of private models stand on it."""
    for headers in ({}, authorised("wrong"), {"Authorization": "Basic ???"},
                    {"Authorization": f"Bearer {PASSWORD}"}):  # fmt: skip
        assert receiver.get("/", headers)[0] == 401
        assert receiver.get("/cards/1", headers)[0] == 401
    status, text, headers_sent = receiver.get("/", authorised(PASSWORD))
    assert status == 200
    assert "acme/old" in text
    assert 'href="cards/1"' in text
    assert headers_sent["X-Frame-Options"] == "DENY"
    assert receiver.get("/cards/1", authorised(PASSWORD))[1] == "<p>the card</p>"
    assert receiver.get("/cards/99", authorised(PASSWORD))[0] == 404


def test_the_page_shows_hostile_text_as_text(receiver: Receiving) -> None:
    """A note that a stranger could have worded is escaped, and the page runs no script."""
    text = receiver.get("/", authorised(PASSWORD))[1]
    assert "<img" not in text
    assert "&lt;img src=x onerror=alert(1)&gt;" in text
    assert "\u202e" not in text
    assert "<script" not in text
    assert "default-src 'none'" in text


def test_a_model_that_is_not_there_is_tried_again_later(receiver: Receiving) -> None:
    """The Hub may be behind its own webhook: a commit that cannot be found is postponed."""
    deliver(receiver, "acme/ghost", "9" * 40)
    until(
        lambda: [e for e in receiver.events if e["event"] == "postponed" and e["sha"] == "9" * 40]
    )
    postponed = next(e for e in receiver.events if e.get("sha") == "9" * 40 and "pause" in e)
    assert postponed["pause"] == 60


def test_every_line_of_the_log_is_json(receiver: Receiving) -> None:
    """A log that is read by programs holds nothing else."""
    assert all(json.loads(line)["time"] for line in receiver.text)


def test_answers_are_not_held_back() -> None:
    """Accepted connections send at once: an answer in two packets would else wait 40 ms."""
    with (
        _listening("127.0.0.1", 0) as listener,
        socket.create_connection(listener.getsockname()),
        listener.accept()[0] as taken,
    ):
        assert taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
