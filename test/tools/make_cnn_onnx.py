#!/usr/bin/python3
"""Writes convolutional networks of the sizes of MLPerf Tiny with random weights as ONNX, and random pictures.

    make_cnn_onnx.py NETWORK MODEL.onnx [PICTURES.npy [LOGITS.npy]] [--seed 1] [--count 16] [--ranges RANGES.json]

NETWORK is one of
    resnet8    residual blocks of 16, 32 and 64 channels on 32 x 32 x 3, shortcuts by 1 x 1 convolutions, an average pool (12.5 M MACs)
    dscnn      a depthwise separable network on 49 x 10 features of a second of speech (2.7 M MACs)
    mobilenet  MobileNetV1 with a quarter of the channels on 96 x 96 x 3, ReLU6 (7.5 M MACs)
    cct        a compact convolutional transformer: two convolutions with a max pool each, learned positions, two blocks, sequence pooling
    hybrid     a convolutional stem with a max pool, then two blocks of a transformer on its map and the mean of all tokens

Convolutions have He's initialization; each is followed by a batch normalization whose statistics are those of the values that it is given, measured in float
on the pictures, as training leaves them, and shifts that let most values pass the ReLU behind it: where half of them are cut, a network with random weights
turns any error, a layer's rounding or a pixel's, into one 1.7 dB larger at each layer, and 27 layers into noise. LOGITS.npy is what NumPy makes of the pictures, of all networks without attention; RANGES.json
has the least and the largest element of each value that it computes on the way, by its name. Opset 13. The same arguments give the same bytes. Needs python3-onnx and python3-numpy, no PyTorch.
"""
import argparse
import json

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from make_vit_onnx import Graph, activated, attention


def windows(x, kernel, strides, pads):
    """[n, c, h, w] to [n, c, out_h, out_w, kernel_h, kernel_w]."""
    x = np.pad(x, ((0, 0), (0, 0), (pads[0], pads[2]), (pads[1], pads[3])))
    view = np.lib.stride_tricks.sliding_window_view(x, kernel, (2, 3))
    return view[:, :, ::strides[0], ::strides[1]]


def same(size, kernel, stride):
    """Padding by the rule of SAME: the odd pixel at the end."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


class ConvGraph(Graph):
    """Keeps what the pictures become, so that batch normalization can have their statistics."""

    def __init__(self, seed, images, opset=13):
        super().__init__(seed)
        self.opset = opset
        self.values = {"image": images.transpose(0, 3, 1, 2).astype(np.float32) / 255 * 2 - 1}

    def conv(self, x, name, units, kernel, stride=1, depthwise=False, activation="Relu", normalize=True, pads=None):
        value = self.values[x]
        channels = value.shape[1]
        kernel = kernel if isinstance(kernel, tuple) else (kernel, kernel)
        if pads is None:
            begin, end = zip(*(same(value.shape[2 + d], kernel[d], stride) for d in range(2)))
            pads = list(begin + end)
        fan_in = kernel[0] * kernel[1] * (1 if depthwise else channels)
        weights = ((2 / fan_in) ** 0.5 * self.rng.standard_normal((units, 1 if depthwise else channels) + kernel)).astype(np.float32)
        seen = windows(value, kernel, (stride, stride), pads)
        out = np.einsum("nchwij,cij->nchw", seen, weights[:, 0]) if depthwise else np.einsum("nchwij,ocij->nohw", seen, weights, optimize=True)
        inputs = [x, self.constant(name + ".weight", weights)]
        if not normalize:
            inputs.append(self.random(name + ".bias", (units,), 0.1))
            out = out + numpy_helper.to_array(self.initializers[-1])[:, None, None]
        result = self.node("Conv", inputs, name + ".conv", strides=[stride] * 2, pads=pads, kernel_shape=list(kernel), group=channels if depthwise else 1)
        if normalize:
            mean, variance = out.mean((0, 2, 3)), out.var((0, 2, 3)) + 1e-3
            gamma, beta = self.rng.uniform(0.7, 1.3, units), 1 + 0.2 * self.rng.standard_normal(units)
            result = self.node("BatchNormalization", [result] + [self.constant(name + "." + key, values.astype(np.float32)) for key, values in (
                ("gamma", gamma), ("beta", beta), ("mean", mean), ("variance", variance))], name + ".bn", epsilon=1e-3)
            out = (out - mean[:, None, None]) / np.sqrt(variance + 1e-3)[:, None, None] * gamma[:, None, None] + beta[:, None, None]
        self.values[result] = out.astype(np.float32)
        return self.activate(result, name, activation) if activation else result

    def activate(self, x, name, activation):
        if activation in ("Silu", "HardSwish"):
            gate = np.clip(self.values[x] / 6 + 0.5, 0, 1) if activation == "HardSwish" else 1 / (1 + np.exp(-self.values[x]))
            if activation == "Silu" or self.opset < 14:
                gates = self.node("Sigmoid" if activation == "Silu" else "HardSigmoid", [x], name + ".gate",
                                  **({} if activation == "Silu" else {"alpha": 1 / 6, "beta": 0.5}))
                result = self.node("Mul", [x, gates], name)
            else:
                result = self.node("HardSwish", [x], name)
            self.values[result] = self.values[x] * gate
            return result
        if activation == "Clip":
            if not any(known.name == "zero" for known in self.initializers):
                self.scalar("zero", 0.0)
                self.scalar("six", 6.0)
            result = self.node("Clip", [x, "zero", "six"], name)
        else:
            result = self.node("Relu", [x], name)
        self.values[result] = np.clip(self.values[x], 0, 6 if activation == "Clip" else None)
        return result

    def add(self, x, y, name):
        self.values[name] = self.values[x] + self.values[y]
        return self.node("Add", [x, y], name)

    def classify(self, x, units, classes):
        x = self.node("Flatten", [x], "features", axis=1)
        weights = self.random("head.weight", (classes, units), units ** -0.5)
        self.node("Gemm", [x, weights, self.random("head.bias", (classes,), 0.02)], "logits", transB=1)
        matrix, bias = (numpy_helper.to_array(values) for values in self.initializers[-2:])
        self.values["logits"] = self.values["pool"].reshape(-1, units) @ matrix.T + bias

    def mean_pool(self, x, kind, **attributes):
        self.values["pool"] = self.values[x].mean((2, 3))
        return self.node(kind, [x], "pool", **attributes)


def resnet8(g):
    x = g.conv("image", "stem", 16, 3)
    for number, (units, stride) in enumerate(((16, 1), (32, 2), (64, 2))):
        name = "blocks.%d" % number
        y = g.conv(x, name + ".conv1", units, 3, stride)
        y = g.conv(y, name + ".conv2", units, 3, activation=None)
        if stride != 1:
            x = g.conv(x, name + ".shortcut", units, 1, stride, activation=None, normalize=False)
        x = g.activate(g.add(x, y, name + ".sum"), name, "Relu")
    g.classify(g.mean_pool(x, "AveragePool", kernel_shape=[8, 8]), 64, 10)
    return 10


def dscnn(g):
    x = g.conv("image", "stem", 64, (10, 4), 2)
    for number in range(4):
        x = g.conv(x, "blocks.%d.depthwise" % number, 64, 3, depthwise=True)
        x = g.conv(x, "blocks.%d" % number, 64, 1)
    g.classify(g.mean_pool(x, "AveragePool", kernel_shape=list(g.values[x].shape[2:])), 64, 12)
    return 12


def mobilenet(g):
    x = g.conv("image", "stem", 8, 3, 2, activation="Clip")
    blocks = [(16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2)] + [(128, 1)] * 5 + [(256, 2), (256, 1)]
    for number, (units, stride) in enumerate(blocks):
        x = g.conv(x, "blocks.%d.depthwise" % number, g.values[x].shape[1], 3, stride, depthwise=True, activation="Clip")
        x = g.conv(x, "blocks.%d" % number, units, 1, activation="Clip")
    g.classify(g.mean_pool(x, "GlobalAveragePool"), 256, 2)
    return 2


def hybrid(g):
    x = g.conv("image", "stem.0", 16, 3, 2)
    x = g.node("MaxPool", [x], "stem.pool", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    seen = windows(g.values["stem.0"], (3, 3), (2, 2), (1, 1, 1, 1))  # behind ReLU, where a zero is never larger
    g.values[x] = seen.max((4, 5))
    x = g.conv(x, "stem.1", 32, 3, activation=None)
    width, tokens = 32, g.values[x].shape[2] * g.values[x].shape[3]
    x = g.node("Reshape", [x, g.constant("map.shape", np.array([1, width, tokens], np.int64))], "map")
    x = g.node("Transpose", [x], "tokens", perm=[0, 2, 1])
    for number in range(2):
        name = "blocks.%d" % number
        x = g.node("Add", [x, attention(g, layer_norm(g, x, name + ".norm1", width), name + ".attn", tokens, width, 2)], name + ".attended")
        y = g.linear(layer_norm(g, x, name + ".norm2", width), name + ".fc1", width, 2 * width)
        y = g.node("Relu", [y], name + ".relu")
        x = g.node("Add", [x, g.linear(y, name + ".fc2", 2 * width, width)], name)
    x = g.node("ReduceMean", [layer_norm(g, x, "norm", width)], "mean", axes=[1], keepdims=0)
    weights = g.random("head.weight", (10, width), width ** -0.5)
    g.node("Gemm", [x, weights, g.random("head.bias", (10,), 0.02)], "logits", transB=1)
    return 10


def max_pool(g, x, name):
    """3 x 3 with strides of 2, of what is not negative: a zero at the border is never larger."""
    result = g.node("MaxPool", [x], name, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    g.values[result] = windows(g.values[x], (3, 3), (2, 2), (1, 1, 1, 1)).max((4, 5))
    return result


def cct(g):
    x = max_pool(g, g.conv("image", "tokenizer.0", 16, 3), "tokenizer.0.pool")
    x = max_pool(g, g.conv(x, "tokenizer.1", 32, 3), "tokenizer.1.pool")
    width, tokens = 32, g.values[x].shape[2] * g.values[x].shape[3]
    x = g.node("Reshape", [x, g.constant("map.shape", np.array([1, width, tokens], np.int64))], "map")
    x = g.node("Add", [g.node("Transpose", [x], "tokens", perm=[0, 2, 1]), g.random("positions", (1, tokens, width), 0.2)], "embedded")
    for number in range(2):
        name = "blocks.%d" % number
        x = g.node("Add", [x, attention(g, layer_norm(g, x, name + ".norm1", width), name + ".attn", tokens, width, 2)], name + ".attended")
        y = activated(g, g.linear(layer_norm(g, x, name + ".norm2", width), name + ".fc1", width, 2 * width), name, "gelu")
        x = g.node("Add", [x, g.linear(y, name + ".fc2", 2 * width, width)], name)
    x = layer_norm(g, x, "norm", width)
    weights = g.node("Softmax", [g.linear(x, "pool", width, 1)], "pool.softmax", axis=1)
    pooled = g.node("MatMul", [g.node("Transpose", [weights], "pool.row", perm=[0, 2, 1]), x], "pooled")
    pooled = g.node("Squeeze", [pooled, g.constant("squeezed", np.array([1], np.int64))], "features")
    weights = g.random("head.weight", (10, width), width ** -0.5)
    g.node("Gemm", [pooled, weights, g.random("head.bias", (10,), 0.02)], "logits", transB=1)
    return 10


def layer_norm(g, x, name, width):
    """As opset 13 has to write it."""
    mean = g.node("ReduceMean", [x], name + ".mean", axes=[-1])
    centred = g.node("Sub", [x, mean], name + ".centred")
    square = g.node("Pow", [centred, g.scalar(name + ".two", 2.0)], name + ".square")
    variance = g.node("Add", [g.node("ReduceMean", [square], name + ".variance", axes=[-1]), g.scalar(name + ".epsilon", 1e-5)], name + ".shifted")
    normed = g.node("Div", [centred, g.node("Sqrt", [variance], name + ".root")], name + ".normed")
    scaled = g.node("Mul", [normed, g.random(name + ".weight", (width,), 0.1, 1.0)], name + ".scaled")
    return g.node("Add", [scaled, g.random(name + ".bias", (width,), 0.1)], name)


SHAPES = {"resnet8": (32, 32, 3), "dscnn": (49, 10, 1), "mobilenet": (96, 96, 3), "hybrid": (48, 48, 3), "cct": (32, 32, 3)}


def pictures(shape, seed, count):
    """Noise of all wavelengths, at most a byte."""
    rng = np.random.default_rng(seed + 1)
    height, width, channels = shape
    values = np.zeros((count,) + shape)
    size = 1
    while size <= max(height, width):
        coarse = rng.standard_normal((count, -(-height // size), -(-width // size), channels))
        values += coarse.repeat(size, 1).repeat(size, 2)[:, :height, :width]
        size *= 4
    return np.clip(128 + 40 * values, 0, 255).astype(np.uint8)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("network", choices=sorted(SHAPES))
    parser.add_argument("model")
    parser.add_argument("pictures", nargs="?")
    parser.add_argument("logits", nargs="?")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=16)
    parser.add_argument("--ranges")
    options = parser.parse_args()
    shape = SHAPES[options.network]
    images = pictures(shape, options.seed, options.count)
    g = ConvGraph(options.seed, images)
    classes = globals()[options.network](g)
    graph = helper.make_graph(g.nodes, options.network,
                              [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, shape[2], shape[0], shape[1]])],
                              [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, classes])], g.initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)
    onnx.checker.check_model(model)
    onnx.save(model, options.model)
    if options.pictures:
        np.save(options.pictures, images)
    if options.logits and "logits" in g.values:
        np.save(options.logits, g.values["logits"].astype(np.float32))
    if options.ranges:
        with open(options.ranges, "w") as file:
            json.dump({name: [float(value.min()), float(value.max())] for name, value in g.values.items()}, file)


if __name__ == "__main__":
    main()
