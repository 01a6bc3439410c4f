"""mcuformc from outside: bad input gives a clear message, exit status 1 and nothing else; wrong usage gives 2."""

import json
import os
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from cases import ROOT, case, expect, main, read  # noqa: E402

MODELS = os.path.join(ROOT, "test", "data", "models")
SAMPLE = os.path.join(ROOT, "samples", "shapes", "shapes_vit.onnx")
CALIBRATION = os.path.join(ROOT, "samples", "shapes", "calibration.npy")


def refused(tools, model, *messages, calibration=CALIBRATION, output="out", extra=(), status=1):
    """Compiles, expects refusal with all messages, and that nothing was left behind."""
    before = sorted(os.listdir(tools.directory))
    arguments = [model, "-o", tools.path(output), "--mean", "0.5", "--std", "0.5", *extra]
    if calibration:
        arguments += ["--calibrate", calibration]
    text = tools.call("mcuformc", *arguments, status=status)
    for message in messages:
        expect(message in text, "expected %r in:\n%s" % (message, text))
    expect(sorted(os.listdir(tools.directory)) == before, "left behind: %s" % os.listdir(tools.directory))
    return text


def edited(tools, edit, name="edited.onnx", source=SAMPLE):
    import onnx
    model = onnx.load(source)
    edit(model)
    onnx.save(model, tools.path(name))
    return tools.path(name)


@case
def no_file(tools):
    refused(tools, tools.path("nowhere.onnx"), "nowhere.onnx")


@case
def a_text_file(tools):
    with open(tools.path("model.onnx"), "w") as file:
        file.write("this is not a model\n" * 10)
    refused(tools, tools.path("model.onnx"), "model.onnx", "not an ONNX")


@case
def a_truncated_file(tools):
    data = read(SAMPLE)
    for share in (0.3, 0.9):
        with open(tools.path("cut.onnx"), "wb") as file:
            file.write(data[:int(len(data) * share)])
        refused(tools, tools.path("cut.onnx"), "cut.onnx")


@case
def three_unsupported_nodes(tools):
    def edit(model):
        for index, (node, op) in enumerate(zip([n for n in model.graph.node if n.op_type == "Softmax"], ("Hardmax", "LpNormalization", "Hardmax"))):
            node.op_type = op
            del node.attribute[:]
            node.name = "bad_%d" % index
    text = refused(tools, edited(tools, edit), "'bad_0'", "'bad_1'", "'bad_2'", "Hardmax", "LpNormalization")
    expect(text.count("error:") == 3, "expected three errors:\n" + text)


@case
def a_symbolic_batch(tools):
    refused(tools, os.path.join(MODELS, "symbolic_batch.onnx"), "batch", "image")


@case
def nan_weights(tools):
    import onnx
    import onnx.numpy_helper

    def edit(model):
        tensor = max(model.graph.initializer, key=lambda t: len(t.raw_data))
        values = onnx.numpy_helper.to_array(tensor).copy()
        values.flat[7] = np.nan
        name = tensor.name
        tensor.CopyFrom(onnx.numpy_helper.from_array(values, name))
    refused(tools, edited(tools, edit), "NaN")


@case
def an_old_opset(tools):
    def edit(model):
        model.opset_import[0].version = 9
    refused(tools, edited(tools, edit), "opset 9", "11")


@case
def no_calibration(tools):
    refused(tools, SAMPLE, "--calibrate", "32 to 128", calibration=None)


@case
def calibration_of_another_shape(tools):
    np.save(tools.path("other.npy"), np.zeros((4, 32, 32, 3), np.uint8))
    refused(tools, SAMPLE, "[4, 32, 32, 3]", "[N, 48, 48, 3]", calibration=tools.path("other.npy"))


@case
def calibration_that_is_no_array(tools):
    refused(tools, SAMPLE, "shapes_vit.onnx", calibration=SAMPLE)


@case
def calibration_with_nan(tools):
    values = np.zeros((2, 3, 48, 48), np.float32)
    values[1, 2, 3, 4] = np.nan
    np.save(tools.path("nan.npy"), values)
    refused(tools, SAMPLE, "NaN", calibration=tools.path("nan.npy"))


@case
def an_unwritable_output(tools):
    with open(tools.path("file"), "w") as file:
        file.write("in the way")
    refused(tools, SAMPLE, "file", output="file/out")
    expect(read(tools.path("file")) == b"in the way", "the file was touched")


@case
def a_budget_that_is_too_small(tools):
    refused(tools, SAMPLE, "arena", "4096", extra=("--arena", "4K"))


@case
def a_budget_that_another_mode_meets(tools):
    """The remedy that is named is one."""
    common = ["--calibrate", CALIBRATION, "--mean", "0.5", "--std", "0.5", "-o", tools.path("out")]
    text = refused(tools, SAMPLE, "alive at the peak", "smallest arena that can be reached", extra=("--arena", "4K"))
    smallest = int(text.split("--arena ")[1].split(",")[0])
    tools.call("mcuformc", SAMPLE, *common, "--arena", str(smallest))
    refused(tools, SAMPLE, "arena needs %d bytes" % smallest, extra=("--arena", str(smallest - 1)))
    refused(tools, SAMPLE, "it fits with --input-mode", extra=("--arena", str(smallest), "--token-block", "60"))
    tools.call("mcuformc", SAMPLE, *common, "--input-mode", "sideways", status=2)
    # A streamed image is another interface, so it is only chosen by name; here it would not help.
    refused(tools, SAMPLE, "arena needs", "smallest arena that can be reached", extra=("--arena", "4K", "--input-mode", "stream"))


@case
def flash_that_is_too_small(tools):
    refused(tools, SAMPLE, "flash", extra=("--flash", "100K"))


@case
def weight_panels_of_nonsense_sizes(tools):
    # Patches of 8 x 8 x 3 are not the smallest: a pair of units of depth 64 takes 128 bytes, twice.
    refused(tools, SAMPLE, "weight panels of 255 bytes hold no pair of units of any layer: the smallest needs 256", extra=("--weight-panel", "255"))
    refused(tools, SAMPLE, "arena needs", extra=("--weight-panel", "100M", "--arena", "20K", "--token-block", "12"))
    refused(tools, SAMPLE, "weight-panel must not be negative, got -1", extra=("--weight-panel", "-1"))
    for size in ("lots", "1.5K"):
        refused(tools, SAMPLE, "--weight-panel", extra=("--weight-panel", size), status=2)


@case
def an_unknown_target(tools):
    refused(tools, SAMPLE, "no-such-board", "mps2-an500", extra=("--target", "no-such-board"))


@case
def wrong_usage(tools):
    tools.call("mcuformc", status=2)
    tools.call("mcuformc", SAMPLE, "--no-such-option", "-o", tools.path("out"), status=2)
    tools.call("mcuformc", SAMPLE, status=2)
    tools.call("mcuformc", SAMPLE, "-o", tools.path("out"), "--compile-to", "lunch", status=2)
    tools.call("mcuformc", SAMPLE, "-o", tools.path("out"), "--name", "no good", status=2)


@case
def help_and_version(tools):
    expect("--calibrate" in tools.call("mcuformc", "--help"), "no help")
    expect("0." in tools.call("mcuformc", "--version"), "no version")


@case
def memory_is_explained(tools):
    common = [SAMPLE, "--calibrate", CALIBRATION, "--mean", "0.5", "--std", "0.5", "--explain=memory"]
    text = tools.call("mcuformc", *common)
    expect(os.listdir(tools.directory) == [], "something was written: %s" % os.listdir(tools.directory))
    tools.call("mcuformc", *common, "-o", tools.path("out"))
    sram = json.loads(read(tools.path("out", "report.json")))["sram"]
    expect("arena %d bytes, lower bound %d, gap 0" % (sram["arena_bytes"], sram["lower_bound_bytes"]) in text, text)
    expect("%d bytes together" % sram["lower_bound_bytes"] in text, text)
    for buffer in sram["buffers"]:
        expect("steps %d to %d  %s\n" % (buffer["first_step"], buffer["last_step"], buffer["name"]) in text, "no %s:\n%s" % (buffer["name"], text))
    tools.call("mcuformc", SAMPLE, "--explain=lunch", status=2)
    text = tools.call("mcuformc", *common, "--weight-panel", "300", "-o", tools.path("panels"))
    report = json.loads(read(tools.path("panels", "report.json")))
    reads, = report["flash"]["read_per_inference"]
    expect("One inference reads %(bytes)d bytes of weights and other constants from qspi, %(by_panels_bytes)d of them copied by panels" % reads in text, text)
    for layer in report["layers"]:
        if "weights_read" in layer:
            expect("%10d bytes  %s, %s\n" % (layer["read_per_inference_bytes"], layer["name"], layer["weights_read"]) in text, layer)


@case
def phases_can_be_printed_and_dumped(tools):
    common = ["--calibrate", CALIBRATION, "--mean", "0.5", "--std", "0.5"]
    for phase, sign in (("import", "onnxin.node \"Conv\""), ("legalize", "mcuf.conv"), ("fuse", "mcuf.patch_embed"), ("quantize", "mcuf.q_attention"),
                        ("schedule", "mcurt.for"), ("memory", "offset")):
        expect(sign in tools.call("mcuformc", SAMPLE, "--compile-to", phase, *common), "no %s after %s" % (sign, phase))
    tools.call("mcuformc", SAMPLE, "-o", tools.path("out"), "--dump-phases-to", tools.path("dumps"), *common)
    expect(len(os.listdir(tools.path("dumps"))) == 6, "dumps: %s" % os.listdir(tools.path("dumps")))


if __name__ == "__main__":
    sys.exit(main())
