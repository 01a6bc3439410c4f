#!/usr/bin/python3
"""What each schedule of a ViT-Tiny costs on the Cortex-M7 in QEMU: arena, exact instructions and bytes read from flash, as a table in Markdown.

    schedule_bench.py --bin build/release/bin        (or: ninja mcuform_schedule_bench)

One image, over its tokens, or streamed where attention needs less than that; below, what the compiler chooses for budgets. Host and board are checked to give the
same logits, and all numbers of tokens the same where keys and values of all heads are cached. Takes a quarter of an hour.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

import numpy as np

from model_bench import HOME, Bench, networks

TOKENS = {"cached": [1, 4, 12, 33, 66], "head-by-head": [1, 12, 33], "absorbed": [1, 12, 33]}
BUDGETS = [176000, 160000, 136000, 124000]


class ScheduleBench(Bench):
    def __init__(self, tools, work, network):
        super().__init__(tools, work)
        self.network, self.images, self.calibrate = network, self.path("images.npy"), ["--calibrate", network.calibration]
        np.save(self.images, np.load(network.images, mmap_mode="r")[:1])

    def row(self, *options):
        package = self.path("package")
        subprocess.run([os.path.join(self.tools, "mcuformc"), self.network.model, *self.calibrate, "--calibration-cache", self.path("cache"), *self.network.options,
                        "--target", HOME, "--name", "bench", "-o", package, *options], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with open(os.path.join(package, "report.json")) as file:
            report = json.load(file)
        _, wanted = self.run(package, "host", self.images)
        result, logits = self.run(package, HOME, self.images)
        if logits != wanted:
            sys.exit("%s: logits of host and %s differ" % (" ".join(options), HOME))
        schedule, read = report["schedule"], sum(region["bytes"] for region in report["flash"]["read_per_inference"])
        chosen = {kind: schedule["attentions"].count(kind) for kind in TOKENS if kind in schedule["attentions"]}
        cells = [", ".join("`%s`" % kind + (" (%d)" % count if len(chosen) > 1 else "") for kind, count in chosen.items()), str(schedule["token_block"]),
                 "`%s`" % report["input"]["mode"], "{:,}".format(result["arena_high_water_bytes"]), "{:,}".format(result["instructions_per_image"]),
                 "{:,}".format(read)]
        return cells, logits


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--bin", required=True, help="where mcuformc and mcuform-run are")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mcuform-bench-") as work:
        vit = [network for network in networks(work) if network.name == "ViT-Tiny"]
        if not vit:
            sys.exit("the ViT-Tiny of ../shared is not here")
        bench = ScheduleBench(os.path.abspath(options.bin), work, vit[0])
        print("| options | attention | tokens | image | arena | instructions | bytes read from flash |")
        print("|---" * 7 + "|")
        cached = set()
        for schedule, counts in TOKENS.items():
            for tokens in counts:
                mode = "overwrite" if schedule == "cached" else "stream"
                cells, logits = bench.row("--schedule", schedule, "--token-block", str(tokens), "--input-mode", mode)
                if schedule == "cached":
                    cached.add(logits)
                print("| | %s |" % " | ".join(cells), flush=True)
        if len(cached) != 1:
            sys.exit("with keys and values cached, logits depend on the number of tokens")
        for budget in BUDGETS:
            print("| `--arena %d` | %s |" % (budget, " | ".join(bench.row("--arena", str(budget))[0])), flush=True)


if __name__ == "__main__":
    main()
