"""The graph of a subnet as PyTorch's tracer writes it: numbered values, anonymous transposed weights, shapes that are computed from shapes."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from subnet import HEAD_WIDTH, LAYER_NORM_EPSILON, MAX_DISTANCE


class Tracer:
    """Nodes and initializers, numbered as they come. A method that is called like an operator appends a node and gives its output."""

    def __init__(self, opset):
        self.opset = opset
        self.nodes, self.initializers = [], []
        self.count = 0

    def number(self):
        self.count += 1
        return str(self.count)

    def node(self, kind, inputs, outputs=1, **attributes):
        names = [self.number() for _ in range(outputs)]
        self.nodes.append(helper.make_node(kind, inputs, names, name="%s_%d" % (kind, len(self.nodes)), **attributes))
        return names[0] if outputs == 1 else names

    def __getattr__(self, kind):
        if not kind[0].isupper():
            raise AttributeError(kind)
        return lambda *inputs, **attributes: self.node(kind, list(inputs), **attributes)

    def constant(self, values, dtype=np.int64):
        return self.node("Constant", [], value=numpy_helper.from_array(np.array(values, dtype)))

    def weight(self, values):
        name = self.number()
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(values, np.float32), name))
        return name

    def unsqueeze(self, x, axes):
        return self.Unsqueeze(x, self.constant(axes)) if self.opset >= 13 else self.Unsqueeze(x, axes=axes)

    def size(self, x, axis):
        return self.Gather(self.Shape(x), self.constant(axis), axis=0)

    def shape(self, parts):
        """A shape vector of ints and of sizes that the graph computes."""
        vectors = [self.unsqueeze(self.constant(part) if isinstance(part, int) else part, [0]) for part in parts]
        return self.Concat(*vectors, axis=0)

    def reshape(self, x, parts):
        return self.Reshape(x, self.shape(parts))

    def scaled(self, x, value):
        return self.Mul(x, self.constant(value, np.float32))

    def linear(self, x, matrix):
        """A factor; every one is followed by the supernet's sampling scale, 1."""
        return self.scaled(self.MatMul(x, self.weight(matrix.T)), 1.0)

    def layer_norm(self, x, gamma, beta):
        if self.opset >= 17:
            return self.LayerNormalization(x, self.weight(gamma), self.weight(beta), axis=-1, epsilon=LAYER_NORM_EPSILON)
        centered = self.Sub(x, self.ReduceMean(x, axes=[-1]))
        variance = self.ReduceMean(self.Pow(centered, self.constant(2.0, np.float32)), axes=[-1])
        deviation = self.Sqrt(self.Add(variance, self.constant(LAYER_NORM_EPSILON, np.float32)))
        return self.Add(self.Mul(self.Div(centered, deviation), self.weight(gamma)), self.weight(beta))

    def gelu(self, x):
        inner = self.Erf(self.Div(x, self.constant(2 ** 0.5, np.float32)))
        return self.scaled(self.Mul(x, self.Add(inner, self.constant(1.0, np.float32))), 0.5)

    def slice(self, x, axis, start, end, step=1):
        return self.Slice(x, self.constant([start]), self.constant([end]), self.constant([axis]), self.constant([step]))


def expand_class_token(t, cls, x):
    """cls.expand(batch, -1, -1): sizes of -1 become 1 by way of Equal and Where."""
    wanted = t.Reshape(t.shape([t.size(x, 0), -1, -1]), t.constant([-1]))
    ones = t.ConstantOfShape(t.Shape(wanted), value=helper.make_tensor("value", TensorProto.INT64, [1], [1]))
    keep = t.Equal(wanted, t.Mul(ones, t.constant(-1)))
    return t.Expand(t.weight(cls), t.Where(keep, ones, wanted))


def pads(t, before):
    """The pads of F.pad(x, (1, 0, 1, 0)) for a matrix: last dimension first, turned around on the way."""
    given = t.constant(before)
    missing = t.Sub(t.Mul(t.constant([2]), t.constant([2])), t.Shape(given))
    zeros = t.ConstantOfShape(missing, value=helper.make_tensor("value", TensorProto.INT64, [1], [0]))
    pairs = t.Reshape(t.Concat(given, zeros, axis=0), t.constant([-1, 2]))
    turned = t.Transpose(t.slice(pairs, 0, -1, -(2 ** 63) + 1, -1), perm=[1, 0])
    return t.Cast(t.Reshape(turned, t.constant([-1])), to=TensorProto.INT64)


def relative_table(t, x, rows, columns):
    """Embeddings [tokens, tokens, 64] from tables indexed by clipped distances, 0 for the class token."""
    length = t.Sub(t.size(x, 1), t.constant(1))
    positions = t.Range(t.constant(0), t.Cast(length, to=TensorProto.INT64), t.constant(1))
    side = t.Cast(t.Pow(t.Cast(length, to=TensorProto.FLOAT), t.constant(0.5, np.float32)), to=TensorProto.INT64)
    tables = []
    for table, kind in ((rows, "Div"), (columns, "Mod")):
        key = t.node(kind, [t.unsqueeze(positions, [0]), side])
        query = t.node(kind, [t.unsqueeze(positions, [1]), side])
        distance = t.Clip(t.Sub(key, query), t.constant(-MAX_DISTANCE), t.constant(MAX_DISTANCE))
        index = t.Add(t.Add(distance, t.constant(MAX_DISTANCE)), t.constant(1))
        index = t.Pad(index, pads(t, [1, 0, 1, 0]), t.constant(0), mode="constant")
        tables.append(t.Gather(t.weight(table), t.Cast(index, to=TensorProto.INT64), axis=0))
    return t.Add(*tables)


def attention(t, net, weights, x, block):
    name, heads = "blocks.%d." % block, net.heads[block]
    batch, tokens = t.size(x, 0), t.size(x, 1)
    packed = t.reshape(chain(t, weights, x, name + "qkv"), [batch, tokens, 3, heads, HEAD_WIDTH])
    packed = t.Transpose(packed, perm=[2, 0, 3, 1, 4])
    q, k, v = (t.Gather(packed, t.constant(index), axis=0) for index in range(3))
    scores = t.scaled(t.MatMul(q, t.Transpose(k, perm=[0, 1, 3, 2])), HEAD_WIDTH ** -0.5)
    if net.relative:
        table = relative_table(t, x, weights[name + "k_rows"], weights[name + "k_columns"])
        rows = t.reshape(t.Transpose(q, perm=[2, 0, 1, 3]), [tokens, t.Mul(batch, t.constant(heads)), -1])
        term = t.Transpose(t.MatMul(rows, t.Transpose(table, perm=[0, 2, 1])), perm=[1, 0, 2])
        scores = t.Add(scores, t.scaled(t.reshape(term, [batch, heads, tokens, tokens]), HEAD_WIDTH ** -0.5))
    probabilities = t.Softmax(scores, axis=3)
    context = t.reshape(t.Transpose(t.MatMul(probabilities, v), perm=[0, 2, 1, 3]), [batch, tokens, -1])
    if net.relative:
        table = relative_table(t, x, weights[name + "v_rows"], weights[name + "v_columns"])
        rows = t.reshape(t.Transpose(probabilities, perm=[2, 0, 1, 3]), [tokens, t.Mul(batch, t.constant(heads)), -1])
        term = t.reshape(t.Transpose(t.MatMul(rows, table), perm=[1, 0, 2]), [batch, heads, tokens, -1])
        context = t.Add(context, t.reshape(t.Transpose(term, perm=[0, 2, 1, 3]), [batch, tokens, -1]))
    return chain(t, weights, context, name + "proj")


def chain(t, weights, x, name):
    index = 0
    while "%s.%d" % (name, index) in weights:
        x = t.linear(x, weights["%s.%d" % (name, index)])
        index += 1
    return t.Add(x, t.weight(weights[name + ".bias"]))


def trace(net, weights, opset):
    """The ONNX model: input "input" [1, channels, height, width], output "output" [1, classes]."""
    t = Tracer(opset)
    x = t.Conv("input", t.weight(weights["patch.weight"]), t.weight(weights["patch.bias"]), kernel_shape=[net.patch] * 2, strides=[net.patch] * 2,
               pads=[net.padding] * 4, dilations=[1, 1], group=1)
    x = t.reshape(x, [t.size(x, 0), t.size(x, 1), -1])
    x = t.Transpose(x, perm=[0, 2, 1])
    x = t.Concat(expand_class_token(t, weights["cls"], x), x, axis=1)
    x = t.Add(x, t.weight(weights["position"]))
    for block in range(len(net.heads)):
        name = "blocks.%d." % block
        x = t.Add(x, attention(t, net, weights, t.layer_norm(x, weights[name + "norm1.gamma"], weights[name + "norm1.beta"]), block))
        hidden = t.gelu(chain(t, weights, t.layer_norm(x, weights[name + "norm2.gamma"], weights[name + "norm2.beta"]), name + "fc1"))
        x = t.Add(x, chain(t, weights, hidden, name + "fc2"))
    x = t.layer_norm(x, weights["norm.gamma"], weights["norm.beta"])
    if net.pool == "mean":
        x = t.ReduceMean(t.slice(x, 1, 1, 2 ** 63 - 1), axes=[1], keepdims=0)
    else:
        x = t.Gather(x, t.constant(0), axis=1)
    t.nodes.append(helper.make_node("Gemm", [x, t.weight(weights["head.weight"]), t.weight(weights["head.bias"])], ["output"],
                                    name="Gemm_%d" % len(t.nodes), alpha=1.0, beta=1.0, transB=1))
    graph = helper.make_graph(t.nodes, "torch-jit-export",
                              [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, net.channels, net.image, net.image])],
                              [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, net.classes])], t.initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8 if opset > 12 else 6,
                              producer_name="mcuform samples/mcuformer")
    onnx.checker.check_model(model)
    return model
