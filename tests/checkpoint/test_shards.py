"""Is the set of files that loaders take chosen, and is every disagreement with an index told?"""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.checkpoint.disagreement import DisagreementCode as Code
from hubcheck.checkpoint.shards import Chosen, borne_out, file_sets, from_index, usual_set
from hubcheck.errors import HostileCheckpointError, UnreadableError, UnsupportedFormatError
from tests.memory_source import MemorySource

ONE, TWO = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
INDEX = "model.safetensors.index.json"
SUFFIXES = (".safetensors",)


def indexed(weight_map: Mapping[str, str], *files: str) -> Chosen:
    """Return what an index makes of these files."""
    raw = json.dumps({"weight_map": weight_map}).encode()
    source = MemorySource({**dict.fromkeys(files, b"x"), INDEX: raw})
    sizes = {entry.path: entry.size for entry in source.files()}
    return from_index(source, sizes, INDEX, suffixes=SUFFIXES, sets=file_sets(files))


def codes(chosen: Chosen, held: Mapping[str, str]) -> set[Code]:
    """Return the codes of what disagrees."""
    return {d.code for d in borne_out(chosen, held)}


@pytest.mark.parametrize(
    ("names", "complete"),
    [
        ([ONE, TWO], True),
        ([ONE], False),
        (["m-00000-of-00002.bin", "m-00001-of-00002.bin"], True),
        (["m-1-of-1.bin"], True),
        (["m-00001-of-00000.bin"], True),
        (["m-00001-of-00002.bin", "m-1-of-2.bin"], False),
        (["m.bin"], True),
    ],
)
def test_numbers_say_whether_a_set_is_complete(names: list[str], complete: bool) -> None:
    """Counted from one or from zero; a set of another total is another set."""
    (one,) = file_sets(names)
    assert one.is_complete is complete


def test_files_of_one_name_and_another_ending_are_two_sets() -> None:
    """``model.pt`` and ``model.bin`` are two models, whatever they are called."""
    paths = [one.paths for one in file_sets(["m.bin", "m.pt", "m-00001-of-00000.bin"])]
    assert sorted(paths) == [("m-00001-of-00000.bin",), ("m.bin",), ("m.pt",)]


def test_what_an_index_says_is_held_against_what_files_hold() -> None:
    """Tensors too many, elsewhere and too few are three results, each with its count."""
    chosen = indexed({"a": ONE, "b": ONE, "gone": TWO}, ONE, TWO)
    assert chosen.paths == (ONE, TWO)
    told = borne_out(chosen, {"a": ONE, "b": TWO, "c": TWO})
    assert {(d.code, d.count, d.example) for d in told} == {
        (Code.TENSORS_NOT_THERE, 1, "gone"),
        (Code.TENSORS_ELSEWHERE, 1, "b"),
        (Code.TENSORS_NOT_LISTED, 1, "c"),
    }
    assert borne_out(indexed({"a": ONE}, ONE), {"a": ONE}) == ()


def test_a_missing_file_is_forgiven_only_if_nothing_of_it_is_missing() -> None:
    """One tensor that lies nowhere makes the missing file one that loaders need."""
    chosen = indexed({"a": ONE, "b": "x.safetensors"}, ONE)
    assert codes(chosen, {"a": ONE, "b": ONE}) == {Code.SHARDS_NOT_THERE}
    with pytest.raises(HostileCheckpointError, match=r"'x\.safetensors' for tensor 'b'"):
        borne_out(chosen, {"a": ONE})


def test_only_the_complete_set_of_its_own_stem_stands_in_for_a_stale_index() -> None:
    """A set of another name is another model."""
    stale = {"a": "model-00001-of-00009.safetensors"}
    assert indexed(stale, ONE, TWO).stale
    other = [name.replace("model", "other") for name in (ONE, TWO)]
    for files in ([ONE], other, [*other, ONE]):
        with pytest.raises(HostileCheckpointError, match="does not exist"):
            indexed(stale, *files)


@given(
    st.dictionaries(
        st.sampled_from("abcd"),
        st.sampled_from([ONE, TWO, "x.safetensors", "model-00001-of-00003.safetensors"]),
        min_size=1,
    ),
    st.sets(st.sampled_from([ONE, TWO, "x.safetensors"]), min_size=1),
)
def test_a_tensor_is_never_lost_in_silence(weight_map: dict[str, str], files: set[str]) -> None:
    """Whatever index and files: each tensor it names is held, told as absent, or refused."""
    try:
        chosen = indexed(weight_map, *files)
        assert set(chosen.paths) <= files
        held = {name: path for name, path in weight_map.items() if path in chosen.paths}
        found = borne_out(chosen, held)
    except HostileCheckpointError:
        assert any(path not in files for path in weight_map.values())
        return
    absent = sum(d.count for d in found if d.code is Code.TENSORS_NOT_THERE)
    assert absent == len(weight_map) - len(held)


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["a.safetensors"], ("a.safetensors",)),
        ([ONE, TWO, "model-00001-of-00003.safetensors"], (ONE, TWO)),
        (["net.safetensors", "net.fp16.safetensors"], ("net.safetensors",)),
        ([ONE, TWO, "visual.safetensors"], (ONE, TWO)),
    ],
)
def test_the_usual_set_is_taken(names: list[str], chosen: tuple[str, ...]) -> None:
    """A left-over shard, a variant and a sidecar do not keep the usual set from being read."""
    assert usual_set(file_sets(names), "model", "model.safetensors").paths == chosen


@pytest.mark.parametrize(
    ("names", "error"),
    [
        ([ONE], UnreadableError),
        ([ONE, "visual.safetensors"], UnreadableError),
        (["a.safetensors", "b.safetensors"], UnsupportedFormatError),
        (["a.safetensors", "ab.safetensors"], UnsupportedFormatError),
    ],
)
def test_nothing_is_guessed(names: list[str], error: type[UnreadableError]) -> None:
    """A usual set that lacks a shard is not replaced, and of two models none is picked."""
    with pytest.raises(error):
        usual_set(file_sets(names), "model", "model.safetensors")
