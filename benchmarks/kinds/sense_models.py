"""How are a small ViT, a small CLIP and a small Whisper really trained, without any data to fetch?

Pictures are gratings of some orientations, widths and places under noise; what is to be told is the
class, or which caption belongs to which picture; a Whisper hears the picture as a spectrogram and
writes the caption. The same seeds on the same machine and versions give the same weights.
"""

from __future__ import annotations

from typing import Any, Final

import torch

from benchmarks.kinds.descend import descend

KINDS: Final = ("ViT", "CLIP", "Whisper")
WIDTH: Final = 96
INNER: Final = 384
LAYERS: Final = 4
HEADS: Final = 4
SIDE: Final = 24
PATCH: Final = 6
BATCH: Final = 32
STEPS: Final = 250
TUNING: Final = 80
RATE: Final = 1e-3
TUNING_RATE: Final = 3e-4
TURNS: Final = 8
"""Orientations of a grating."""
WAVES: Final = 4
"""Widths of a grating."""
PLACES: Final = 4
"""Quarters in which it may stand."""
WORDS: Final = 40
"""Tokens; the first four are reserved."""
NOISE: Final = 0.5
OTHER: Final = 0.7
"""What a fine-tune sees is turned and stretched by this much."""


def configured(kind: str) -> Any:
    """Return an untrained model of a kind."""
    import transformers

    size = {
        "hidden_size": WIDTH, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS,
        "intermediate_size": INNER,
    }  # fmt: skip
    sight = {**size, "image_size": SIDE, "patch_size": PATCH}
    if kind == "ViT":
        return transformers.ViTForImageClassification(
            transformers.ViTConfig.from_dict({**sight, "num_labels": TURNS * WAVES})
        )
    if kind == "Whisper":
        return transformers.WhisperForConditionalGeneration(
            transformers.WhisperConfig(
                d_model=WIDTH, encoder_layers=LAYERS, decoder_layers=LAYERS,
                encoder_attention_heads=HEADS, decoder_attention_heads=HEADS,
                encoder_ffn_dim=INNER, decoder_ffn_dim=INNER, num_mel_bins=SIDE,
                max_source_positions=SIDE // 2, max_target_positions=8, vocab_size=WORDS,
                pad_token_id=0, bos_token_id=1, eos_token_id=WORDS - 1, decoder_start_token_id=1,
                begin_suppress_tokens=None,
            )
        )  # fmt: skip
    text = {
        **size, "vocab_size": WORDS, "max_position_embeddings": 8,
        "bos_token_id": 1, "eos_token_id": WORDS - 1, "pad_token_id": 0,
    }  # fmt: skip
    return transformers.CLIPModel(
        transformers.CLIPConfig(text_config=text, vision_config=sight, projection_dim=64)
    )


def learn(
    kind: str, model: Any, seed: int, steps: int, rate: float, *, other: bool = False
) -> float:
    """Train a model in place; return its mean loss over the last tenth of the steps.

    Args:
        kind: One of ``KINDS``.
        model: From ``configured``, or trained before.
        seed: Of what it sees.
        steps: See ``descend``.
        rate: See ``descend``.
        other: Other pictures, for a fine-tune.
    """
    generator = torch.Generator().manual_seed(seed)
    shift = OTHER if other else 0.0
    return descend(model, lambda: _loss(kind, model, generator, shift), steps, rate)


def _loss(kind: str, model: Any, generator: torch.Generator, shift: float) -> torch.Tensor:
    facts, pictures = seen(generator, shift)
    starts = torch.tensor([4, 4 + TURNS, 4 + TURNS + WAVES])
    ends = torch.full((len(facts), 1), WORDS - 1)
    captions = torch.cat([torch.ones_like(ends), facts + starts, ends], dim=1)
    if kind == "Whisper":
        heard: torch.Tensor = model(input_features=pictures[:, 0], labels=captions[:, 1:]).loss
        return heard
    given = {
        "ViT": {"labels": facts[:, 0] * WAVES + facts[:, 1]},
        "CLIP": {"input_ids": captions, "return_loss": torch.tensor(1)},
    }[kind]
    loss: torch.Tensor = model(pixel_values=pictures, **given).loss
    return loss


def seen(generator: torch.Generator, shift: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Return (orientation, width, place) [batch, 3] and pictures [batch, 3, side, side]."""
    sizes = (TURNS, WAVES, PLACES)
    facts = torch.stack([torch.randint(n, (BATCH,), generator=generator) for n in sizes], dim=1)
    angle = facts[:, 0] * torch.pi / TURNS + shift
    wave = (facts[:, 1] + 2.0 + shift) * 2 * torch.pi / SIDE
    at = torch.arange(SIDE, dtype=torch.float32)
    along = at[:, None] * torch.cos(angle)[:, None, None] + at * torch.sin(angle)[:, None, None]
    bars = torch.sin(wave[:, None, None] * along)
    row, column = facts[:, 2] // 2, facts[:, 2] % 2
    near = ((at > SIDE / 2) == row[:, None, None].bool()[..., 0])[:, :, None]
    beside = ((at > SIDE / 2) == column[:, None, None].bool()[..., 0])[:, None, :]
    bars = bars * (0.3 + 0.7 * (near & beside))
    noise = torch.randn((BATCH, 3, SIDE, SIDE), generator=generator)
    return facts, bars[:, None] + NOISE * noise
