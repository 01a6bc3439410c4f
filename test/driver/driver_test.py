"""mcuformc from outside: bad input gives a clear message, exit status 1 and nothing else; wrong usage gives 2."""

import json
import os
import re
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
def memories_have_budgets_of_their_own(tools):
    common = ("--calibrate", CALIBRATION, "-o", tools.path("out"), "--target", "mps2-an500-f746")
    for limits in {"dtcm": 8192, "sram1": 6144, "sram2": 0}, {"dtcm": 0}:
        tools.call("mcuformc", SAMPLE, *common, *(word for name, bytes in limits.items() for word in ("--memory", "%s=%d" % (name, bytes))))
        with open(tools.path("out", "report.json")) as file:
            used = {region["name"]: region["arena_bytes"] for region in json.load(file)["sram"]["regions"]}
        expect(used and all(used.get(name, 0) <= bytes for name, bytes in limits.items()), "%s within %s" % (used, limits))
    target = ("--target", "mps2-an500-f746")
    refused(tools, SAMPLE, "region 'dtcm' needs", "it has 1024 for buffers", extra=target + ("--memory", "dtcm=1K", "--memory", "sram1=1K", "--memory", "sram2=1K"))
    refused(tools, SAMPLE, "--memory itcm: target 'mps2-an500-f746' has no SRAM of that name; it has dtcm, sram1, sram2", extra=target + ("--memory", "itcm=1K"))
    for wrong in "dtcm", "dtcm=", "dtcm=much":
        tools.call("mcuformc", SAMPLE, *common, "--memory", wrong, status=2)


@case
def flash_that_is_too_small(tools):
    """The message has both sizes and what would help; the size that it promises is that of the package."""
    four = refused(tools, SAMPLE, "weights need ", "flash 'qspi' has 200000", "note: --weights int4 stores layers in four bits", extra=("--flash", "200000"))
    lower = refused(tools, SAMPLE, "note: with a lower --min-sqnr", extra=("--flash", "200000", "--weights", "int4", "--min-sqnr", "100"))
    refused(tools, SAMPLE, "they would still take about", "give them more with --flash", extra=("--flash", "100K"))
    tools.call("mcuformc", SAMPLE, "--calibrate", CALIBRATION, "--mean", "0.5", "--std", "0.5", "--weights", "int4", "--min-sqnr", "0", "-o", tools.path("four"))
    bytes_in_four = json.loads(read(tools.path("four", "report.json")))["flash"]["pack_bytes"]
    for text in four, lower:
        promised = int(re.search(r"take about (\d+) bytes", text).group(1))
        expect(abs(promised - bytes_in_four) < 0.02 * bytes_in_four, "%d bytes promised, %d taken" % (promised, bytes_in_four))


@case
def a_signal_to_noise_that_cannot_be_held(tools):
    """A warning with what was reached; without inputs, that it was not measured."""
    common = [SAMPLE, "--mean", "0.5", "--std", "0.5", "--min-sqnr", "90", "-o", tools.path("out")]
    text = tools.call("mcuformc", *common, "--calibrate", CALIBRATION)
    facts = json.loads(read(tools.path("out", "report.json")))["quantization"]
    expect("the network's result is %.1f dB above its errors" % facts["measured_sqnr_db"] in text and "--min-sqnr asks for 90.0" in text, text)
    expect(len(facts["layers_of_wider_weights"]) == facts["layers_that_may_be_wider"] == 8, "%s" % facts)
    text = tools.call("mcuformc", *common[:-4], "-o", tools.path("plain"), "--calibrate", CALIBRATION, "--calibration-cache", tools.path("cache"))
    text = tools.call("mcuformc", *common, "--calibration-cache", tools.path("cache"))
    expect("--min-sqnr needs inputs to be measured on" in text, text)
    text = tools.call("mcuformc", *common, "--calibrate", CALIBRATION, "--weights", "int4")
    expect("its bound is kept by a sum over single layers" in text, text)


@case
def weight_panels_of_nonsense_sizes(tools):
    # Patches of 8 x 8 x 3 are not the smallest: a pair of units of depth 64 takes 128 bytes, twice.
    refused(tools, SAMPLE, "weight panels of 255 bytes hold no pair of units of any layer: the smallest needs 256", extra=("--weight-panel", "255"))
    refused(tools, SAMPLE, "arena needs", extra=("--weight-panel", "100M", "--arena", "20K", "--token-block", "12"))
    refused(tools, SAMPLE, "weight-panel must not be negative, got -1", extra=("--weight-panel", "-1"))
    for size in ("lots", "1.5K"):
        refused(tools, SAMPLE, "--weight-panel", extra=("--weight-panel", size), status=2)


@case
def interleaved_rows_on_a_core_without_use_for_them(tools):
    for target in ("host", "mps3-an547"):
        refused(tools, SAMPLE, "--interleave-rows", "'%s'" % target, extra=("--interleave-rows", "--target", target))


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


def planted(tools):
    """The sample with five different problems, in five places: a dimension, an element type, an operator, an attribute, a shape."""
    import onnx
    import onnx.helper
    import onnx.numpy_helper

    def edit(model):
        graph = model.graph
        graph.input[0].type.tensor_type.shape.dim[0].ClearField("dim_value")
        graph.input[0].type.tensor_type.shape.dim[0].dim_param = "batch"
        softmax = [node for node in graph.node if node.op_type == "Softmax"]
        softmax[0].op_type, softmax[0].name = "Hardmax", "bad_operator"
        names = {tensor.name for tensor in graph.initializer}
        norm = [node for node in graph.node if node.op_type == "LayerNormalization"][1]
        for tensor in graph.initializer:
            if tensor.name == norm.input[1]:
                tensor.CopyFrom(onnx.helper.make_tensor(tensor.name, onnx.TensorProto.STRING, list(tensor.dims), [b"x"] * tensor.dims[0]))
        bad_type = norm.input[1]
        head = [node for node in graph.node if node.op_type in ("Gemm", "MatMul") and node.input[1] in names][-1]
        head.name = "bad_shape"
        for tensor in graph.initializer:
            if tensor.name == head.input[1]:
                values = onnx.numpy_helper.to_array(tensor)
                tensor.CopyFrom(onnx.numpy_helper.from_array(values[:, :-2] if head.op_type == "Gemm" else values[:-2].copy(), tensor.name))
        logits = graph.output[0].name
        head.output[0] = "head_output"
        graph.node.append(onnx.helper.make_node("Cast", ["head_output"], [logits], name="bad_attribute", to=onnx.TensorProto.STRING))
        return bad_type
    types = []
    return edited(tools, lambda model: types.append(edit(model)), name="planted.onnx"), types


@case
def five_problems_in_one_run(tools):
    model, (bad_type,) = planted(tools)
    report = tools.path("report.json")
    text = tools.call("mcuformc", model, "-o", tools.path("out"), "--diagnostics-json", report, status=1)
    expect(text.count("error:") == 5, "expected five errors:\n" + text)
    expect(not os.path.exists(tools.path("out")), "a package was written")
    entries = [entry for entry in json.loads(read(report))["diagnostics"] if entry["severity"] == "error"]
    found = {entry["code"]: entry for entry in entries}
    where = {code: entry["nodes"] for code, entry in found.items()}
    expect(where == {"MCF0009": ["image"], "MCF0008": [bad_type], "MCF0103": ["bad_attribute"], "MCF0101": ["bad_operator"], "MCF0105": ["bad_shape"]}, where)
    expect("--dim batch=1" in found["MCF0009"]["message"], found["MCF0009"])
    expect("(opset 17)" in found["MCF0101"]["message"] and "logits" in found["MCF0101"]["message"], "no nearest form: %s" % found["MCF0101"])
    page = read(os.path.join(ROOT, "docs", "diagnostics.md")).decode()
    for entry in entries:
        expect("[%s]" % entry["code"] in text, entry["code"])
        file, anchor = entry["page"].split("#")
        expect(file == "docs/diagnostics.md" and "\n## %s\n" % anchor.upper() in page, entry["page"])


@case
def every_error_has_its_number(tools):
    """A number is in every message, whatever phase it comes from."""
    for extra, code in ((("--arena", "4K"), "MCF0501"), (("--target", "nowhere"), "MCF0601"), (("--weight-panel", "255"), "MCF0401")):
        text = refused(tools, SAMPLE, code, extra=extra)
        for line in text.splitlines():
            expect(not line.startswith("error:") or line.endswith("]"), line)
    refused(tools, SAMPLE, "MCF0301", calibration=None)
    refused(tools, tools.path("nowhere.onnx"), "MCF0001")


@case
def open_dimensions_are_listed_and_given(tools):
    def edit(model):
        for index, symbol in ((0, "batch"), (2, "height"), (3, "width")):
            dimension = model.graph.input[0].type.tensor_type.shape.dim[index]
            dimension.ClearField("dim_value")
            dimension.dim_param = symbol
    model = edited(tools, edit)
    text = refused(tools, model, "--dim batch=1", "--dim height=1", "--dim width=1")
    expect(text.count("MCF0009") == 3, text)
    text = refused(tools, model, "--dim height=1", "--dim width=1", extra=("--dim", "batch=1"))
    expect(text.count("MCF0009") == 2, text)
    dims = ("--dim", "batch=1", "--dim", "height=48", "--dim", "width=48")
    common = ("--calibrate", CALIBRATION, "--mean", "0.5", "--std", "0.5", "--name", "m")
    tools.call("mcuformc", model, "-o", tools.path("open"), *common, *dims)
    tools.call("mcuformc", SAMPLE, "-o", tools.path("fixed"), *common)
    # The package remembers them, for the float network that it is compared with.
    images = os.path.join(ROOT, "samples", "shapes", "test_images.npy")
    told = tools.call("mcuform-run", tools.path("open"), "--target", "host", "--input", images, "--limit", "20", "--reference", model)
    expect("100.0 % the same class as the float model" in told, told)
    # The other files also say which model they are from.
    plans = [json.loads(read(tools.path(name, "report.json")))["sram"] for name in ("open", "fixed")]
    expect(plans[0] == plans[1], plans)
    # A size that the network was not made for.
    refused(tools, model, "MCF0105", extra=("--dim", "batch=1", "--dim", "height=40", "--dim", "width=48"))


if __name__ == "__main__":
    sys.exit(main())
