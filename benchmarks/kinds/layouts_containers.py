"""Which containers are not read, and are they named?

Each is a small file with the bytes that its format begins with, so that a reader which looks at
content as well as at suffixes is asked the same. Nothing in them is a model; no library of theirs
is needed. A copy of such a repository is equal by digest, whatever is inside.
"""

from __future__ import annotations

import io
import json
import pickle
import shutil
import struct
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.kinds.layout import Bench, Layout, Make, Question, Truth
from benchmarks.kinds.layouts_stored import LLAMA, SAME

CHAPTER: Final = "containers"
FILLER: Final = bytes(range(256)) * 16
"""What stands where weights would."""


def holding(files: Mapping[str, bytes], *, copied: bool = False) -> Make:
    """Return a repository of some files, against a plain model or against its own copy."""

    def make(bench: Bench, folder: Path) -> Question:
        for name, raw in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(raw)
        if not copied:
            return Question(subject=folder, bases=(bench.plain(LLAMA),))
        base = folder.parent / "base-copy"
        shutil.copytree(folder, base)
        return Question(subject=folder, bases=(base,))

    return make


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Return a zip archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, raw in files.items():
            archive.writestr(name, raw)
    return out.getvalue()


def tarred(files: Mapping[str, bytes]) -> bytes:
    """Return a tar archive."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, raw in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(raw)
            archive.addfile(member, io.BytesIO(raw))
    return out.getvalue()


def pickled(value: object) -> bytes:
    """Return a pickle of plain values."""
    return pickle.dumps(value, protocol=4)


ARRAYS: Final = {"linear_0.w_0": np.ones((4, 4), dtype=np.float32)}
HDF5: Final = b"\x89HDF\r\n\x1a\n" + FILLER
ONNX: Final = b"\x08\x08\x12\x07pytorch\x1a\x052.1.0\x3a\x06\x0a\x04\x22\x02ab" + FILLER
IR: Final = b'<?xml version="1.0"?>\n<net name="model" version="11"><layers/><edges/></net>\n'
CORE_ML: Final = b"\x08\x08\x12\x1f\x0a\x0a\x0a\x05input\x1a\x01\x2a" + FILLER
FAST_TEXT: Final = struct.pack("<ii", 793712314, 12) + FILLER
CTRANSLATE2: Final = (
    struct.pack("<I", 6)
    + struct.pack("<H", 16)
    + b"TransformerSpec\x00"
    + struct.pack("<I", 7)
    + FILLER
)
MSGPACK: Final = b"\x81\xa6params\x81\xa5dense\x81\xa6kernel\xc7\x10\x01" + FILLER[:16]
SAVED_MODEL: Final = b"\x08\x01\x12\x0c\x0a\x04tags\x22\x05serve" + FILLER

CONTAINERS_BY_NAME: Final[Mapping[str, tuple[Mapping[str, bytes], tuple[str, ...]]]] = {
    "Keras 3": (
        {"model.keras": zipped({"metadata.json": b"{}", "config.json": b"{}",
                                "model.weights.h5": HDF5})},
        ("Keras",),
    ),
    "Keras, HDF5": ({"tf_model.h5": HDF5}, ("HDF5", "Keras")),
    "NeMo": (
        {"model.nemo": tarred({"model_config.yaml": b"a: 1\n", "model_weights.ckpt": FILLER})},
        ("NeMo",),
    ),
    "TensorFlow Lite": ({"model.tflite": b"\x1c\x00\x00\x00TFL3" + FILLER},
                        ("TensorFlow Lite", "TFLite", "LiteRT")),
    "PaddlePaddle": ({"model_state.pdparams": pickled(ARRAYS)}, ("Paddle",)),
    "pickle": ({"model.pkl": pickled({"weights": [1.0] * 512})}, ("pickle",)),
    "ONNX": ({"model.onnx": ONNX, "model.onnx_data": FILLER}, ("ONNX",)),
    "joblib": ({"model.joblib": pickled({"coef_": [1.0] * 512})}, ("joblib",)),
    "skops": ({"model.skops": zipped({"schema.json": b"{}", "1.npy": FILLER})}, ("skops",)),
    "Stable-Baselines3": (
        {"ppo-CartPole.zip": zipped({"data": b"{}", "policy.pth": FILLER,
                                     "pytorch_variables.pth": FILLER,
                                     "_stable_baselines3_version": b"2.3.0",
                                     "system_info.txt": b"OS: any"})},
        ("Stable-Baselines3", "stable-baselines3"),
    ),
    "OpenVINO": ({"openvino_model.xml": IR, "openvino_model.bin": FILLER}, ("OpenVINO",)),
    "Core ML": ({"model.mlmodel": CORE_ML}, ("Core ML",)),
    "distributed checkpoint": (
        {"__0_0.distcp": FILLER, ".metadata": pickled({"state_dict_metadata": {}})},
        ("distributed checkpoint", "DCP"),
    ),
    "llamafile": ({"model.llamafile": b"MZqFpD='\n" + FILLER}, ("llamafile",)),
    "GGML": ({"ggml-model-q4_0.bin": struct.pack("<II", 0x67676A74, 3) + FILLER}, ("GGML",)),
    "fastText": ({"model.bin": FAST_TEXT}, ("fastText",)),
    "Flax": ({"flax_model.msgpack": MSGPACK}, ("Flax", "msgpack")),
    "TensorFlow SavedModel": (
        {"saved_model.pb": SAVED_MODEL, "variables/variables.index": FILLER,
         "variables/variables.data-00000-of-00001": FILLER},
        ("SavedModel", "TensorFlow"),
    ),
    "TensorFlow checkpoint": (
        {"model.ckpt.index": FILLER, "model.ckpt.data-00000-of-00001": FILLER,
         "model.ckpt.meta": FILLER, "checkpoint": b'model_checkpoint_path: "model.ckpt"\n'},
        ("TensorFlow",),
    ),
    "CTranslate2": ({"model.bin": CTRANSLATE2, "shared_vocabulary.json": b"[]"},
                    ("CTranslate2",)),
    "MLC": (
        {"params_shard_0.bin": FILLER,
         "ndarray-cache.json": json.dumps({"metadata": {}, "records": []}).encode(),
         "mlc-chat-config.json": b"{}"},
        ("MLC",),
    ),
    "TensorRT": ({"model.engine": b"ftrt" + FILLER}, ("TensorRT",)),
    "ExecuTorch": ({"model.pte": b"\x20\x00\x00\x00ET12" + FILLER}, ("ExecuTorch",)),
}  # fmt: skip
"""Files of each container, and the words by one of which it is called."""

COPIED: Final = ("Keras 3", "ONNX", "NeMo", "TensorFlow Lite", "OpenVINO")
"""Containers of which a copy is asked about, too."""


def _named(name: str) -> Layout:
    files, says = CONTAINERS_BY_NAME[name]
    return Layout(name=name, family=CHAPTER, make=holding(files), truth=Truth.CONTAINER, says=says)


def _copied(name: str) -> Layout:
    files, _ = CONTAINERS_BY_NAME[name]
    return Layout(
        name=f"{name}, copied", family=CHAPTER, make=holding(files, copied=True),
        truth=Truth.SAME, relations=SAME,
    )  # fmt: skip


CONTAINERS: Final = (*map(_named, CONTAINERS_BY_NAME), *map(_copied, COPIED))
"""Containers that are not read."""
