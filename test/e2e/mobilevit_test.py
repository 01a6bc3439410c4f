"""MobileNetV2 blocks and MobileViTs: NumPy, float interpreter, integer interpreter, host and board, one after the other."""

import json
import os
import subprocess
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from cases import ROOT, case, expect, main, read  # noqa: E402
from ladder import climb  # noqa: E402
from packages import run  # noqa: E402

SCRIPT = os.path.join(ROOT, "test", "tools", "make_mobilevit_onnx.py")


def make(tools, network, *options):
    """The model, its pictures, and its logits by NumPy."""
    files = [tools.path(name) for name in ("model.onnx", "pictures.npy", "numpy.npy")]
    result = subprocess.run([sys.executable, "-B", SCRIPT, network, *files, *options], capture_output=True, text=True)
    expect(result.returncode == 0, result.stdout + result.stderr)
    return files[0], files[1], np.load(files[2]).astype(np.float64)


@case
def inverted_residuals_with_silu(tools):
    """SiLU behind dense and depthwise convolutions of strides 1 and 2, with residuals and without."""
    climb(tools, "inverted", make(tools, "inverted", "--opset", "17"), 40, 1656288, 84_500, 5_700_000)


@case
def inverted_residuals_with_hard_swish(tools):
    """As MobileNetV3: HardSwish, by its parts before opset 14 and as one node since."""
    for opset in "13", "17":
        climb(tools, "inverted", make(tools, "inverted", "--activation", "HardSwish", "--opset", opset), 30, 1656288, 84_500, 5_700_000)


@case
def inverted_residuals_with_relu6(tools):
    """MobileNetV2 as it is."""
    climb(tools, "inverted", make(tools, "inverted", "--activation", "Clip"), 30, 1656288, 84_500, 5_700_000)


@case
def mobilevit_as_hugging_face_exports_it(tools):
    """Attention in four groups of tokens, two stages of different widths, concatenations of maps of different scales."""
    climb(tools, "small hf", make(tools, "small"), 40, 4132224, 84_000, 9_200_000)


@case
def mobilevit_as_timm_exports_it(tools):
    """The same with one layer for queries, keys and values, and LayerNorm as one node."""
    climb(tools, "small timm", make(tools, "small", "--form", "timm", "--opset", "17"), 40, 4132224, 84_000, 9_200_000)


@case
def mobilevit_in_blocks_of_any_size(tools):
    """The logits do not depend on how many rows are computed together, nor on where weights are read: groups of 16 tokens in blocks of 5, and of 64."""
    model, pictures, _ = make(tools, "small", "--count", "4")
    logits = set()
    for number, options in enumerate(({"token_block": "1"}, {"token_block": "5"}, {"token_block": "64", "weight_panel": "8K"}, {})):
        package = tools.compile(model, pictures, mean="0.5", std="0.5", output="out%d" % number, **options)
        run(tools, package, "host", pictures, "logits.npy")
        logits.add(read(tools.path("logits.npy")))
    expect(len(logits) == 1, "%d different logits" % len(logits))


@case
def mobilevit_is_held_against_float(tools):
    """Every layer is observed whole, those in four groups included, and close to float."""
    model, pictures, _ = make(tools, "small", "--count", "4")
    package = tools.compile(model, pictures, mean="0.5", std="0.5", token_block="5")
    tools.call("mcuform-run", package, "--target", "host", "--input", pictures, "--reference", model, "--per-layer", "--json", tools.path("layers.json"))
    with open(tools.path("layers.json")) as file:
        layers = json.load(file)["layers"]["layers"]
    kinds = {layer["kind"] for layer in layers}
    expect({"permute_rows", "attention", "activation", "depthwise", "add"} <= kinds, kinds)
    for layer in layers:
        expect(layer["sqnr_db"] > 18, layer)
        if layer["kind"] == "attention":
            expect(layer["rows"] in (16, 64), layer)


if __name__ == "__main__":
    sys.exit(main())
