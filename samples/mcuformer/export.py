#!/usr/bin/python3
"""Writes a subnet of MCUFormer's search space with random weights as ONNX, as its published code exports one.

    export.py MODEL.onnx [--heads 3,4,3 --mlp-ratios 4,3.5,4] [--opset 12] [--no-relative] [--factors 2] ...
              [--pictures N.npy] [--logits LOGITS.npy] [--count 16]

--pictures also writes uint8 pictures [count, image, image, channels], --logits what NumPy computes for them, normalized as
(x / 255 - 0.5) / 0.5. The same arguments give the same bytes. Needs Debian's python3-onnx and python3-numpy, no PyTorch.
"""

import argparse
import os
import sys

import numpy as np
import onnx

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from subnet import Subnet, forward, make_weights  # noqa: E402
from trace import trace  # noqa: E402


def numbers(kind):
    return lambda text: [kind(part) for part in text.split(",")]


def pictures(net, count, seed):
    """Noise of all wavelengths, so that patches differ in their means as real pictures do."""
    rng = np.random.default_rng(seed + 1)
    values = np.zeros((count, net.image, net.image, net.channels))
    size = 1
    while size <= net.image:
        steps = -(-net.image // size)
        coarse = rng.standard_normal((count, steps, steps, net.channels))
        values += coarse.repeat(size, 1).repeat(size, 2)[:, :net.image, :net.image]
        size *= 4
    return np.clip(128 + 40 * values, 0, 255).astype(np.uint8)


def normalized(images):
    return ((images / 255.0 - 0.5) / 0.5).transpose(0, 3, 1, 2)


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model")
    parser.add_argument("--image", type=int, default=240)
    parser.add_argument("--channels", type=int, default=3)
    parser.add_argument("--patch", type=int, default=20)
    parser.add_argument("--padding", type=int, default=0, help="6 with patches of 28, 8 with patches of 32")
    parser.add_argument("--width", type=int, default=192)
    parser.add_argument("--depth", type=int, default=12, help="blocks, where --heads and --mlp-ratios give one value for all")
    parser.add_argument("--heads", type=numbers(int), default=[3], help="one for all blocks or one for each, separated by commas")
    parser.add_argument("--mlp-ratios", type=numbers(float), default=[4.0])
    parser.add_argument("--rank-ratio", type=float, default=0.9)
    parser.add_argument("--mlp-rank-ratio", type=float, help="default: as --rank-ratio")
    parser.add_argument("--supernet-width", type=int, default=256)
    parser.add_argument("--factors", type=int, default=3, choices=(2, 3))
    parser.add_argument("--no-relative", action="store_true")
    parser.add_argument("--pool", default="mean", choices=("mean", "cls"))
    parser.add_argument("--classes", type=int, default=1000)
    parser.add_argument("--opset", type=int, default=12, choices=(12, 13, 17))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pictures")
    parser.add_argument("--logits")
    parser.add_argument("--count", type=int, default=16)
    return parser.parse_args()


def main():
    options = parse()
    depth = max(len(options.heads), len(options.mlp_ratios))
    depth = options.depth if depth == 1 else depth
    everywhere = lambda values: values * depth if len(values) == 1 else values  # noqa: E731
    net = Subnet(image=options.image, patch=options.patch, padding=options.padding, channels=options.channels, width=options.width,
                 heads=everywhere(options.heads), mlp_ratios=everywhere(options.mlp_ratios), rank_ratio=options.rank_ratio,
                 mlp_rank_ratio=options.rank_ratio if options.mlp_rank_ratio is None else options.mlp_rank_ratio,
                 supernet_width=options.supernet_width, factors=options.factors, relative=not options.no_relative, pool=options.pool,
                 classes=options.classes)
    weights = make_weights(net, options.seed)
    model = trace(net, weights, options.opset)
    onnx.save(model, options.model)
    print("%s: %d tokens, %d nodes, linear MACs %d as written, %d dense" % (options.model, net.tokens, len(model.graph.node), net.macs(), net.macs(True)))
    images = pictures(net, options.count, options.seed) if options.pictures or options.logits else None
    if options.pictures:
        np.save(options.pictures, images)
    if options.logits:
        np.save(options.logits, forward(net, weights, normalized(images)).astype(np.float32))


if __name__ == "__main__":
    main()
