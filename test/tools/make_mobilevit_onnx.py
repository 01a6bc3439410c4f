#!/usr/bin/python3
"""Writes networks of MobileNetV2 blocks, and MobileViTs, with random weights as ONNX, and random pictures.

    make_mobilevit_onnx.py NETWORK MODEL.onnx [PICTURES.npy [LOGITS.npy]] [--activation Silu] [--form hf|timm] [--opset 13] [--image 64] [--seed 1] [--count 16]

NETWORK is one of
    inverted    MobileNetV2 blocks, with and without a residual, of strides 1 and 2, and no transformer
    small       two MobileViT blocks of different widths between them, for tests
    xxs         the widths and depths of MobileViT-XXS

A MobileViT block is a 3 x 3 convolution, a 1 x 1 convolution to the width of the transformer, the pixels of 2 x 2 patches as four sequences ("unfold"), transformer
layers, LayerNorm, the way back ("fold"), a 1 x 1 convolution, a concatenation with the block's input and a 3 x 3 convolution. The two forms differ in attention:
hf has three layers for queries, keys and values and divides the scores, timm has one layer and multiplies the queries. Convolutions are initialized and normalized
as make_cnn_onnx.py does it. LOGITS.npy is what NumPy makes of the pictures. The same arguments give the same bytes. Needs python3-onnx and python3-numpy, no PyTorch.
"""
import argparse

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from make_cnn_onnx import ConvGraph, layer_norm, pictures

PATCH = 2


class MobileVit(ConvGraph):
    """Every node with its value, so that what stands behind a transformer can be normalized, too."""

    def __init__(self, seed, images, options):
        super().__init__(seed, images, options.opset)
        self.activation, self.form = options.activation, options.form

    def convolve(self, x, name, units, kernel=1, stride=1, **more):
        return self.conv(x, name, units, kernel, stride, **{"activation": self.activation, "pads": [kernel // 2] * 4, **more})

    def inverted(self, x, name, units, stride, expansion=2):
        """MobileNetV2's block."""
        channels = self.values[x].shape[1]
        y = self.convolve(x, name + ".expand", expansion * channels)
        y = self.convolve(y, name + ".depthwise", expansion * channels, 3, stride, depthwise=True)
        y = self.convolve(y, name + ".project", units, activation=None)
        return self.add(x, y, name) if stride == 1 and units == channels else y

    def reshape(self, x, name, shape):
        self.values[name] = self.values[x].reshape((-1,) + tuple(shape[1:]))  # one picture after the other
        return self.node("Reshape", [x, self.constant(name + ".shape", np.array(shape, np.int64))], name)

    def transpose(self, x, name, permutation):
        self.values[name] = self.values[x].transpose(permutation)
        return self.node("Transpose", [x], name, perm=permutation)

    def dense(self, x, name, units):
        depth = self.values[x].shape[-1]
        result = self.linear(x, name, depth, units)
        weights, bias = (numpy_helper.to_array(values) for values in self.initializers[-2:])
        self.values[result] = self.values[x] @ weights + bias
        return result

    def normalize(self, x, name):
        width = self.values[x].shape[-1]
        if self.opset >= 17:
            self.layer_norm(x, name, width)
            epsilon = 1e-6
        else:
            layer_norm(self, x, name, width)
            epsilon = 1e-5
        known = {initializer.name: initializer for initializer in self.initializers}
        gamma, beta = (numpy_helper.to_array(known[name + "." + key]) for key in ("weight", "bias"))
        value = self.values[x]
        value = (value - value.mean(-1, keepdims=True)) / np.sqrt(value.var(-1, keepdims=True) + epsilon)
        self.values[name] = value * gamma + beta
        return name

    def compute(self, kind, inputs, name, value, **attributes):
        self.values[name] = value
        return self.node(kind, inputs, name, **attributes)

    def attention(self, x, name, heads):
        groups, tokens, width = PATCH * PATCH, self.tokens, self.values[x].shape[-1]
        depth = width // heads
        if self.form == "timm":
            packed = self.reshape(self.dense(x, name + ".qkv", 3 * width), name + ".split", [groups, tokens, 3, heads, depth])
            packed = self.transpose(packed, name + ".packed", [2, 0, 3, 1, 4])
            q, k, v = (self.compute("Gather", [packed, self.constant(name + "." + key + ".index", np.array(number, np.int64))], name + "." + key,
                                    self.values[packed][number], axis=0) for number, key in enumerate("qkv"))
            q = self.compute("Mul", [q, self.scalar(name + ".scale", depth ** -0.5)], name + ".scaled", self.values[q] * np.float32(depth ** -0.5))
        else:
            q, k, v = (self.transpose(self.reshape(self.dense(x, name + "." + key, width), name + "." + key + ".split", [groups, tokens, heads, depth]),
                                      name + "." + key + ".heads", [0, 2, 1, 3]) for key in "qkv")
        k = self.transpose(k, name + ".keys", [0, 1, 3, 2])
        scores = self.compute("MatMul", [q, k], name + ".scores", self.values[q] @ self.values[k])
        if self.form == "hf":
            scores = self.compute("Div", [scores, self.scalar(name + ".root", depth ** 0.5)], name + ".divided", self.values[scores] / np.float32(depth ** 0.5))
        shares = np.exp(self.values[scores] - self.values[scores].max(-1, keepdims=True))
        shares = self.compute("Softmax", [scores], name + ".softmax", shares / shares.sum(-1, keepdims=True), axis=-1)
        context = self.compute("MatMul", [shares, v], name + ".context", self.values[shares] @ self.values[v])
        context = self.reshape(self.transpose(context, name + ".back", [0, 2, 1, 3]), name + ".merge", [groups, tokens, width])
        return self.dense(context, name + ".proj", width)

    def transformer(self, x, name, heads):
        width = self.values[x].shape[-1]
        x = self.add(x, self.attention(self.normalize(x, name + ".norm1"), name + ".attn", heads), name + ".attended")
        y = self.dense(self.normalize(x, name + ".norm2"), name + ".fc1", 2 * width)
        y = self.dense(self.activate(y, name + ".act", self.activation), name + ".fc2", width)
        return self.add(x, y, name)

    def mobilevit(self, x, name, width, layers, heads):
        _, channels, height, columns = self.values[x].shape
        rows, across = height // PATCH, columns // PATCH
        area, self.tokens = PATCH * PATCH, rows * across
        y = self.convolve(x, name + ".conv", channels, 3)
        y = self.convolve(y, name + ".in", width, activation=None, normalize=False)
        y = self.reshape(y, name + ".unfold.lines", [width * rows, PATCH, across, PATCH])
        y = self.transpose(y, name + ".unfold.patches", [0, 2, 1, 3])
        y = self.reshape(y, name + ".unfold.pixels", [1, width, self.tokens, area])
        y = self.transpose(y, name + ".unfold.channels", [0, 3, 2, 1])
        y = self.reshape(y, name + ".unfold", [area, self.tokens, width])
        for number in range(layers):
            y = self.transformer(y, "%s.layers.%d" % (name, number), heads)
        y = self.normalize(y, name + ".norm")
        y = self.reshape(y, name + ".fold.groups", [1, area, self.tokens, width])
        y = self.transpose(y, name + ".fold.channels", [0, 3, 2, 1])
        y = self.reshape(y, name + ".fold.pixels", [width * rows, across, PATCH, PATCH])
        y = self.transpose(y, name + ".fold.patches", [0, 2, 1, 3])
        y = self.reshape(y, name + ".fold", [1, width, height, columns])
        y = self.convolve(y, name + ".out", channels)
        y = self.compute("Concat", [x, y], name + ".joined", np.concatenate([self.values[x], self.values[y]], 1), axis=1)
        return self.convolve(y, name + ".fusion", channels, 3)

    def head(self, x, units, classes):
        x = self.convolve(x, "last", units)
        self.classify(self.mean_pool(x, "GlobalAveragePool"), units, classes)
        return classes


def inverted(g):
    x = g.convolve("image", "stem", 8, 3, 2)
    for number, (units, stride) in enumerate(((8, 1), (16, 2), (16, 1), (24, 2), (24, 1))):
        x = g.inverted(x, "blocks.%d" % number, units, stride)
    return g.head(x, 48, 10)


def stages(g, stem, plan, last):
    """`plan`: units, blocks, stride, and width, layers and heads of a MobileViT block behind them."""
    x = g.convolve("image", "stem", stem, 3, 2)
    for stage, (units, blocks, stride, transformer) in enumerate(plan):
        for number in range(blocks):
            x = g.inverted(x, "stages.%d.%d" % (stage, number), units, stride if number == 0 else 1)
        if transformer:
            x = g.mobilevit(x, "stages.%d.mobilevit" % stage, *transformer)
    return g.head(x, last, 10)


def small(g):
    return stages(g, 8, ((8, 1, 1, None), (16, 2, 2, None), (24, 1, 2, (32, 1, 4)), (32, 1, 2, (40, 2, 2))), 64)


def xxs(g):
    return stages(g, 16, ((16, 1, 1, None), (24, 3, 2, None), (48, 1, 2, (64, 2, 4)), (64, 1, 2, (80, 4, 4)), (80, 1, 2, (96, 3, 4))), 320)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("network", choices=["inverted", "small", "xxs"])
    parser.add_argument("model")
    parser.add_argument("pictures", nargs="?")
    parser.add_argument("logits", nargs="?")
    parser.add_argument("--activation", default="Silu", choices=["Silu", "HardSwish", "Clip", "Relu"])
    parser.add_argument("--form", default="hf", choices=["hf", "timm"])
    for name, value in {"opset": 13, "image": 64, "seed": 1, "count": 16}.items():
        parser.add_argument("--" + name, type=int, default=value)
    options = parser.parse_args()
    images = pictures((options.image, options.image, 3), options.seed, options.count)
    g = MobileVit(options.seed, images, options)
    classes = globals()[options.network](g)
    graph = helper.make_graph(g.nodes, options.network,
                              [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, options.image, options.image])],
                              [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, classes])], g.initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", options.opset)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, options.model)
    if options.pictures:
        np.save(options.pictures, images)
    if options.logits:
        np.save(options.logits, g.values["logits"].astype(np.float32))


if __name__ == "__main__":
    main()
