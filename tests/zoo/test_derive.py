"""Can every planted derivative be made, and does it keep its promise about the function?"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from benchmarks.zoo.derive import derive, write
from tests.material.zoo.corpus import LEARNED_TOKENS, tokenizer_files
from tests.material.zoo.folder import read_weights, write_model
from tests.material.zoo.model import initial_weights, logits, names_and_shapes
from tests.material.zoo.planted import DERIVATIONS, Derivation
from tests.material.zoo.recipes import recipe
from tests.material.zoo.symmetries import NORMS


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with untrained stand-ins for every parent, gains not one."""
    root = tmp_path_factory.mktemp("models")
    for i, name in enumerate(sorted({p for d in DERIVATIONS for p in d.parents})):
        rng = np.random.default_rng(i)
        shape = recipe(name).shape
        weights = {
            n: (0.5 + rng.random(w.shape)).astype(np.float32) if NORMS.search(n) else w
            for n, w in initial_weights(shape, i).items()
        }
        write_model(root / name, weights, shape.config(), tokenizer_files={}, card="", dtype="F32")
    return root


@pytest.mark.parametrize("wanted", DERIVATIONS, ids=lambda d: d.name)
def test_derivative_is_what_it_says(wanted: Derivation, models: Path, tokenizer: Tokenizer) -> None:
    """Shapes fit, something changed or the storage did, and the function is kept where promised."""
    product = derive(wanted, tokenizer_files(tokenizer), models)
    assert {n: w.shape for n, w in product.weights.items()} == names_and_shapes(product.shape)
    if not wanted.preserves:
        return
    parent = recipe(wanted.parents[0]).shape
    ids = np.random.default_rng(1).integers(2, LEARNED_TOKENS, (2, 12))
    order = np.arange(parent.vocab)
    if wanted.name == "reordered":
        moved = Tokenizer.from_str(product.files["tokenizer.json"]).get_vocab()
        order[[tokenizer.get_vocab()[t] for t in moved]] = list(moved.values())
    before = logits(read_weights(models / wanted.parents[0]), parent, ids)[..., :LEARNED_TOKENS]
    after = logits(product.weights, product.shape, order[ids])[..., order][..., :LEARNED_TOKENS]
    assert np.abs(before - after).max() < 1e-4 * np.abs(before).max()


def test_written_derivative_tells_its_parents(
    models: Path, tmp_path: Path, tokenizer: Tokenizer
) -> None:
    """A derivative's folder names its parents and loads back."""
    wanted = next(d for d in DERIVATIONS if d.name == "resharded")
    write(wanted, derive(wanted, tokenizer_files(tokenizer), models), tmp_path)
    facts = json.loads((tmp_path / "resharded" / "derived.json").read_text())
    assert facts["parents"] == ["base"]
    files = list((tmp_path / "resharded").glob("*.safetensors"))
    assert len(files) == 5
