"""Running compiled packages: what the tests of whole networks share."""

import json
import os

import numpy as np

from cases import ROOT, expect, need, read

SAMPLE = os.path.join(ROOT, "samples", "shapes")


def sample(name):
    return os.path.join(SAMPLE, name)


def run(tools, package, target, images, logits, **options):
    arguments = [package, "--target", target, "--input", images, "--output", tools.path(logits), "--json", tools.path(logits + ".json")]
    for name, value in options.items():
        arguments += ["--" + name, value]
    tools.call("mcuform-run", *arguments)
    with open(tools.path(logits + ".json")) as file:
        return json.load(file)


def first_images(tools, source, count):
    path = tools.path("images.npy")
    np.save(path, np.load(source, mmap_mode="r")[:count])
    return path


def check_both_targets(tools, package, images):
    """The last rung of the ladder, and the memory that the report promises."""
    need("arm-none-eabi-g++", "qemu-system-arm")
    run(tools, package, "host", images, "host.npy")
    board = run(tools, package, "mps2-an500", images, "board.npy")
    expect(read(tools.path("host.npy")) == read(tools.path("board.npy")), "logits of host and mps2-an500 differ")
    with open(os.path.join(package, "report.json")) as file:
        report = json.load(file)
    arena = report["sram"]["arena_bytes"]
    expect(board["arena_high_water_bytes"] == arena, "arena high water %s, report %d" % (board["arena_high_water_bytes"], arena))
    expect(report["sram"]["lower_bound_bytes"] == arena, "arena %d is above its lower bound %d" % (arena, report["sram"]["lower_bound_bytes"]))
    expect(arena + report["sram"]["static_bytes"] + board["stack_high_water_bytes"] <= 320 * 1024, "does not fit 320 KB with its stack")
    used, bound = board["stack_high_water_bytes"], board["stack_bound_bytes"]
    expect(0.7 * bound <= used <= bound, "stack of %d bytes, proved bound %d" % (used, bound))
    expect(board["instructions_per_image"] > 0, "no instruction count")
    return board


def check_agreement(tools, package, model, images, labels, least, points):
    """Top-1 agreement with the float network and the accuracy kept, on the host."""
    result = run(tools, package, "host", images, "all.npy", labels=labels, reference=model)
    print(json.dumps(result, indent=1))
    expect(result["agreement"] >= least, "agreement %.4f, wanted %.4f" % (result["agreement"], least))
    expect(result["top1"] >= result["top1_reference"] - points, "top-1 %.4f against %.4f in float" % (result["top1"], result["top1_reference"]))
    return result
