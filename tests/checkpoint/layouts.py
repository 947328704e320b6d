"""How do people lay out what they publish? A table of small models, each with what must be said.

Tiny files of real structure: tensors by the writers of safetensors, PyTorch and zip; other
containers by their first bytes, the names of their members and their side files.
"""

from __future__ import annotations

import io
import pickle
import struct
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import torch
from safetensors.numpy import save

from hubcheck.checkpoint.disagreement import DisagreementCode as Code
from hubcheck.checkpoint.other_formats import LORA_ADAPTER, PEFT_ADAPTER
from hubcheck.errors import ExitCode
from tests.checkpoint.malformed import index_of
from tests.material.formats.gguf_file import gguf_seed

READ: Final = ""
"""The name of a format that is read."""
SINGLE: Final = "model.safetensors"
VARIANT: Final = "net.fp16.safetensors"
INDEX: Final = "model.safetensors.index.json"
BIN: Final = "pytorch_model.bin"
SEVERAL: Final = "several sets of weights side by side"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One model as people lay it out."""

    name: str
    files: Mapping[str, bytes]
    named: str = READ
    """The format that is named as not read."""
    read: tuple[str, ...] = ()
    """The files of which the card speaks, where they are read."""
    codes: tuple[Code, ...] = ()
    """In what the files disagree, in any order."""
    exit_code: ExitCode = ExitCode.OK
    config: Mapping[str, object] = field(default_factory=dict)


def tensors(*names: str) -> dict[str, np.ndarray]:
    """Return matrices of random values under these names."""
    rng = np.random.default_rng(len(names))
    return {name: rng.standard_normal((16, 8)).astype(np.float32) for name in names}


def safe(*names: str) -> bytes:
    """Return a safetensors file."""
    return save(tensors(*names))


def saved(state: object, **options: object) -> bytes:
    """Return what ``torch.save`` writes."""
    buffer = io.BytesIO()
    torch.save(state, buffer, **options)  # type: ignore[arg-type]
    return buffer.getvalue()


def torch_file(*names: str) -> bytes:
    """Return a PyTorch file of a dictionary of tensors."""
    return saved({name: torch.from_numpy(array) for name, array in tensors(*names).items()})


def archive(members: Mapping[str, bytes], *, compress: bool = False) -> bytes:
    """Return a zip archive."""
    buffer = io.BytesIO()
    how = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    with zipfile.ZipFile(buffer, "w", how) as written:
        for name, content in members.items():
            written.writestr(name, content)
    return buffer.getvalue()


def tar(*names: str) -> bytes:
    """Return a tar archive of small files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as written:
        for name in names:
            written.addfile(tarfile.TarInfo(name))
    return buffer.getvalue()


def script() -> bytes:
    """Return a TorchScript archive."""
    buffer = io.BytesIO()
    traced = torch.jit.trace(torch.nn.Linear(3, 2), torch.zeros(1, 3))  # type: ignore[no-untyped-call]
    torch.jit.save(traced, buffer)
    return buffer.getvalue()


A, B, C = "model.layers.0.mlp.up.weight", "model.layers.1.mlp.up.weight", "model.norm.weight"
ONE, TWO = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
SHARDS: Final = {ONE: safe(A), TWO: safe(B, C)}
SOUND: Final = {A: ONE, B: TWO, C: TWO}
T_ONE, T_TWO = "pytorch_model-00001-of-00002.bin", "pytorch_model-00002-of-00002.bin"
T_SHARDS: Final = {T_ONE: torch_file(A), T_TWO: torch_file(B, C)}
T_INDEX: Final = "pytorch_model.bin.index.json"
MODULE: Final = "model.layers.0.mlp.up"
PEFT: Final = {
    "adapter_config.json": b'{"base_model_name_or_path": "acme/base"}',
    "adapter_model.safetensors": save(
        {
            f"base_model.model.{MODULE}.lora_A.weight": np.ones((2, 8), dtype=np.float32),
            f"base_model.model.{MODULE}.lora_B.weight": np.ones((16, 2), dtype=np.float32),
        }
    ),
}
LONG_PEFT: Final = {
    **PEFT,
    "adapter_model.safetensors": save(
        {
            f"base_model.model.{MODULE}.lora_A.weight": np.ones((1, 4096), dtype=np.float32),
            f"base_model.model.{MODULE}.lora_B.weight": np.ones((4096, 1), dtype=np.float32),
        }
    ),
}
"""Changes a matrix of 16 million values."""


def indexes() -> Iterator[Layout]:
    """Yield models whose index and files agree, or not."""

    def layout(name: str, *codes: Code, weight_map: Mapping[str, str], lacks: str = "") -> Layout:
        there = {path: raw for path, raw in SHARDS.items() if path != lacks}
        files = {**there, INDEX: index_of(dict(weight_map))}
        return Layout(name=name, files=files, read=(ONE, TWO), codes=codes)

    yield Layout(name="one file", files={SINGLE: safe(A)}, read=(SINGLE,))
    yield layout("shards and their index", weight_map=SOUND)
    stale = {name: f"model-0000{i + 1}-of-00004.safetensors" for i, name in enumerate(SOUND)}
    yield layout("a stale index over a complete set", Code.INDEX_STALE, weight_map=stale)
    yield layout(
        "a stale index of other tensors",
        Code.INDEX_STALE, Code.TENSORS_NOT_THERE, Code.TENSORS_NOT_LISTED,
        weight_map={A: stale[A], "lm_head.weight": "model-00004-of-00004.safetensors"},
    )  # fmt: skip
    yield layout(
        "a tensor too many", Code.TENSORS_NOT_THERE, weight_map={**SOUND, "lm_head.weight": ONE}
    )
    yield layout("a tensor elsewhere", Code.TENSORS_ELSEWHERE, weight_map={**SOUND, B: ONE})
    yield layout("a tensor too few", Code.TENSORS_NOT_LISTED, weight_map={A: ONE, B: TWO})
    yield layout(
        "a shard too many", Code.SHARDS_NOT_THERE, weight_map={**SOUND, C: "extra.safetensors"}
    )
    yield layout(
        "a shard too many, of another split",
        Code.INDEX_OTHER_SPLIT, Code.TENSORS_NOT_THERE,
        weight_map={**SOUND, "z": "model-00003-of-00003.safetensors"},
    )  # fmt: skip
    yield Layout(
        name="a shard that is needed, under a name of its own",
        files={**SHARDS, INDEX: index_of({**SOUND, "z": "extra.safetensors"})},
        exit_code=ExitCode.UNREADABLE,
    )
    unusable = {
        "no map": b"{}",
        "an empty map": index_of({}),
        "no JSON": b"{",
        "a list": b"[]",
        "a map of numbers": b'{"weight_map": {"a": 1}}',
        "a map to PyTorch files": index_of({A: T_ONE, B: T_TWO, C: T_TWO}),
        "a map into a folder": index_of({n: f"old/{path}" for n, path in SOUND.items()}),
    }
    for name, raw in unusable.items():
        yield Layout(
            name=f"an index of {name} over a complete set",
            files={**SHARDS, INDEX: raw},
            read=(ONE, TWO),
            codes=(Code.INDEX_UNUSABLE,),
        )
    yield Layout(
        name="an index that leads out of the model",
        files={**SHARDS, INDEX: index_of({n: f"../{path}" for n, path in SOUND.items()})},
        exit_code=ExitCode.UNREADABLE,
    )
    yield Layout(
        name="a PyTorch index without files beside shards",
        files={**SHARDS, INDEX: index_of(SOUND), T_INDEX: index_of({A: T_ONE})},
        read=(ONE, TWO),
        codes=(Code.INDEX_WITHOUT_FILES,),
    )
    yield Layout(
        name="a shard that is needed is missing",
        files={ONE: SHARDS[ONE], INDEX: index_of(SOUND)},
        exit_code=ExitCode.UNREADABLE,
    )
    yield Layout(
        name="a shard is missing and there is no index",
        files={ONE: SHARDS[ONE]},
        exit_code=ExitCode.UNREADABLE,
    )
    yield Layout(
        name="an index alone", files={INDEX: index_of(SOUND)}, exit_code=ExitCode.UNREADABLE
    )
    yield Layout(
        name="shards without an index", files=SHARDS, read=(ONE, TWO), codes=(Code.INDEX_MISSING,)
    )
    yield Layout(
        name="an index beside a newer single file",
        files={SINGLE: safe(A, B, C), INDEX: index_of(SOUND)},
        read=(SINGLE,),
        codes=(Code.INDEX_UNUSED,),
    )
    yield Layout(
        name="an index without files beside PyTorch",
        files={BIN: torch_file(A), INDEX: index_of(SOUND)},
        read=(BIN,),
        codes=(Code.INDEX_WITHOUT_FILES,),
    )
    yield Layout(
        name="a PyTorch index without a shard it needs",
        files={T_ONE: T_SHARDS[T_ONE], T_INDEX: index_of({A: T_ONE, B: T_TWO})},
        exit_code=ExitCode.UNREADABLE,
    )
    yield Layout(
        name="a stale PyTorch index over a complete set",
        files={**T_SHARDS, T_INDEX: index_of({A: "pytorch_model-00001-of-00007.bin"})},
        read=(T_ONE, T_TWO),
        codes=(Code.INDEX_STALE, Code.TENSORS_NOT_LISTED),
    )
    yield Layout(
        name="a PyTorch index with a tensor too many",
        files={**T_SHARDS, T_INDEX: index_of({A: T_ONE, B: T_TWO, C: T_TWO, "z": T_TWO})},
        read=(T_ONE, T_TWO),
        codes=(Code.TENSORS_NOT_THERE,),
    )
    yield Layout(
        name="a PyTorch index beside a single file",
        files={BIN: torch_file(A), T_INDEX: index_of({A: T_ONE})},
        read=(BIN,),
        codes=(Code.INDEX_UNUSED,),
    )


def sets() -> Iterator[Layout]:
    """Yield models of which several sets lie side by side."""
    yield Layout(
        name="a complete set beside a shard of another split",
        files={**SHARDS, "model-00001-of-00003.safetensors": safe(A)},
        read=(ONE, TWO),
        codes=(Code.INDEX_MISSING, Code.SET_INCOMPLETE),
    )
    yield Layout(
        name="a sidecar without an index",
        files={**SHARDS, "mtp.safetensors": safe("mtp.weight")},
        read=(ONE, TWO),
        codes=(Code.INDEX_MISSING, Code.OTHER_SETS),
    )
    yield Layout(
        name="a variant beside the full weights",
        files={"net.safetensors": safe(A), VARIANT: safe(A)},
        read=("net.safetensors",),
    )
    yield Layout(
        name="two models",
        files={"alpha.safetensors": safe(A), "beta.safetensors": safe(A)},
        named=SEVERAL,
    )
    yield Layout(
        name="two PyTorch models",
        files={"alpha.pt": torch_file(A), "beta.pt": torch_file(A)},
        named=SEVERAL,
    )
    yield Layout(
        name="PyTorch under its usual name beside a file of any name",
        files={BIN: torch_file(A), "embeddings.safetensors": safe("e")},
        read=(BIN,),
    )
    yield Layout(
        name="a left-over shard beside PyTorch",
        files={BIN: torch_file(A), ONE: SHARDS[ONE]},
        read=(BIN,),
    )
    yield Layout(
        name="PyTorch shards without an index",
        files=T_SHARDS,
        read=(T_ONE, T_TWO),
        codes=(Code.INDEX_MISSING,),
    )
    yield Layout(
        name="slices of a tensor-parallel model",
        files={"consolidated.00.pth": torch_file(A), "consolidated.01.pth": torch_file(A)},
        named="tensor-parallel PyTorch files",
    )
    yield Layout(
        name="GGUF: a split is missing beside a complete file",
        files={"m-Q8_0-00001-of-00002.gguf": bytes(4096), "m-Q4_0.gguf": gguf_seed()},
        read=("m-Q4_0.gguf",),
        codes=(Code.SET_INCOMPLETE,),
    )
    yield Layout(
        name="GGUF: a split is missing",
        files={"m-Q8_0-00001-of-00002.gguf": gguf_seed()},
        exit_code=ExitCode.UNREADABLE,
    )
    state = {"optimizer.pt": b"x", "rng_state_0.pth": b"x", "training_args.bin": b"x"}
    yield Layout(
        name="weights beside the state of training",
        files={BIN: torch_file(A), **state, "zero_pp_rank_0_mp_rank_00_optim_states.pt": b"x"},
        read=(BIN,),
    )
    yield Layout(name="nothing but the state of training", files=state)
    data = archive({"a.csv": b"1,2"}, compress=True)
    yield Layout(name="nothing but an archive of data", files={"data.zip": data})


def adapters() -> Iterator[Layout]:
    """Yield adapters, alone and beside the weights that they change."""
    beside = (Code.ADAPTER_BESIDE,)
    yield Layout(name="an adapter alone", files=PEFT, named=PEFT_ADAPTER)
    for name, files, read in (
        ("safetensors", {SINGLE: safe(A, B)}, (SINGLE,)),
        (
            "a safetensors file of any name",
            {"merged.safetensors": safe(A)},
            ("merged.safetensors",),
        ),
        ("PyTorch", {BIN: torch_file(A, B)}, (BIN,)),
        ("GGUF", {"m.gguf": gguf_seed()}, ("m.gguf",)),
        ("Meta's file", {"consolidated.00.pth": torch_file(A)}, ("consolidated.00.pth",)),
    ):
        yield Layout(
            name=f"an adapter beside {name}", files={**PEFT, **files}, read=read, codes=beside
        )
    yield Layout(
        name="an adapter beside PyTorch shards",
        files={**PEFT, **T_SHARDS, T_INDEX: index_of({A: T_ONE, B: T_TWO, C: T_TWO})},
        read=(T_ONE, T_TWO),
        codes=beside,
    )
    yield Layout(
        name="the config of an adapter beside full weights",
        files={"adapter_config.json": b"{}", SINGLE: safe(A)},
        read=(SINGLE,),
        codes=beside,
    )
    yield Layout(
        name="an adapter that cannot be read beside full weights",
        files={"adapter_config.json": b"{}", "adapter_model.bin": b"x", SINGLE: safe(A)},
        read=(SINGLE,),
        codes=beside,
    )
    head = torch_file("v_head.summary.weight")
    yield Layout(
        name="an adapter beside a value head", files={**LONG_PEFT, BIN: head}, named=PEFT_ADAPTER
    )
    projector = {"mm_projector.bin": saved(torch.nn.Linear(2, 2)), "value.pt": b"x"}
    yield Layout(
        name="an adapter that config.json names",
        files={**PEFT, "config.json": b'{"transformers_weights": "adapter_model.bin"}'},
        named=PEFT_ADAPTER,
    )
    yield Layout(
        name="an adapter beside files that are no model",
        files={**PEFT, **projector},
        named=PEFT_ADAPTER,
    )
    mlx = {"adapters.safetensors": safe("model.layers.0.q_proj.lora_a", "x.lora_b")}
    yield Layout(
        name="an adapter of MLX",
        files={**mlx, "adapter_config.json": b"{}"},
        named=LORA_ADAPTER,
    )
    yield Layout(
        name="an adapter of MLX and its steps",
        files={**mlx, "0000100_adapters.safetensors": mlx["adapters.safetensors"]},
        named=LORA_ADAPTER,
    )
    yield Layout(
        name="an adapter of diffusers",
        files={"pytorch_lora_weights.safetensors": safe("unet.to_q.lora.down.weight")},
        named=LORA_ADAPTER,
    )
    kohya = safe("lora_unet_x.lora_down.weight", "lora_unet_x.lora_up.weight", "lora_unet_x.alpha")
    yield Layout(
        name="an adapter under any name", files={"style.safetensors": kohya}, named=LORA_ADAPTER
    )


def containers() -> Iterator[Layout]:
    """Yield containers that are not read, each under its own name."""
    hdf5 = b"\x89HDF\r\n\x1a\n" + bytes(64)
    onnx = b"\x08\x08\x12\x07pytorch" + bytes(64)
    sb3 = {"data": b"{}", "pytorch_variables.pth": torch_file("v"), "policy.pth": torch_file("p"),
           "_stable_baselines3_version": b"2.3.2"}  # fmt: skip
    keras = {"metadata.json": b"{}", "config.json": b"{}", "model.weights.h5": hdf5}
    package = "Net.mlpackage/Data/com.apple.CoreML"
    spec = struct.pack("<IH", 6, 16) + b"TransformerSpec\0" + struct.pack("<II", 7, 1)
    value = b"\x0a\x0cconv1.weight\x12\x04\x0a\x02\x02\x03"
    plain = pickle.dumps({"a": 1}, protocol=4)
    table = bytes(64) + struct.pack("<Q", 0xDB4775248B80FB57)
    one: tuple[tuple[str, str, bytes], ...] = (
        ("model.keras", "Keras archive", archive(keras)),
        ("tf_model.h5", "Keras HDF5", hdf5),
        ("model.weights.hdf5", "Keras HDF5", hdf5),
        ("model.nemo", "NeMo archive", tar("./model_config.yaml", "./model_weights.ckpt")),
        ("model.tflite", "TensorFlow Lite", b"\x1c\0\0\0TFL3" + bytes(64)),
        ("model_state.pdparams", "Paddle pickle", plain),
        ("model.pkl", "Python pickle", plain),
        ("learner.pickle", "Python pickle", pickle.dumps({"a": 1}, protocol=0)),
        ("sgd.pkl", "PyTorch zip", torch_file(A)),
        ("model.onnx", "ONNX", onnx),
        ("model.ort", "ONNX Runtime", b"\x20\0\0\0ORTM" + bytes(64)),
        ("model.joblib", "joblib pickle", plain),
        ("model.skops", "skops archive", archive({"1.npy": b"", "schema.json": b"{}"})),
        ("ppo-CartPole-v1.zip", "stable-baselines3 archive", archive(sb3)),
        ("Net.mlmodel", "Core ML", b"\x08\x01\x12\x00" + bytes(64)),
        ("model.llamafile", "llamafile", b"MZqFpD='\n" + bytes(64)),
        ("ggml-base.en.bin", "GGML from before GGUF", b"lmgg" + bytes(64)),
        ("ggml-model-q4_0.bin", "GGML from before GGUF", b"tjgg\x03\0\0\0" + bytes(64)),
        ("llama-7b.gguf", "GGML from before GGUF", b"tjgg\x03\0\0\0" + bytes(64)),
        ("lid.176.bin", "fastText", struct.pack("<ii", 793712314, 12) + bytes(64)),
        ("lid.176.ftz", "fastText", struct.pack("<ii", 793712314, 12) + bytes(64)),
        ("model.bin", "CTranslate2", spec + bytes(64)),
        ("weights.bin", "safetensors under another name", safe(A)),
        ("weights.pt", "GGUF under another name", gguf_seed()),
        ("llama.bin", "unrecognised .bin file", b"\0\x01\0\0" * 32),
        ("index.bin", "unrecognised .bin file", b"<!DOCTYPE html><html></html>"),
        ("void.bin", "unrecognised .bin file", b""),
        ("array.bin", "NumPy array", b"\x93NUMPY\x01\0" + bytes(64)),
        ("model.SAFETENSORS", "safetensors under another name", safe(A)),
        ("flax_model.msgpack", "Flax msgpack", b"\x81\xa1a\x01"),
        ("model.ckpt", "TensorFlow checkpoint", table),
        ("resnet.ckpt", "MindSpore checkpoint", b"\x0a\x18" + value + bytes(40)),
        ("speech.ckpt", "tar archive", tar("model_weights.ckpt")),
        ("net.mindir", "MindSpore", b"\x0a\x050.1.0" + bytes(64)),
        ("weights.npz", "NumPy archive", archive({"a.npy": b"\x93NUMPY"})),
        ("model.engine", "TensorRT engine", b"ftrt" + bytes(64)),
        ("model.plan", "TensorRT engine", b"ftrt" + bytes(64)),
        ("model.rknn", "RKNN", b"RKNN" + bytes(64)),
        ("model.rkllm", "RKLLM", bytes(64)),
        ("model.pte", "ExecuTorch", b"\x20\0\0\0ET12" + bytes(64)),
        ("gemma.task", "MediaPipe task", archive({"TF_LITE_PREFILL_DECODE": b""})),
        ("rust_model.ot", "rust-bert archive", torch_file(A)),
        ("catboost.cbm", "CatBoost", b"CBM1" + bytes(64)),
        ("xgb_model.json", "XGBoost model as text", b'{"learner": {}, "version": [3, 0, 0]}'),
        ("lgbm_model.txt", "LightGBM model", b"tree\nversion=v4\nnum_class=1\n"),
        ("model.zarr/dense/0.0", "Zarr arrays", bytes(64)),
        ("model.mar", "TorchServe archive", archive({"MAR-INF/MANIFEST.json": b"{}"})),
        ("model.pt", "TorchScript archive", script()),
        ("old.pth", "PyTorch pickle from before 1.6",
         saved({"a": torch.ones(2)}, _use_new_zipfile_serialization=False)),
        ("best.pt", "Python pickle", plain),
        ("voice.pt", "PyTorch file without a dictionary of tensors", saved(torch.ones(3))),
        ("settings.pt", "PyTorch file without tensors", saved({"epoch": 3})),
        ("squeezed.pth", "compressed PyTorch zip", archive({"m/data.pkl": plain}, compress=True)),
        ("code.pt", "torch.package archive", archive({"m/.data/extern_modules": b""})),
        ("agent.pth", "stable-baselines3 archive", archive(sb3)),
        ("whole.pt", "PyTorch pickle that calls torch.nn.modules.linear.Linear",
         saved(torch.nn.Linear(2, 2))),
        ("bytes.pt", "PyTorch pickle of more than tensors", saved({"a": b"x"}, pickle_protocol=4)),
    )  # fmt: skip
    for path, named, raw in one:
        yield Layout(name=path, files={path: raw}, named=named)
    several: tuple[tuple[str, str, dict[str, bytes]], ...] = (
        ("ONNX with its values beside it", "ONNX",
         {"model.onnx": onnx, "model.onnx_data": bytes(64)}),
        ("OpenVINO", "OpenVINO",
         {"openvino_model.xml": b"<?xml version='1.0'?><net/>", "openvino_model.bin": bytes(64)}),
        ("ncnn", "ncnn", {"net.param": b"7767517\n1 1\n", "net.bin": bytes(64)}),
        ("a Core ML package", "Core ML",
         {"Net.mlpackage/Manifest.json": b"{}", f"{package}/model.mlmodel": b"\x08\x01",
          f"{package}/weights/weight.bin": bytes(64)}),
        ("a compiled Core ML model", "Core ML",
         {"Net.mlmodelc/coremldata.bin": bytes(8), "Net.mlmodelc/model.mil": b"program",
          "Net.mlmodelc/weights/weight.bin": bytes(64)}),
        ("a distributed checkpoint", "PyTorch distributed checkpoint",
         {".metadata": plain, "__0_0.distcp": torch_file(A), "__1_0.distcp": torch_file(B)}),
        ("a SavedModel", "TensorFlow SavedModel",
         {"saved_model.pb": b"\x08\x01\x12\x00", "keras_metadata.pb": b"\x0a",
          "variables/variables.index": table,
          "variables/variables.data-00000-of-00001": bytes(64)}),
        ("TensorFlow's checkpoint", "TensorFlow checkpoint",
         {"checkpoint": b"model_checkpoint_path", "bert_model.ckpt.index": table,
          "bert_model.ckpt.data-00000-of-00001": bytes(64), "bert_model.ckpt.meta": b"\x0a"}),
        ("MLC", "MLC-LLM shards",
         {"ndarray-cache.json": b"{}", "mlc-chat-config.json": b"{}",
          "params_shard_0.bin": bytes(64), "params_shard_1.bin": bytes(64)}),
        ("CTranslate2", "CTranslate2",
         {"model.bin": spec + bytes(64), "shared_vocabulary.json": b"[]"}),
        ("spaCy", "spaCy pipeline",
         {"config.cfg": b"[nlp]", "meta.json": b"{}", "ner/model": b"\x85", "ner/cfg": b"{}",
          "tok2vec/model": b"\x85", "vocab/vectors": bytes(64), "vocab/strings.json": b"[]"}),
        ("Paddle for inference", "Paddle",
         {"inference.pdmodel": b"\x0a", "inference.pdiparams": bytes(64)}),
        ("an archive beside a container", "ONNX",
         {"model.onnx": onnx, "images.zip": archive({"a.png": b""})}),
        ("Orbax", "Orbax checkpoint",
         {"manifest.ocdbt": b"\x0c\xdb", "_METADATA": b"{}", "d/0123": bytes(64)}),
        ("EXL2", "EXL2", {"output.safetensors": save(
            {f"{MODULE}.q_weight": np.ones((4, 8), dtype=np.int32),
             f"{MODULE}.q_scale": np.ones((1, 1), dtype=np.int32)})}),
        ("EXL3", "EXL3", {SINGLE: save(
            {f"{MODULE}.trellis": np.ones((4, 8, 16), dtype=np.int16),
             f"{MODULE}.suh": np.ones(8, dtype=np.float16)})}),
        ("AQLM", "AQLM", {SINGLE: save(
            {f"{MODULE}.codes": np.ones((4, 8, 1), dtype=np.int16),
             f"{MODULE}.codebooks": np.ones((1, 4, 1, 8), dtype=np.float16)})}),
        ("HQQ", "HQQ", {SINGLE: save(
            {f"{MODULE}.W_q": np.ones((4, 8), dtype=np.uint8),
             f"{MODULE}.scale": np.ones((4, 1), dtype=np.float16)})}),
        ("QuIP#", "QuIP#", {SINGLE: save({f"{MODULE}.Qidxs": np.ones((4, 8), dtype=np.int64)})}),
        ("MLX", "MLX", {SINGLE: save(
            {f"{MODULE}.weight": np.ones((16, 8), dtype=np.uint32),
             f"{MODULE}.scales": np.ones((16, 1), dtype=np.float16),
             f"{MODULE}.biases": np.ones((16, 1), dtype=np.float16)})}),
        ("EETQ", "EETQ", {SINGLE: save(
            {f"{MODULE}.weight": np.ones((8, 16), dtype=np.int8),
             f"{MODULE}.weight_scales": np.ones(16, dtype=np.float16)})}),
        ("Quanto", "Quanto", {SINGLE: save(
            {f"{MODULE}.weight._data": np.ones((16, 8), dtype=np.int8),
             f"{MODULE}.weight._scale": np.ones((16, 1), dtype=np.float16)})}),
        ("torchao", "torchao", {SINGLE: save(
            {f"{MODULE}._weight_qdata": np.ones((16, 8), dtype=np.int8),
             f"{MODULE}._weight_scale": np.ones((16, 1), dtype=np.float16)})}),
    )  # fmt: skip
    for name, named, files in several:
        yield Layout(name=name, files=files, named=named)


LAYOUTS: Final = (*indexes(), *sets(), *adapters(), *containers())
