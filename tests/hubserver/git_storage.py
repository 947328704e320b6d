"""How does a repository of the local Hub live in real git?

A bare repository per model: files are blobs, large files are LFS pointers whose objects lie beside
it, commits and refs are git's own. Everything is read back from git, so what a client is told is
what ``git clone`` would get.
"""

from __future__ import annotations

import os
import re
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.hubserver.storage import Commit, Content, Repository, is_lfs, stamp

_POINTER: Final = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\noid sha256:([0-9a-f]{64})\nsize [0-9]+\n"
)
_ENVIRONMENT: Final = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "PATH": os.environ["PATH"],
    **{f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER")
       for what, value in (("NAME", "hub"), ("EMAIL", "hub@localhost"))},
}  # fmt: skip


class ConflictError(Exception):
    """A ref is not where the client thinks it is, or two changes do not fit together."""


@dataclass(slots=True, kw_only=True)
class GitRepository(Repository):
    """A model repository in a bare git repository; the fields ``commits`` and ``refs`` are views.

    Attributes:
        folder: The bare repository.
        objects: LFS objects by digest; shared by the repositories of a Hub.
    """

    folder: Path
    objects: dict[str, Content] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _made: int = 0

    def __post_init__(self) -> None:
        """Create the repository."""
        self.folder.mkdir(parents=True)
        self.git("init", "--quiet", "--bare", "--initial-branch=main")

    def git(self, *words: str, stdin: bytes = b"", ok: tuple[int, ...] = (0,)) -> bytes:
        """Run git in the repository and return its output."""
        done = subprocess.run(
            ["git", "-C", str(self.folder), *words],
            input=stdin,
            capture_output=True,
            check=False,
            env=_ENVIRONMENT,
        )
        if done.returncode not in ok:
            raise ConflictError(done.stderr.decode(errors="replace"))
        return done.stdout

    def read_refs(self) -> dict[str, str]:
        """Return the commit of every ref, ``main`` for ``refs/heads/main``."""
        listed = self.git("for-each-ref", "--format=%(objectname) %(refname)").decode()
        pairs = [line.split(" ", 1) for line in listed.splitlines()]
        return {name.removeprefix("refs/heads/"): oid for oid, name in pairs}

    def commit(
        self,
        changes: Mapping[str, Content | None],
        *,
        ref: str = "main",
        title: str = "Upload model",
        parent: str = "",
        description: str = "",
    ) -> Commit:
        """Add a commit to ``ref``; see ``Repository.commit``.

        Args:
            changes: New contents by path; ``None`` removes.
            ref: A branch's name or a whole ref.
            title: First line of the message.
            parent: Where ``ref`` must be, or where a new ref starts; ``""`` accepts any place.
            description: Rest of the message.

        Raises:
            ConflictError: ``ref`` is somewhere else.
        """
        with self._lock:
            refs = self.read_refs()
            if parent and ref in refs and refs[ref] != parent:
                raise ConflictError(f"{ref} is at {refs[ref]}, not at {parent}")
            start = parent or refs.get(ref, refs.get("main", ""))
            self._made += 1
            name = ref if ref.startswith("refs/") else f"refs/heads/{ref}"
            message = f"{title}\n\n{description}".strip().encode()
            stream = [
                f"commit {name}\ncommitter hub <hub@localhost> {self._clock()} +0000\n".encode()
            ]
            stream.append(b"data %d\n%s\n" % (len(message), message))
            stream += [f"from {start}\n".encode()] if start else []
            stream += [self._change(path, content) for path, content in changes.items()]
            self.git("fast-import", "--quiet", stdin=b"".join(stream))
            return self._sync(self.read_refs()[ref])

    def merge(self, ref: str) -> str:
        """Merge ``ref`` into ``main`` and return the merge commit.

        Raises:
            ConflictError: both sides changed the same lines.
        """
        with self._lock:
            refs = self.read_refs()
            tree = (
                self.git("merge-tree", "--write-tree", refs["main"], refs[ref]).decode().split()[0]
            )
            parents = ("-p", refs["main"], "-p", refs[ref])
            oid = self.git("commit-tree", tree, *parents, "-m", f"Merge {ref}").decode().strip()
            self.git("update-ref", "refs/heads/main", oid, refs["main"])
            return self._sync(oid).oid

    def conflicts(self, ref: str) -> bool:
        """Return whether ``ref`` cannot be merged into ``main``."""
        try:
            self.git("merge-tree", "--write-tree", "main", ref)
        except ConflictError:
            return True
        return False

    def diff(self, ref: str) -> str:
        """Return what ``ref`` changes since it left ``main``."""
        return self.git("diff", f"main...{ref}").decode(errors="replace")

    def resolve(self, revision: str) -> Commit | None:
        """Return the commit a branch, ref or oid names."""
        with self._lock:
            self.refs = self.read_refs()
            oid = self.refs.get(revision, self.refs.get(f"refs/tags/{revision}", revision))
            if oid not in self.commits:
                found = self.git(
                    "rev-parse", "--quiet", "--verify", f"{oid}^{{commit}}", ok=(0, 1, 128)
                )
                return self._sync(found.decode().strip()) if found else None
            return self.commits[oid]

    def history(self, commit: Commit) -> list[Commit]:
        """Return ``commit`` and all its ancestors, those of a merge's second parent too."""
        with self._lock:
            return [self._sync(oid) for oid in self.git("rev-list", commit.oid).decode().split()]

    def _clock(self) -> int:
        return 1_767_225_600 + 60 * self._made

    def _change(self, path: str, content: Content | None) -> bytes:
        quoted = '"' + path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
        if content is None:
            return f"D {quoted}\n".encode()
        data = content.read(0, content.size)
        if is_lfs(path, content):
            self.objects[content.sha256] = content
            data = content.pointer
        return f"M 100644 inline {quoted}\n".encode() + b"data %d\n%s\n" % (len(data), data)

    def _sync(self, oid: str) -> Commit:
        """Read a commit back from git."""
        head = self.git("show", "--no-patch", "--format=%P%n%s%n%ct", oid).decode()
        parents, title, seconds = head.splitlines()[:3]
        listed = self.git("ls-tree", "-r", "-z", oid).decode().split("\0")[:-1]
        blobs = {item.split("\t", 1)[1]: item.split("\t", 1)[0].split()[2] for item in listed}
        contents = self._blobs(list(blobs.values()))
        made = Commit(
            oid=oid,
            title=title,
            parent=parents.split(" ")[0],
            date=stamp((int(seconds) - 1_767_225_600) // 60),
            files={path: self._content(contents[blob]) for path, blob in sorted(blobs.items())},
        )
        self.commits[oid] = made
        if made.parent and made.parent not in self.commits:
            self._sync(made.parent)
        self.refs = self.read_refs()
        return made

    def _blobs(self, oids: list[str]) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        output = self.git("cat-file", "--batch", stdin="".join(f"{oid}\n" for oid in oids).encode())
        position = 0
        while position < len(output):
            stop = output.index(b"\n", position)
            oid, _, size = output[position:stop].decode().split(" ")
            found[oid] = output[stop + 1 : stop + 1 + int(size)]
            position = stop + 2 + int(size)
        return found

    def _content(self, blob: bytes) -> Content:
        pointer = _POINTER.fullmatch(blob)
        if pointer is None:
            return Content(blob, lfs=False)
        stored = self.objects[pointer[1].decode()]
        stored.lfs = True
        return stored
