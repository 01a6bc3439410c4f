#!/usr/bin/python3
"""Write the small vision transformers that the tests compile.

Every model has seeded random weights and is a few tens of kilobytes. What
differs between them is the *graph*: each is one of the ways in which exporters
and model authors write the same transformer (joint or separate q, k and v; the
attention scale before or after the product; a class token or a mean; layer
normalisation as one node or nine; ...): the `why` of each entry in VARIANTS.

For each model NAME three files are written to models/:

    NAME.onnx           the graph, batch 1, input "image", output "logits"
    NAME_input.npy      float32 [4, 3, H, W], four pictures
    NAME_expected.npy   float32 [4, classes], what PyTorch computes for them

Usage: /usr/bin/python3 make_test_models.py [NAME ...]
Needs: Debian 12's python3-torch, python3-onnx and python3-numpy.
"""

import io
import math
import pathlib
import sys
import warnings
import zlib
from dataclasses import dataclass

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import helper, numpy_helper
from torch import nn

OUTPUT_FOLDER = pathlib.Path(__file__).resolve().parent / "models"
PICTURES = 4


@dataclass(frozen=True)
class Variant:
    """One way to write a small vision transformer."""

    why: str                     # what the graph has that the others do not
    opset: int = 17
    image: int = 24              # height and width of the picture
    patch: int = 8
    width: int = 16
    heads: int = 2
    blocks: int = 2
    mlp_ratio: int = 2
    classes: int = 5
    attention: str = "unbind"    # a key of ATTENTIONS
    gelu: str = "none"           # "none" (erf) or "tanh"
    class_token: bool = True
    pool: str = "token"          # "token", "patches" (all but the first), "all"
    pool_before_norm: bool = False
    symbolic_batch: bool = False
    sdpa_chain: bool = False     # see write_scale_as_shape_chain


# ---------------------------------------------------------------------------
# Attention, as different authors write it
# ---------------------------------------------------------------------------

class JointAttention(nn.Module):
    """One Linear gives q, k and v; subclasses take them apart and scale."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.head_width = width // heads
        self.scale = self.head_width ** -0.5
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def packed(self, x):
        """q, k and v as one tensor [3, batch, heads, tokens, head width]."""
        batch, tokens, _ = x.shape
        qkv = self.qkv(x)
        qkv = qkv.reshape(batch, tokens, 3, self.heads, self.head_width)
        return qkv.permute(2, 0, 3, 1, 4)

    def merge(self, x, weights, v):
        return self.proj((weights @ v).transpose(1, 2).reshape(x.shape))


class UnbindAttention(JointAttention):
    """timm: unbind(0), and q scaled before the product."""

    def forward(self, x):
        q, k, v = self.packed(x).unbind(0)
        scores = (q * self.scale) @ k.transpose(-2, -1)
        return self.merge(x, scores.softmax(dim=-1), v)


class IndexAttention(JointAttention):
    """Older timm and DeiT: qkv[0], qkv[1], qkv[2], and the scores scaled."""

    def forward(self, x):
        qkv = self.packed(x)
        q, k, v = qkv[0], qkv[1], qkv[2]
        scores = (q @ k.transpose(-2, -1)) * self.scale
        return self.merge(x, scores.softmax(dim=-1), v)


class PowScaleAttention(JointAttention):
    """The scale is computed in the graph, as Pow(head width, -0.5)."""

    def forward(self, x):
        q, k, v = self.packed(x).unbind(0)
        scale = torch.pow(torch.tensor(float(self.head_width)), -0.5)
        scores = (q @ k.transpose(-2, -1)) * scale
        return self.merge(x, scores.softmax(dim=-1), v)


class RootScaleAttention(JointAttention):
    """scaled_dot_product_attention: the root of the scale on q and on k."""

    def forward(self, x):
        q, k, v = self.packed(x).unbind(0)
        root = math.sqrt(self.scale)
        scores = (q * root) @ (k.transpose(-2, -1) * root)
        return self.merge(x, scores.softmax(dim=-1), v)


class SplitAttention(JointAttention):
    """q, k and v cut from the last axis, before the heads are separated."""

    def cut(self, qkv):
        return qkv.split(qkv.shape[-1] // 3, dim=-1)

    def heads_first(self, x):
        batch, tokens, _ = x.shape
        x = x.reshape(batch, tokens, self.heads, self.head_width)
        return x.transpose(1, 2)

    def forward(self, x):
        q, k, v = map(self.heads_first, self.cut(self.qkv(x)))
        scores = (q * self.scale) @ k.transpose(-2, -1)
        return self.merge(x, scores.softmax(dim=-1), v)


class ChunkAttention(SplitAttention):
    """The same by chunk, which exports as three Slice with computed ends."""

    def cut(self, qkv):
        return qkv.chunk(3, dim=-1)


class SeparateAttention(nn.Module):
    """Hugging Face: three Linears, scores divided by sqrt(head width)."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.head_width = width // heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.dense = nn.Linear(width, width)

    def heads_first(self, x):
        shape = x.size()[:-1] + (self.heads, self.head_width)
        return x.view(shape).permute(0, 2, 1, 3)

    def forward(self, x):
        k = self.heads_first(self.key(x))
        v = self.heads_first(self.value(x))
        q = self.heads_first(self.query(x))
        scores = torch.matmul(q, k.transpose(-1, -2))
        weights = F.softmax(scores / math.sqrt(self.head_width), dim=-1)
        context = torch.matmul(weights, v).permute(0, 2, 1, 3).contiguous()
        return self.dense(context.view(x.size()))


class TorchAttention(nn.Module):
    """torchvision: nn.MultiheadAttention, tokens first inside."""

    def __init__(self, width, heads):
        super().__init__()
        self.inner = nn.MultiheadAttention(width, heads, batch_first=True)

    def forward(self, x):
        return self.inner(query=x, key=x, value=x, need_weights=False)[0]


ATTENTIONS = {
    "unbind": UnbindAttention,
    "index": IndexAttention,
    "pow": PowScaleAttention,
    "root": RootScaleAttention,
    "split": SplitAttention,
    "chunk": ChunkAttention,
    "separate": SeparateAttention,
    "torch": TorchAttention,
}


# ---------------------------------------------------------------------------
# The model around it
# ---------------------------------------------------------------------------

class Block(nn.Module):
    def __init__(self, variant):
        super().__init__()
        width, hidden = variant.width, variant.width * variant.mlp_ratio
        self.norm1 = nn.LayerNorm(width, eps=1e-6)
        self.attn = ATTENTIONS[variant.attention](width, variant.heads)
        self.norm2 = nn.LayerNorm(width, eps=1e-6)
        self.fc1 = nn.Linear(width, hidden)
        self.act = nn.GELU(approximate=variant.gelu)
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.fc2(self.act(self.fc1(self.norm2(x))))


class VisionTransformer(nn.Module):
    def __init__(self, variant):
        super().__init__()
        self.variant = variant
        width = variant.width
        tokens = (variant.image // variant.patch) ** 2
        self.patch = nn.Conv2d(3, width, variant.patch, stride=variant.patch)
        if variant.class_token:
            self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
            tokens += 1
        self.pos_embed = nn.Parameter(torch.zeros(1, tokens, width))
        self.blocks = nn.Sequential(
            *[Block(variant) for _ in range(variant.blocks)])
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.head = nn.Linear(width, variant.classes)

    def pool(self, x):
        if self.variant.pool == "token":
            return x[:, 0]
        if self.variant.pool == "patches":
            return x[:, 1:].mean(dim=1)
        return x.mean(dim=1)

    def forward(self, image):
        x = self.patch(image).flatten(2).transpose(1, 2)
        if self.variant.class_token:
            token = self.cls_token.expand(x.shape[0], -1, -1)
            x = torch.cat((token, x), dim=1)
        x = self.blocks(x + self.pos_embed)
        if self.variant.pool_before_norm:
            return self.head(self.norm(self.pool(x)))
        return self.head(self.pool(self.norm(x)))


VARIANTS = {
    "timm_opset17": Variant("class token, joint qkv, one LayerNormalization"),
    "timm_opset13": Variant("the same weights, LayerNorm in nine nodes",
                            opset=13),
    "timm_opset11": Variant("the same weights, axes as attributes", opset=11),
    "symbolic_batch": Variant("the same weights, batch not a number",
                              symbolic_batch=True),
    "index_opset13": Variant("Gather takes q, k and v; scores scaled",
                             opset=13, attention="index"),
    "mean_patches": Variant("mean over all tokens but the class token",
                            pool="patches", pool_before_norm=True),
    "mean_all": Variant("mean over all tokens, class token included",
                        pool="all"),
    "separate_qkv": Variant("three Linears, scores / sqrt(head width)",
                            attention="separate"),
    "pow_scale_opset13": Variant("Pow(head width, -0.5) after the product",
                                 opset=13, attention="pow"),
    "split_qkv_opset13": Variant("qkv cut along the last axis by Split",
                                 opset=13, attention="split"),
    "chunk_qkv_opset13": Variant("qkv cut by Slice, ends computed from Shape",
                                 opset=13, attention="chunk"),
    "root_scale": Variant("scale split over q and k", attention="root"),
    "sdpa_scale": Variant("the same, computed from Shape in the graph",
                          attention="root", sdpa_chain=True),
    "odd_sizes": Variant("9 tokens, 7 classes, 3 heads of 5, MLP ratio 3",
                         class_token=False, pool="all", width=15, heads=3,
                         mlp_ratio=3, classes=7),
    "no_class_token": Variant("16 tokens of 4x4 patches, no class token",
                              class_token=False, pool="all", image=16,
                              patch=4, width=20),
    "five_tokens": Variant("4 patches and a class token, one block, 1 head",
                           image=16, heads=1, blocks=1, mlp_ratio=4,
                           classes=3),
    "tanh_gelu": Variant("GELU by tanh", gelu="tanh"),
    "torch_mha_opset13": Variant("nn.MultiheadAttention, as in torchvision",
                                 opset=13, attention="torch"),
}


# ---------------------------------------------------------------------------
# Weights and pictures
# ---------------------------------------------------------------------------

def randomise(model, seed):
    """Give every parameter a value that a wrong compiler would not survive.

    Matrices keep the spread of what they multiply; gains, offsets and
    embeddings are all away from their idle values of one and zero.
    """
    generator = torch.Generator().manual_seed(seed)

    def draw(parameter, mean, spread):
        values = torch.randn(parameter.shape, generator=generator)
        parameter.copy_(mean + spread * values.clamp(-2.5, 2.5))

    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "norm" in name and name.endswith("weight"):
                draw(parameter, 1.0, 0.25)
            elif parameter.dim() == 1:
                draw(parameter, 0.0, 0.1)
            elif name in ("cls_token", "pos_embed"):
                draw(parameter, 0.0, 0.2)
            else:
                # The patches speak louder than the embeddings, so that the
                # class of a picture depends on the picture.
                gain = 2.0 if name.startswith("patch") else 1.4
                fan_in = parameter[0].numel()
                draw(parameter, 0.0, gain * fan_in ** -0.5)


def pictures(size, seed):
    """Smooth random pictures with values over most of [-1, 1]."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.randn(PICTURES, 3, 5, 5, generator=generator)
    fine = torch.randn(PICTURES, 3, size, size, generator=generator)
    smooth = F.interpolate(coarse, size=(size, size), mode="bilinear",
                           align_corners=True)
    return (0.6 * smooth + 0.15 * fine).clamp(-1.0, 1.0)


# ---------------------------------------------------------------------------
# Export
# ---------------------------------------------------------------------------

def write_scale_as_shape_chain(graph):
    """Replace the constant root of the scale by the nodes of newer exporters.

    PyTorch 2 exports scaled_dot_product_attention with the scale computed
    from q's shape: Shape, Slice, Cast, Sqrt, Div, Sqrt, and that on q and on
    the transposed k. The PyTorch at hand has the same two Mul nodes with a
    constant; this gives each the chain instead.
    """
    producers = {name: node for node in graph.node for name in node.output}
    nodes = []

    def constant(name, value):
        nodes.append(helper.make_node(
            "Constant", [], [name],
            value=numpy_helper.from_array(np.asarray(value))))
        return name

    def add(operator, inputs, output, **attributes):
        nodes.append(helper.make_node(operator, inputs, [output],
                                      **attributes))
        return output

    q_name = {}
    for node in graph.node:
        if node.op_type != "MatMul":
            continue
        left, right = (producers.get(name) for name in node.input)
        if left is not None and right is not None and \
                left.op_type == right.op_type == "Mul":
            q_name[left.output[0]] = left.input[0]
            q_name[right.output[0]] = left.input[0]

    for node in list(graph.node):
        name = node.output[0]
        if name in q_name:
            prefix = name + "/scale/"
            shape = add("Shape", [q_name[name]], prefix + "shape")
            last = add("Slice", [shape,
                                 constant(prefix + "from", np.int64([-1])),
                                 constant(prefix + "to", np.int64(
                                     [np.iinfo(np.int64).max]))],
                       prefix + "slice")
            width = add("Cast", [last], prefix + "cast",
                        to=onnx.TensorProto.FLOAT)
            root = add("Sqrt", [width], prefix + "sqrt")
            scale = add("Div", [constant(prefix + "one", np.float32([1.0])),
                                root], prefix + "div")
            node.input[1] = add("Sqrt", [scale], prefix + "root")
        nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)


def export(model, variant, picture):
    """Return the model as ONNX, checked."""
    buffer = io.BytesIO()
    axes = {"image": {0: "batch"}, "logits": {0: "batch"}}
    torch.onnx.export(
        model, picture, buffer, opset_version=variant.opset,
        input_names=["image"], output_names=["logits"],
        dynamic_axes=axes if variant.symbolic_batch else None)
    result = onnx.load_from_string(buffer.getvalue())
    if variant.sdpa_chain:
        write_scale_as_shape_chain(result.graph)
    onnx.checker.check_model(result, full_check=True)
    return result


def main():
    torch.set_num_threads(1)
    # A constant in the trace is what the Pow variant is for.
    warnings.filterwarnings("ignore", category=torch.jit.TracerWarning)
    OUTPUT_FOLDER.mkdir(exist_ok=True)
    for name in sys.argv[1:] or VARIANTS:
        variant = VARIANTS[name]
        model = VisionTransformer(variant).eval()
        # Variants with the same parameters get the same weights, so that
        # their outputs can be compared with one another.
        shapes = str([tuple(p.shape) for p in model.parameters()])
        seed = zlib.crc32(shapes.encode())
        randomise(model, seed)
        images = pictures(variant.image, seed)
        with torch.no_grad():
            expected = torch.cat([model(image[None]) for image in images])
        onnx_model = export(model, variant, images[:1])
        onnx.save(onnx_model, str(OUTPUT_FOLDER / f"{name}.onnx"))
        if not variant.symbolic_batch:
            np.save(OUTPUT_FOLDER / f"{name}_input.npy", images.numpy())
            np.save(OUTPUT_FOLDER / f"{name}_expected.npy", expected.numpy())
        size = (OUTPUT_FOLDER / f"{name}.onnx").stat().st_size
        print(f"{name:20s} {len(onnx_model.graph.node):4d} nodes "
              f"{size:6d} bytes  {variant.why}")


if __name__ == "__main__":
    main()
