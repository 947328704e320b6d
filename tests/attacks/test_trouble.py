"""Tests that ordinary trouble is told as what it is, and that a host that trickles is left."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from huggingface_hub import close_session

from hubcheck.cli import main
from hubcheck.report.schema import Report
from hubcheck.source import transport
from tests.action.conftest import MODELS
from tests.attacks.registry import attack, attacks
from tests.card.reports import cases

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Return a function that runs the command line and returns exit code and stderr."""

    def command(*words: object) -> tuple[int, str]:
        code = main([*map(str, words)])
        return code, capsys.readouterr().err

    close_session()
    yield command
    close_session()


SETTINGS = {
    "an endpoint that is no address": ("HF_ENDPOINT", "http://[::1", 2),
    "an endpoint with port 99999": ("HF_ENDPOINT", "http://127.0.0.1:99999", 2),
    "a missing SSL_CERT_FILE": ("SSL_CERT_FILE", "/nonexistent", 3),
    "an unknown proxy scheme": ("HTTPS_PROXY", "foo://x:1", 3),
}
attacks(
    "trouble",
    *((name, "exit 5, a fault of hubcheck", f"exit {code}, what to look at")
      for name, (_, _, code) in SETTINGS.items()),
)  # fmt: skip


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_that_cannot_be_used_are_named(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    """No fault of hubcheck, and no traceback."""
    variable, value, code = SETTINGS[name]
    monkeypatch.setenv(variable, value)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    ended, said = run("check", MODELS / "finetune", "--base", "zoo/a", "--out", tmp_path / "o")
    assert ended == code, said
    assert "fault of hubcheck" not in said
    assert "Traceback" not in said


@attack("trouble", "a report that is a named pipe", before="waits for ever", now="exit 2")
@pytest.mark.parametrize("words", [("card",), ("replay",), ("publish", "--to", "discussion")])
def test_a_pipe_is_no_report(run: Run, tmp_path: Path, words: tuple[str, ...]) -> None:
    """Nothing is opened that could keep whoever opens it."""
    os.mkfifo(tmp_path / "report.json")
    code, said = run(words[0], tmp_path / "report.json", *words[1:])
    assert code == 2
    assert "is no file" in said


@attack("publish", "a report that names another folder as its model's", before="that folder's card is written",
        now="exit 2: `--folder` is asked for")  # fmt: skip
def test_a_report_does_not_say_where_to_write(run: Run, tmp_path: Path) -> None:
    """Whoever runs it does."""
    target = tmp_path / "victim"
    shutil.copytree(MODELS / "finetune", target)
    before = (target / "README.md").read_bytes()
    report: Report = next(iter(cases().values()))
    document = report.model_dump(mode="json")
    document["subject"] |= {"ref": str(target), "revision": "local"}
    (tmp_path / "report.json").write_text(json.dumps(document))
    code, said = run("publish", tmp_path / "report.json", "--to", "model-card")
    assert code == 2
    assert "--folder DIR" in said
    assert (target / "README.md").read_bytes() == before
    assert (
        run("publish", tmp_path / "report.json", "--to", "model-card", "--folder", target)[0] == 0
    )
    assert (target / "README.md").read_bytes() != before


class _Trickle(BaseHTTPRequestHandler):
    """Answers with JSON, a byte at a time."""

    def do_GET(self) -> None:
        """Never come to an end."""
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "100000")
        self.end_headers()
        try:
            for _ in range(3000):
                self.wfile.write(b" ")
                self.wfile.flush()
                time.sleep(0.02)
        except OSError:
            return

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@attack("check", "a Hub that answers with a byte a second", before="hangs for ever",
        now="given up as stuck: exit 3")  # fmt: skip
def test_a_host_that_trickles_is_left(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The limit is that of every other transfer."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Trickle)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(transport, "READ_SECONDS", 0.2)
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_address[1]}")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    began = time.monotonic()
    try:
        code, said = run("check", "zoo/m", "--base", MODELS / "base", "--out", tmp_path / "o")
    finally:
        server.shutdown()
        server.server_close()
    assert code == 3, said
    assert time.monotonic() - began < 40
