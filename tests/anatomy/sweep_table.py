"""Measures one row of the sweep's table, and writes the table when run."""

from __future__ import annotations

import json
import logging
from collections import Counter
from typing import Any, Final

import torch
import transformers
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

from hubcheck.anatomy.interface import Anatomy
from hubcheck.anatomy.read import anatomy_of
from tests.anatomy.encoder_oracle import EncoderOracle
from tests.anatomy.oracle import Oracle
from tests.anatomy.sweep import TABLE, saved_model
from tests.anatomy.sweep_encoders import ENCODERS
from tests.anatomy.tiny import checkpoint_of, shapes_of

LIKE_ENCODERS: Final = frozenset(("bert-generation", "git", "roc_bert"))
"""Their text layers are BERT's."""

SUM: Final = {"norm no": "the norms follow the residual sum"}
AFTER_THE_SUM: Final = (
    *("openai-gpt", "bart", "blenderbot-small", "marian", "mvp", "plbart", "prophetnet", "trocr"),
)
"""Their norms follow the residual sum, not the block; ``stack_oracle`` asks the sums."""
EXPLAINED: Final[dict[str, dict[str, str]]] = dict.fromkeys(AFTER_THE_SUM, SUM) | {
    "apertus": {"mlp no": "the activation has learned parameters"},
    "axk2": {"attention no": "the gate is fused with q_b, which therefore stays unknown"},
    "beam": {"attention no": "the output is gated by a per-head bias"},
    "bitnet": {
        "attention no": "a norm stands before o",
        "mlp no": "a norm stands before down",
    },
    "diffllama": {"attention no": "the difference of two attentions, normed"},
    "flint": {"attention no": "an offset in the softmax takes part of the weight"},
    "inkling_text": {"attention no": "a short convolution stands behind v"},
    "prophetnet": {
        "attention no": "the streams that predict attend to two sets of keys; test_relabelled asks",
        **SUM,
    },
    "rwkv": {"query no": "receptance and key read the token before, too"},
}
"""Places where the module does more than the canonical matrices, so that the oracle cannot agree."""


def checked(architecture: str, model: torch.nn.Module, anatomy: Anatomy) -> Counter[str]:
    """Return what the oracle for the kind of model says.

    The modules of encoders hold the sums of the stream, so that the sums are asked. The MLP of RWKV
    mixes in the token before and gates its output: made to mix in nothing, and to gate by one half.
    """
    if architecture in ENCODERS or architecture in LIKE_ENCODERS:
        return EncoderOracle(model, anatomy).sums()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("feed_forward.receptance.weight"):
                parameter.zero_()
            elif name.endswith("feed_forward.time_mix_key"):
                parameter.fill_(1.0)
    return Oracle(model, anatomy).checks()


def row_of(architecture: str) -> dict[str, Any]:
    """Return the row of one architecture."""
    torch.set_num_threads(1)
    logging.getLogger("transformers").setLevel(logging.ERROR)
    try:
        saved = saved_model(architecture)
    except Exception as error:  # noqa: BLE001 - any reason not to build is what the table lists
        return {"not built": f"{type(error).__name__}: {error}".split("\n", 1)[0][:120]}
    anatomy = anatomy_of(checkpoint_of(saved.tensors), saved.config)
    row: dict[str, Any] = {
        "mapped": round(100 * anatomy.mapped_share, 2),
        "unknown": len(anatomy.unknown),
        "tensors": len(saved.tensors),
    }
    runtime = {name: tuple(t.shape) for name, t in saved.model.state_dict().items()}
    share = round(100 * anatomy_of(shapes_of(runtime), saved.config).mapped_share, 2)
    if share != row["mapped"]:
        row["mapped at run time"] = share
    try:
        row["checked"] = dict(sorted(checked(architecture, saved.model, anatomy).items()))
    except Exception as error:  # noqa: BLE001 - a model that cannot run cannot be asked
        row["not run"] = f"{type(error).__name__}: {error}".split("\n", 1)[0][:120]
    return row


def main() -> None:
    """Write the table anew."""
    rows = {a: row_of(a) for a in sorted(MODEL_FOR_CAUSAL_LM_MAPPING_NAMES)}
    table = {"transformers": transformers.__version__, "architectures": rows}
    lines = [f"    {json.dumps(a)}: {json.dumps(r)}" for a, r in rows.items()]
    head = f'{{\n  "transformers": {json.dumps(table["transformers"])},\n  "architectures": {{\n'
    TABLE.write_text(head + ",\n".join(lines) + "\n  }\n}\n")


if __name__ == "__main__":
    main()
