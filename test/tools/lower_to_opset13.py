#!/usr/bin/python3
"""Rewrite an ONNX model of opset 17 as the same model in opset 13.

Between the two versions the operators that vision transformers use did not
change, but one was added: LayerNormalization. Each such node becomes the nine
that PyTorch's exporter writes below opset 17:

    ReduceMean, Sub, Pow 2, ReduceMean, Add epsilon, Sqrt, Div, Mul, Add

A model with an operator that opset 13 does not have is refused.

Usage: /usr/bin/python3 lower_to_opset13.py INPUT.onnx OUTPUT.onnx
Needs: Debian 12's python3-onnx and python3-numpy.
"""

import sys

import numpy as np
import onnx
from onnx import helper, numpy_helper

OPSET = 13
DEFAULT_EPSILON = 1e-5

# Of Reshape and Shape; zero is how they behaved before they had them.
NEW_ATTRIBUTES = ("allowzero", "start")


def rank_of(graph, name):
    """The rank of a value as shape inference found it, or None."""
    for value in (*graph.value_info, *graph.input, *graph.output):
        if value.name == name and value.type.tensor_type.HasField("shape"):
            return len(value.type.tensor_type.shape.dim)
    return None


def normalises_last_axis(node, graph):
    axis = next((a.i for a in node.attribute if a.name == "axis"), -1)
    if axis == -1:
        return True
    rank = rank_of(graph, node.input[0])
    return rank is not None and axis == rank - 1


def decompose(node):
    """The nodes that compute what one LayerNormalization does."""
    x, scale, *bias = node.input
    output = node.output[0]
    prefix = (node.name or output) + "/"
    epsilon = next((a.f for a in node.attribute if a.name == "epsilon"),
                   DEFAULT_EPSILON)
    nodes = []

    def constant(name, value):
        tensor = numpy_helper.from_array(np.array(value, dtype=np.float32))
        nodes.append(helper.make_node("Constant", [], [prefix + name],
                                      name=prefix + name, value=tensor))
        return prefix + name

    def add(operator, inputs, name, result=None, **attributes):
        result = result or prefix + name
        nodes.append(helper.make_node(operator, inputs, [result],
                                      name=prefix + name, **attributes))
        return result

    mean = add("ReduceMean", [x], "mean", axes=[-1])
    centred = add("Sub", [x, mean], "centred")
    squares = add("Pow", [centred, constant("two", 2.0)], "squares")
    variance = add("ReduceMean", [squares], "variance", axes=[-1])
    shifted = add("Add", [variance, constant("epsilon", epsilon)], "shifted")
    deviation = add("Sqrt", [shifted], "deviation")
    normal = add("Div", [centred, deviation], "normal")
    if bias and bias[0]:
        scaled = add("Mul", [normal, scale], "scaled")
        add("Add", [scaled, bias[0]], "biased", result=output)
    else:
        add("Mul", [normal, scale], "scaled", result=output)
    return nodes


def refuse(message):
    sys.exit(f"lower_to_opset13: {message}")


def drop_new_attributes(node):
    """Take away the attributes opset 13 lacks, where they say nothing."""
    for attribute in list(node.attribute):
        if attribute.name in NEW_ATTRIBUTES and attribute.i == 0:
            node.attribute.remove(attribute)


def lower(model):
    """Return the model in opset 13."""
    inferred = onnx.shape_inference.infer_shapes(model).graph
    lowered = onnx.ModelProto()
    lowered.CopyFrom(model)
    del lowered.graph.node[:]
    for node in model.graph.node:
        if node.op_type != "LayerNormalization":
            lowered.graph.node.append(node)
            drop_new_attributes(lowered.graph.node[-1])
            continue
        if len(node.output) > 1 or not normalises_last_axis(node, inferred):
            refuse(f"{node.name}: more than the last axis, or more than "
                   "one result")
        lowered.graph.node.extend(decompose(node))
    del lowered.opset_import[:]
    lowered.opset_import.append(helper.make_opsetid("", OPSET))
    try:
        onnx.checker.check_model(lowered, full_check=True)
    except onnx.checker.ValidationError as error:
        refuse(f"not a model of opset {OPSET}: {error}")
    return lowered


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: lower_to_opset13.py INPUT.onnx OUTPUT.onnx")
    onnx.save(lower(onnx.load(sys.argv[1])), sys.argv[2])


if __name__ == "__main__":
    main()
