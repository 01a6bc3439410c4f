#!/usr/bin/python3
"""Whole networks on the boards in QEMU: exact instructions by kind of layer and by core, memory, weights, code, as tables in Markdown.

    model_bench.py --bin build/release/bin        (or: ninja mcuform_model_bench)

The sample, the small ViT of test/tools/make_vit_onnx.py and, where ../shared is, the networks there. One image each, the first of the test images: the number of
instructions hardly depends on what is seen. MACs are those that the schedule computes; rows that nobody reads are left out. Code is all of the package but its
weights, tables included, as the linker left it in the program. Host and boards are checked to give the same logits.
"""
import argparse
import collections
import json
import os
import subprocess
import sys
import tempfile

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
SHARED = os.path.join(os.path.dirname(ROOT), "shared", "data")
SAMPLE = os.path.join(ROOT, "samples", "shapes")
HOME = "mps2-an500"
OTHERS = {"mps2-an386": "Cortex-M4", "mps2-an505": "Cortex-M33", "mps3-an547": "Cortex-M55, MVE"}

Network = collections.namedtuple("Network", "name model calibration images options")


def networks(work):
    small = [os.path.join(work, "small." + end) for end in ("onnx", "npy")]
    subprocess.run([sys.executable, os.path.join(ROOT, "test", "tools", "make_vit_onnx.py"), *small], check=True)
    half = ["--mean", "0.5,0.5,0.5", "--std", "0.5,0.5,0.5"]

    def shared(*names):
        return [os.path.join(SHARED, name) for name in names]
    known = [Network("shapes sample", os.path.join(SAMPLE, "shapes_vit.onnx"), os.path.join(SAMPLE, "calibration.npy"), os.path.join(SAMPLE, "test_images.npy"), half),
             Network("small ViT", small[0], small[1], small[1], half),
             Network("ViT-Tiny", *shared("models/vit_tiny_patch16_224.onnx", "imagenet/calibration.npy", "imagenet/images.npy"), half),
             Network("ViT on MNIST", *shared("models/vit_mnist.onnx", "mnist/calibration.npy", "mnist/images.npy"), ["--mean", "0.1307", "--std", "0.3081"]),
             Network("KWT-1", *shared("models/kwt1_mfcc98x40.onnx", "keywords/mfcc.npy", "keywords/mfcc.npy"), [])]
    for network in known:
        if all(map(os.path.exists, network[1:4])):
            yield network
        else:
            print("left out, ../shared is not here: " + network.name, file=sys.stderr)


def package_symbols(build):
    """Names that the package's objects define, those of the weights left out."""
    archives = [os.path.join(build, "package", name) for name in os.listdir(os.path.join(build, "package")) if name.endswith(".a")]
    listing = subprocess.run(["arm-none-eabi-nm", "--defined-only", "-P", *archives], check=True, capture_output=True, text=True).stdout
    names = {line.split()[0] for line in listing.splitlines() if len(line.split()) > 2 and line.split()[1] in "tTrRvVwW"}
    return {name for name in names if not name.startswith("$") and not name.endswith("_weights")}


def code_bytes(build):
    wanted = package_symbols(build)
    listing = subprocess.run(["arm-none-eabi-nm", "-S", "-P", os.path.join(build, "harness")], check=True, capture_output=True, text=True).stdout
    sizes = {}
    for line in listing.splitlines():
        words = line.split()
        if len(words) == 4 and words[0] in wanted:
            sizes[words[2]] = int(words[3], 16)
    return sum(sizes.values())


class Bench:
    def __init__(self, tools, work):
        self.tools, self.work = tools, work

    def path(self, name):
        return os.path.join(self.work, name)

    def run(self, package, board, images, *options):
        logits, result = self.path("logits.npy"), self.path("result.json")
        subprocess.run([os.path.join(self.tools, "mcuform-run"), package, "--target", board, "--input", images, "--output", logits, "--json", result,
                        "--time-limit", "1000", *options], check=True, stdout=subprocess.DEVNULL)
        with open(result) as file, open(logits, "rb") as bytes_of_logits:
            return json.load(file), bytes_of_logits.read()

    def measure(self, network):
        """Rows of the table: text by label."""
        package, images = self.path("package-" + network.name.replace(" ", "-")), self.path("images.npy")
        subprocess.run([os.path.join(self.tools, "mcuformc"), network.model, "--calibrate", network.calibration, *network.options, "--target", HOME, "--name", "bench",
                        "-o", package], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        np.save(images, np.load(network.images, mmap_mode="r")[:1])
        with open(os.path.join(package, "report.json")) as file:
            report = json.load(file)
        _, wanted = self.run(package, "host", images)
        build = package + "-build"
        whole, logits = self.run(package, HOME, images, "--build-dir", build)
        if logits != wanted:
            sys.exit("%s: logits of host and %s differ" % (network.name, HOME))
        profile = self.run(package, HOME, images, "--profile")[0]["profile"]
        kinds = collections.OrderedDict()
        for layer in profile["layers"]:
            entry = kinds.setdefault(layer.get("kind", layer["name"]), [0, 0])
            entry[0] += layer["instructions"]
            entry[1] += layer["macs"]
        macs = sum(entry[1] for entry in kinds.values())
        rows = {"instructions": "{:,}".format(whole["instructions_per_image"]), "MACs computed": "{:,}".format(macs),
                "instructions per MAC": "%.3f" % (whole["instructions_per_image"] / macs)}
        for kind, (instructions, of_kind) in kinds.items():
            rows["`%s`" % kind] = "{:,}".format(instructions) + (" (%.3f)" % (instructions / of_kind) if of_kind else "")
        rows["between the calls"] = "{:,}".format(profile["between_calls"])
        rows["arena, bytes"] = "{:,}".format(whole["arena_bytes"])
        rows["stack at most, bytes"] = "{:,}".format(whole["stack_bound_bytes"])
        rows["weight pack, bytes"] = "{:,}".format(report["flash"]["pack_bytes"])
        rows["code and tables, bytes"] = "{:,}".format(code_bytes(build))
        for board, core in OTHERS.items():
            other, logits = self.run(package, board, images)
            if logits != wanted:
                sys.exit("%s: logits of host and %s differ" % (network.name, board))
            rows["instructions, " + core] = "{:,}".format(other["instructions_per_image"])
        return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--bin", required=True, help="where mcuformc and mcuform-run are")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mcuform-bench-") as work:
        bench = Bench(os.path.abspath(options.bin), work)
        columns = {}
        for network in networks(work):
            print("measuring " + network.name, file=sys.stderr)
            columns[network.name] = bench.measure(network)
    # Labels in the order in which they come first; kinds of layers that only later networks have go behind the others' kinds.
    kinds, labels = [], []
    for rows in columns.values():
        for label in rows:
            known = kinds if label.startswith("`") else labels
            if label not in known:
                known.append(label)
    labels[3:3] = kinds
    print("| | " + " | ".join(columns) + " |")
    print("|---" * (len(columns) + 1) + "|")
    for label in labels:
        print("| %s | %s |" % (label, " | ".join(rows.get(label, "") for rows in columns.values())))


if __name__ == "__main__":
    main()
