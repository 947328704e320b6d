"""A model that no rule reads is read by the certified axes of its class."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hubcheck.anatomy.free_axes import known_class, table
from hubcheck.anatomy.interface import Role, Way
from hubcheck.anatomy.of_model import anatomy_of_model
from hubcheck.anatomy.outline import outline
from hubcheck.checkpoint.kernels import as_rows
from tests.anatomy.test_one_stack import checkpoint

Shapes = dict[str, tuple[int, ...]]


def resnet(name: str, d_in: int, d_out: int, *, time: int = 0) -> Shapes:
    """Return the tensors of a residual block as diffusers names them."""
    found: Shapes = {
        f"{name}.norm1.weight": (d_in,),
        f"{name}.norm1.bias": (d_in,),
        f"{name}.conv1.weight": (d_out, d_in, 3, 3),
        f"{name}.conv1.bias": (d_out,),
        f"{name}.norm2.weight": (d_out,),
        f"{name}.norm2.bias": (d_out,),
        f"{name}.conv2.weight": (d_out, d_out, 3, 3),
        f"{name}.conv2.bias": (d_out,),
    }
    if d_in != d_out:
        found |= {
            f"{name}.conv_shortcut.weight": (d_out, d_in, 1, 1),
            f"{name}.conv_shortcut.bias": (d_out,),
        }
    if time:
        found |= {
            f"{name}.time_emb_proj.weight": (d_out, time),
            f"{name}.time_emb_proj.bias": (d_out,),
        }
    return found


def vae(widths: tuple[int, ...] = (128, 256, 512), blocks: int = 2) -> Shapes:
    """Return the tensors of an autoencoder, at a published size."""
    found: Shapes = {}
    ends = {"encoder": (3, 8), "decoder": (4, 3)}
    for part, (first, last) in ends.items():
        order = widths if part == "encoder" else widths[::-1]
        top = widths[-1]
        found |= {
            f"{part}.conv_in.weight": (order[0], first, 3, 3),
            f"{part}.conv_in.bias": (order[0],),
            f"{part}.conv_norm_out.weight": (order[-1],),
            f"{part}.conv_norm_out.bias": (order[-1],),
            f"{part}.conv_out.weight": (last, order[-1], 3, 3),
            f"{part}.conv_out.bias": (last,),
        }
        for n in (0, 1):
            found |= resnet(f"{part}.mid_block.resnets.{n}", top, top)
        attention = f"{part}.mid_block.attentions.0"
        for one in ("to_q", "to_k", "to_v", "to_out.0"):
            found |= {f"{attention}.{one}.weight": (top, top), f"{attention}.{one}.bias": (top,)}
        found |= {f"{attention}.group_norm.{w}": (top,) for w in ("weight", "bias")}
        list_, sampler = ("down_blocks", "downsamplers"), ("up_blocks", "upsamplers")
        name, scaler = list_ if part == "encoder" else sampler
        before = order[0]
        for level, width in enumerate(order):
            for n in range(blocks + (part == "decoder")):
                found |= resnet(f"{part}.{name}.{level}.resnets.{n}", before, width)
                before = width
            if level < len(order) - 1:
                where = f"{part}.{name}.{level}.{scaler}.0.conv"
                found |= {f"{where}.weight": (width, width, 3, 3), f"{where}.bias": (width,)}
    return found | {
        "quant_conv.weight": (8, 8, 1, 1),
        "quant_conv.bias": (8,),
        "post_quant_conv.weight": (4, 4, 1, 1),
        "post_quant_conv.bias": (4,),
    }


def test_a_published_size_meets_a_class_that_was_certified_small() -> None:
    """Three levels of other widths, where two were built."""
    known = known_class(vae())
    assert known is not None
    assert (known.library, known.name) == ("diffusers", "AutoencoderKL")
    conv = [a for a in known.axes if a.writes[0].tensor.endswith("conv1.weight")]
    assert len(conv) == 4 + 6 + 9  # every residual block has its inner channels
    assert all(a.in_blocks for a in conv), "groups of the norm between the two kernels"
    assert {a.n for a in conv} == {128, 256, 512}


def test_every_tensor_is_a_matrix_a_vector_or_a_buffer() -> None:
    """Kernels are rows; nothing is left without a role, nothing is counted twice."""
    stored = checkpoint(vae())
    anatomy = anatomy_of_model(stored, {"_class_name": "AutoencoderKL"})
    assert anatomy.way is Way.CERTIFIED
    assert anatomy.unknown == ()
    assert {m.tensor for m in anatomy.matrices.values()} | set(anatomy.others) == set(vae())
    first = anatomy.get(Role.AXIS_IN, 0)
    assert first is not None
    assert anatomy.axes[0].n == first.n_out
    for number, place in anatomy.axes.items():
        out = anatomy.get(Role.AXIS_OUT, number)
        if out is not None and place.step:
            assert out.n_in == place.n * place.step
    assert "free axes" in " ".join(outline(anatomy))
    assert "AutoencoderKL" in outline(anatomy)[0]


def test_a_foreign_tensor_in_a_block_takes_its_certificate() -> None:
    """What was not there when the block was relabelled may read its channels."""
    shapes = vae() | {"encoder.mid_block.resnets.0.adapter.weight": (512, 512)}
    known = known_class(shapes)
    assert known is not None
    held = {a.writes[0].tensor for a in known.axes}
    assert "encoder.mid_block.resnets.0.conv1.weight" not in held
    assert "encoder.mid_block.resnets.1.conv1.weight" in held


def test_sizes_that_do_not_fit_are_no_axis() -> None:
    """A second kernel that reads another number of channels than the first writes."""
    shapes = vae() | {"encoder.mid_block.resnets.0.conv2.weight": (512, 256, 3, 3)}
    known = known_class(shapes)
    assert known is not None
    held = {a.writes[0].tensor for a in known.axes}
    assert "encoder.mid_block.resnets.0.conv1.weight" not in held


def bottlenecks(groups: int) -> Shapes:
    """Return a ResNet as timm names it; with groups it is a ResNeXt under the same names."""
    found: Shapes = {"conv1.weight": (64, 3, 7, 7), "fc.weight": (10, 256), "fc.bias": (10,)}
    norms = ["bn1"]
    for i in range(3):
        at = f"layer1.{i}"
        found[f"{at}.conv1.weight"] = (64, 256 if i else 64, 1, 1)
        found[f"{at}.conv2.weight"] = (64, 64 // groups, 3, 3)
        found[f"{at}.conv3.weight"] = (256, 64, 1, 1)
        norms += [f"{at}.bn1", f"{at}.bn2", f"{at}.bn3"]
    found["layer1.0.downsample.0.weight"] = (256, 64, 1, 1)
    for norm in (*norms, "layer1.0.downsample.1"):
        n = 256 if norm.endswith(("bn3", "downsample.1")) else 64
        found |= {f"{norm}.{x}": (n,) for x in ("weight", "bias", "running_mean", "running_var")}
        found[f"{norm}.num_batches_tracked"] = ()
    return found


def test_a_kernel_cut_into_groups_keeps_its_outputs_in_them() -> None:
    """A ResNet of timm has both orders of a block, a ResNeXt under the same names has none."""
    plain = known_class(bottlenecks(1))
    assert plain is not None
    assert plain.library == "timm"
    held = {a.writes[0].tensor for a in plain.axes}
    assert {"layer1.1.conv1.weight", "layer1.1.conv2.weight"} <= held
    grouped = known_class(bottlenecks(8))
    held = {a.writes[0].tensor for a in grouped.axes} if grouped is not None else set()
    assert not {"layer1.1.conv1.weight", "layer1.1.conv2.weight"} & held


def test_a_model_inside_another_is_known() -> None:
    """Whatever stands in front of all its names; a head beside it is not the class's."""
    inside = {f"model.vae.{n}": s for n, s in vae().items()} | {"classifier.1.weight": (3, 512)}
    known, plain = known_class(inside), known_class(vae())
    assert known is not None
    assert plain is not None
    assert known.beyond == {"classifier.1.weight"}
    assert [a.writes[0].tensor for a in known.axes] == [
        f"model.vae.{a.writes[0].tensor}" for a in plain.axes
    ]
    anatomy = anatomy_of_model(checkpoint(inside), {})
    assert anatomy.others["classifier.1.weight"] is Role.HEAD
    assert anatomy.geometry.layers == anatomy_of_model(checkpoint(vae()), {}).geometry.layers


def test_names_of_another_model_are_no_class() -> None:
    """Nine tensors in ten must be called as the class's are; hostile names are only compared."""
    strange = {n.replace("resnets", "towers"): s for n, s in vae().items()}
    assert known_class(strange) is None
    assert known_class({}) is None
    assert known_class({"..": (1,), "#": (2, 2), "\x00.#.weight": (0,)}) is None


def test_kernels_are_long_rows() -> None:
    """The same bytes, one row for each output."""
    record = checkpoint({"a": (4, 3, 2, 2)}).tensors["a"]
    assert as_rows(record) == replace(record, shape=(4, 12))


def test_the_table_names_what_certified_it() -> None:
    """Library and version stand beside every class, and every axis has both its ends."""
    for one in table():
        assert one.library in {"diffusers", "transformers", "timm"}
        assert one.version
        for pattern in one.patterns:
            assert pattern.writes
            assert pattern.reads
            assert {rel for rel, *_ in (*pattern.writes, *pattern.reads)} <= pattern.inside


@pytest.mark.parametrize(
    ("name", "tensor"),
    [
        ("SegformerModel", "encoder.block.#.#.mlp.dense1.weight"),
        ("SwinModel", "encoder.layers.#.blocks.#.intermediate.dense.weight"),
        ("SamModel", "mask_decoder.transformer.layers.#.mlp.lin1.weight"),
        ("TimesFmModel", "layers.#.mlp.gate_proj.weight"),
    ],
)
def test_classes_are_listed_under_the_names_that_checkpoints_bear(name: str, tensor: str) -> None:
    """A library may call its modules otherwise: files are what is met."""
    (known,) = (one for one in table() if one.name == name)
    assert tensor in known.names
