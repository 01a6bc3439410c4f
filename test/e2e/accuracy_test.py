"""What the integer networks lose against the float ones, and that reference, host and board compute the same integers."""

import os
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from cases import case, expect, main, shared  # noqa: E402
from packages import check_agreement, check_both_targets, first_images  # noqa: E402


def mnist(tools):
    """Patches of 7 x 7 x 1 by Reshape, Transpose and MatMul: an odd number of values."""
    return tools.compile(shared("models/vit_mnist.onnx"), shared("mnist/calibration.npy"), mean="0.1307", std="0.3081")


@case
def mnist_keeps_its_accuracy(tools):
    """All 1,000 digits: top-1 within 0.1 points of float."""
    result = check_agreement(tools, mnist(tools), shared("models/vit_mnist.onnx"), shared("mnist/images.npy"), shared("mnist/labels.npy"), 0.995, 0.001)
    expect(abs(result["top1_reference"] - 0.982) < 1e-9, "float has a top-1 of %.4f, not of 98.2 %%" % result["top1_reference"])


@case
def mnist_host_equals_board(tools):
    check_both_targets(tools, mnist(tools), first_images(tools, shared("mnist/images.npy"), 50))


if __name__ == "__main__":
    sys.exit(main())
