"""Do the canonical matrices compute what the modules of the running model compute?

The oracle knows nothing of names or packing: it feeds the modules and compares outputs.
With one token, attention is exactly o applied to v, whatever q, k and the positions are.
"""

from __future__ import annotations

import inspect
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any, Final

import torch
from torch import Tensor
from torch.nn import functional

from hubcheck.anatomy.interface import Anatomy, Role
from hubcheck.anatomy.traits import RESIDUAL_NORMS
from hubcheck.anatomy.units import blocks_of_matrix, matrix_from_rows
from tests.anatomy.sweep import layer_of
from tests.anatomy.tiny import value_of

GATED: Final[tuple[Callable[[Tensor, Tensor], Tensor], ...]] = (
    lambda g, u: functional.silu(g) * u,
    lambda g, u: functional.gelu(g) * u,
    lambda g, u: functional.gelu(g, approximate="tanh") * u,
    lambda g, u: functional.relu(g) * u,
    lambda g, u: functional.relu(g) ** 2 * u,
    lambda g, u: torch.sigmoid(g) * u,
    # gpt-oss: clamped at 7, the sigmoid sharpened by 1.702, up shifted by one.
    lambda g, u: (u.clamp(-7, 7) + 1) * g.clamp(max=7) * torch.sigmoid(1.702 * g.clamp(max=7)),
)
PLAIN: Final[tuple[Callable[[Tensor], Tensor], ...]] = (
    functional.gelu,
    lambda u: functional.gelu(u, approximate="tanh"),
    functional.relu,
    lambda u: functional.relu(u) ** 2,
    functional.silu,
    lambda u: u * torch.sigmoid(1.702 * u),
)


def agrees(y: Tensor, expected: Tensor) -> bool:
    """Say whether an output is the expected one, up to the fixed multiplier of some families."""
    y, expected = y.reshape(-1), expected.reshape(-1)
    scale = (y @ expected) / (expected @ expected)
    return bool((y - scale * expected).norm() < 1e-3 * y.norm()) and float(scale) > 0


def same(a: Tensor, b: Tensor) -> bool:
    """Say whether two tensors hold the same values in any shape."""
    return a.numel() == b.numel() and torch.equal(a.reshape(-1), b.reshape(-1))


PARALLEL: Final = 1e-3
"""Rounding leaves a millionth beside the direction; a wrong role leaves a tenth."""
CROSSING: Final = 1e-2


class Oracle:
    """Runs a model on one token and asks its modules."""

    def __init__(self, model: torch.nn.Module, anatomy: Anatomy) -> None:
        """Run the model with every module's input and output kept."""
        self.anatomy = anatomy
        self.model = model
        # LongCat's double layers count as two.
        self.blocks = (
            2 if any(".self_attn.0." in m.tensor for m in anatomy.matrices.values()) else 1
        )
        self.calls: dict[str, tuple[Tensor, Tensor, tuple[Tensor, ...]]] = {}
        handles = [
            module.register_forward_hook(self._keep(name), with_kwargs=True)
            for name, module in model.named_modules()
        ]
        with torch.no_grad():
            model(input_ids=torch.tensor([[5]]), use_cache=False)
        for handle in handles:
            handle.remove()

    def _keep(self, name: str) -> Callable[..., None]:
        def keep(
            module: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], out: object
        ) -> None:
            del module
            given = [t for t in (*args, *kwargs.values()) if isinstance(t, Tensor)]
            first = kwargs.get("hidden_states", given[0] if given else None)
            out = out[0] if isinstance(out, tuple) else out
            if isinstance(first, Tensor) and isinstance(out, Tensor):
                # Falcon and Llama 4 add to an output in place later on.
                self.calls[name] = (first.clone(), out.clone(), tuple(given))

        return keep

    def weight(self, role: Role, layer: int, expert: int = -1) -> Tensor | None:
        """Return a canonical weight."""
        matrix = self.anatomy.get(role, layer, expert)
        return None if matrix is None else torch.from_numpy(value_of(self.anatomy, matrix))

    def apply(self, role: Role, layer: int, x: Tensor, expert: int = -1) -> Tensor:
        """Return the canonical linear map of a role, its bias added where it has one."""
        weight = self.weight(role, layer, expert)
        assert weight is not None
        bias = self.anatomy.matrices.get((role, layer, expert, True))
        added = 0 if bias is None else torch.from_numpy(value_of(self.anatomy, bias))[:, 0]
        return x @ weight.T + added

    def mlp_outputs(self, layer: int, x: Tensor, prefix: str, expert: int = -1) -> list[Tensor]:
        """Return what the canonical MLP gives under each activation that families use."""
        gate, up, down = (Role(f"{prefix}{part}") for part in ("gate", "up", "down"))
        u = self.apply(up, layer, x, expert)
        if self.anatomy.get(gate, layer, expert) is None:
            hidden = [act(u) for act in PLAIN]
        else:
            g = self.apply(gate, layer, x, expert)
            hidden = [act(g, u) for act in GATED]
        return [self.apply(down, layer, h, expert) for h in hidden]

    def attention_output(self, layer: int, x: Tensor, *, normed: bool) -> Tensor | None:
        """Return o(v(x)), each kv head repeated for its query heads; None for other attention.

        With ``normed`` each head of v is divided by its root mean square (Gemma 3n, Gemma 4).
        """
        o = self.weight(Role.O, layer)
        if o is None or (Role.SINKS, layer, -1, False) in self.anatomy.matrices:
            return None
        if self.weight(Role.V, layer) is not None:
            v = self.apply(Role.V, layer, x)
            repeat = o.shape[1] // v.shape[-1]
            d = self.anatomy.geometry.head_dim
            if not d or o.shape[1] % d:
                return None
            heads = v.reshape(*v.shape[:-1], -1, 1, d)
            if normed:
                heads = heads * torch.rsqrt(heads.pow(2).mean(-1, keepdim=True) + 1e-6)
            v = heads.expand(*v.shape[:-1], -1, repeat, d)
        elif self.weight(Role.MLA_V_B, layer) is not None:
            gain = self.weight(Role.MLA_KV_NORM, layer)
            assert gain is not None
            latent = self.apply(Role.MLA_KV_A, layer, x)
            latent = latent * torch.rsqrt(latent.pow(2).mean(-1, keepdim=True) + 1e-6) * gain[:, 0]
            v = self.apply(Role.MLA_V_B, layer, latent)
        else:
            return None
        mixed = v.reshape(*x.shape[:-1], -1)
        if self.weight(Role.ATTN_GATE, layer) is not None:
            gate = torch.sigmoid(self.apply(Role.ATTN_GATE, layer, x))
            mixed = mixed * gate.repeat_interleave(mixed.shape[-1] // gate.shape[-1], -1)
        return self.apply(Role.O, layer, mixed)

    def checks(self) -> Counter[str]:
        """Return how many places agree (``attention``) or not (``attention no``), by kind."""
        found: Counter[str] = Counter()
        by_layer: dict[int, list[str]] = defaultdict(list)
        for name in self.calls:
            by_layer[layer_of(name)].append(name)
        layers = {k[1] for k in self.anatomy.matrices if k[1] >= 0}
        for layer in layers:
            near = by_layer[layer // self.blocks]
            self._count(found, "attention", agreed=self._attention(layer, near))
            self._count(found, "mlp", agreed=self._mlp(layer, near, ""))
            self._count(found, "shared", agreed=self._mlp(layer, near, "shared."))
            self._count(found, "norm", agreed=self._norms(layer, near))
            self._count(found, "query", agreed=self._query(layer))
        for agreed in self._norm_kinds():
            self._count(found, "norm kind", agreed=agreed)
        with torch.no_grad():
            for name, module in self.model.named_modules():
                for agreed in self._experts(layer_of(name) * self.blocks, name, module):
                    self._count(found, "experts", agreed=agreed)
        return found

    @staticmethod
    def _count(found: Counter[str], kind: str, *, agreed: bool | None) -> None:
        if agreed is not None:
            found[kind if agreed else f"{kind} no"] += 1

    def _attention(self, layer: int, near: list[str]) -> bool | None:
        tried = False
        for name in near:
            x, y, given = self.calls[name]
            if "ttention" not in type(self.model.get_submodule(name)).__name__:
                continue
            if x.shape[-1] != self.anatomy.geometry.hidden or x.shape != y.shape:
                continue
            plain = self.attention_output(layer, x, normed=False)
            expected = self.attention_output(layer, x, normed=True)
            if expected is None or plain is None:
                return None
            tried = True
            # Bloom's module adds the residual it is given.
            sums = [plain, *(plain + r for r in given if r.shape == plain.shape)]
            # GPT-NeoX Japanese hands its bias on instead of adding it.
            bias = self.anatomy.matrices.get((Role.O, layer, -1, True))
            if bias is not None:
                sums.append(plain - torch.from_numpy(value_of(self.anatomy, bias))[:, 0])
            if any(agrees(y, e) for e in (expected, *sums)):
                return True
        return False if tried else None

    def _query(self, layer: int) -> bool | None:
        """Say whether q reads the last of two tokens only, and k does not.

        The gradient of the last output with respect to a row of q is a multiple of the last
        input; with respect to a row of k it has a part along the first input, too.
        """
        q, k = (self.anatomy.get(role, layer) for role in (Role.Q, Role.K))
        parameters = dict(self.model.named_parameters())
        if q is None or k is None or not {q.tensor, k.tensor} <= set(parameters):
            return None
        holder = q.tensor.rpartition(".")[0]
        while holder and "ttention" not in type(self.model.get_submodule(holder)).__name__:
            holder = holder.rpartition(".")[0]
        if not holder:
            return None
        seen: list[tuple[Tensor, Tensor]] = []

        def keep(
            module: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], out: object
        ) -> None:
            del module
            first = kwargs["hidden_states"] if "hidden_states" in kwargs else args[0]
            result = out[0] if isinstance(out, (tuple, list)) else out
            assert isinstance(first, Tensor)
            assert isinstance(result, Tensor)
            seen.append((first, result))

        handle = self.model.get_submodule(holder).register_forward_hook(keep, with_kwargs=True)
        self.model(input_ids=torch.tensor([[5, 9]]), use_cache=False)
        handle.remove()
        if len(seen) != 1:  # a layer used twice: what it reads is what it wrote
            return None
        ((x, y),) = seen
        direction = functional.normalize(x.detach()[0, 1], dim=0)
        weights = torch.linspace(1, 2, y.shape[-1])
        tensors = list(dict.fromkeys((q.tensor, k.tensor)))
        found = torch.autograd.grad((y[0, 1] * weights).sum(), [parameters[t] for t in tensors])
        grads = dict(zip(tensors, found, strict=True))
        off = []
        for matrix in (q, k):
            rows = grads[matrix.tensor].reshape(-1, grads[matrix.tensor].shape[-1]).numpy()
            arrays = [rows[b.start : b.stop] for b in blocks_of_matrix(matrix)]
            grad = torch.from_numpy(matrix_from_rows(matrix, arrays))
            beside = grad - (grad @ direction)[:, None] * direction
            off.append(float(beside.norm() / grad.norm()))
        return off[0] < PARALLEL and off[1] > CROSSING

    def _mlp(self, layer: int, near: list[str], prefix: str) -> bool | None:
        if any(self.weight(Role(f"{prefix}{p}"), layer) is None for p in ("up", "down")):
            return None
        tried = False
        for name in near:
            x, y, given = self.calls[name]
            kind = type(self.model.get_submodule(name)).__name__.lower()
            if not any(word in kind for word in ("mlp", "feedforward", "ffn")):
                continue
            if x.shape[-1] != self.anatomy.geometry.hidden or x.shape != y.shape:
                continue
            tried = True
            for expected in self.mlp_outputs(layer, x, prefix):
                sums = [expected + r for r in given if r.shape == expected.shape]
                if any(agrees(y, e) for e in (expected, *sums)):
                    return True
        return False if tried else None

    def _norms(self, layer: int, near: list[str]) -> bool | None:
        """Say whether each norm stands where its role says, where that can be seen."""
        blocks = {"attn": r"ttention", "mlp": r"MLP|Mlp|M[oO]E|Moe|Sparse"}
        verdicts: list[bool] = []
        for side, word in blocks.items():
            inside = [
                self.calls[n]
                for n in near
                if re.search(word, type(self.model.get_submodule(n)).__name__)
                and self.calls[n][0].shape == self.calls[n][1].shape
            ]
            for place, norm_end, block_end in (("in", 1, 0), ("post", 0, 1)):
                matrix = self.anatomy.get(Role(f"norm.{side}_{place}"), layer)
                name = matrix.tensor.removesuffix(".weight") if matrix else ""
                if name in self.calls and inside:
                    norm = self.calls[name][:2][norm_end]
                    verdicts.append(any(same(norm, b[:2][block_end]) for b in inside))
        return all(verdicts) if verdicts else None

    def _norm_kinds(self) -> list[bool]:
        """Say for each residual norm whether it scales (or also centres) as the anatomy says."""
        verdicts = []
        for (role, layer, _, bias), matrix in self.anatomy.matrices.items():
            name = matrix.tensor.removesuffix(".weight")
            if bias or role not in RESIDUAL_NORMS or name not in self.calls:
                continue
            x, y, _ = self.calls[name]
            gain = torch.from_numpy(value_of(self.anatomy, matrix))[:, 0] + self.anatomy.norm_offset
            if not self.anatomy.rms_norm:
                x = x - x.mean(-1, keepdim=True)
            shift = self.anatomy.matrices.get((role, layer, -1, True))
            added = 0 if shift is None else torch.from_numpy(value_of(self.anatomy, shift))[:, 0]
            verdicts.append(
                agrees(y, x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True)) * gain + added)
            )
        return verdicts

    def _experts(self, layer: int, name: str, module: torch.nn.Module) -> list[bool]:
        fused = getattr(module, "gate_up_proj", None)
        if not isinstance(fused, Tensor) or fused.ndim != 3 or not name.endswith("experts"):
            return []
        verdicts = []
        x = torch.randn(1, self.anatomy.geometry.hidden)
        for expert in range(fused.shape[0]):
            if self.weight(Role.EXPERT_DOWN, layer, expert) is None:
                continue
            if len(inspect.signature(module.forward).parameters) == 1:
                # Llama 4 hands every expert its own copy of the tokens.
                y = module(x.repeat(fused.shape[0], 1))[expert][None]
            else:
                y = module(x, torch.tensor([[expert, expert]]), torch.full((1, 2), 0.5))
            outputs = self.mlp_outputs(layer, x, "expert.", expert)
            verdicts.append(any(agrees(y, e) for e in outputs))
        return verdicts
