#!/usr/bin/python3
"""Plant outliers into a vision transformer of opset 17, as trained networks have them.

    layer-norm   one channel of every LayerNormalization that only MatMul nodes with constant weights read becomes 100 times as large, and
                 the weights that read it 1/100: the function stays
    residual     one channel of one token gets a constant on its way into the residual stream, by the position embedding, and keeps it
                 through all blocks, beside what it had: the function changes, and float is to be asked anew

Usage: /usr/bin/python3 plant_outliers.py INPUT.onnx OUTPUT.onnx layer-norm
       /usr/bin/python3 plant_outliers.py INPUT.onnx OUTPUT.onnx residual VALUE
Needs: Debian 12's python3-onnx and python3-numpy.
"""

import sys

import numpy as np
import onnx
from onnx import numpy_helper

CHANNEL, TOKEN, LAYER_NORM_FACTOR = 7, 11, 100.0


class Model:
    def __init__(self, path):
        self.proto = onnx.load(path)
        self.constants = {tensor.name: tensor for tensor in self.proto.graph.initializer}

    def value(self, name):
        return numpy_helper.to_array(self.constants[name]).copy()

    def replace(self, name, value):
        self.constants[name].CopyFrom(numpy_helper.from_array(value.astype(np.float32), name))

    def readers(self, name):
        return [node for node in self.proto.graph.node if name in node.input]


def plant_in_layer_norms(model):
    """The number of normalizations changed."""
    planted = 0
    for norm in model.proto.graph.node:
        if norm.op_type != "LayerNormalization":
            continue
        readers = model.readers(norm.output[0])
        if not readers or any(node.op_type != "MatMul" or node.input[1] not in model.constants for node in readers):
            continue
        for name in norm.input[1:3]:
            vector = model.value(name)
            vector[CHANNEL] *= LAYER_NORM_FACTOR
            model.replace(name, vector)
        for node in readers:
            weights = model.value(node.input[1])
            weights[CHANNEL] /= LAYER_NORM_FACTOR
            model.replace(node.input[1], weights)
        planted += 1
    return planted


def plant_in_residual(model, value):
    name = next(name for name in model.constants if "pos_embed" in name)
    position = model.value(name)
    position[0, TOKEN, CHANNEL] += value
    model.replace(name, position)
    return 1


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    model = Model(sys.argv[1])
    planted = plant_in_layer_norms(model) if sys.argv[3] == "layer-norm" else plant_in_residual(model, float(sys.argv[4]))
    if not planted:
        sys.exit("nothing to plant outliers in")
    onnx.save(model.proto, sys.argv[2])
    print("%d places" % planted)


if __name__ == "__main__":
    main()
