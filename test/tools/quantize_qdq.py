"""Writes a model with QuantizeLinear and DequantizeLinear around its layers, in the form in which ONNX Runtime's static quantization does.

Operands of products and sums are quantized, as a Style says: activations to uint8 or int8, for the tensor, with a zero point or symmetric; weights to int8, symmetric,
or to uint8 with a zero point, for each output or for the tensor; biases to int32 with the product of both scales. A ReLU all of whose readers are quantized from zero
is left out. Convolutions have taken up their batch normalizations before (fold_batch_normalization), as ONNX Runtime's preparation does.
"""

from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

# Whose results have the parameters of their operand, in all styles that quantize results.
DIRECT = ("Flatten", "Reshape", "Transpose", "MaxPool", "AveragePool")


@dataclass
class Style:
    """How ONNX Runtime's quantize_static is called."""

    activations: type = np.uint8
    symmetric: bool = False  # activations: no zero point, and ReLU stays
    per_channel: bool = True
    asymmetric_weights: bool = False  # to uint8
    results: bool = False  # of the network, and of what only moves values, as well: all that is stored has a range then

    def parameters(self, low, high):
        """Scale and zero point of activations from `low` to `high`."""
        low, high = min(0.0, low), max(0.0, high)
        if self.symmetric:
            return np.float32(max(-low, high) / 127 or 1.0), self.activations(0 if self.activations == np.int8 else 128)
        scale = np.float32((high - low) / 255 or 1.0)
        return scale, self.activations(round(np.iinfo(self.activations).min - low / float(scale)))


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


def quantize(model, ranges, style=Style()):
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

    def activation(name):
        return dequantized(name, *style.parameters(*ranges[name]))

    def weight(name, axis):
        value = weights[name]
        if style.asymmetric_weights:
            low, high = min(0.0, value.min()), max(0.0, value.max())
            scale = np.float32((high - low) / 255 or 1.0)
            zero = np.uint8(round(-low / float(scale)))
            constant(name + "_quantized", np.clip(np.rint(value / scale) + zero, 0, 255).astype(np.uint8))
            return dequantized(name, scale, zero, quantize=False), scale
        if axis is None or not style.per_channel:
            axis = None
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
            done[name] = bias(name, style.parameters(*ranges[sources[0]])[0] * weight_scales[sources[1]])
            return done[name]
        axis = None
        if index == 1 and weights[name].ndim > 1 and node.op_type in ("Conv", "Gemm", "MatMul"):
            transposed = node.op_type == "Gemm" and any(a.name == "transB" and a.i for a in node.attribute)
            axis = 0 if node.op_type == "Conv" or transposed else 1
        done[name], weight_scales[name] = weight(name, axis)
        return done[name]

    weight_scales = {}
    results = {value.name for value in graph.output} if style.results else ()
    kinds = QUANTIZED + DIRECT if style.results else QUANTIZED
    # What one reader has rounded, all have; results are rounded as operands are, but for those whose ReLU is left out.
    wanted = set()
    if style.results:
        removed = {name for node in graph.node if node.op_type in ("Relu", "Clip") and not style.symmetric for name in node.input}
        for node in graph.node:
            if node.op_type in kinds:
                wanted.update(name for name in [*node.input, *node.output] if name in ranges and name not in results and name not in removed)
    for node in graph.node:
        if style.results and node.op_type in DIRECT and node.input[0] in ranges:
            ranges[node.output[0]] = ranges[node.input[0]]
        sources = list(node.input)
        for index, name in enumerate(sources):
            if node.op_type in kinds or name in wanted:
                node.input[index] = operand(node, sources, index)
        result = node.output[0]
        readers = [reader for reader in graph.node if result in reader.input]
        if node.op_type in ("Relu", "Clip") and not style.symmetric and readers and all(reader.op_type in kinds for reader in readers):
            # Quantizing from zero does its work.
            nodes.append(helper.make_node("Identity", node.input[:1], [result], node.name))
            done[result] = dequantized(result, style.parameters(0.0, ranges[result][1])[0], style.activations(np.iinfo(style.activations).min))
            continue
        nodes.append(node)
        if result in results and result in ranges and node.op_type in QUANTIZED + ("Identity",):
            node.output[0] = result + "_QuantizeLinear_Input"
            ranges[node.output[0]] = ranges[result]
            nodes.append(helper.make_node("Identity", [activation(node.output[0])], [result], result + "_Identity"))
    del graph.node[:]
    graph.node.extend(nodes)
    used = {name for node in nodes for name in node.input}
    kept = [tensor for tensor in graph.initializer if tensor.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept + tensors)
    onnx.checker.check_model(quantized)
    return quantized

