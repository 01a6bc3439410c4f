#!/usr/bin/python3
"""Writes a vision transformer with random weights as ONNX, and random pictures: what measurements need where no trained network is at hand.

    make_vit_onnx.py MODEL.onnx [PICTURES.npy] [--image 96] [--channels 3] [--patch 12] [--width 96] [--blocks 6] [--heads 3] [--mlp-ratio 4]
                     [--classes 10] [--opset 17] [--seed 1] [--count 16] [--activation gelu|silu|quick-gelu|hard-swish|relu6|relu]

The defaults are the small network on which ../shared/design/peers-measured.md compares other tools: 65 tokens, 50.65 M MACs. The form is DeiT's: patches by Conv,
a class token, LayerNorm before attention and MLP, exact GELU or another activation (relu6: hard swish by its parts). The same arguments give the same bytes. Needs python3-onnx and python3-numpy, no PyTorch.
"""
import argparse

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


class Graph:
    """Nodes and initializers, named as they come."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.nodes, self.initializers = [], []

    def constant(self, name, values):
        self.initializers.append(numpy_helper.from_array(values, name))
        return name

    def random(self, name, shape, deviation, mean=0.0):
        return self.constant(name, (mean + deviation * self.rng.standard_normal(shape)).astype(np.float32))

    def node(self, kind, inputs, output, **attributes):
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def linear(self, x, name, depth, units):
        weights = self.random(name + ".weight", (depth, units), depth ** -0.5)
        product = self.node("MatMul", [x, weights], name + ".product")
        return self.node("Add", [product, self.random(name + ".bias", (units,), 0.02)], name)

    def layer_norm(self, x, name, width):
        return self.node("LayerNormalization", [x, self.random(name + ".weight", (width,), 0.1, 1.0), self.random(name + ".bias", (width,), 0.1)], name,
                         axis=-1, epsilon=1e-6)

    def heads(self, x, name, tokens, heads, width, permutation):
        shape = self.constant(name + ".shape", np.array([1, tokens, heads, width // heads], np.int64))
        return self.node("Transpose", [self.node("Reshape", [x, shape], name + ".split")], name + ".heads", perm=permutation)

    def scalar(self, name, value):
        return self.constant(name, np.array(value, np.float32))


def attention(g, x, name, tokens, width, heads):
    q = g.heads(g.linear(x, name + ".q", width, width), name + ".q", tokens, heads, width, [0, 2, 1, 3])
    k = g.heads(g.linear(x, name + ".k", width, width), name + ".k", tokens, heads, width, [0, 2, 3, 1])
    v = g.heads(g.linear(x, name + ".v", width, width), name + ".v", tokens, heads, width, [0, 2, 1, 3])
    scores = g.node("Mul", [g.node("MatMul", [q, k], name + ".qk"), g.scalar(name + ".scale", (width // heads) ** -0.5)], name + ".scores")
    context = g.node("MatMul", [g.node("Softmax", [scores], name + ".softmax", axis=-1), v], name + ".context")
    merged = g.node("Reshape", [g.node("Transpose", [context], name + ".back", perm=[0, 2, 1, 3]),
                                g.constant(name + ".merge.shape", np.array([1, tokens, width], np.int64))], name + ".merge")
    return g.linear(merged, name + ".proj", width, width)


def activated(g, x, name, kind):
    if kind == "relu":
        return g.node("Relu", [x], name + ".relu")
    if kind == "hard-swish":
        return g.node("HardSwish", [x], name + ".hard_swish")
    if kind == "relu6":
        inner = g.node("Add", [x, g.scalar(name + ".three", 3.0)], name + ".add")
        inner = g.node("Clip", [inner, g.scalar(name + ".zero", 0.0), g.scalar(name + ".six", 6.0)], name + ".clip")
        return g.node("Div", [g.node("Mul", [x, inner], name + ".mul"), name + ".six"], name + ".hard_swish")
    if kind in ("silu", "quick-gelu"):
        inner = x if kind == "silu" else g.node("Mul", [x, g.scalar(name + ".slope", 1.702)], name + ".sloped")
        return g.node("Mul", [x, g.node("Sigmoid", [inner], name + ".sigmoid")], name + ".swish")
    inner = g.node("Erf", [g.node("Div", [x, g.scalar(name + ".root2", 2 ** 0.5)], name + ".div")], name + ".erf")
    inner = g.node("Mul", [x, g.node("Add", [inner, g.scalar(name + ".one", 1.0)], name + ".add")], name + ".mul")
    return g.node("Mul", [inner, g.scalar(name + ".half", 0.5)], name + ".gelu")


def mlp(g, x, name, width, hidden, activation):
    return g.linear(activated(g, g.linear(x, name + ".fc1", width, hidden), name, activation), name + ".fc2", hidden, width)


def make(options):
    g = Graph(options.seed)
    grid, width = options.image // options.patch, options.width
    tokens = grid * grid + 1
    depth = options.channels * options.patch ** 2
    kernel = g.random("patch_embed.weight", (width, options.channels, options.patch, options.patch), depth ** -0.5)
    x = g.node("Conv", ["image", kernel, g.random("patch_embed.bias", (width,), 0.02)], "patch_embed", strides=[options.patch] * 2)
    x = g.node("Reshape", [x, g.constant("patches.shape", np.array([1, width, grid * grid], np.int64))], "patches")
    x = g.node("Transpose", [x], "patch_tokens", perm=[0, 2, 1])
    x = g.node("Concat", [g.random("class_token", (1, 1, width), 0.5), x], "with_class_token", axis=1)
    x = g.node("Add", [x, g.random("positions", (1, tokens, width), 0.2)], "embedded")
    for number in range(options.blocks):
        name = "blocks.%d" % number
        x = g.node("Add", [x, attention(g, g.layer_norm(x, name + ".norm1", width), name + ".attn", tokens, width, options.heads)], name + ".attended")
        x = g.node("Add", [x, mlp(g, g.layer_norm(x, name + ".norm2", width), name + ".mlp", width, options.mlp_ratio * width,
                                options.activation)], name)
    x = g.layer_norm(x, "norm", width)
    x = g.node("Gather", [x, g.constant("first", np.array(0, np.int64))], "class_row", axis=1)
    weights = g.random("head.weight", (options.classes, width), width ** -0.5)
    g.node("Gemm", [x, weights, g.random("head.bias", (options.classes,), 0.02)], "logits", transB=1)
    graph = helper.make_graph(g.nodes, "vit",
                              [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, options.channels, options.image, options.image])],
                              [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, options.classes])], g.initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", options.opset)], ir_version=8)
    onnx.checker.check_model(model)
    return model


def pictures(options):
    """Noise of all wavelengths, so that patches differ in their means as real pictures do."""
    rng = np.random.default_rng(options.seed + 1)
    shape = (options.count, options.image, options.image, options.channels)
    values = np.zeros(shape)
    size = 1
    while size <= options.image:
        steps = -(-options.image // size)
        coarse = rng.standard_normal((options.count, steps, steps, options.channels))
        values += coarse.repeat(size, 1).repeat(size, 2)[:, :options.image, :options.image]
        size *= 4
    return np.clip(128 + 40 * values, 0, 255).astype(np.uint8)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model")
    parser.add_argument("pictures", nargs="?")
    for name, value in {"image": 96, "channels": 3, "patch": 12, "width": 96, "blocks": 6, "heads": 3, "mlp-ratio": 4, "classes": 10, "opset": 17, "seed": 1,
                        "count": 16}.items():
        parser.add_argument("--" + name, type=int, default=value)
    parser.add_argument("--activation", default="gelu", choices=["gelu", "silu", "quick-gelu", "hard-swish", "relu6", "relu"])
    options = parser.parse_args()
    onnx.save(make(options), options.model)
    if options.pictures:
        np.save(options.pictures, pictures(options))


if __name__ == "__main__":
    main()
