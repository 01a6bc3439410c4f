"""Small transformers in the forms in which well-known code bases export them, with random weights and NumPy's answer.

A family is a function that writes the graph of the one network that `Network` defines, with its own way to cut patches, take q, k and v apart, scale, pool and so
on. What a family changes about the network itself (a second token, no biases ...) stands in FAMILIES.
"""

import os
import sys
from dataclasses import dataclass, field

import numpy as np
import onnx
from onnx import TensorProto, helper

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "samples", "mcuformer"))
from subnet import erf, softmax  # noqa: E402
from trace import Tracer  # noqa: E402


@dataclass
class Network:
    """A transformer over patches of an image, or over the rows of a sequence."""

    image: int = 24
    patch: int = 8
    channels: int = 3
    sequence: tuple = ()  # (rows, features) in place of an image
    width: int = 32
    heads: int = 2
    blocks: int = 2
    hidden: int = 64
    classes: int = 10
    tokens_in_front: int = 1
    qkv_bias: bool = True
    activation: str = "gelu"  # or "tanh_gelu", "relu", "silu"
    gate: str = ""  # hidden units are act(a) * b: a and b of layers "apart", or of one, a being its "first" or its "last" half
    sigmoid: bool = False  # attention by sigmoid(scores - log(tokens)) in place of softmax
    rms_norm: bool = False  # no mean is taken off and no beta added
    pool: str = "first"  # "sequence": by softmax of a score each; "mean": of the patches, "all": of all tokens, "both": the mean of two heads on the first two tokens
    pool_first: bool = False  # pooling comes before the last normalization
    epsilon: float = 1e-6
    weights: dict = field(default_factory=dict)

    def __post_init__(self):
        rng = np.random.default_rng(7)

        def normal(name, shape, deviation, mean=0.0):
            self.weights[name] = (mean + deviation * rng.standard_normal(shape)).astype(np.float32)

        def linear(name, inputs, outputs, bias=True):
            normal(name + ".weight", (outputs, inputs), inputs ** -0.5)
            if bias:
                normal(name + ".bias", outputs, 0.05)

        def norm(name):
            normal(name + ".gamma", self.width, 0.1, 1.0)
            normal(name + ".beta", self.width, 0.0 if self.rms_norm else 0.1)
        linear("embed", self.depth, self.width)
        normal("front", (1, self.tokens_in_front, self.width), 0.5)
        normal("position", (1, self.tokens, self.width), 0.2)
        for block in range(self.blocks):
            name = "%d." % block
            norm(name + "norm1")
            norm(name + "norm2")
            for part in "qkv":
                linear(name + part, self.width, self.width, self.qkv_bias)
            linear(name + "proj", self.width, self.width)
            linear(name + "fc1", self.width, self.hidden)
            if self.gate:
                linear(name + "up", self.width, self.hidden)
            linear(name + "fc2", self.hidden, self.width)
        norm("norm")
        linear("pool", self.width, 1)
        linear("head", self.width, self.classes)
        linear("head2", self.width, self.classes)

    @property
    def grid(self):
        return self.image // self.patch

    @property
    def depth(self):
        return self.sequence[1] if self.sequence else self.channels * self.patch ** 2

    @property
    def tokens(self):
        return (self.sequence[0] if self.sequence else self.grid ** 2) + self.tokens_in_front

    @property
    def input_shape(self):
        return [1, *self.sequence] if self.sequence else [1, self.channels, self.image, self.image]

    def forward(self, inputs):
        """Logits of inputs [N, *input_shape[1:]], in double precision."""
        w = {name: np.asarray(value, np.float64) for name, value in self.weights.items()}

        def linear(x, name):
            return x @ w[name + ".weight"].T + w.get(name + ".bias", 0.0)

        def norm(x, name):
            centered = x if self.rms_norm else x - x.mean(-1, keepdims=True)
            return centered / np.sqrt((centered ** 2).mean(-1, keepdims=True) + self.epsilon) * w[name + ".gamma"] + w[name + ".beta"]

        def activation(x):
            if self.activation == "relu":
                return np.maximum(x, 0)
            if self.activation == "silu":
                return x / (1 + np.exp(-x))
            if self.activation == "tanh_gelu":
                return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x ** 3)))
            return 0.5 * x * (1 + erf(x / np.sqrt(2)))

        def heads(x):
            return x.reshape(self.tokens, self.heads, -1).transpose(1, 0, 2)
        logits = []
        for value in np.asarray(inputs, np.float64):
            rows = value
            if not self.sequence:
                cut = value.reshape(self.channels, self.grid, self.patch, self.grid, self.patch)
                rows = cut.transpose(1, 3, 0, 2, 4).reshape(self.grid ** 2, -1)
            x = np.concatenate([w["front"][0], linear(rows, "embed")]) + w["position"][0]
            for block in range(self.blocks):
                name = "%d." % block
                y = norm(x, name + "norm1")
                q, k, v = (heads(linear(y, name + part)) for part in "qkv")
                scores = q @ k.transpose(0, 2, 1) * (self.width // self.heads) ** -0.5
                context = (self.tokens ** -1.0 / (self.tokens ** -1.0 + np.exp(-scores)) if self.sigmoid else softmax(scores)) @ v
                x = x + linear(context.transpose(1, 0, 2).reshape(self.tokens, self.width), name + "proj")
                y = norm(x, name + "norm2")
                x = x + linear(activation(linear(y, name + "fc1")) * (linear(y, name + "up") if self.gate else 1), name + "fc2")
            if not self.pool_first:
                x = norm(x, "norm")
            if self.pool == "both":
                logits.append((linear(x[0], "head") + linear(x[1], "head2")) / 2)
                continue
            if self.pool == "sequence":
                x = softmax(linear(x, "pool")[:, 0]) @ x
                logits.append(linear(x, "head"))
                continue
            x = x[0] if self.pool == "first" else x[self.tokens_in_front:].mean(0) if self.pool == "mean" else x.mean(0)
            logits.append(linear(norm(x, "norm") if self.pool_first else x, "head"))
        return np.array(logits)


class Writer(Tracer):
    """A tracer that knows the network's weights."""

    def __init__(self, net, opset):
        super().__init__(opset)
        self.net, self.w = net, net.weights

    def linear(self, x, *names):
        """MatMul and Add with the layers of all names side by side; the bias on the left, as PyTorch's nn.Linear comes out."""
        x = self.MatMul(x, self.weight(np.concatenate([self.w[name + ".weight"] for name in names]).T))
        return self.Add(self.weight(np.concatenate([self.w[name + ".bias"] for name in names])), x) if names[0] + ".bias" in self.w else x

    def gemm(self, x, name):
        return self.Gemm(x, self.weight(self.w[name + ".weight"]), self.weight(self.w[name + ".bias"]), transB=1)

    def norm(self, x, name):
        gamma, beta = self.w[name + ".gamma"], self.w[name + ".beta"]
        if self.net.rms_norm:
            return self.rms_norm(x, gamma, name)
        if self.opset >= 17:
            return self.LayerNormalization(x, self.weight(gamma), self.weight(beta), axis=-1, epsilon=self.net.epsilon)
        centered = self.Sub(x, self.ReduceMean(x, axes=[-1]))
        variance = self.ReduceMean(self.Pow(centered, self.constant(2.0, np.float32)), axes=[-1])
        deviation = self.Sqrt(self.Add(variance, self.constant(self.net.epsilon, np.float32)))
        return self.Add(self.Mul(self.Div(centered, deviation), self.weight(gamma)), self.weight(beta))

    def rms_norm(self, x, gamma, name):
        """As torch.nn.RMSNorm comes out, the first of each block as Llama's: x * rsqrt(mean(x * x) + epsilon)."""
        is_llama = name.endswith("norm1")
        square = self.Pow(x, self.constant(2.0, np.float32)) if is_llama else self.Mul(x, x)
        root = self.Sqrt(self.Add(self.mean(square, [-1], 1), self.constant(self.net.epsilon, np.float32)))
        return self.Mul(self.weight(gamma), self.Mul(x, self.Reciprocal(root))) if is_llama else self.Mul(self.Div(x, root), self.weight(gamma))

    def activation(self, x):
        kind = self.net.activation
        if kind == "relu":
            return self.Relu(x)
        if kind == "silu":
            return self.Mul(x, self.Sigmoid(x))
        if kind == "gelu" and self.opset >= 20:
            return self.Gelu(x)
        if kind == "gelu":
            return self.gelu(x)
        cube = self.Mul(self.Pow(x, self.constant(3.0, np.float32)), self.constant(0.044715, np.float32))
        inner = self.Tanh(self.scaled(self.Add(x, cube), (2 / np.pi) ** 0.5))
        return self.Mul(self.scaled(x, 0.5), self.Add(inner, self.constant(1.0, np.float32)))

    def squeeze(self, x, axes):
        return self.Squeeze(x, self.constant(axes)) if self.opset >= 13 else self.Squeeze(x, axes=axes)

    def mean(self, x, axes, keep=0):
        return self.ReduceMean(x, self.constant(axes), keepdims=keep) if self.opset >= 18 else self.ReduceMean(x, axes=axes, keepdims=keep)

    def flat(self, x, shape):
        return self.Reshape(x, self.constant(shape))

    # Parts that several families share.

    def conv_patches(self):
        net = self.net
        kernel = self.w["embed.weight"].reshape(net.width, net.channels, net.patch, net.patch)
        x = self.Conv("input", self.weight(kernel), self.weight(self.w["embed.bias"]), kernel_shape=[net.patch] * 2, strides=[net.patch] * 2)
        return self.Transpose(self.flat(x, [1, net.width, -1]), perm=[0, 2, 1])

    def tokens(self, patches):
        x = self.Concat(self.weight(self.w["front"]), patches, axis=1) if self.net.tokens_in_front else patches
        return self.Add(x, self.weight(self.w["position"]))

    def split(self, x, sizes):
        """Halves of the last axis and the like: Split in newer opsets, Slices as torch.chunk comes out in old ones."""
        if self.opset >= 13:
            return self.node("Split", [x, self.constant(sizes)], len(sizes), axis=-1)
        ends = np.cumsum(sizes)
        return [self.slice(x, 2, int(end - size), int(end)) for size, end in zip(sizes, ends)]

    def mlp(self, x, name):
        gate, sizes = self.net.gate, [self.net.hidden] * 2
        if gate == "apart":
            return self.linear(self.Mul(self.activation(self.linear(x, name + "fc1")), self.linear(x, name + "up")), name + "fc2")
        if gate == "first":
            a, b = self.split(self.linear(x, name + "fc1", name + "up"), sizes)
            return self.linear(self.Mul(self.activation(a), b), name + "fc2")
        if gate == "last":
            b, a = self.split(self.linear(x, name + "up", name + "fc1"), sizes)
            return self.linear(self.Mul(b, self.activation(a)), name + "fc2")
        return self.linear(self.activation(self.linear(x, name + "fc1")), name + "fc2")

    def encode(self, x, attention):
        for block in range(self.net.blocks):
            name = "%d." % block
            x = self.Add(x, attention(self, self.norm(x, name + "norm1"), name))
            x = self.Add(x, self.mlp(self.norm(x, name + "norm2"), name))
        return x

    def take(self, x, index):
        return self.Gather(x, self.constant(index), axis=1)


def joint_attention(t, x, name):
    """timm: one layer for q, k and v, a five-dimensional view, Gather for each."""
    net = t.net
    packed = t.Transpose(t.flat(t.linear(x, name + "q", name + "k", name + "v"), [1, net.tokens, 3, net.heads, -1]), perm=[2, 0, 3, 1, 4])
    q, k, v = (t.Gather(packed, t.constant(index), axis=0) for index in range(3))
    q = t.scaled(q, (net.width // net.heads) ** -0.5)
    scores = t.MatMul(q, t.Transpose(k, perm=[0, 1, 3, 2]))
    # A bias that is subtracted, and one that is added.
    if net.sigmoid and name.startswith("0"):
        weights = t.Sigmoid(t.Sub(scores, t.constant(np.log(net.tokens), np.float32)))
    else:
        weights = t.Sigmoid(t.Add(t.constant(-np.log(net.tokens), np.float32), scores)) if net.sigmoid else t.Softmax(scores, axis=-1)
    context = t.MatMul(weights, v)
    return t.linear(t.flat(t.Transpose(context, perm=[0, 2, 1, 3]), [1, net.tokens, net.width]), name + "proj")


def separate_attention(t, x, name):
    """Hugging Face: a layer each, the quotient by sqrt(d) behind the product, Dropout left in."""
    net = t.net

    def heads(part, perm):
        return t.Transpose(t.flat(t.linear(x, name + part), [1, net.tokens, net.heads, net.width // net.heads]), perm=perm)
    scores = t.Div(t.MatMul(heads("q", [0, 2, 1, 3]), heads("k", [0, 2, 3, 1])), t.constant((net.width // net.heads) ** 0.5, np.float32))
    context = t.MatMul(t.Dropout(t.Softmax(scores, axis=-1)), heads("v", [0, 2, 1, 3]))
    return t.Dropout(t.linear(t.flat(t.Transpose(context, perm=[0, 2, 1, 3]), [1, net.tokens, net.width]), name + "proj"))


def torch_attention(t, x, name):
    """torch.nn.MultiheadAttention: tokens first, heads in the batch dimension, the output layer as Gemm on a matrix."""
    net = t.net
    rows = t.Transpose(x, perm=[1, 0, 2])
    packed = t.flat(t.linear(rows, name + "q", name + "k", name + "v"), [net.tokens, 1, 3, net.width])
    packed = t.squeeze(t.Transpose(t.unsqueeze(packed, [0]), perm=[3, 1, 2, 0, 4]), [3])
    q, k, v = (t.Transpose(t.flat(t.Gather(packed, t.constant(index), axis=0), [net.tokens, net.heads, net.width // net.heads]), perm=[1, 0, 2]) for index in range(3))
    scores = t.MatMul(t.scaled(q, (net.width // net.heads) ** -0.5), t.Transpose(k, perm=[0, 2, 1]))
    context = t.flat(t.Transpose(t.MatMul(t.Softmax(scores, axis=-1), v), perm=[1, 0, 2]), [net.tokens, net.width])
    return t.Transpose(t.flat(t.gemm(context, name + "proj"), [net.tokens, 1, net.width]), perm=[1, 0, 2])


def split_attention(t, x, name):
    """Split in place of Gather, the scale's root on q and on k, as scaled_dot_product_attention is exported."""
    net = t.net
    packed = t.linear(x, name + "q", name + "k", name + "v")
    sizes = [net.width] * 3
    parts = t.node("Split", [packed, t.constant(sizes)], 3, axis=-1) if t.opset >= 13 else t.node("Split", [packed], 3, axis=-1, split=sizes)
    q, k, v = (t.Transpose(t.flat(part, [1, net.tokens, net.heads, -1]), perm=[0, 2, 1, 3]) for part in parts)
    root = (net.width // net.heads) ** -0.25
    context = t.MatMul(t.Softmax(t.MatMul(t.scaled(q, root), t.scaled(t.Transpose(k, perm=[0, 1, 3, 2]), root)), axis=-1), v)
    return t.linear(t.flat(t.Transpose(context, perm=[0, 2, 1, 3]), [1, net.tokens, net.width]), name + "proj")


def einsum_attention(t, x, name):
    """Einsum for both products, as networks written with einops have it."""
    net = t.net
    packed = t.linear(x, name + "q", name + "k", name + "v")
    q, k, v = (t.Transpose(t.flat(t.slice(packed, 2, index * net.width, (index + 1) * net.width), [1, net.tokens, net.heads, -1]), perm=[0, 2, 1, 3])
               for index in range(3))
    scores = t.scaled(t.Einsum(q, k, equation="bhid,bhjd->bhij"), (net.width // net.heads) ** -0.5)
    context = t.Einsum(t.Softmax(scores, axis=-1), v, equation="bhij, bhjd -> bhid")
    return t.linear(t.flat(t.Transpose(context, perm=[0, 2, 1, 3]), [1, net.tokens, net.width]), name + "proj")


def timm(t):
    x = t.norm(t.encode(t.tokens(t.conv_patches()), joint_attention), "norm")
    return t.gemm(t.take(x, 0), "head")


def deit_distilled(t):
    x = t.norm(t.encode(t.tokens(t.conv_patches()), joint_attention), "norm")
    both = t.Add(t.gemm(t.take(x, 0), "head"), t.gemm(t.take(x, 1), "head2"))
    return t.Div(both, t.constant(2.0, np.float32))


def timm_mean(t):
    """global_pool = 'avg' with the normalization behind the mean."""
    x = t.encode(t.tokens(t.conv_patches()), joint_attention)
    return t.gemm(t.norm(t.mean(t.slice(x, 1, t.net.tokens_in_front, 2 ** 63 - 1), [1]), "norm"), "head")


def sequence_pool(t):
    """CCT's head: softmax over the tokens, which the exporter writes with transpositions where Softmax is of the last axes only."""
    x = t.norm(t.encode(t.tokens(t.conv_patches()), joint_attention), "norm")
    scores = t.linear(x, "pool")
    if t.opset >= 13:
        weights = t.Transpose(t.Softmax(scores, axis=1), perm=[0, 2, 1])
    else:
        weights = t.Softmax(t.Transpose(scores, perm=[0, 2, 1]), axis=2)
    return t.gemm(t.squeeze(t.MatMul(weights, x), [1]), "head")


def torchvision(t):
    x = t.norm(t.Dropout(t.encode(t.tokens(t.conv_patches()), torch_attention)), "norm")
    return t.gemm(t.take(x, 0), "head")


def hugging_face(t):
    x = t.norm(t.encode(t.Dropout(t.tokens(t.conv_patches())), separate_attention), "norm")
    return t.gemm(t.take(x, 0), "head")


def sdpa(t):
    x = t.norm(t.encode(t.tokens(t.conv_patches()), split_attention), "norm")
    return t.gemm(t.squeeze(t.slice(x, 1, 0, 1), [1]), "head")


def einops(t):
    """Patches by Reshape and Transpose, channels last in a patch, into a dense layer; the mean over all tokens."""
    net = t.net
    cut = t.Transpose(t.flat("input", [1, net.channels, net.grid, net.patch, net.grid, net.patch]), perm=[0, 2, 4, 3, 5, 1])
    weights = t.w["embed.weight"].reshape(net.width, net.channels, net.patch, net.patch).transpose(0, 2, 3, 1).reshape(net.width, -1)
    rows = t.Add(t.MatMul(t.flat(cut, [1, net.grid ** 2, -1]), t.weight(weights.T)), t.weight(t.w["embed.bias"]))
    x = t.encode(t.tokens(rows), einsum_attention)
    return t.linear(t.norm(t.mean(x, [1]), "norm"), "head")


def keyword(t):
    """Rows of features in place of an image."""
    x = t.norm(t.encode(t.tokens(t.linear("input", "embed")), joint_attention), "norm")
    return t.gemm(t.take(x, 0), "head")


# Name: (writer of the graph, what is special about the network).
FAMILIES = {
    "timm": (timm, {}),
    "deit-distilled": (deit_distilled, {"tokens_in_front": 2, "pool": "both"}),
    "timm-mean": (timm_mean, {"pool": "mean", "pool_first": True}),
    "timm-no-class-token": (timm_mean, {"tokens_in_front": 0, "pool": "all", "pool_first": True}),
    "torchvision": (torchvision, {}),
    "hugging-face": (hugging_face, {"epsilon": 1e-12}),
    "sdpa": (sdpa, {"activation": "tanh_gelu"}),
    "einops": (einops, {"qkv_bias": False, "pool": "all", "pool_first": True, "epsilon": 1e-5}),
    "keyword": (keyword, {"sequence": (20, 16)}),
    "relu": (timm, {"activation": "relu"}),
    "sequence-pool": (sequence_pool, {"tokens_in_front": 0, "pool": "sequence"}),
    "sigmoid-attention": (timm, {"sigmoid": True}),
    "rms-norm": (timm, {"rms_norm": True}),
    "swiglu": (timm, {"rms_norm": True, "activation": "silu", "gate": "apart", "qkv_bias": False}),
    "geglu": (hugging_face, {"gate": "last", "hidden": 41}),
    "reglu": (timm_mean, {"activation": "relu", "gate": "first", "pool": "mean", "pool_first": True}),
}


def make(family, opset):
    """The network and its ONNX model."""
    write, special = FAMILIES[family]
    net = Network(**special)
    t = Writer(net, opset)
    t.nodes.append(helper.make_node("Identity", [write(t)], ["output"], name="output"))
    graph = helper.make_graph(t.nodes, family, [helper.make_tensor_value_info("input", TensorProto.FLOAT, net.input_shape)],
                              [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, net.classes])], t.initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    # python3-onnx knows opsets up to 17.
    if opset <= 17:
        onnx.checker.check_model(model)
    return net, model
