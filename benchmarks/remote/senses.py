"""What does a check of models of pictures, sound and diffusion cost at their published sizes?

``python -m benchmarks.remote.senses`` serves made-up models with the shapes that transformers and
diffusers build from the published configurations, and checks a derivative and a stranger of each as
``benchmarks.remote.run`` does: bytes and requests are counted by the server. With diffusers installed
SDXL's UNet and Flux are among them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from typing import Any, Final

import torch

from benchmarks.remote.run import BASE, DERIVED, HEAD, SEED, STRANGER, Row, Stage, line
from tests.hubserver import Link, LocalHub
from tests.material.remote.shapes import Entry, Published

NO_TOKENS: Final = 512
"""Size of the tokenizer beside a model that reads no text; nobody reads it."""
WHISPER: Final = {
    "d_model": 1280, "encoder_layers": 32, "decoder_layers": 32, "encoder_attention_heads": 20,
    "decoder_attention_heads": 20, "encoder_ffn_dim": 5120, "decoder_ffn_dim": 5120,
    "num_mel_bins": 128, "vocab_size": 51866,
}  # fmt: skip
CLIP_TEXT: Final = {
    "hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12,
    "num_attention_heads": 12, "vocab_size": 49408,
}  # fmt: skip
VIT_L: Final = {
    "hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24,
    "num_attention_heads": 16, "image_size": 224,
}  # fmt: skip
WAV2VEC: Final = {
    "hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16,
    "intermediate_size": 4096, "do_stable_layer_norm": True, "feat_extract_norm": "layer",
    "conv_bias": True,
}  # fmt: skip
SDXL: Final = {
    "sample_size": 128, "block_out_channels": (320, 640, 1280), "layers_per_block": 2,
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "transformer_layers_per_block": (1, 2, 10), "attention_head_dim": (5, 10, 20),
    "cross_attention_dim": 2048, "use_linear_projection": True, "addition_embed_type": "text_time",
    "addition_time_embed_dim": 256, "projection_class_embeddings_input_dim": 2816,
}  # fmt: skip


def of_transformers(label: str, name: str, **sizes: Any) -> Published:
    """Return the shapes of a class of transformers, under the names that it publishes."""
    import transformers
    from transformers.core_model_loading import revert_weight_conversion

    made_by = getattr(transformers, name)
    config = made_by.config_class(**sizes)
    with torch.device("meta"):
        model = made_by(config)
    tied = frozenset(getattr(model, "all_tied_weights_keys", None) or ())
    held = revert_weight_conversion(model, dict(model.state_dict()))
    stated = {**config.to_dict(), "architectures": [name]}
    return _published(label, stated, {n: v for n, v in held.items() if n not in tied})


def of_diffusers(label: str, name: str, **sizes: Any) -> Published:
    """Return the shapes of a class of diffusers."""
    import diffusers

    with torch.device("meta"):
        model = getattr(diffusers, name)(**sizes)
    return _published(label, {**model.config, "_class_name": name}, model.state_dict())


def _published(label: str, config: dict[str, Any], tensors: dict[str, torch.Tensor]) -> Published:
    shapes = [(name, tuple(values.shape)) for name, values in tensors.items() if values.dim()]

    def entries() -> Iterator[Entry]:
        yield from shapes

    plain = {k: v for k, v in config.items() if isinstance(v, int | float | str | list | dict)}
    text = plain.get("text_config")
    inner = text.get("vocab_size") if isinstance(text, dict) else None
    # The server writes a tokenizer of this size, 512 at least: wav2vec2 has 32 letters.
    stated = plain.get("vocab_size") or inner
    plain["vocab_size"] = max(stated if isinstance(stated, int) else NO_TOKENS, NO_TOKENS)
    return Published(label=label, config=plain, tensors=entries)


MODELS: Final[tuple[tuple[str, Callable[[], Published]], ...]] = (
    ("transformers", lambda: of_transformers(
        "Whisper large-v3", "WhisperForConditionalGeneration", **WHISPER)),
    ("transformers", lambda: of_transformers(
        "CLIP ViT-L/14", "CLIPModel", text_config=CLIP_TEXT,
        vision_config={**VIT_L, "patch_size": 14}, projection_dim=768)),
    ("transformers", lambda: of_transformers(
        "ViT-L/16", "ViTForImageClassification", **VIT_L, patch_size=16)),
    ("transformers", lambda: of_transformers("wav2vec2 large", "Wav2Vec2Model", **WAV2VEC)),
    ("diffusers", lambda: of_diffusers("SDXL UNet", "UNet2DConditionModel", **SDXL)),
    ("diffusers", lambda: of_diffusers("Flux", "FluxTransformer2DModel", guidance_embeds=True)),
)  # fmt: skip
"""Published models and the package that builds them."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure all, or those at the numbers that are given, and print the table."""
    chosen = {int(n) for n in (sys.argv[1:] if arguments is None else arguments)}
    rows = []
    with LocalHub(link=Link(latency=0.05, bandwidth=125e6)) as hub:
        stage = Stage(hub)
        for number, (package, make) in enumerate(MODELS):
            if not find_spec(package) or (chosen and number not in chosen):
                continue
            published = make()
            names = {
                r: f"{kind}-{number}"
                for r, kind in ((BASE, "base"), (DERIVED, "tuned"), (STRANGER, "other"))
            }
            base, tuned, other = (stage.add(name, published, r) for r, name in names.items())
            size = f"{published.label}, {published.parameters / 1e9:,.2f} B"
            rows.append(stage.measure(f"{size}, tuned", base, tuned, "--base", base, *SEED))
            rows.append(stage.measure(f"{size}, stranger", base, other, "--suspect", base, *SEED))
            print(with_shares(rows[-2]), with_shares(rows[-1]), sep="\n", file=sys.stderr)
    print(HEAD.replace("\n", " order tested | compared |\n") + "---|" * 2)
    print("\n".join(map(with_shares, rows)))
    return 0


def with_shares(row: Row) -> str:
    """Return a row of the table, with the shares that were tested and compared."""
    tested, compared = row.shares
    return f"{line(row)} {tested:.0%} | {compared:.0%} |"


if __name__ == "__main__":
    sys.exit(main())
