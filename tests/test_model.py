"""Is a model opened once, named by its digests, and aligned with another by its tokens?"""

from __future__ import annotations

import json
import shutil
from hashlib import sha256
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hubcheck.candidates.tokenizer import Vocabulary
from hubcheck.errors import UnreadableError, UnsupportedFormatError
from hubcheck.model import Access, Model, align_tokens, open_model, same_weights
from hubcheck.source.interface import FileEntry
from hubcheck.source.reference import parse_reference
from tests.evidence.laboratory import derived, model, request, write
from tests.material.formats.folder import read_floats, stored_tokens
from tests.material.formats.gguf_file import write_gguf
from tests.material.zoo.model import Shape
from tests.memory_source import MemorySource


def opened(folder: Path) -> Model:
    """Open a folder with the usual limits."""
    return open_model(parse_reference(str(folder)), request(folder).access)


def of(digests: dict[str, str]) -> Model:
    """Return a model that states these digests for its files."""
    entries = tuple(FileEntry(path=p, size=1, sha256=d) for p, d in sorted(digests.items()))
    return Model(MemorySource({}), entries)


def test_the_digest_is_over_sorted_paths_and_digests() -> None:
    """``weights_digest`` is what the report's schema says, for weight files alone."""
    one = of({"b.safetensors": "2" * 64, "a.safetensors": "1" * 64, "README.md": "3" * 64})
    lines = f"a.safetensors\0{'1' * 64}\nb.safetensors\0{'2' * 64}\n"
    assert one.weights_digest == sha256(lines.encode()).hexdigest()


def test_an_unknown_digest_leaves_the_whole_unknown() -> None:
    """A digest over some of the files would claim too much."""
    assert of({"a.safetensors": "1" * 64, "b.safetensors": ""}).weights_digest == ""
    assert of({"README.md": "1" * 64}).weights_digest == ""


def test_equal_digests_are_the_same_weights_whatever_the_names() -> None:
    """Renamed files are the same weights; an unknown or missing digest proves nothing."""
    one, two = "1" * 64, "2" * 64
    assert same_weights(of({"a.bin": one}), of({"b.bin": one}))
    assert same_weights(
        of({"a.bin": one, "b.bin": two}), of({"x.safetensors": two, "y.safetensors": one})
    )
    assert not same_weights(of({"a.bin": one}), of({"a.bin": two}))
    assert not same_weights(of({"a.bin": one}), of({"a.bin": one, "b.bin": two}))
    assert not same_weights(of({"a.bin": ""}), of({"a.bin": ""}))
    assert not same_weights(of({}), of({}))
    assert not same_weights(of({"README.md": one}), of({"README.md": one}))


def test_local_files_are_hashed_and_hashing_is_no_reading() -> None:
    """A folder's digests are known and not held against the budget."""
    one = opened(model("base"))
    content = (model("base") / "model.safetensors").read_bytes()
    assert one.weight_files[0].sha256 == sha256(content).hexdigest()
    assert one.weight_bytes == len(content)
    assert one.source.ledger.bytes_read == 0
    assert one.source.ledger.hashed_bytes >= len(content)


def test_documents_are_read_once() -> None:
    """Asking twice for the config, the card and the vocabulary costs one reading."""
    one = opened(model("finetune"))
    _ = one.config, one.declaration, one.vocabulary
    read = one.source.ledger.bytes_read
    for name in ("config", "declaration", "vocabulary"):
        one.__dict__.pop(name)
    _ = one.config, one.declaration, one.vocabulary
    assert one.source.ledger.bytes_read == read


def test_a_token_is_never_shown() -> None:
    """The credentials of a check have no representation."""
    shown = repr(Access(max_read=1, token="hf_sEcReT", endpoint="https://hub"))
    assert "hf_sEcReT" not in shown
    assert "https://hub" in shown


def test_packed_weights_are_refused_by_the_name_of_their_storage(tmp_path: Path) -> None:
    """An adapter is no model of its own; the error names the format."""
    shutil.copytree(model("base"), tmp_path / "adapter")
    folder = tmp_path / "adapter"
    (folder / "model.safetensors").rename(folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text("{}")
    with pytest.raises(UnsupportedFormatError) as caught:
        _ = opened(folder).anatomy
    assert caught.value.format_name


@pytest.mark.parametrize("text", ["[]", "nonsense", '{"a": ' * 3000, ""])
def test_a_config_that_is_no_config_is_an_empty_one(tmp_path: Path, text: str) -> None:
    """Hostile settings never end a check: sizes are read off the tensors."""
    shutil.copytree(model("base"), tmp_path / "subject")
    (tmp_path / "subject" / "config.json").write_text(text)
    one = opened(tmp_path / "subject")
    assert one.config == {}
    assert one.anatomy.geometry.layers == 4


def test_a_folder_without_weights_says_so(tmp_path: Path) -> None:
    """Opening is no reading: the error comes when the weights are asked for."""
    (tmp_path / "config.json").write_text("{}")
    one = opened(tmp_path)
    with pytest.raises(UnreadableError):
        _ = one.anatomy


def test_tokens_are_aligned_by_their_text(tmp_path: Path) -> None:
    """After a reordering of the vocabulary the same strings stand side by side."""
    product = derived("reordered", seed=3)
    other = opened(write(tmp_path / "reordered", product))
    base = opened(model("base"))
    shared = align_tokens(base, other)
    assert len(shared.base_ids) > 500
    ours = json.loads((model("base") / "tokenizer.json").read_text())["model"]["vocab"]
    theirs = json.loads(product.files["tokenizer.json"])["model"]["vocab"]
    there = {v: k for k, v in theirs.items()}
    text = {v: k for k, v in ours.items()}
    pairs = list(zip(shared.base_ids, shared.subject_ids, strict=True))
    named = [(text[a], there[b]) for a, b in pairs if a in text and b in there]
    assert len(named) > 400
    assert all(a == b for a, b in named)
    assert len(shared.base_reserved) == len(shared.subject_reserved) == 24


def test_models_without_a_shared_vocabulary_share_no_tokens(tmp_path: Path) -> None:
    """A missing tokenizer leaves the token frame out, with a reason or by row number."""
    shutil.copytree(model("base"), tmp_path / "subject")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (tmp_path / "subject" / name).unlink()
    shared = align_tokens(opened(model("base")), opened(tmp_path / "subject"))
    assert len(shared.base_ids) == len(shared.subject_ids)
    assert np.all(np.diff(np.asarray(shared.base_ids)) > 0) if shared.base_ids else True
    assert not shared.base_reserved


# -- whatever is asked for first -----------------------------------------------------------------

QUESTIONS: Final = (
    "config", "declaration", "vocabulary", "loaded_files", "unread", "checkpoint", "reader",
    "weights_digest",
)  # fmt: skip


def gguf(folder: Path, *, tower: bytes | None = None, tokenizer: bytes | None = None) -> Path:
    """Write the demo's base as GGUF, which holds its tokens itself."""
    folder.mkdir()
    tokens, special = stored_tokens(model("base"))
    write_gguf(
        folder / "model.gguf", read_floats(model("base")), Shape().config(), "BF16", tokens, special
    )
    if tower is not None:
        (folder / "mmproj-model-f16.gguf").write_bytes(tower)
    if tokenizer is not None:
        (folder / "tokenizer.json").write_bytes(tokenizer)
    return folder


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return models whose documents lie in different places, or nowhere."""
    root = tmp_path_factory.mktemp("shelf")
    found = {
        "safetensors": model("base"),
        "gguf": gguf(root / "gguf"),
        "gguf and tokenizer": gguf(
            root / "both", tokenizer=(model("base") / "tokenizer.json").read_bytes()
        ),
        "gguf and a broken tokenizer": gguf(root / "broken", tokenizer=b"{"),
        "gguf and a broken tower": gguf(root / "tower", tower=b"GGUF\x03\x00\x00\x00broken"),
    }
    for name in ("no tokenizer", "gguf beside safetensors", "no weights", "broken weights"):
        shutil.copytree(model("base"), root / name, ignore=lambda *_: ["tokenizer.json"])
        found[name] = root / name
    shutil.copy(found["gguf"] / "model.gguf", root / "gguf beside safetensors" / "model.gguf")
    (root / "no weights" / "model.safetensors").unlink()
    (root / "broken weights" / "model.safetensors").write_bytes(b"\xff" * 64)
    return found


def answer(one: Model, question: str) -> object:
    """Return what a model says, in a form that can be compared."""
    try:
        said = getattr(one, question)
    except UnreadableError as error:
        return error.what
    match question:
        case "checkpoint":
            return said.paths, tuple(said.tensors)
        case "reader":
            return tuple(said.anatomy.checkpoint.tensors), said.anatomy.unknown
        case _:
            return repr(said)


@pytest.mark.parametrize(
    "name",
    [
        "safetensors", "gguf", "gguf and tokenizer", "gguf and a broken tokenizer",
        "gguf and a broken tower", "no tokenizer", "gguf beside safetensors", "no weights",
        "broken weights",
    ],
)  # fmt: skip
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(QUESTIONS))
def test_a_model_says_the_same_in_whatever_order_it_is_asked(
    shelf: dict[str, Path], name: str, order: list[str]
) -> None:
    """Every answer is the one that a model gives which is asked nothing else."""
    one = opened(shelf[name])
    said = {question: answer(one, question) for question in order}
    assert said == {question: answer(opened(shelf[name]), question) for question in QUESTIONS}


def test_a_gguf_says_its_tokens_before_anything_else_was_asked(shelf: dict[str, Path]) -> None:
    """The header is read for them; where a tokenizer file or no GGUF is loaded, none is."""
    found = opened(shelf["gguf"]).vocabulary
    assert isinstance(found, Vocabulary)
    assert len(found.ids) > 500
    for name in ("gguf and tokenizer", "no tokenizer", "gguf beside safetensors"):
        one = opened(shelf[name])
        _ = one.vocabulary
        documents = sum(f.size for f in one.files if f.path.endswith(".json"))
        assert one.source.ledger.bytes_read <= documents, name


def test_a_tower_that_cannot_be_opened_is_unread_before_and_after(shelf: dict[str, Path]) -> None:
    """What every finding speaks of does not hang on when it was asked."""
    one = opened(shelf["gguf and a broken tower"])
    assert [f.path for f in one.loaded_files] == ["model.gguf"]
    assert [f.path for f in one.unread] == ["mmproj-model-f16.gguf"]
