"""What is a reader told where the files of a model disagree about its weights?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from hubcheck.checkpoint.disagreement import Disagreement, DisagreementCode
from hubcheck.errors import printable

NAME: Final = 60
"""Characters of a file or tensor name that are shown."""


def disagreement_warnings(ref: str, found: Sequence[Disagreement]) -> tuple[str, ...]:
    """Return a sentence for each disagreement, with its code.

    Args:
        ref: The model whose files they are, ``""`` for the subject.
        found: What was found; hostile text in it is made printable.
    """
    whose = f"{printable(ref)}: " if ref else ""
    return tuple(f"{whose}{_SENTENCES[d.code](d)} ({d.code.value})" for d in found)


def _file(path: str) -> str:
    return printable(path, limit=NAME)


def _count(d: Disagreement, one: str, many: str) -> str:
    such = f", such as '{_file(d.example)}'" if d.example else ""
    return f"{d.count} {one if d.count == 1 else many}{such}"


def _not_there(d: Disagreement) -> str:
    tensors = _count(d, "tensor", "tensors")
    return f"{_file(d.file)} names {tensors}, held by no file that it leads to"


def _elsewhere(d: Disagreement) -> str:
    tensors = _count(d, "tensor", "tensors")
    return f"{_file(d.file)} places {tensors}, in another file than the one that holds it"


def _not_listed(d: Disagreement) -> str:
    tensors = _count(d, "tensor", "tensors")
    return f"{_file(d.file)} does not name {tensors}, of the files that loaders load; they count"


def _shards_not_there(d: Disagreement) -> str:
    files = _count(d, "file", "files")
    return (
        f"{_file(d.file)} names {files}, that do not exist; other files hold all that it places "
        "there, and those were checked"
    )


def _stale(d: Disagreement) -> str:
    files = _count(d, "file", "files")
    return (
        f"{_file(d.file)} is stale: it names {files}, and none of them exists. The complete set "
        f"that begins with {_file(d.instead)} was checked; loaders that follow the index fail"
    )


def _unused(d: Disagreement) -> str:
    return (
        f"{_file(d.file)} lies beside {_file(d.instead)}: transformers takes the single file, "
        "which was checked; loaders that follow the index read the files that it names"
    )


def _without_files(d: Disagreement) -> str:
    return (
        f"{_file(d.file)} lies there without one file of its format; weights in another format "
        "were checked, and loaders that follow the index fail"
    )


def _index_missing(d: Disagreement) -> str:
    return (
        f"{_file(d.file)} is missing: the numbered set that begins with {_file(d.instead)} is "
        "complete and was checked; loaders that need the index do not find it"
    )


def _incomplete(d: Disagreement) -> str:
    return (
        f"{_file(d.file)} belongs to a set of which files are missing; "
        f"{_file(d.instead)} was checked instead"
    )


def _other_sets(d: Disagreement) -> str:
    return f"{_file(d.file)} is a set of its own beside {_file(d.instead)}, which was checked"


def _adapter(d: Disagreement) -> str:
    return (
        f"{_file(d.file)} lies beside full weights, which were checked as they are; loaders with "
        "PEFT put the adapter on top of them, or of the base that adapter_config.json names"
    )


_SENTENCES: Final[Mapping[DisagreementCode, Callable[[Disagreement], str]]] = {
    DisagreementCode.TENSORS_NOT_THERE: _not_there,
    DisagreementCode.TENSORS_ELSEWHERE: _elsewhere,
    DisagreementCode.TENSORS_NOT_LISTED: _not_listed,
    DisagreementCode.SHARDS_NOT_THERE: _shards_not_there,
    DisagreementCode.INDEX_STALE: _stale,
    DisagreementCode.INDEX_UNUSED: _unused,
    DisagreementCode.INDEX_WITHOUT_FILES: _without_files,
    DisagreementCode.INDEX_MISSING: _index_missing,
    DisagreementCode.SET_INCOMPLETE: _incomplete,
    DisagreementCode.OTHER_SETS: _other_sets,
    DisagreementCode.ADAPTER_BESIDE: _adapter,
}
