"""What is a reader told where the files of a model disagree about its weights?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from hubcheck.card.wordings.given import Given, Wording
from hubcheck.report.phrases import PhraseCode as P

NAME: Final = 60
"""Characters of a file or tensor name that are shown."""


WHY: Final = 160
"""Characters of what is wrong with a file that are shown."""


def _file(path: str) -> str:
    return path if len(path) <= NAME else f"{path[: NAME - 1]}…"


def _named(d: Given) -> str:
    return _file(d.text("file"))


def _instead(d: Given) -> str:
    return _file(d.text("instead"))


def _count(d: Given, one: str, many: str) -> str:
    such = f", such as '{_file(d.text('example'))}'" if d.has("example") else ""
    return f"{d.count('count')} {one if d.count('count') == 1 else many}{such}"


def _not_there(d: Given) -> str:
    tensors = _count(d, "tensor", "tensors")
    return f"{_named(d)} names {tensors}, held by no file that it leads to"


def _elsewhere(d: Given) -> str:
    tensors = _count(d, "tensor", "tensors")
    return f"{_named(d)} places {tensors}, in another file than the one that holds it"


def _not_listed(d: Given) -> str:
    tensors = _count(d, "tensor", "tensors")
    return f"{_named(d)} does not name {tensors}, of the files that loaders load; they count"


def _shards_not_there(d: Given) -> str:
    files = _count(d, "file", "files")
    return (
        f"{_named(d)} names {files}, that do not exist; other files hold all that it places "
        "there, and those were checked"
    )


def _stale(d: Given) -> str:
    files = _count(d, "file", "files")
    return (
        f"{_named(d)} is stale: it names {files}, and none of them exists. The complete set "
        f"that begins with {_instead(d)} was checked; loaders that follow the index fail"
    )


def _other_split(d: Given) -> str:
    files = _count(d, "file", "files")
    return (
        f"{_named(d)} names {files}, of another split, that do not exist. The complete set "
        f"that begins with {_instead(d)} was checked; loaders that follow the index fail"
    )


def _unusable(d: Given) -> str:
    why = d.text("example")
    why = f"{why[:WHY]}…" if len(why) > WHY else why.rstrip(".")
    return (
        f"{_named(d)} cannot be used ({why}). The complete set that "
        f"begins with {_instead(d)} was checked; loaders that follow the index fail"
    )


def _unused(d: Given) -> str:
    return (
        f"{_named(d)} lies beside {_instead(d)}: transformers takes the single file, "
        "which was checked; loaders that follow the index read the files that it names"
    )


def _without_files(d: Given) -> str:
    return (
        f"{_named(d)} lies there without one file of its format; weights in another format "
        "were checked, and loaders that follow the index fail"
    )


def _index_missing(d: Given) -> str:
    return (
        f"{_named(d)} is missing: the numbered set that begins with {_instead(d)} is "
        "complete and was checked; loaders that need the index do not find it"
    )


def _incomplete(d: Given) -> str:
    return (
        f"{_named(d)} belongs to a set of which files are missing; "
        f"{_instead(d)} was checked instead"
    )


def _other_sets(d: Given) -> str:
    return f"{_named(d)} is a set of its own beside {_instead(d)}, which was checked"


def _adapter(d: Given) -> str:
    return (
        f"{_named(d)} lies beside full weights, which were checked as they are; loaders with "
        "PEFT put the adapter on top of them, or of the base that adapter_config.json names"
    )


_SENTENCES: Final[Mapping[str, Callable[[Given], str]]] = {
    "index-tensors-not-there": _not_there,
    "index-tensors-elsewhere": _elsewhere,
    "tensors-not-in-index": _not_listed,
    "index-shards-not-there": _shards_not_there,
    "index-stale": _stale,
    "index-other-split": _other_split,
    "index-unusable": _unusable,
    "index-unused": _unused,
    "index-without-files": _without_files,
    "index-missing": _index_missing,
    "set-incomplete": _incomplete,
    "other-sets": _other_sets,
    "adapter-beside": _adapter,
}
"""By the codes of ``checkpoint.disagreement``, which a test holds this table to."""


def _disagree(given: Given) -> str:
    code, ref = given.text("kind"), given.text("ref")
    whose = f"{ref}: " if ref else ""
    return f"{whose}{_SENTENCES[code](given)} ({code})"


WORDS: Final[Mapping[P, Wording]] = {P.FILES_DISAGREE: _disagree}
