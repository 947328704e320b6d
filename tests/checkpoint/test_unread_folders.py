"""Tests of what is named as unread beside components."""

from __future__ import annotations

import pytest

from hubcheck.checkpoint.unread import Why, unread_files
from hubcheck.checkpoint.unread_folders import unread_beside
from hubcheck.source.interface import FileEntry

READ = {"unet/w.safetensors", "vae/w.safetensors"}


def entries(*paths: str) -> list[FileEntry]:
    """Return files of these paths; those of one name are the same bytes."""
    return [FileEntry(path=p, size=1, sha256=p.rpartition("/")[2]) for p in sorted(paths)]


@pytest.mark.parametrize(
    ("path", "why", "same_as"),
    [
        ("unet/w.fp16.safetensors", Why.OTHER_SET, ""),
        ("unet/w.bin", Why.OTHER_FORMAT, ""),
        ("unet/model.onnx", Why.UNKNOWN_CONTAINER, ""),
        ("unet/adapter_model.safetensors", Why.ADAPTER, ""),
        ("unet/old/x.safetensors", Why.OTHER_FOLDER, ""),
        ("safety_checker/x.safetensors", Why.OTHER_FOLDER, ""),
        ("all-in-one.safetensors", Why.OTHER_SET, ""),
        ("all-in-one.ckpt", Why.OTHER_FORMAT, ""),
        ("backup/w.safetensors", Why.OTHER_FOLDER, "unet/w.safetensors"),
    ],
)
def test_what_lies_beside_components(path: str, why: Why, same_as: str) -> None:
    """Each row: one more weight file of a pipeline, and what it is called."""
    (found,) = unread_beside(entries(*READ, path), READ)
    assert (found.path, found.why) == (path, why)
    assert bool(found.same_as) == bool(same_as)


def test_at_top_level_nothing_changes() -> None:
    """For a model at top level it is the same answer."""
    files = entries("model.safetensors", "x.bin", "a/b.safetensors")
    assert unread_beside(files, {"model.safetensors"}) == unread_files(files, {"model.safetensors"})
    assert unread_beside(files, set()) == ()
