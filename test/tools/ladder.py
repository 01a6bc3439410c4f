"""The rungs of the ladder of correctness (ARCHITECTURE.md) for a network that a script has made."""

import json
import os

import numpy as np

from cases import expect
from packages import check_both_targets


def decibels(actual, expected):
    return 10 * np.log10((expected ** 2).sum() / ((actual - expected) ** 2).sum())


def climb(tools, network, files, least, macs, most_arena, most_instructions):
    """Every rung for `files`: the model, pictures and, unless None, their logits by NumPy. `least` decibels of the integer logits above their error, over
    pictures that are also those of the calibration."""
    model, pictures, wanted = files
    tools.call("mcuform-float-logits", model, pictures, "0.5", "0.5", tools.path("float.npy"))
    logits = np.load(tools.path("float.npy")).astype(np.float64)
    if wanted is not None:
        error = np.abs(logits - wanted).max() / np.abs(wanted).max()
        expect(error < 1e-4, "float logits differ from NumPy's by %g of their range" % error)
    package = tools.compile(model, pictures, mean="0.5", std="0.5")
    board = check_both_targets(tools, package, pictures)
    with open(os.path.join(package, "report.json")) as file:
        report = json.load(file)
    count = len(np.load(pictures))
    tools.call("mcuform-integer-reference", model, pictures, "0.5", "0.5", pictures, count, tools.path("reference.npy"))
    reference = np.float32(report["output"]["scale"]) * np.load(tools.path("reference.npy")).astype(np.float32)
    host = np.load(tools.path("host.npy"))
    expect((reference == host).all(), "reference and host differ in images %s" % np.flatnonzero((reference != host).any(axis=1)))
    quality = decibels(host.astype(np.float64), logits)
    print(network, "%.1f dB" % quality, report["model"]["macs"], json.dumps(board))
    expect(quality >= least, "%.1f dB, expected %g" % (quality, least))
    expect(report["model"]["macs"] == macs, "%d MACs, expected %d" % (report["model"]["macs"], macs))
    expect(board["arena_bytes"] <= most_arena, "an arena of %d bytes" % board["arena_bytes"])
    expect(board["instructions_per_image"] <= most_instructions, "%d instructions" % board["instructions_per_image"])
    return package
