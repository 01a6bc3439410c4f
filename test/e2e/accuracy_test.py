"""What the integer networks lose against the float ones, and that reference, host and board compute the same integers."""

import json
import os
import subprocess
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from cases import ROOT, Failure, case, expect, main, read, shared  # noqa: E402
from packages import check_agreement, check_both_targets, first_images, run, sample  # noqa: E402


def check_three_ways(tools, package, model, calibration, mean, std, images, *weights):
    """Reference interpreter, host and board: the same logits, all bits, over 50 images."""
    check_both_targets(tools, package, images)
    count = len(np.load(images, mmap_mode="r"))
    expect(count == 50, "%d images" % count)
    tools.call("mcuform-integer-reference", model, calibration, mean, std, images, count, tools.path("reference.npy"), *weights)
    with open(os.path.join(package, "report.json")) as file:
        scale = np.float32(json.load(file)["output"]["scale"])
    reference = scale * np.load(tools.path("reference.npy")).astype(np.float32)
    host = np.load(tools.path("host.npy"))
    differing = np.flatnonzero((reference != host).any(axis=1))
    expect(differing.size == 0, "reference and host differ in images %s" % differing)
    expect(np.unique(host).size > 100, "these logits show nothing")


def mnist(tools):
    """Patches of 7 x 7 x 1 by Reshape, Transpose and MatMul: an odd number of values."""
    return tools.compile(shared("models/vit_mnist.onnx"), shared("mnist/calibration.npy"), mean="0.1307", std="0.3081")


@case
def mnist_keeps_its_accuracy(tools):
    """All 1,000 digits: top-1 within 0.1 points of float."""
    result = check_agreement(tools, mnist(tools), shared("models/vit_mnist.onnx"), shared("mnist/images.npy"), shared("mnist/labels.npy"), 0.995, 0.001)
    expect(abs(result["top1_reference"] - 0.982) < 1e-9, "float has a top-1 of %.4f, not of 98.2 %%" % result["top1_reference"])
    # Some digits wake hidden units of the head that none of the calibration's does.
    expect(result["max_abs_error"] < 1.5, "a logit is off by %.2f" % result["max_abs_error"])


@case
def mnist_reference_host_and_board_are_equal(tools):
    images = first_images(tools, shared("mnist/images.npy"), 50)
    check_three_ways(tools, mnist(tools), shared("models/vit_mnist.onnx"), shared("mnist/calibration.npy"), "0.1307", "0.3081", images)


@case
def sample_reference_host_and_board_are_equal(tools):
    package = tools.compile(sample("shapes_vit.onnx"), sample("calibration.npy"))
    images = first_images(tools, sample("test_images.npy"), 50)
    check_three_ways(tools, package, sample("shapes_vit.onnx"), sample("calibration.npy"), "0.5", "0.5", images)


def report_of(package):
    return json.loads(read(os.path.join(package, "report.json")))


@case
def four_bit_weights_are_the_same_everywhere(tools):
    """Some layers in four bits, some kept at eight: reference, host and board agree, and the report says which and why."""
    package = tools.compile(sample("shapes_vit.onnx"), sample("calibration.npy"), weights="int4", min_sqnr="38")
    check_three_ways(tools, package, sample("shapes_vit.onnx"), sample("calibration.npy"), "0.5", "0.5",
                     first_images(tools, sample("test_images.npy"), 50), "32", "38")
    report = report_of(package)
    layers = [layer for layer in report["layers"] if "int4_sqnr_db" in layer]
    four = [layer for layer in layers if layer["weight_bits"] == 4]
    eight = [layer for layer in layers if layer["weight_bits"] == 8]
    print({layer["name"]: (layer["weight_bits"], round(layer["int4_sqnr_db"], 1)) for layer in layers})
    facts = report["quantization"]
    expect((len(four), len(eight)) == (facts["int4_layers"], facts["int4_layers_kept_at_8_bits"]), "layers %s" % facts)
    expect(four and eight, "%d layers of four bits and %d of eight show nothing" % (len(four), len(eight)))
    expect(facts["int4_predicted_sqnr_db"] >= 38, "predicted %s dB" % facts["int4_predicted_sqnr_db"])
    # Each has 4 bits a weight, a byte a group of 32, and 8 bytes for bias and multiplier a unit.
    calls = {call["layer"]: call["kernel"] for call in report["calls"]}
    for number, layer in enumerate(report["layers"]):
        if "weight_bits" in layer:
            expect(("int4" in calls[number]) == (layer["weight_bits"] == 4), "%s is computed by %s" % (layer["name"], calls[number]))


@case
def four_bit_weights_in_all_layers_and_none(tools):
    """The bound decides: no layer where nothing may be lost, all where anything may."""
    sizes = {}
    for bound in ("100", "0"):
        package = tools.compile(sample("shapes_vit.onnx"), sample("calibration.npy"), weights="int4:16", min_sqnr=bound, output="by" + bound)
        report = report_of(package)
        kept, chosen = (report["quantization"][name] for name in ("int4_layers_kept_at_8_bits", "int4_layers"))
        expect((kept == 0) == (bound == "0") and (chosen == 0) == (bound == "100"), "%s dB: %d layers in four bits, %d in eight" % (bound, chosen, kept))
        sizes[bound] = report["flash"]["weights_bytes"]
    plain = report_of(tools.compile(sample("shapes_vit.onnx"), sample("calibration.npy")))["flash"]["weights_bytes"]
    expect(sizes["100"] == plain, "%d bytes with no layer in four bits, %d without the option" % (sizes["100"], plain))
    expect(sizes["0"] < 0.65 * plain, "%d bytes with all layers in four bits, %d in eight" % (sizes["0"], plain))


@case
def four_bit_weights_keep_vit_tiny(tools):
    """200 images: the pack at least 35 % smaller, at most 4 points of top-1 lost."""
    model = shared("models/vit_tiny_patch16_224.onnx")
    package = tools.compile(model, shared("imagenet/calibration.npy"), weights="int4")
    report = report_of(package)
    print(report["flash"], report["quantization"])
    expect(report["flash"]["pack_bytes"] <= 0.65 * 5925488, "a pack of %d bytes" % report["flash"]["pack_bytes"])
    check_agreement(tools, package, model, shared("imagenet/images.npy"), shared("imagenet/labels.npy"), 0.88, 0.04)


@case
def operands_of_8_bits_are_the_same_on_host_and_board(tools):
    """Strict and mixed: host and board agree; mixed keeps at 16 bits what it says, and has less noise."""
    predicted = {}
    for precision in "strict", "mixed":
        package = tools.compile(sample("shapes_vit.onnx"), sample("calibration.npy"), output=precision, precision=precision, min_sqnr="42")
        check_both_targets(tools, package, first_images(tools, sample("test_images.npy"), 8))
        facts = report_of(package)["quantization"]
        print(precision, facts["operands_of_8_bits"], facts["operands_kept_at_16_bits"], facts["operands_predicted_sqnr_db"])
        expect(bool(facts["operands_kept_at_16_bits"]) == (precision == "mixed"), "%s keeps %s" % (precision, facts["operands_kept_at_16_bits"]))
        predicted[precision] = facts["operands_predicted_sqnr_db"]
        kernels = [call["kernel"] for call in report_of(package)["calls"]]
        expect("coarsen_s16" in kernels, "%s: nothing has 8 bits" % precision)
    expect(predicted["mixed"] >= 42 > predicted["strict"], "predicted %s dB" % predicted)


@case
def mixed_precision_keeps_vit_tiny(tools):
    """Operands of 8 bits where the network bears it: at most 1.5 points of top-1 lost on 200 images."""
    model = shared("models/vit_tiny_patch16_224.onnx")
    package = tools.compile(model, shared("imagenet/calibration.npy"), precision="mixed")
    print(report_of(package)["quantization"])
    check_agreement(tools, package, model, shared("imagenet/images.npy"), shared("imagenet/labels.npy"), 0.95, 0.015)


@case
def sample_does_not_depend_on_the_calibration_images(tools):
    """Three draws of 32 of the 64 images: each keeps the accuracy of all, to one test image."""
    images = np.load(sample("calibration.npy"))
    expect(len(images) == 64, "%d calibration images" % len(images))
    for seed in range(3):
        rows = np.sort(np.random.RandomState(seed).permutation(64)[:32])
        np.save(tools.path("draw.npy"), images[rows])
        package = tools.compile(sample("shapes_vit.onnx"), tools.path("draw.npy"), output="draw%d" % seed)
        check_agreement(tools, package, sample("shapes_vit.onnx"), sample("test_images.npy"), sample("test_labels.npy"), 0.992, 0.008)


def plant(tools, *arguments):
    """The sample with planted outliers, and the largest logit error that planting alone makes."""
    planted = tools.path("planted.onnx")
    script = os.path.join(ROOT, "test", "tools", "plant_outliers.py")
    result = subprocess.run([sys.executable, "-B", script, sample("shapes_vit.onnx"), planted] + list(arguments), capture_output=True, text=True)
    if result.returncode != 0:
        raise Failure(result.stdout + result.stderr)
    return planted


@case
def an_outlier_channel_of_layer_norms_costs_nothing(tools):
    """100 times in gamma and beta, 1/100 in the weights that follow: both go into the weights, so the package hardly changes."""
    model = plant(tools, "layer-norm")
    package = tools.compile(model, sample("calibration.npy"))
    check_agreement(tools, package, model, sample("test_images.npy"), sample("test_labels.npy"), 0.992, 0.01)


@case
def a_spike_in_the_residual_stream_is_held(tools):
    """One channel of one token 30 times as large as all else in the stream ever gets: that channel alone has a coarser scale."""
    plain = tools.compile(sample("shapes_vit.onnx"), sample("calibration.npy"), output="plain")
    quantization = json.loads(read(os.path.join(plain, "report.json")))["quantization"]
    spike = 30 * quantization["residual_scale"] * quantization["residual_largest_factor"] * 32767 / 1.25
    model = plant(tools, "residual", "%g" % spike)
    package = tools.compile(model, sample("calibration.npy"))
    planted = json.loads(read(os.path.join(package, "report.json")))["quantization"]
    expect(planted["residual_largest_factor"] >= 16, "factor %d: the spike is not there" % planted["residual_largest_factor"])
    check_agreement(tools, package, model, sample("test_images.npy"), sample("test_labels.npy"), 0.97, 0.03)


@case
def wider_weights_hold_a_signal_to_noise(tools):
    """Layers that write the residual stream as two: more signal to noise as measured while compiling and on test images, the same on host and board."""
    images = first_images(tools, sample("test_images.npy"), 8)
    packages = {bound: tools.compile(sample("shapes_vit.onnx"), sample("calibration.npy"), output="at" + bound, min_sqnr=bound, row_weights="gradients")
                for bound in ("40", "50.7")}
    facts = {bound: report_of(package)["quantization"] for bound, package in packages.items()}
    print(facts)
    # All linear layers but the head, which reads the class token only.
    expect(facts["40"]["layers_rounded_by_gradients"] == 24, facts["40"])
    expect("layers_of_wider_weights" not in facts["40"] and 50 <= facts["40"]["measured_sqnr_db"] < 50.7, "no need of wider weights: %s" % facts["40"])
    expect(facts["50.7"]["layers_of_wider_weights"] and facts["50.7"]["measured_sqnr_db"] >= 50.7, "not held: %s" % facts["50.7"])
    check_both_targets(tools, packages["50.7"], images)
    sizes = [report_of(packages[bound])["flash"]["weights_bytes"] for bound in ("40", "50.7")]
    expect(sizes[0] == report_of(tools.compile(sample("shapes_vit.onnx"), sample("calibration.npy"), row_weights="gradients"))["flash"]["weights_bytes"] < sizes[1], "sizes %s" % sizes)


@case
def pruned_units_take_no_bytes(tools):
    """Hidden units and a head with weights of zero, a block that adds zero: none of them in the package, and the logits of the pruned float network."""
    pruned = tools.path("pruned.onnx")
    subprocess.run([sys.executable, "-B", os.path.join(ROOT, "test", "tools", "prune_units.py"), sample("shapes_vit.onnx"), pruned], check=True)
    plain = report_of(tools.compile(sample("shapes_vit.onnx"), sample("calibration.npy"), output="plain"))
    package = tools.compile(pruned, sample("calibration.npy"))
    report = report_of(package)
    saved = plain["flash"]["weights_bytes"] - report["flash"]["weights_bytes"]
    print(saved, plain["model"]["macs"], report["model"]["macs"], plain["model"]["parameters"], report["model"]["parameters"])
    # 10 of 11 units of three MLPs, since their number stays even; the fourth MLP; a head of 32 channels. Each unit has a bias and a multiplier.
    mlps, block, head = 3 * 10 * (2 * 64 + 8), 2 * 64 * 256 + 8 * (256 + 64), 4 * 32 * 64 + 8 * 3 * 32
    expect(saved >= mlps + block + head, "%d bytes saved, of %d" % (saved, mlps + block + head))
    check_both_targets(tools, package, first_images(tools, sample("test_images.npy"), 8))
    # Pruning without training leaves close calls between classes: it is the logits that show whether a constant was lost on the way.
    result = check_agreement(tools, package, pruned, sample("test_images.npy"), sample("test_labels.npy"), 0.96, 0.02)
    expect(result["max_abs_error"] < 0.1, "a logit is off by %.3f" % result["max_abs_error"])


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
