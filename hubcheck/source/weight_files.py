"""Which files of a model hold its weights, in which format, and what identifies them as a whole?

By name alone: nothing is opened here. The one table of weight formats, whoever asks: what is read,
what counts for a digest, what the gate fetches, what a push has to touch, which format a refusal
names. Where several formats share an ending, ``checkpoint.containers`` looks at the first bytes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Final

from hubcheck.source.interface import FileEntry

SAFETENSORS: Final = "safetensors"
GGUF: Final = "GGUF"
TORCH: Final = "PyTorch pickle"
READ: Final = frozenset({SAFETENSORS, GGUF, TORCH})
"""The formats that are read; every other is named and not opened."""
ZIP: Final = "zip archive"
TAR: Final = "tar archive"
NUMPY: Final = "NumPy array"
VECTORS: Final = "word vectors as text"
PARAMS: Final = "MXNet parameters"
TENSORFLOW: Final = "TensorFlow checkpoint"
CORE_ML: Final = "Core ML"
OPENVINO: Final = "OpenVINO"
NCNN: Final = "ncnn"
MLC: Final = "MLC-LLM shards"
ORBAX: Final = "Orbax checkpoint"
SPACY: Final = "spaCy pipeline"
PADDLE: Final = "Paddle"
XGBOOST: Final = "XGBoost model as text"
LIGHTGBM: Final = "LightGBM model"
ZARR: Final = "Zarr arrays"

FORMATS: Final[Mapping[str, str]] = MappingProxyType(
    {
        ".safetensors": SAFETENSORS,
        ".gguf": GGUF,
        ".bin": TORCH,
        ".pt": TORCH,
        ".pth": TORCH,
        ".ckpt": TORCH,
        ".pkl": "Python pickle",
        ".pickle": "Python pickle",
        ".dill": "Python pickle",
        ".cloudpickle": "Python pickle",
        ".joblib": "joblib pickle",
        ".skops": "skops archive",
        ".h5": "Keras HDF5",
        ".hdf5": "Keras HDF5",
        ".keras": "Keras archive",
        ".msgpack": "Flax msgpack",
        ".onnx": "ONNX",
        ".onnx_data": "ONNX",
        ".ort": "ONNX Runtime",
        ".npz": "NumPy archive",
        ".tflite": "TensorFlow Lite",
        ".task": "MediaPipe task",
        ".litertlm": "LiteRT-LM",
        ".pb": "TensorFlow graph",
        ".pdparams": "Paddle pickle",
        ".pdiparams": PADDLE,
        ".pdmodel": PADDLE,
        ".nemo": "NeMo archive",
        ".ot": "rust-bert archive",
        ".distcp": "PyTorch distributed checkpoint",
        ".torchscript": "TorchScript archive",
        ".ptl": "TorchScript archive",
        ".pt2": "PyTorch export archive",
        ".pte": "ExecuTorch",
        ".mar": "TorchServe archive",
        ".dduf": "DDUF archive",
        ".llamafile": "llamafile",
        ".ggml": "GGML from before GGUF",
        ".ftz": "fastText",
        ".mlmodel": CORE_ML,
        ".engine": "TensorRT engine",
        ".trt": "TensorRT engine",
        ".plan": "TensorRT engine",
        ".rknn": "RKNN",
        ".rkllm": "RKLLM",
        ".mnn": "MNN",
        ".dlc": "Qualcomm DLC",
        ".hef": "Hailo",
        ".mindir": "MindSpore",
        ".caffemodel": "Caffe",
        ".cbm": "CatBoost",
        ".ubj": "XGBoost",
        ".bst": "XGBoost",
        ".xgb": "XGBoost",
        ".lgb": LIGHTGBM,
        ".lgbm": LIGHTGBM,
        ".pmml": "PMML",
        ".rds": "R object",
        ".t7": "Torch7",
        ".weights": "weights of Darknet",
        ".sbs": "gemma.cpp",
        ".axon": "Axon",
        ".vw": "Vowpal Wabbit",
        ".kv": "gensim vectors",
        ".vec": VECTORS,
        ".npy": NUMPY,
        ".params": PARAMS,
        ".tar": TAR,
        ".tgz": TAR,
        ".zip": ZIP,
    }
)
"""Format by file ending, read here or not; where a model has several, the first one names it."""
WEIGHT_SUFFIXES: Final = tuple(FORMATS)
TORCH_SUFFIXES: Final = tuple(s for s, name in FORMATS.items() if name == TORCH)

_NAMED: Final = (
    (re.compile(r"(?i)(?:(?P<root>.*)/)?(?:keras_metadata|fingerprint)\.pb"), ""),
    (re.compile(r"(?i)(?:(?P<root>.*)/)?variables/variables\.(?:data-\d{5}-of-\d{5}|index)"),
     "TensorFlow SavedModel"),
    (re.compile(r"(?i)(?:(?P<root>.*)/)?saved_model\.pb"), "TensorFlow SavedModel"),
    (re.compile(r"(?i)(?:(?P<root>.*)/)?[^/]+\.data-\d{5}-of-\d{5}"), TENSORFLOW),
    (re.compile(r"(?i)(?:(?P<root>.*)/)?[^/]*ckpt[^/]*\.(?:index|meta)"), TENSORFLOW),
    (re.compile(r"(?i)(?:(?P<root>.*)/)?params_shard_\d+\.bin"), MLC),
    (re.compile(r"(?i)(?:(?P<root>.*)/)?group\d+-shard\d+of\d+(?:\.bin)?"), "TensorFlow.js"),
    (re.compile(r"(?i)(?:(?P<root>.*)/)?[^/]+\.llamafile\.exe"), "llamafile"),
    (re.compile(r"(?i)(?:(?P<root>.*)/)?[^/]+\.onnx[._]data(?:_\d+)?"), "ONNX"),
    (re.compile(r"(?i)(?:(?P<root>.*?)/)?[^/]+\.(?:mlpackage|mlmodelc)/.*"
                r"(?:\.bin|\.weights|\.mlmodel)"), CORE_ML),
    (re.compile(r"(?i)(?:(?P<root>.*)/)?manifest\.ocdbt"), ORBAX),
    (re.compile(r"(?i)(?:(?P<root>.*)/)?[^/]*(?:config|params|metrics|feature|importance)[^/]*"
                r"\.(?:json|txt)"), ""),
    (re.compile(r"(?i)(?:(?P<root>.*)/)?[^/]*xgb[^/]*\.(?:json|txt|model)"), XGBOOST),
    (re.compile(r"(?i)(?:(?P<root>.*)/)?[^/]*(?:lgbm?|lightgbm)[^/]*\.(?:json|txt|model)"),
     LIGHTGBM),
    (re.compile(r"(?i)(?:(?P<root>.*?)/)?[^/]+\.zarr/.+"), ZARR),
)  # fmt: skip
"""Formats told by more than an ending, before it (``""``: no weights); the container lies in
``root``."""

_MARKS: Final = re.compile(
    r"(?i)\.pb|variables|\.data-|ckpt|params_shard|-shard|\.onnx|\.mlpackage|\.mlmodelc|ocdbt|"
    r"\.llamafile\.|xgb|lgb|lightgbm|\.zarr/"
)
"""What any of these names holds: a repository may have a hundred thousand files."""

_OWN_ENDING: Final = frozenset({SAFETENSORS, GGUF})
"""Formats whose ending says all there is to say."""

UNSURE: Final = frozenset({ZIP, TAR, NUMPY, VECTORS, PARAMS, XGBOOST, LIGHTGBM, ZARR})
"""Formats that hold weights only where nothing else does: an archive, array or text beside weights
is data."""

_COMPRESSED: Final = (".gz", ".xz", ".bz2", ".zst", ".lz4")
"""Endings after that of a format."""

_BESIDE: Final = ((".xml", OPENVINO), (".param", NCNN))
"""Descriptions whose values lie in a ``.bin`` of the same name."""

_SPACY_MARKS: Final = ("config.cfg", "meta.json")
_SPACY_WEIGHTS: Final = re.compile(r"(?:(?P<root>.*)/)?(?:[^/]+/model|vocab/vectors)")

TRAINING_STATE: Final = frozenset(
    {"training_args.bin", "optimizer.pt", "optimizer.bin", "scheduler.pt", "scaler.pt"}
)
"""What training leaves beside the weights, under endings of weights."""


def format_of(path: str) -> str:
    """Return the format that a file's own name stands for, ``""`` for no weights; hostile text."""
    return _named(path)[0]


def formats_of(paths: Iterable[str]) -> dict[str, str]:
    """Return the format of every file that holds weights, by path, as all names together tell it.

    What a name alone leaves open is settled by the others: a ``.bin`` beside an ``.xml`` of the
    same name is OpenVINO's, a file called ``model`` in a spaCy pipeline is its weights, and an
    archive counts only where nothing else holds weights.
    """
    return {path: name for path, (name, _) in _located(paths).items()}


def weight_files(files: Iterable[FileEntry]) -> tuple[FileEntry, ...]:
    """Return the files that hold weights, in the order given."""
    every = tuple(files)
    formats = formats_of(f.path for f in every)
    return tuple(f for f in every if f.path in formats)


def holds_weights(path: str) -> bool:
    """Return whether a file holds weights by its name, what training leaves beside them aside."""
    return bool(format_of(path)) and not is_training_state(path)


def is_training_state(path: str) -> bool:
    """Return whether a file is what training leaves beside weights, by its name."""
    return path.rpartition("/")[2].lower() in TRAINING_STATE


def weight_folders(paths: Iterable[str]) -> tuple[str, ...]:
    """Return the folders that hold weights, sorted; ``""`` is the top level.

    A container of several folders (a SavedModel, a Core ML package) counts where it lies.
    """
    found = _located(paths).items()
    return tuple(sorted({root for path, (_, root) in found if not is_training_state(path)}))


def weights_digest(files: Iterable[FileEntry]) -> str:
    """Return the sha256 over the sorted (path, sha256) of the weight files.

    Empty when there is no weight file, or when a file's digest is not known.
    """
    weights = sorted(weight_files(files), key=lambda f: f.path)
    if not weights or not all(f.sha256 for f in weights):
        return ""
    digest = hashlib.sha256()
    for file in weights:
        digest.update(f"{file.path}\0{file.sha256}\n".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _named(path: str) -> tuple[str, str]:
    """Return the format and the folder of its container, by the file's own name."""
    folder, _, last = path.rpartition("/")
    dot = last.rfind(".")
    by_ending = FORMATS.get(last[dot:].lower(), "") if dot >= 0 else ""
    if dot > 0 and last[dot:].lower() in _COMPRESSED:
        inner = FORMATS.get(last[last.rfind(".", 0, dot) : dot].lower(), "")
        return (inner if inner == TAR else f"compressed {inner}" if inner else ""), folder
    if by_ending in _OWN_ENDING:
        return by_ending, folder
    for pattern, name in _NAMED if _MARKS.search(path) else ():
        match = pattern.fullmatch(path)
        if match:
            return name, match["root"] or ""
    return by_ending, folder


def _located(paths: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return format and folder of every file that holds weights, by path."""
    every = frozenset(paths)
    found: dict[str, tuple[str, str]] = {}
    for path in sorted(every):
        name, root = _named(path)
        if name == TORCH:
            name = _beside(path, every) or name
        if name:
            found[path] = (name, root)
    pipelines = _pipelines(every)
    for path in every if pipelines else ():
        match = _SPACY_WEIGHTS.fullmatch(path)
        if match and (match["root"] or "") in pipelines:
            found[path] = (SPACY, match["root"] or "")
    sure = {p: at for p, at in found.items() if at[0] not in UNSURE}
    return sure if any(not is_training_state(p) for p in sure) else found


def _beside(path: str, every: Collection[str]) -> str:
    """Return the format of a ``.bin`` that a description of the same name stands beside."""
    stem = path[: path.rfind(".")]
    return next((name for ending, name in _BESIDE if stem + ending in every), "")


def _pipelines(every: Collection[str]) -> set[str]:
    """Return the folders of spaCy pipelines."""
    config, meta = _SPACY_MARKS
    roots = {p.rpartition("/")[0] for p in every if p.rpartition("/")[2] == config}
    return {root for root in roots if (f"{root}/{meta}" if root else meta) in every}
