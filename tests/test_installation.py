"""Is hubcheck told everywhere to be installed under its own name, and built under it?

``hubcheck`` on PyPI is somebody else's package: a line that installs it runs a stranger's code.
"""

from __future__ import annotations

import email
import re
import subprocess
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path
from typing import Final
from zipfile import ZipFile

import hatchling.build
import pytest

import hubcheck
from hubcheck.installation import DISTRIBUTION, Extra, adds

ROOT: Final = Path(hubcheck.__file__).parents[1]
MANAGERS: Final = frozenset(
    ("pip", "pip3", "pipx", "uv", "uvx", "conda", "mamba", "micromamba", "poetry", "pdm")
)
VERBS: Final = frozenset(("install", "add", "download", "wheel", "run", "inject", "upgrade"))
REQUIREMENT: Final = re.compile(r"hubcheck(?:[\[=<>~!@].*)?")
"""The bare distribution as a requirement, with extras or a version or without."""
EXTRA: Final = re.compile(r"(?<![\w./-])hubcheck(?:\[[a-z]+(?:, ?[a-z]+)*\]|[=~!]=[\d.*]+)")
"""An extra or a version of the bare distribution, outside a command too."""


def strangers(text: str) -> Iterator[str]:
    """Yield every command and requirement of a text that names the bare distribution."""
    for line in text.replace("\\\n", " ").splitlines():
        if found := EXTRA.search(line):
            yield found[0]
        for command in re.split(r"[;&|#`]", line):
            words = [w.lstrip("[") for w in re.split(r"[\s,\"'()]+", command)]
            at = next((n for n, w in enumerate(words) if w.split("/")[-1] in MANAGERS), None)
            if at is None:
                continue
            wanted = words[at + 1 :]
            if not words[at].endswith("uvx"):
                verb = next((n for n, w in enumerate(wanted) if w in VERBS), len(wanted))
                wanted = wanted[verb + 1 :]
            for option in {"--from", "--spec"} & set(wanted):
                # What follows is installed; the word after it is only the command.
                wanted = wanted[wanted.index(option) + 1 :][:1]
            if any(REQUIREMENT.fullmatch(w) for w in wanted):
                yield command.strip()


def tracked() -> Iterator[tuple[str, str]]:
    """Yield name and text of every tracked text file but this one, which holds the wrong lines."""
    names = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    for name in filter(None, names.split("\0")):
        path = ROOT / name
        if path == Path(__file__).resolve() or not path.is_file() or path.is_symlink():
            continue
        raw = path.read_bytes()
        if b"\0" not in raw:
            yield name, raw.decode("utf-8", "replace")


def test_no_line_installs_a_strangers_package() -> None:
    """No page, message, workflow or image names the bare distribution."""
    texts = dict(tracked())
    assert {"README.md", "docs/accused.md", "Dockerfile", "hubcheck/installation.py"} <= set(texts)
    assert not {name: found for name, text in texts.items() if (found := list(strangers(text)))}


def test_every_file_of_the_project_that_a_page_names_is_there() -> None:
    """Modules move; a page that sends a reader to one that is gone is found here.

    The changelog speaks of the past, and a page in a folder may name files beside it.
    """
    named = re.compile(r"`((?:hubcheck|tests|benchmarks|action)/[\w/]+\.(?:py|json|md|sh))`")
    pages = {n: t for n, t in tracked() if n.endswith(".md") and n != "CHANGELOG.md"}
    assert any(named.search(text) for text in pages.values())
    gone = {
        (page, found)
        for page, text in pages.items()
        for found in named.findall(text)
        if not (ROOT / found).is_file()
    }
    assert not gone


@pytest.mark.parametrize(
    "line",
    [
        "pip install hubcheck",
        "python -m pip install --quiet hubcheck && hubcheck demo",
        ".venv/bin/pip3 install -U 'hubcheck[deep]'",
        'RUN pip install --no-cache-dir \\\n    "hubcheck==0.1.0"',
        'RUN ["pip", "install", "hubcheck"]',
        "pip install numpy hubcheck>=1",
        "pip install 'hubcheck @ git+https://example.org/x'",
        "pipx run hubcheck check org/model",
        "uv tool install hubcheck",
        "uvx hubcheck check org/model",
        "uvx --from hubcheck hubcheck check org/model",
        "with the extra `hubcheck[deep]` several processes",
        '  "hubcheck[deep,serve]",',
        "see `pip install hubcheck`, then go on",
    ],
)
def test_a_wrong_line_is_seen(line: str) -> None:
    """The walk finds the bare name in every way people write it."""
    assert list(strangers(line))


@pytest.mark.parametrize(
    "line",
    [
        "pip install .",
        "pip install -e '.[test]' && hubcheck demo",
        f"pip install {DISTRIBUTION}  # and then: hubcheck demo",
        adds(Extra.DEEP),
        f"pip install '{DISTRIBUTION}[serve] @ git+https://github.com/hubcheck/hubcheck'",
        "pip install git+https://github.com/hubcheck/hubcheck",
        f"uvx --from {DISTRIBUTION} hubcheck check org/model",
        'pip install -c /build/constraints.txt "/build[deep]"',
        "hubcheck was installed without the extra",
    ],
)
def test_a_right_line_is_left_alone(line: str) -> None:
    """Our own name, a clone, and an address are no stranger's package."""
    assert not list(strangers(line))


@pytest.mark.parametrize("page", ["README.md", "docs/accused.md"])
def test_a_page_for_newcomers_works_before_the_first_release(page: str) -> None:
    """Beside the name that PyPI will know stands a line that asks PyPI for nothing of ours."""
    text = (ROOT / page).read_text(encoding="utf-8")
    assert f"pip install {DISTRIBUTION}" in text
    assert re.search(r"pip install (?:\.|git\+https://github\.com/hubcheck/hubcheck)\s", text)


def test_the_wheel_carries_the_name_the_command_and_the_extras(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is built is the distribution that the messages name, with the extras they can add."""
    monkeypatch.chdir(ROOT)
    wheel = tmp_path / hatchling.build.build_wheel(str(tmp_path))
    with ZipFile(wheel) as packed:
        names = packed.namelist()
        about = next(n for n in names if n.endswith(".dist-info/METADATA"))
        stated = email.message_from_bytes(packed.read(about))
        points = ConfigParser()
        points.read_string(packed.read(about.replace("METADATA", "entry_points.txt")).decode())
    assert stated["Name"] == DISTRIBUTION
    assert stated["Version"] == hubcheck.__version__
    assert stated["Metadata-Version"] == "2.4"
    assert dict(points["console_scripts"]) == {"hubcheck": "hubcheck.cli:main"}
    assert {n.split("/")[0] for n in names if ".dist-info/" not in n} == {"hubcheck"}
    assert set(stated.get_all("Provides-Extra", [])) == {*Extra, "docs", "test"}
    needs = stated.get_all("Requires-Dist", [])
    for extra in Extra:
        assert any(n.endswith(f"extra == '{extra}'") for n in needs), extra
    # The extra `test` takes the others by naming the distribution itself; a wrong name there
    # would install a stranger's package into every developer's environment.
    assert not [n for n in needs if n.startswith("hubcheck")]
    assert {"torch", "starlette"} <= {
        re.split(r"[<>=]", n)[0] for n in needs if n.endswith("extra == 'test'")
    }
