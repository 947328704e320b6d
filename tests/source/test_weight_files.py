"""Is there one table of weight formats, and does a name mean the same to everyone?"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Final

import pytest

import action
import hubcheck
from hubcheck.candidates.identity import MIN_WEIGHTS, FileKind, kind_of
from hubcheck.candidates.read_files import is_read_file
from hubcheck.checkpoint.unread import Why, unread_files
from hubcheck.serve.guards import is_relevant
from hubcheck.source.interface import FileEntry
from hubcheck.source.weight_files import (
    FORMATS,
    READ,
    UNSURE,
    WEIGHT_SUFFIXES,
    format_of,
    formats_of,
    holds_weights,
    weight_files,
    weight_folders,
)

CODE: Final = [
    path
    for package in (hubcheck, action)
    for path in sorted(Path(str(package.__file__)).parent.rglob("*.py"))
    if path.name != "weight_files.py"
]


def entries(*paths: str) -> tuple[FileEntry, ...]:
    """Return files of one byte."""
    return tuple(FileEntry(path=path, size=1, sha256="") for path in paths)


def test_no_other_module_keeps_a_table_of_endings() -> None:
    """No literal of any other module lists three endings of weights or more."""
    for path in CODE:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Tuple | ast.List | ast.Set | ast.Dict):
                parts = node.keys if isinstance(node, ast.Dict) else node.elts
                texts = {p.value for p in parts if isinstance(p, ast.Constant)}
                assert len(texts & {*WEIGHT_SUFFIXES}) < 3, f"{path}:{node.lineno}"


@pytest.mark.parametrize("suffix", WEIGHT_SUFFIXES)
def test_every_format_of_the_table_counts_everywhere(suffix: str) -> None:
    """What is weights to one is weights to all: digest, gate, push, copy, and what is unread."""
    path = f"m{suffix}"
    assert format_of(path.upper()) == FORMATS[suffix]
    assert holds_weights(path)
    assert weight_files(entries(path, "README.md")) == entries(path)
    assert weight_folders([f"a/{path}"]) == ("a",)
    assert is_read_file(path)
    assert is_relevant(path)
    assert kind_of(path, MIN_WEIGHTS) is FileKind.WEIGHTS
    beside = unread_files(entries("model.safetensors", path), ["model.safetensors"])
    if FORMATS[suffix] not in {"safetensors", *UNSURE}:
        known = FORMATS[suffix] in READ
        assert [f.why for f in beside] == [Why.OTHER_FORMAT if known else Why.UNKNOWN_CONTAINER]


@pytest.mark.parametrize("path", ["optimizer.pt", "a/training_args.bin", "README.md"])
def test_the_state_of_training_is_no_model(path: str) -> None:
    """What training leaves beside weights ends in the same way and holds none."""
    assert not holds_weights(path)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("bert_model.ckpt.data-00000-of-00001", "TensorFlow checkpoint"),
        ("model.ckpt-1000.index", "TensorFlow checkpoint"),
        ("model.ckpt-1000.meta", "TensorFlow checkpoint"),
        ("a/saved_model.pb", "TensorFlow SavedModel"),
        ("keras_metadata.pb", ""),
        ("params_shard_17.bin", "MLC-LLM shards"),
        ("model.onnx_data_1", "ONNX"),
        ("model.onnx.data", "ONNX"),
        ("x/Net.mlpackage/Data/com.apple.CoreML/weights/weight.bin", "Core ML"),
        ("ocdbt/manifest.ocdbt", "Orbax checkpoint"),
        ("xgboost_model.json", "XGBoost model as text"),
        ("best-xgb.model", "XGBoost model as text"),
        ("lightgbm.txt", "LightGBM model"),
        ("fold1.lgb", "LightGBM model"),
        ("weights.zarr/dense/0.0", "Zarr arrays"),
        ("xgb_config.json", ""),
        ("tokenizer.model", ""),
        ("group1-shard2of4.bin", "TensorFlow.js"),
        ("tiny.llamafile.exe", "llamafile"),
        ("model.pkl.gz", "compressed Python pickle"),
        ("model.safetensors.zst", "compressed safetensors"),
        ("model.tar.gz", "tar archive"),
        ("README.md.gz", ""),
        ("faiss.index", ""),
        ("model", ""),
        (".bin", "PyTorch pickle"),
        ("bin", ""),
    ],
)
def test_a_name_that_says_more_than_its_ending_is_heard(path: str, name: str) -> None:
    """Formats without an ending of their own are told by the rest of the name."""
    assert format_of(path) == name


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["m.xml", "m.bin"], {"m.bin": "OpenVINO"}),
        (["n.xml", "m.bin"], {"m.bin": "PyTorch pickle"}),
        (["m.param", "m.bin"], {"m.bin": "ncnn"}),
        (["data.zip"], {"data.zip": "zip archive"}),
        (["data.zip", "m.gguf"], {"m.gguf": "GGUF"}),
        (["words.npy", "words.tgz", "m.gguf"], {"m.gguf": "GGUF"}),
        (["words.npy"], {"words.npy": "NumPy array"}),
        (["data.zip", "optimizer.pt"], {"data.zip": "zip archive", "optimizer.pt": "PyTorch pickle"}),
        (["p/config.cfg", "p/meta.json", "p/ner/model"], {"p/ner/model": "spaCy pipeline"}),
        (["p/config.cfg", "p/ner/model"], {}),
    ],
)  # fmt: skip
def test_what_a_name_leaves_open_the_others_settle(
    paths: list[str], expected: dict[str, str]
) -> None:
    """Side files tell whose a shared ending is, and an archive beside weights is data."""
    assert formats_of(paths) == expected


@pytest.mark.parametrize(
    ("paths", "folders"),
    [
        (["saved_model.pb", "variables/variables.data-00000-of-00001"], ("",)),
        (["a/saved_model.pb", "a/variables/variables.index"], ("a",)),
        (["Net.mlmodelc/weights/weight.bin"], ("",)),
        (["config.cfg", "meta.json", "ner/model", "vocab/vectors"], ("",)),
        (["unet/x.safetensors", "vae/y.safetensors"], ("unet", "vae")),
        (["training_args.bin"], ()),
    ],
)
def test_a_container_of_several_folders_lies_where_it_begins(
    paths: list[str], folders: tuple[str, ...]
) -> None:
    """Nobody is told to name the inner folder of a container."""
    assert weight_folders(paths) == folders
