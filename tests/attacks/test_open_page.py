"""Tests that the open page reads for a stranger what a stranger may read, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from hubcheck.serve.asked import TurnedAwayError, question_of, read_field
from hubcheck.serve.carry_out import for_stranger
from hubcheck.serve.kept import Kept
from tests.attacks.registry import attack

HELD: Final = {
    "HF_TOKEN": "hf_machine", "HUGGING_FACE_HUB_TOKEN": "hf_old", "HUBCHECK_READ_TOKEN": "hf_read",
    "HUBCHECK_WRITE_TOKEN": "hf_write", "HF_OIDC_RESOURCE": "oidc", "HUBCHECK_WEBHOOK_SECRET": "hook",
    "HUBCHECK_PAGE_PASSWORD": "page", "HUBCHECK_GITHUB_TOKEN": "ghs", "PATH": "/usr/bin",
}  # fmt: skip


@attack("serve", "a visitor asks about a model, or names a base, that only the machine's token reads",
        before="-", now="looked up and checked with no token, none of a login either")  # fmt: skip
def test_a_strangers_check_holds_no_token(tmp_path: Path) -> None:
    """The process of a visitor's check is given nothing that opens a door."""
    given = for_stranger(HELD, tmp_path)
    assert given == {"PATH": "/usr/bin", "HF_TOKEN_PATH": str(tmp_path / "no-token")}
    assert not Path(given["HF_TOKEN_PATH"]).exists()


@attack("serve", "a visitor names a file of the server as a model", before="-",
        now="only names of the Hub are read: refused")  # fmt: skip
@pytest.mark.parametrize(
    "typed", ["/etc/passwd", "./models/base", "..", "~/x", "file:///etc/shadow"]
)
def test_a_place_on_the_server_is_no_model(typed: str) -> None:
    """Also where such a folder exists."""
    with pytest.raises(TurnedAwayError):
        read_field(typed, name="model")


@attack("serve", "an address of a card that leads out of its folder", before="-",
        now="addresses are twenty hex digits: not found")  # fmt: skip
@pytest.mark.parametrize("key", ["../jobs", "..", "0" * 19 + "/", "%2e%2e", "", "Z" * 20])
def test_an_address_stays_inside(key: str, tmp_path: Path) -> None:
    """Nothing but kept answers is given away."""
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "report.json").write_text("{}")
    kept = Kept(tmp_path / "kept", limit=5)
    assert kept.read(key, "report.json") is None
    assert kept.question(key) is None
    assert question_of("a/b", "refs/heads/main", "d" * 40) is None
