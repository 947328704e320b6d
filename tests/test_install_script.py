"""Does the Action without Docker install what is named, from where pip is told to, and nothing else?"""

from __future__ import annotations

import base64
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[1]
UV: Final = """#!/usr/bin/env bash
if [ "$1" = "--version" ]; then echo "uv {version}"; exit; fi
echo "$* | $UV_NO_CACHE $UV_NO_CONFIG ${{UV_DEFAULT_INDEX:-}} ${{SSL_CERT_FILE:-}}" >> "{log}"
"""
pytestmark = pytest.mark.skipif(
    (platform.system(), platform.machine()) != ("Linux", "x86_64"),
    reason="digests are those of the wheels of this machine; elsewhere versions are taken by name",
)


def wheel(folder: Path) -> str:
    """Write a wheel of one module; return its digest."""
    path = folder / "tiny-1.0-py3-none-any.whl"
    files = {
        "tiny.py": b"HERE = True\n",
        "tiny-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
        "tiny-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\n"
        b"Tag: py3-none-any\n",
    }
    lines = []
    for name, data in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        lines.append(f"{name},sha256={digest},{len(data)}")
    files["tiny-1.0.dist-info/RECORD"] = "\n".join(
        [*lines, "tiny-1.0.dist-info/RECORD,,", ""]
    ).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return hashlib.sha256(path.read_bytes()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """The Action's folder with one small package, and a uv that notes how it is called."""

    root: Path
    wheels: Path
    log: Path

    def install(self, python: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the script in another folder; it installs into ``place`` there."""
        checkout = self.root.parent / "checkout"
        checkout.mkdir(exist_ok=True)
        known = {
            k: v
            for k, v in os.environ.items()
            if not k.startswith(("PIP_", "UV_", "SSL_", "REQUESTS_CA", "CURL_CA"))
        }
        path = f"{self.root.parent / 'bin'}:{known['PATH']}"
        return subprocess.run(
            [self.root / "composite" / "install.sh", python, "place"],
            env={**known, "PATH": path, "PIP_CONFIG_FILE": os.devnull, **environment},
            cwd=checkout, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip

    @property
    def called(self) -> str:
        """How uv was called."""
        return self.log.read_text(encoding="utf-8") if self.log.exists() else ""


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """Return such a folder."""
    root, wheels, log = tmp_path / "action", tmp_path / "wheels", tmp_path / "uv.log"
    for folder in (root, wheels, tmp_path / "bin"):
        folder.mkdir()
    shutil.copytree(ROOT / "composite", root / "composite")
    digest = wheel(wheels)
    (root / "requirements-image.txt").write_text(f"tiny==1.0 --hash=sha256:{digest}\n")
    text = (ROOT / "composite" / "uv.txt").read_text(encoding="utf-8")
    version = text.partition("uv==")[2].split()[0]
    uv = tmp_path / "bin" / "uv"
    uv.write_text(UV.format(version=version, log=log))
    uv.chmod(0o755)
    return Tree(root=root, wheels=wheels, log=log)


def test_without_an_index_pip_installs_from_its_folders(tree: Tree) -> None:
    """Told not to ask an index it asks none, and uv, which knows nothing of it, is not asked."""
    ended = tree.install(sys.executable, PIP_NO_INDEX="1", PIP_FIND_LINKS=str(tree.wheels))
    assert ended.returncode == 0, ended.stderr
    assert tree.called == ""
    place = tree.root.parent / "checkout" / "place"
    told = [str(place / "bin" / "python"), "-P", "-c", "import tiny; print(tiny.HERE)"]
    assert subprocess.run(told, capture_output=True, text=True, check=True).stdout == "True\n"


def test_another_digest_is_refused(tree: Tree) -> None:
    """A wheel of the right name and version that holds something else is not installed."""
    with zipfile.ZipFile(tree.wheels / "tiny-1.0-py3-none-any.whl", "a") as archive:
        archive.writestr("more.py", "")
    ended = tree.install(sys.executable, PIP_NO_INDEX="1", PIP_FIND_LINKS=str(tree.wheels))
    assert ended.returncode != 0
    assert "hash" in ended.stderr.lower()


@pytest.mark.parametrize("told", ["PIP_EXTRA_INDEX_URL", "REQUESTS_CA_BUNDLE"])
def test_what_uv_would_not_know_of_leaves_it_to_pip(tree: Tree, told: str) -> None:
    """Where packages come from is decided in one place: whoever told pip."""
    tree.install(sys.executable, PIP_NO_INDEX="1", PIP_FIND_LINKS=str(tree.wheels), **{told: "x"})
    assert tree.called == ""


def test_an_index_and_a_certificate_are_handed_on(tree: Tree) -> None:
    """And nothing unpacked before is taken, nor a setting of the folder it is called in."""
    ended = tree.install(
        sys.executable, PIP_INDEX_URL="http://127.0.0.1:9/simple", PIP_CERT="/some/cert.pem",
        PIP_TIMEOUT="9",
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    lines = tree.called.splitlines()
    assert [line.partition(" --quiet")[0] for line in lines] == [
        "venv",
        "pip install",
        "pip uninstall",
    ]
    assert all(line.endswith("| 1 1 http://127.0.0.1:9/simple /some/cert.pem") for line in lines)
    assert "--require-hashes" in lines[1]


def test_a_file_of_pips_is_read_as_pip_reads_it(tree: Tree) -> None:
    """``[install]`` goes before ``[global]``, the environment before both."""
    file = tree.root.parent / "pip.conf"
    file.write_text("[global]\nindex-url = http://a\n[install]\nindex-url = http://b\n")
    alone = {name: str(tree.root.parent / "nothing") for name in ("HOME", "XDG_CONFIG_DIRS")}
    tree.install(sys.executable, PIP_CONFIG_FILE=str(file), **alone)
    assert "| 1 1 http://b" in tree.called
    tree.install(sys.executable, PIP_CONFIG_FILE=str(file), PIP_INDEX_URL="http://c", **alone)
    assert "| 1 1 http://c" in tree.called
    tree.log.unlink()
    tree.install(sys.executable, PIP_CONFIG_FILE=str(file), PIP_INDEX_URL="", **alone)
    assert "| 1 1 http://b" in tree.called


def test_a_file_that_pip_cannot_read_ends_it(tree: Tree) -> None:
    """Nothing is fetched from anywhere that nobody named."""
    file = tree.root.parent / "pip.conf"
    file.write_text("this is no file of settings")
    alone = {name: str(tree.root.parent / "nothing") for name in ("HOME", "XDG_CONFIG_DIRS")}
    ended = tree.install(sys.executable, PIP_CONFIG_FILE=str(file), **alone)
    assert ended.returncode != 0
    assert tree.called == ""


def test_a_relative_python_is_counted_from_where_it_was_named(tree: Tree) -> None:
    """The script changes the folder; names given to it do not change with it."""
    checkout = tree.root.parent / "checkout"
    checkout.mkdir()
    (checkout / "python").symlink_to(sys.executable)
    ended = tree.install("./python", PIP_INDEX_URL="http://127.0.0.1:9/simple")
    assert ended.returncode == 0, ended.stderr
    assert f"--python {checkout}/./python {checkout}/place" in tree.called
