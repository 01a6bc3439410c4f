"""What the integer networks lose against the float ones, and that reference, host and board compute the same integers."""

import os
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from cases import case, expect, main, shared  # noqa: E402
from packages import check_agreement, check_both_targets, first_images, run  # noqa: E402


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


def keywords(tools):
    """A post-norm transformer on a float sequence. Its four recordings are all there is to calibrate with, so they are in the test, too."""
    return tools.compile(shared("models/kwt1_mfcc98x40.onnx"), shared("keywords/mfcc.npy"))


@case
def keyword_transformer_keeps_its_classes(tools):
    """The class of each recording is float's, the logits are within 5 % of their range."""
    result = run(tools, keywords(tools), "host", shared("keywords/mfcc.npy"), "logits.npy", reference=shared("models/kwt1_mfcc98x40.onnx"))
    expect(result["agreement"] == 1, "agreement %.2f" % result["agreement"])
    logits, wanted = np.load(tools.path("logits.npy")), np.load(shared("keywords/logits_float.npy"))
    error = np.abs(logits - wanted).max() / (wanted.max() - wanted.min())
    print("largest error %.4f of the range" % error)
    expect(error < 0.02, "logits are off by %.1f %% of their range" % (100 * error))


@case
def keyword_transformer_host_equals_board(tools):
    check_both_targets(tools, keywords(tools), shared("keywords/mfcc.npy"))


@case
def a_sequence_is_refused_where_it_does_not_fit(tools):
    package = keywords(tools)
    for values, words in ((np.zeros((2, 98, 41), np.float32), "float32 [2, 98, 41]"), (np.zeros((2, 98, 40), np.uint8), "uint8 [2, 98, 40]")):
        np.save(tools.path("bad.npy"), values)
        text = tools.call("mcuform-run", package, "--target", "host", "--input", tools.path("bad.npy"), status=1)
        expect(words in text and "takes float32 [sequences, 98, 40]" in text, text)


if __name__ == "__main__":
    sys.exit(main())
