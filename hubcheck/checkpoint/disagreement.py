"""In what do the files of a model disagree about what its weights are?

A stale index, a left-over shard, an adapter beside full weights: loaders load something all the
same, and that is what is checked. What is wrong is a result of its own, a code with parameters.
"""

from __future__ import annotations

from enum import StrEnum

from hubcheck.frozen import frozen


class DisagreementCode(StrEnum):
    """What is wrong."""

    TENSORS_NOT_THERE = "index-tensors-not-there"
    """The index names tensors that no file that is read holds."""
    TENSORS_ELSEWHERE = "index-tensors-elsewhere"
    """The index places tensors in another file than the one that holds them."""
    TENSORS_NOT_LISTED = "tensors-not-in-index"
    """Files that are read hold tensors that the index does not name."""
    SHARDS_NOT_THERE = "index-shards-not-there"
    """The index names files that do not exist, and all they should hold lies in others."""
    INDEX_STALE = "index-stale"
    """The index names none of the complete, numbered set of files that lies beside it."""
    INDEX_OTHER_SPLIT = "index-other-split"
    """The index also names files of another split of the complete set, which do not exist."""
    INDEX_UNUSABLE = "index-unusable"
    """The index says nothing that can be used, over a complete, numbered set of files."""
    INDEX_UNUSED = "index-unused"
    """An index lies beside one file with all the weights, which transformers takes first."""
    INDEX_WITHOUT_FILES = "index-without-files"
    """An index names files of a format of which there are none; another format was read."""
    INDEX_MISSING = "index-missing"
    """A numbered set without the index by which loaders find it."""
    SET_INCOMPLETE = "set-incomplete"
    """Some files of a numbered set are left over beside the weights that loaders load."""
    OTHER_SETS = "other-sets"
    """Other weights of the same format, no variant, lie beside the usual set, and no index says
    why."""
    ADAPTER_BESIDE = "adapter-beside"
    """An adapter lies beside full weights; the full weights were read."""


@frozen
class Disagreement:
    """One thing in which files disagree."""

    code: DisagreementCode
    file: str
    """The file that is wrong or left over: an index, a shard, an adapter. Hostile text."""
    count: int = 0
    """Tensors or files concerned."""
    example: str = ""
    """One of them; hostile text."""
    instead: str = ""
    """The file, or first of the files, that was read; hostile text."""
