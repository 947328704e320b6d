"""What is a small model of a class fed, when its library gives no example?

By the names of what its ``forward`` takes, and the sizes its configuration states. A class for which
this does not do is rejected by name.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Final

import torch

SIDE: Final = 32
TOKENS: Final = 12
FRAMES: Final = 64


def inputs_of(model: Any) -> dict[str, Any]:
    """Return keyword arguments for a model of transformers.

    Args:
        model: Built, with a ``config``.
    """
    taken = inspect.signature(model.forward).parameters
    generator = torch.Generator().manual_seed(7)
    found: dict[str, Any] = {}
    for name, make in MAKERS.items():
        if name in taken:
            value = make(model.config, generator)
            if value is not None:
                found[name] = value
    if "use_cache" in taken:
        found["use_cache"] = False  # what is run again must not go on where it stopped
    main = getattr(model, "main_input_name", "")
    if main in MAKERS and main not in found:
        found[main] = MAKERS[main](model.config, generator)
    if main == "pixel_values" and "inputs_embeds" in found:
        del found["inputs_embeds"]
    return found


def _size(config: Any, *names: str, default: int) -> int:
    for where in (config, *(v for v in vars(config).values() if hasattr(v, "model_type"))):
        for name in names:
            value = getattr(where, name, None)
            if isinstance(value, (list, tuple)) and value and isinstance(value[0], int):
                value = value[-1]
            if isinstance(value, int) and not isinstance(value, bool) and value > 0:
                return value
    return default


def _normal(shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def _ids(config: Any, generator: torch.Generator) -> torch.Tensor:
    most = max(8, _size(config, "vocab_size", default=100) - 8)
    return torch.randint(4, most, (1, TOKENS), generator=generator)


def _pixels(config: Any, generator: torch.Generator) -> torch.Tensor:
    side = _size(config, "image_size", "img_size", default=64)
    channels = _size(config, "num_channels", "in_channels", default=3)
    window = getattr(config, "window_size", None)
    if isinstance(window, int) and isinstance(getattr(config, "depths", None), (list, tuple)):
        # Windows of the last stage must fit: each stage before it has halved the picture.
        side = max(side, window * config.patch_size * 2 ** (len(config.depths) - 1))
    return _normal((1, channels, side, side), generator)


def _features(config: Any, generator: torch.Generator) -> torch.Tensor:
    mels = _size(config, "num_mel_bins", "feature_size", "input_feat_per_channel", default=80)
    mels = getattr(config, "feature_projection_input_dim", mels)
    frames = 2 * _size(config, "max_source_positions", default=FRAMES // 2)
    kind = getattr(config, "model_type", "")
    if kind in {"speech_to_text", "wav2vec2-bert", "fastspeech2_conformer", "parakeet_encoder"}:
        return _normal((1, FRAMES, mels), generator)
    return _normal((1, mels, frames), generator)


def _wave(config: Any, generator: torch.Generator) -> torch.Tensor:
    kind = getattr(config, "model_type", "")
    if kind == "speecht5":  # what reads sound stands before the model itself
        return _normal((1, TOKENS, config.hidden_size), generator)
    if kind == "audio-spectrogram-transformer":
        return _normal((1, _size(config, "max_length", default=64), config.num_mel_bins), generator)
    if kind in {"encodec", "dac", "mimi", "xcodec"}:
        return _normal((1, 1, 2048), generator)
    return _normal((1, 4000), generator)


def _past(config: Any, generator: torch.Generator) -> torch.Tensor:
    length = _size(config, "context_length", default=32)
    lags = getattr(config, "lags_sequence", None)
    if lags:
        length += max(lags)
    channels = _size(config, "num_input_channels", default=1)
    if getattr(config, "model_type", "") in {"timesfm", "timesfm2_5"}:
        return _normal((1, length), generator)
    return _normal((1, length, channels), generator)


def _spoken(config: Any, generator: torch.Generator) -> torch.Tensor | None:
    known = getattr(config, "model_type", "") == "speecht5"
    return _normal((1, TOKENS, config.hidden_size), generator) if known else None


def _padding(config: Any, generator: torch.Generator) -> torch.Tensor:
    return torch.zeros(_past(config, generator).shape[:2], dtype=torch.float64)


def _frequency(_: Any, __: torch.Generator) -> torch.Tensor:
    return torch.zeros((1, 1), dtype=torch.long)


MAKERS: Final[Mapping[str, Callable[[Any, torch.Generator], Any]]] = {
    "input_ids": _ids,
    "pixel_values": _pixels,
    "input_features": _features,
    "input_values": _wave,
    "past_values": _past,
    "decoder_input_ids": _ids,
    "decoder_input_values": _spoken,
    "past_values_padding": _padding,
    "freq": _frequency,
}
"""From the name of an argument to a value for it."""
