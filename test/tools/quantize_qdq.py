"""Writes a model with QuantizeLinear and DequantizeLinear around its layers, in the form in which ONNX Runtime's static quantization does.

Operands of products and sums are quantized: activations to uint8 with a zero point, for the tensor; weights to int8, symmetric, for each output; biases to int32 with
the product of both scales. A ReLU all of whose readers are quantized from zero is left out. Convolutions have taken up their batch normalizations before
(fold_batch_normalization), as ONNX Runtime's preparation does.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

QUANTIZED = ("MatMul", "Gemm", "Conv", "Add", "Mul", "Softmax", "AveragePool", "MaxPool", "GlobalAveragePool")


def fold_batch_normalization(model):
    """Every batch normalization behind a convolution as part of it, in place; gives the model."""
    graph = model.graph
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    makers, nodes = {}, []
    for node in graph.node:
        conv = makers.get(node.input[0]) if node.input else None
        if node.op_type == "BatchNormalization" and conv is not None and conv.op_type == "Conv":
            gamma, beta, mean, variance = (values[name] for name in node.input[1:5])
            epsilon = next((a.f for a in node.attribute if a.name == "epsilon"), 1e-5)
            factor = gamma / np.sqrt(variance + epsilon)
            weights, bias = conv.input[1], values[conv.input[2]] if len(conv.input) > 2 else 0
            values[weights] = (values[weights] * factor.reshape(-1, 1, 1, 1)).astype(np.float32)
            values[weights + "_bias"] = ((bias - mean) * factor + beta).astype(np.float32)
            conv.input[2:] = [weights + "_bias"]
            conv.output[0] = node.output[0]
            node = conv
        else:
            nodes.append(node)
        makers.update((name, node) for name in node.output)
    del graph.node[:]
    graph.node.extend(nodes)
    used = {name for node in nodes for name in node.input}
    del graph.initializer[:]
    graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in values.items() if name in used)
    return model


def with_all_values(model):
    """The model with every float value as an output, for finding their ranges."""
    inferred = onnx.shape_inference.infer_shapes(model)
    wide = onnx.ModelProto()
    wide.CopyFrom(model)
    known = {value.name: value for value in inferred.graph.value_info}
    names = [name for node in model.graph.node for name in node.output if name in known and known[name].type.tensor_type.elem_type == TensorProto.FLOAT]
    wide.graph.output.extend(known[name] for name in names)
    return wide


def quantize(model, ranges):
    """`ranges` has least and largest value of each float value by name."""
    quantized = onnx.ModelProto()
    quantized.CopyFrom(model)
    graph = quantized.graph
    weights = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    nodes, tensors, done = [], [], {}

    def constant(name, value):
        tensors.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def dequantized(name, scale, zero, axis=None, quantize=True):
        """Nodes behind `name`, or behind the constant name + "_quantized"."""
        attributes = {} if axis is None else {"axis": axis}
        parameters = [constant(name + "_scale", np.float32(scale)), constant(name + "_zero_point", zero)]
        if quantize:
            nodes.append(helper.make_node("QuantizeLinear", [name] + parameters, [name + "_quantized"], name + "_QuantizeLinear", **attributes))
        nodes.append(helper.make_node("DequantizeLinear", [name + "_quantized"] + parameters, [name + "_dequantized"], name + "_DequantizeLinear", **attributes))
        return name + "_dequantized"

    def scale_of(name):
        low, high = min(0.0, ranges[name][0]), max(0.0, ranges[name][1])
        return np.float32((high - low) / 255 or 1.0), low

    def activation(name):
        scale, low = scale_of(name)
        return dequantized(name, scale, np.uint8(round(-low / float(scale))))

    def weight(name, axis):
        value = weights[name]
        if axis is None:
            scale = np.float32(np.abs(value).max() / 127 or 1.0)
            codes, zero = np.rint(value / scale), np.int8(0)
        else:
            shape = [-1 if dimension == axis else 1 for dimension in range(value.ndim)]
            largest = np.abs(value).max(tuple(d for d in range(value.ndim) if d != axis))
            scale = np.where(largest == 0, 1, largest / 127).astype(np.float32)
            codes, zero = np.rint(value / scale.reshape(shape)), np.zeros(len(scale), np.int8)
        constant(name + "_quantized", np.clip(codes, -127, 127).astype(np.int8))
        return dequantized(name, scale, zero, axis, quantize=False), scale

    def bias(name, scale):
        constant(name + "_quantized", np.rint(weights[name] / scale).astype(np.int32))
        zero = np.zeros(np.shape(scale), np.int32)
        return dequantized(name, scale, zero, 0 if np.ndim(scale) else None, quantize=False)

    def operand(node, sources, index):
        name = sources[index]
        if name in done:
            return done[name]
        if name not in weights:
            if name in ranges:
                done[name] = activation(name)
            return done.get(name, name)
        if weights[name].dtype != np.float32:
            return name
        if node.op_type in ("Conv", "Gemm") and index == 2:
            done[name] = bias(name, scale_of(sources[0])[0] * weight_scales[sources[1]])
            return done[name]
        axis = None
        if index == 1 and weights[name].ndim > 1 and node.op_type in ("Conv", "Gemm", "MatMul"):
            transposed = node.op_type == "Gemm" and any(a.name == "transB" and a.i for a in node.attribute)
            axis = 0 if node.op_type == "Conv" or transposed else 1
        done[name], weight_scales[name] = weight(name, axis)
        return done[name]

    weight_scales = {}
    for node in graph.node:
        if node.op_type in QUANTIZED:
            sources = list(node.input)
            for index in range(len(sources)):
                node.input[index] = operand(node, sources, index)
        if node.op_type == "Relu" and all(reader.op_type in QUANTIZED for reader in graph.node if node.output[0] in reader.input):
            # Quantizing from zero does its work.
            result, = node.output
            nodes.append(helper.make_node("Identity", node.input, [result], node.name))
            done[result] = dequantized(result, scale_of(result)[0], np.uint8(0))
            continue
        nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)
    used = {name for node in nodes for name in node.input}
    kept = [tensor for tensor in graph.initializer if tensor.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept + tensors)
    onnx.checker.check_model(quantized)
    return quantized

