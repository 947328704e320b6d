"""Does a push come back as a comment, a section and a badge, and not once more?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import pytest
from huggingface_hub import HfApi

from hubcheck.card.section import REPORT_FILE
from hubcheck.cli import main
from hubcheck.demo.run import MODELS
from hubcheck.publish.badge_files import PNG
from hubcheck.publish.hub.texts import COMMIT_TITLE
from hubcheck.publish.model_card import current_section
from tests.card.rendered import unlinked
from tests.hubserver.session import close_session
from tests.serve.hookedhub import HookedHub
from tests.serve.receiving import SECRET, Receiving, until

MODEL: Final = "acme/finetune"
BASE: Final = "zoo/base"
BOT: Final = "hf_bot_token_0123456789"
OWNER: Final = "hf_owner_token_0123456789"


def test_the_whole_round(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Push, webhook, serve, check, comment, section and badge; the webhook of these is ignored."""
    with HookedHub(git=tmp_path / "git") as hub:
        hub.add_user(BOT, "hubcheck-bot", writes=frozenset({MODEL}))
        hub.add_user(OWNER, "owner", writes=frozenset({MODEL}))
        hub.add_repo(BASE, MODELS / "base")
        repository = hub.add_repo(MODEL, MODELS / "finetune")
        environment = {"HF_ENDPOINT": hub.endpoint, "HUBCHECK_WRITE_TOKEN": BOT}
        words = ("--allow", "acme/*", "--publish", "discussion,model-card")
        with Receiving(tmp_path / "state", *words, environment=environment) as receiver:
            close_session()
            for name, value in (environment | {"HUBCHECK_WEBHOOK_SECRET": SECRET}).items():
                monkeypatch.setenv(name, value)
            monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", hub.endpoint)
            assert main(["webhook", "create", MODEL, "--url", receiver.url]) == 0
            hub.watch(MODEL)

            # Somebody proposes other weights.
            topic = repository.board.open("New weights", "Better.", "owner", is_pull_request=True)
            proposed = hub.push(
                MODEL,
                {"model.safetensors": (MODELS / "continued" / "model.safetensors").read_bytes()},
                ref=topic.ref,
            )
            until(lambda: receiver.ended(proposed.oid))
            assert receiver.ended(proposed.oid)[0]["verdict"] == "confirmed"
            assert [c.author for c in topic.comments] == ["owner", "hubcheck-bot"]
            assert "match the declared base" in unlinked(topic.comments[1].text)
            head = repository.resolve("main")
            assert head is not None
            assert REPORT_FILE not in head.files  # the section speaks of main only

            # The owner merges: main has moved.
            HfApi(endpoint=hub.endpoint, token=OWNER).merge_pull_request(MODEL, topic.num)
            merged = repository.read_refs()["main"]  # type: ignore[attr-defined]
            until(lambda: receiver.ended(merged))
            assert receiver.ended(merged)[0]["state"] == "done"
            published = repository.resolve("main")
            assert published is not None
            assert (published.title, published.parent) == (COMMIT_TITLE, merged)
            card = published.files["README.md"]
            section = current_section(card.read(0, card.size))
            assert section is not None
            assert merged in section
            badge = published.files[PNG]
            assert badge.read(0, 4) == b"\x89PNG"
            report = published.files[REPORT_FILE]
            assert json.loads(report.read(0, report.size))["subject"]["revision"] == merged

            # The commit of section and badge calls the webhook too, and that ends there.
            until(lambda: receiver.ended(published.oid))
            ended = receiver.ended(published.oid)[0]
            assert ended["state"] == "skipped"
            assert "no weights, config, tokenizer" in ended["note"]
            assert repository.read_refs()["main"] == published.oid  # type: ignore[attr-defined]
            until(lambda: len(hub.delivered) == 3)
            assert [d.status for d in hub.delivered] == [202, 202, 202]
            hub.unwatch()
            assert receiver.terminate() == 0
            said = "".join(receiver.text)
            assert not any(secret in said for secret in (SECRET, BOT))
    close_session()
    assert "watches model acme/finetune" in capsys.readouterr().out
