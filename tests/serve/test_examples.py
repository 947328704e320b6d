"""Do the examples say what the command line understands?"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
import yaml

from hubcheck.cli.entry import build_parser
from hubcheck.cli.serve import settings_of, work_of

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / "docs" / "examples" / "serve"
ENVIRONMENT: Final = {
    "HUBCHECK_WEBHOOK_SECRET": "a-webhook-secret-0123456789",
    "HUBCHECK_GITHUB_TOKEN": "token",
    "HF_ENDPOINT": "https://hub.example",
}


def instructions(path: Path) -> dict[str, list[str]]:
    """Return ENTRYPOINT and CMD of a Dockerfile."""
    text = path.read_text(encoding="utf-8").replace("\\\n", "")
    found = re.findall(r"^(ENTRYPOINT|CMD) (\[.*\])$", text, re.MULTILINE)
    return {name: json.loads(words) for name, words in found}


def commands() -> Iterator[tuple[str, list[str]]]:
    """Yield every command of the examples and of the page about them."""
    image = instructions(FOLDER / "Dockerfile")["ENTRYPOINT"]
    services = yaml.safe_load((FOLDER / "compose.yml").read_text(encoding="utf-8"))["services"]
    yield "compose.yml", [*image, *services["hubcheck"]["command"]]
    for space in ("space", "checker"):
        yield f"{space}/Dockerfile", instructions(FOLDER / space / "Dockerfile")["CMD"]
    texts = [*FOLDER.glob("*.sh"), FOLDER / "space" / "README.md", ROOT / "docs" / "serve.md"]
    for path in texts:
        text = path.read_text(encoding="utf-8").replace("\\\n", " ")
        for line in text.splitlines():
            found = re.fullmatch(r"(?: {4}|exec )?(hubcheck (?:serve|webhook) .*)", line)
            if found:
                yield path.name, shlex.split(found[1], comments=True)


COMMANDS: Final = list(commands())


def test_there_are_examples() -> None:
    """Each way of running has one."""
    assert len(COMMANDS) >= 8
    assert {"compose.yml", "space/Dockerfile", "job.sh", "relay.sh", "serve.md"} <= {
        name for name, _ in COMMANDS
    }


@pytest.mark.parametrize(("name", "words"), COMMANDS, ids=[name for name, _ in COMMANDS])
def test_a_command_is_understood(name: str, words: list[str]) -> None:
    """It parses, and what it asks for is accepted."""
    arguments = build_parser().parse_args(words[1:])
    if arguments.command == "serve":
        alone = arguments.open  # the page needs no secret
        hidden = {"HUBCHECK_WEBHOOK_SECRET"} if alone else set()
        settings_of(arguments, {n: v for n, v in ENVIRONMENT.items() if n not in hidden})
    else:
        work_of(arguments)


def test_the_page_states_the_defaults() -> None:
    """The table of options says what the parser does."""
    rows = (ROOT / "docs" / "serve.md").read_text(encoding="utf-8").splitlines()
    stated = {
        found[1]: found[2].strip("` ")
        for row in rows
        if (found := re.match(r"\| `--([a-z-]+)[^|]*\| ([^|]*) \|", row))
    }
    actual = vars(build_parser().parse_args(["serve"]))
    for option in ("publish", "workers", "time-limit", "per-hour", "queue-limit", "grace", "state"):
        value = actual[option.replace("-", "_")]
        shown = f"{value:g}" if isinstance(value, float) else str(value)
        assert stated[option].replace(",", "").split(" ")[0] == shown, option
    assert stated["body-limit"] == f"{actual['body_limit'] // 1024} KiB"
