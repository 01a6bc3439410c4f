#!/usr/bin/python3
"""Sets weights of the shapes sample to zero, as structured pruning does: what the compiler has to find and leave out.

    hidden units   of each MLP the first 6 have no incoming weights, the next 5 no outgoing ones
    a head         of the first block: the values' weights are zero, their biases stay
    a block        the last MLP's second layer is zero with its bias

Usage: /usr/bin/python3 prune_units.py INPUT.onnx OUTPUT.onnx
Needs: Debian 12's python3-onnx and python3-numpy.
"""

import sys

import numpy as np
import onnx
from onnx import numpy_helper

CONSTANT, UNREAD = slice(0, 6), slice(6, 11)
HEADS = 2


class Model:
    def __init__(self, path):
        self.proto = onnx.load(path)
        self.constants = {tensor.name: tensor for tensor in self.proto.graph.initializer}

    def change(self, name, zeros):
        values = numpy_helper.to_array(self.constants[name]).copy()
        values[zeros] = 0
        self.constants[name].CopyFrom(numpy_helper.from_array(values.astype(np.float32), name))

    def weights_of(self, layer):
        """The [inputs, units] weights of the MatMul node whose name ends so."""
        node = next(node for node in self.proto.graph.node if node.op_type == "MatMul" and node.name.endswith(layer + "/MatMul"))
        return node.input[1]


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    model = Model(sys.argv[1])
    blocks = sum(name.endswith("mlp.fc2.bias") for name in model.constants)
    everything = slice(None)
    for block in range(blocks):
        model.change(model.weights_of("blocks.%d/mlp/fc1" % block), (everything, CONSTANT))
        model.change(model.weights_of("blocks.%d/mlp/fc2" % block), (UNREAD, everything))
    qkv = model.weights_of("blocks.0/attn/qkv")
    width = model.constants[qkv].dims[0]
    model.change(qkv, (everything, slice(2 * width, 2 * width + width // HEADS)))
    model.change(model.weights_of("blocks.%d/mlp/fc2" % (blocks - 1)), everything)
    model.change("blocks.%d.mlp.fc2.bias" % (blocks - 1), everything)
    onnx.save(model.proto, sys.argv[2])


if __name__ == "__main__":
    main()
