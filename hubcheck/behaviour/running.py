"""What does one model answer and see on the prompts, run by transformers and accelerate?

accelerate places the layers (``device_map``): on accelerators as far as they fit, then in memory,
then on disk. No code of a repository is run, nothing is unpickled, nothing is fetched: what lies in
the folder was laid there by ``places``. One model is in memory at a time.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.behaviour.interface import NotRun, NotRunError, Seen, Vocabulary
from hubcheck.devices.choice import SHARE, host_memory, signs_of_accelerator

PACKAGES: Final = ("torch", "transformers", "accelerate", "safetensors")
BATCH: Final = 8
"""Prompts run at once: a few hundred tokens, so that no layer that was fetched is fetched often."""
CAUSAL: Final = ("ForCausalLM", "LMHeadModel", "ForConditionalGeneration")
"""How transformers calls classes that go on with a text."""


def missing_package() -> str:
    """Return a package that is not installed, or ``""``."""
    return next((name for name in PACKAGES if find_spec(name) is None), "")


class Runner:
    """One model, loaded."""

    def __init__(self, model: Any, tokenizer: Any) -> None:
        """Bind a model of transformers and its tokenizer."""
        self.model, self.tokenizer = model, tokenizer
        self.vocabulary = _vocabulary(tokenizer)

    def ids(self, text: str) -> list[int]:
        """Return the tokens of a text, none added."""
        with _failing():
            found: list[int] = self.tokenizer(text, add_special_tokens=False)["input_ids"]
        return found

    def text(self, token: int) -> str:
        """Return what a token stands for."""
        with _failing():
            return str(self.tokenizer.decode([token]))

    def seen(self, rows: Sequence[Sequence[int]], counted: Sequence[Sequence[int]]) -> Seen:
        """Run the model on rows of tokens.

        Args:
            rows: Tokens; rows may differ in length.
            counted: Positions of each row that count.

        Raises:
            NotRunError: it fails, or an answer is not finite.
        """
        import torch

        scores: list[Any] = []
        states: list[list[Any]] = []
        with _failing(), torch.inference_mode():
            for start in range(0, len(rows), BATCH):
                some, places = rows[start : start + BATCH], counted[start : start + BATCH]
                longest = max(map(len, some))
                # Padded behind: a model that goes on with a text never looks there.
                padded = torch.tensor([[*row, *[0] * (longest - len(row))] for row in some])
                mask = torch.tensor([[1] * len(r) + [0] * (longest - len(r)) for r in some])
                device = self.model.get_input_embeddings().weight.device
                if device.type == "meta":  # accelerate fetches it when it is its turn
                    device = torch.device("cpu")
                out = self.model(
                    input_ids=padded.to(device),
                    attention_mask=mask.to(device),
                    output_hidden_states=True,
                    use_cache=False,
                )
                for n, wanted in enumerate(places):
                    chosen = list(wanted)
                    scores.append(_kept(out.logits[n, chosen].float().cpu().numpy()))
                    found = [h[n, chosen].float().cpu().numpy() for h in out.hidden_states]
                    states.append(found)
        layers = tuple(np.concatenate(parts) for parts in zip(*states, strict=True))
        return Seen(scores=np.concatenate(scores), states=layers)


def _kept(scores: NDArray[np.float32]) -> NDArray[np.float16]:
    """Return scores as they are kept: a position may have a quarter of a million.

    Raises:
        NotRunError: one is not finite.
    """
    if not np.isfinite(scores).all():
        raise NotRunError(NotRun.NOT_FINITE)
    scores = scores - scores.max(axis=1, keepdims=True)  # so that float16 holds what counts
    return np.maximum(scores, -6e4).astype(np.float16)


def _vocabulary(tokenizer: Any) -> Vocabulary:
    special = {int(n) for n in getattr(tokenizer, "all_special_ids", ())}
    added = {int(n) for n in getattr(tokenizer, "added_tokens_decoder", {})}
    return Vocabulary(ids=dict(tokenizer.get_vocab()), special=frozenset(special | added))


def vocabulary_of(folder: Path, gguf: str) -> Vocabulary:
    """Return the tokens of a model that was laid out; its weights are not loaded.

    Raises:
        NotRunError: it has no tokenizer that transformers can load.
    """
    with _failing():
        return _vocabulary(_tokenizer(folder, gguf))


def _tokenizer(folder: Path, gguf: str) -> Any:
    import transformers

    return transformers.AutoTokenizer.from_pretrained(folder, **_common(gguf))


def _common(gguf: str) -> dict[str, Any]:
    """Return what every call of transformers is given: nothing fetched, no foreign code."""
    common: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    return common | ({"gguf_file": gguf} if gguf else {})


@contextmanager
def loaded(folder: Path, gguf: str, *, memory: int = 0) -> Iterator[Runner]:
    """Load what lies in a folder, and let it go again.

    Args:
        folder: As ``places.laid_out`` made it.
        gguf: Name of the GGUF file in it, or ``""``.
        memory: Bytes of the machine's memory that weights may take; 0: what is free. What does not
            fit lies on disk.

    Raises:
        NotRunError: it is not a model that can be run like this.
    """
    import torch
    import transformers

    told_nothing: Any = transformers.logging  # transformers does not type it
    told_nothing.set_verbosity_error()
    told_nothing.disable_progress_bar()
    logging.getLogger("accelerate").setLevel(logging.ERROR)  # of offloaded layers, else
    common = _common(gguf)
    # What reads GGUF draws a bar whatever it was told; what went wrong comes as an error.
    with _failing(), redirect_stderr(StringIO()):
        config = transformers.AutoConfig.from_pretrained(folder, **common)
        names = getattr(config, "architectures", None) or ()
        if names and not any(str(names[0]).endswith(end) for end in CAUSAL):
            raise NotRunError(NotRun.NOT_CAUSAL)
        if getattr(config, "is_encoder_decoder", False):
            raise NotRunError(NotRun.NOT_CAUSAL)
        tokenizer = _tokenizer(folder, gguf)
        room = memory or max(1, host_memory() * (SHARE - 1) // SHARE)
        placed: dict[str, Any] = {"device_map": "auto", "offload_folder": str(folder / "offload")}
        if not signs_of_accelerator():
            placed["max_memory"] = {"cpu": room}
        load: Any = transformers.AutoModelForCausalLM.from_pretrained
        model, told = load(
            folder,
            config=config,  # of a GGUF file it takes seconds to read again
            dtype=torch.float32 if not signs_of_accelerator() else "auto",
            attn_implementation="eager",  # else a configuration could name one to be fetched
            use_safetensors=True,
            output_loading_info=True,
            **placed,
            **common,
        )
    if told.get("missing_keys") or told.get("mismatched_keys") or told.get("error_msgs"):
        raise NotRunError(NotRun.INCOMPLETE)
    model.eval()
    yield Runner(model, tokenizer)


@contextmanager
def _failing() -> Iterator[None]:
    """Turn whatever a library raises into a reason; of its text nothing is kept."""
    try:
        yield
    except (NotRunError, KeyboardInterrupt):
        raise
    except Exception as error:
        kind = type(error).__name__
        own_code = "trust_remote_code" in str(error) or "does not recognize this arch" in str(error)
        raise NotRunError(NotRun.OWN_CODE if own_code else NotRun.FAILED, kind) from error


def relative_depths(layers: int, others: int) -> list[tuple[int, int]]:
    """Return which layer of one model stands beside which of another: by share of the depth."""
    if layers == others or layers < 2:  # noqa: PLR2004 - one layer has no depth
        return [(n, min(n, others - 1)) for n in range(layers)]
    return [(n, math.floor(n * (others - 1) / (layers - 1) + 0.5)) for n in range(layers)]
