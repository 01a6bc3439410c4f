"""Convolutional networks of the sizes of MLPerf Tiny: NumPy, float interpreter, integer interpreter, host and board, one after the other."""

import json
import os
import subprocess
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from cases import ROOT, case, expect, main, read  # noqa: E402
from ladder import climb  # noqa: E402
from packages import run  # noqa: E402

SCRIPT = os.path.join(ROOT, "test", "tools", "make_cnn_onnx.py")


def make(tools, network):
    """The model, its pictures, and its logits by NumPy where the script computes them."""
    model, pictures, logits = (tools.path(name) for name in ("model.onnx", "pictures.npy", "numpy.npy"))
    result = subprocess.run([sys.executable, "-B", SCRIPT, network, model, pictures, logits], capture_output=True, text=True)
    expect(result.returncode == 0, result.stdout + result.stderr)
    return model, pictures, np.load(logits).astype(np.float64) if os.path.exists(logits) else None


def check(tools, network, *limits):
    return climb(tools, network, make(tools, network), *limits)


@case
def resnet8(tools):
    """Residual blocks with shortcuts by identity and by convolution, an average pool of the whole map."""
    check(tools, "resnet8", 50, 12518016, 104_000, 17_500_000)


@case
def dscnn(tools):
    """Depthwise separable convolutions on a map of one channel whose sides are odd."""
    check(tools, "dscnn", 40, 2656768, 33_000, 5_200_000)


@case
def mobilenet(tools):
    """ReLU6, 27 convolutions one after another."""
    check(tools, "mobilenet", 30, 7508096, 112_000, 16_500_000)


@case
def a_transformer_behind_a_convolutional_stem(tools):
    """A max pool, and a map whose pixels are tokens; the stream of tokens begins with a convolution."""
    check(tools, "hybrid", 40, 5935424, 36_000, 10_500_000)


@case
def padding_by_nodes_of_its_own(tools):
    """Pad in front of every convolution, as F.pad and ZeroPad2d are exported: the same logits, in the same arena."""
    import onnx
    import onnx.numpy_helper

    model, pictures, _ = make(tools, "mobilenet")
    network = onnx.load(model)
    nodes = []
    for node in network.graph.node:
        pads = [attribute for attribute in node.attribute if attribute.name == "pads" and any(attribute.ints)]
        if node.op_type == "Conv" and pads:
            top, left, bottom, right = pads[0].ints
            nodes.append(onnx.helper.make_node("Pad", [node.input[0], node.name + ".pads"], [node.name + ".padded"], name=node.name + ".pad"))
            network.graph.initializer.append(onnx.numpy_helper.from_array(np.array([0, 0, top, left, 0, 0, bottom, right], np.int64), node.name + ".pads"))
            node.input[0] = node.name + ".padded"
            pads[0].ints[:] = [0, 0, 0, 0]
        nodes.append(node)
    expect(sum(node.op_type == "Pad" for node in nodes) >= 10, "no padding to move")
    del network.graph.node[:]
    network.graph.node.extend(nodes)
    onnx.save(network, tools.path("padded.onnx"))
    logits = []
    for name in "model", "padded":
        package = tools.compile(tools.path(name + ".onnx"), pictures, output=name, mean="0.5", std="0.5", name="net")
        run(tools, package, "host", pictures, "host.npy")
        with open(os.path.join(package, "report.json")) as file:
            logits.append((read(tools.path("host.npy")), json.load(file)["sram"]["arena_bytes"]))
    expect(logits[0] == logits[1], "padding by nodes of its own gives another package")


@case
def a_compact_convolutional_transformer(tools):
    """Positions that are added to a map's pixels, and sequence pooling."""
    check(tools, "cct", 40, 3215680, 41_000, 5_800_000)


@case
def pruned_channels_take_no_products(tools):
    """Six of 32 channels of a convolution, four of 16 of a depthwise one and ten of 64 whose batch normalization makes them zero: fewer products, and the pruned network's logits."""
    import onnx
    import onnx.numpy_helper

    for network, pruned in ("resnet8", {"blocks.1.conv1": 6}), ("mobilenet", {"blocks.1.depthwise": 4, "blocks.4": 10}):
        model, pictures, _ = make(tools, network)
        graph = onnx.load(model)
        values = {tensor.name: tensor for tensor in graph.graph.initializer}
        changed = 0
        for node in graph.graph.node:
            count = pruned.get(node.name.removesuffix(".bn"), 0) if node.op_type == "BatchNormalization" else 0
            if count:
                for name in node.input[1:3]:  # scale and bias
                    numbers = onnx.numpy_helper.to_array(values[name]).copy()
                    numbers[:count] = 0
                    values[name].CopyFrom(onnx.numpy_helper.from_array(numbers, name))
                changed += 1
        expect(changed == len(pruned), "%d of %d layers found in %s" % (changed, len(pruned), [node.name for node in graph.graph.node]))
        onnx.save(graph, tools.path("pruned.onnx"))
        tools.call("mcuform-float-logits", tools.path("pruned.onnx"), pictures, "0.5", "0.5", tools.path("float.npy"))
        logits = np.load(tools.path("float.npy")).astype(np.float64)
        macs = []
        for name in model, tools.path("pruned.onnx"):
            package = tools.compile(name, pictures, mean="0.5", std="0.5")
            with open(os.path.join(package, "report.json")) as file:
                macs.append(json.load(file)["model"]["macs"])
        run(tools, package, "host", pictures, "host.npy")
        quality = 10 * np.log10((logits ** 2).sum() / ((np.load(tools.path("host.npy")) - logits) ** 2).sum())
        print(network, macs, "%.1f dB" % quality)
        expect(macs[1] < 0.99 * macs[0], "%d products of %d" % (macs[1], macs[0]))
        expect(quality >= 25, "%.1f dB" % quality)


@case
def maps_in_blocks_of_any_size(tools):
    """The logits do not depend on how many rows are computed together, by panels of weights or in place."""
    model, pictures, _ = make(tools, "resnet8")
    logits = set()
    for number, options in enumerate(({"token_block": "1"}, {"token_block": "7"}, {"token_block": "64", "weight_panel": "4K"}, {})):
        package = tools.compile(model, pictures, mean="0.5", std="0.5", output="out%d" % number, **options)
        run(tools, package, "host", pictures, "logits.npy")
        logits.add(read(tools.path("logits.npy")))
    expect(len(logits) == 1, "%d different logits" % len(logits))


@case
def maps_are_held_against_float(tools):
    """Every layer of a network of maps, windows and pools included, is observed and close to float."""
    model, pictures, _ = make(tools, "dscnn")
    package = tools.compile(model, pictures, mean="0.5", std="0.5", token_block="7")
    tools.call("mcuform-run", package, "--target", "host", "--input", pictures, "--reference", model, "--per-layer", "--json", tools.path("layers.json"))
    with open(tools.path("layers.json")) as file:
        layers = json.load(file)["layers"]["layers"]
    expect({layer["kind"] for layer in layers} == {"windows", "linear_activation", "depthwise", "mean_rows", "linear"}, layers)
    for layer in layers:
        expect(layer["sqnr_db"] > 36, layer)
    expect({layer["rows"] for layer in layers} == {1, 125}, layers)


@case
def an_image_with_overlapping_windows_stays_where_it_is(tools):
    model, pictures, _ = make(tools, "dscnn")
    for mode, words in ("overwrite", "the input cannot be overwritten"), ("stream", "the input cannot be streamed"):
        text = tools.call("mcuformc", model, "--calibrate", pictures, "--mean", "0.5", "--std", "0.5", "--input-mode", mode, "-o", tools.path("no"), status=1)
        expect(words in text and "stem" in text, text)
        expect(not os.path.exists(tools.path("no")), "a package was written")


if __name__ == "__main__":
    sys.exit(main())
