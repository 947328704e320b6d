"""Which bytes do the libraries themselves write, and what do they make of them again?

Writes ``tests/checkpoint/golden/written_by_libraries.safetensors``: one small matrix in each format,
packed by bitsandbytes, compressed-tensors and MLX on a CPU, beside what the library restores. The
tensors of a library that is not installed are kept from the file that is there; those of AutoGPTQ and
AutoAWQ, which no longer install beside a current PyTorch, were made once with ``QuantLinear.pack`` and
``WQLinear_GEMM.from_linear``. Run: ``python -m benchmarks.formats.golden``.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from safetensors.torch import load_file, save_file

PATH: Final = (
    Path(__file__).parents[2]
    / "tests"
    / "checkpoint"
    / "golden"
    / "written_by_libraries.safetensors"
)
GROUP: Final = 32


def scales(weight: torch.Tensor, group: int, top: float) -> torch.Tensor:
    """Return symmetric group scales [out, groups]."""
    return weight.reshape(len(weight), -1, group).abs().amax(2) / top


def zeros_and_scales(weight: torch.Tensor, levels: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return asymmetric zero points (signed) and scales, both [out, groups]."""
    parts = weight.reshape(len(weight), -1, GROUP)
    low, high = parts.amin(2).clamp(max=0), parts.amax(2).clamp(min=0)
    scale = ((high - low) / levels * 1.03).half().float()
    zero = torch.round(-low / scale).clamp(0, levels) - (levels + 1) // 2
    return zero.to(torch.int8), scale


def bitsandbytes_parts(weight: torch.Tensor) -> dict[str, dict[str, torch.Tensor]]:
    """Return nf4 and fp4, plain and nested, and int8."""
    from bitsandbytes import functional

    found: dict[str, dict[str, torch.Tensor]] = {}
    for kind in ("nf4", "fp4"):
        for nested in (False, True):
            codes, state = functional.quantize_4bit(
                weight, quant_type=kind, compress_statistics=nested, blocksize=64
            )
            parts = {f"weight.{k}": v for k, v in state.as_dict(packed=True).items()}
            restored = functional.dequantize_4bit(codes, state)
            name = f"bitsandbytes {kind}{' nested' if nested else ''}"
            found[name] = {"weight": codes, **parts, "expected": restored}
    codes, top, _ = functional.int8_vectorwise_quant(weight.half())
    restored = functional.int8_vectorwise_dequant(codes, top)
    found["bitsandbytes int8"] = {"weight": codes, "SCB": top, "expected": restored}
    return found


def compressed_parts(weight: torch.Tensor) -> dict[str, dict[str, torch.Tensor]]:
    """Return every format of compressed-tensors that is read."""
    from compressed_tensors.compressors import BaseCompressor
    from compressed_tensors.quantization import QuantizationArgs, QuantizationScheme

    found: dict[str, dict[str, torch.Tensor]] = {}

    def add(name: str, form: str, arguments: dict[str, Any], **state: torch.Tensor) -> None:
        scheme = QuantizationScheme(targets=["Linear"], weights=QuantizationArgs(**arguments))
        library = BaseCompressor.get_value_from_registry(form)
        packed = library.compress({"weight": weight.clone(), **state}, scheme)
        restored = library.decompress({k: v.clone() for k, v in packed.items()}, scheme)["weight"]
        found[f"compressed-tensors {name}"] = {**packed, "expected": restored}

    def kind(bits: int, strategy: str, *, real: bool = False, **more: Any) -> dict[str, Any]:
        base = {"num_bits": bits, "type": "float" if real else "int", "strategy": strategy}
        return {"symmetric": True, **base, **more}

    for bits in (3, 4, 8):
        group = kind(bits, "group", group_size=GROUP)
        add(f"int{bits}", "pack-quantized", group,
            weight_scale=scales(weight, GROUP, 2 ** (bits - 1) - 1))  # fmt: skip
    for bits in (3, 4):
        zero, scale = zeros_and_scales(weight, 2**bits - 1)
        group = kind(bits, "group", group_size=GROUP, symmetric=False)
        add(f"int{bits} asymmetric", "pack-quantized", group, weight_scale=scale,
            weight_zero_point=zero)  # fmt: skip
    width = weight.shape[1]
    add("int4 channel", "pack-quantized", kind(4, "channel"), weight_scale=scales(weight, width, 7))
    add("int8 channel", "int-quantized", kind(8, "channel"),
        weight_scale=scales(weight, width, 127))  # fmt: skip
    real = "float-quantized"
    add("fp8 channel", real, kind(8, "channel", real=True), weight_scale=scales(weight, width, 448))
    add("fp8 tensor", real, kind(8, "tensor", real=True),
        weight_scale=(weight.abs().max() / 448).reshape(1))  # fmt: skip
    tiles = weight.reshape(4, 8, 2, 32).abs().amax((1, 3)) / 448
    add("fp8 block", real, kind(8, "block", real=True, block_structure=[8, 32]), weight_scale=tiles)
    own = (6 * 448) / weight.abs().max()
    add("nvfp4", "nvfp4-pack-quantized", kind(4, "tensor_group", real=True, group_size=16),
        weight_scale=scales(weight, 16, 6) * own, weight_global_scale=own.reshape(1))  # fmt: skip
    for bits, top in ((4, 6), (8, 448)):
        form = "mxfp4-pack-quantized" if bits == 4 else "mxfp8-quantized"
        powers = torch.exp2(torch.ceil(torch.log2(scales(weight, GROUP, top))))
        group = kind(bits, "group", real=True, group_size=GROUP, scale_dtype=torch.uint8)
        add(f"mxfp{bits}", form, group, weight_scale=powers)
    return found


def mlx_parts(weight: torch.Tensor) -> dict[str, dict[str, torch.Tensor]]:
    """Return every mode of MLX, its affine mode at every width of codes."""
    from mlx import core

    found: dict[str, dict[str, torch.Tensor]] = {}
    given = core.array(weight.numpy()).astype(core.float16)
    affine: dict[str, dict[str, Any]] = {
        f"MLX {n} bit": {"bits": n, "group_size": 32 + 32 * (n % 2)} for n in (2, 3, 4, 5, 6, 8)
    }
    modes: dict[str, dict[str, Any]] = {
        f"MLX {mode}": {"mode": mode} for mode in ("mxfp4", "mxfp8", "nvfp4")
    }
    for name, how in {**affine, **modes}.items():
        made = core.quantize(given, **how)
        restored = core.dequantize(*made, **how).astype(core.float32)
        named = zip(("weight", "scales", "biases"), made, strict=False)
        found[name] = {part: torch.from_numpy(np.array(array)) for part, array in named}
        found[name]["expected"] = torch.from_numpy(np.array(restored))
    return found


LIBRARIES: Final = {
    "bitsandbytes": bitsandbytes_parts,
    "compressed_tensors": compressed_parts,
    "mlx": mlx_parts,
}


def main() -> None:
    """Write the file anew."""
    torch.manual_seed(0)
    weight = torch.randn(32, 64) * 0.05
    written = load_file(PATH)
    made = {library: make for library, make in LIBRARIES.items() if find_spec(library)}
    for name, parts in [item for make in made.values() for item in make(weight).items()]:
        written |= {f"{name}/{part}": tensor.contiguous() for part, tensor in parts.items()}
        written[f"{name}/expected"] = parts["expected"].float().contiguous()
    save_file(written, PATH)


if __name__ == "__main__":
    main()
