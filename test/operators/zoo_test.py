"""Exported graphs of many families: the float interpreter against NumPy, and the int8 package on the host against the float network.

Every network has random weights and is small; what differs is how its graph is written.
"""

import json
import os
import re
import subprocess
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from cases import ROOT, SHARED, Skip, case, expect, main, need, shared  # noqa: E402
from packages import check_both_targets, first_images  # noqa: E402

ONNXRUNTIME = os.path.join(ROOT, "build", "onnxruntime")
EXPORT = os.path.join(ROOT, "samples", "mcuformer", "export.py")
SMALL = ["--image", "60", "--patch", "20", "--heads", "3,2", "--mlp-ratios", "4,3.5", "--classes", "10", "--count", "32"]


def decibels(actual, expected):
    return 10 * np.log10((expected ** 2).sum() / ((actual - expected) ** 2).sum())


def compare_float(tools, model, inputs, expected, mean="0.5", std="0.5"):
    """The float interpreter's logits are NumPy's."""
    tools.call("mcuform-float-logits", model, inputs, mean, std, tools.path("float.npy"))
    actual = np.load(tools.path("float.npy"))
    error = np.abs(actual - expected).max() / np.abs(expected).max()
    expect(error < 1e-4, "float logits differ by %g of their range" % error)


def compare_int8(tools, model, inputs, expected, least, mean="0.5", std="0.5"):
    """The package's logits are the float network's, with that many decibels between them and the difference. Gives the report."""
    tools.call("mcuformc", model, "-o", tools.path("out"), "--calibrate", inputs, "--mean", mean, "--std", std)
    tools.call("mcuform-run", tools.path("out"), "--target", "host", "--input", inputs, "--output", tools.path("int8.npy"))
    quality = decibels(np.load(tools.path("int8.npy")).astype(np.float64), expected)
    expect(quality >= least, "int8 logits have %.1f dB, expected %g" % (quality, least))
    with open(tools.path("out", "report.json")) as file:
        return json.load(file)


def export_subnet(tools, *options, base=SMALL):
    """Exports a subnet and gives its model, its pictures and its logits."""
    model, pictures, logits = tools.path("subnet.onnx"), tools.path("pictures.npy"), tools.path("logits.npy")
    result = subprocess.run([sys.executable, "-B", EXPORT, model, *base, *options, "--pictures", pictures, "--logits", logits], capture_output=True, text=True)
    expect(result.returncode == 0, result.stdout + result.stderr)
    return model, pictures, np.load(logits).astype(np.float64)


def check_subnet(tools, *options):
    model, pictures, expected = export_subnet(tools, *options)
    compare_float(tools, model, pictures, expected)
    return compare_int8(tools, model, pictures, expected, 25)


@case
def subnets_at_all_opsets(tools):
    """One network is the same at every opset, and the plans are equal."""
    reports = [check_subnet(tools, "--no-relative", "--opset", opset) for opset in ("12", "13", "17")]
    expect(len({json.dumps(report["sram"]) for report in reports}) == 1, "plans differ")


def linear_products(tools, model):
    """Multiplications of the dense layers, as they are after fusion."""
    text = tools.call("mcuformc", model, "--compile-to", "fuse")
    products = 0
    for rows, units, depth in re.findall(r"mcuf\.linear [^:]*: \(tensor<([0-9x]+)xf32>, tensor<([0-9]+)x([0-9]+)xf32>", text):
        sizes = [int(size) for size in rows.split("x")]
        expect(sizes[-1] == int(depth), "a layer of depth %s on rows of %s" % (depth, rows))
        products += int(np.prod(sizes[:-1])) * int(units) * int(depth)
    return products


@case
def subnets_of_low_rank(tools):
    """Where the rank is small, a chain keeps one narrow layer, whether it was written as two factors or three."""
    three, _, _ = export_subnet(tools, "--no-relative", "--rank-ratio", "0.4")
    # Blocks of 10 tokens, 3 and 2 heads, ratios 4 and 3.5, ranks 102 and 76; proj is dense in both.
    least = 10 * 192 + sum(10 * (102 * (192 + 3 * inner) + 192 * inner + 2 * 76 * (192 + hidden)) for inner, hidden in ((192, 768), (128, 672)))
    expect(linear_products(tools, three) == least, "%d products, expected %d" % (linear_products(tools, three), least))
    two, _, _ = export_subnet(tools, "--no-relative", "--rank-ratio", "0.4", "--factors", "2")
    expect(linear_products(tools, two) == least, "%d products, expected %d" % (linear_products(tools, two), least))
    check_subnet(tools, "--no-relative", "--rank-ratio", "0.4")
    check_subnet(tools, "--no-relative", "--rank-ratio", "0.6", "--mlp-rank-ratio", "0.45", "--factors", "2", "--pool", "cls", "--opset", "17")


@case
def re_association_of_a_full_subnet(tools):
    """E192 P20 R0.9 at 240 px: 1356 M products as written, 803 M as dense layers."""
    model, _, _ = export_subnet(tools, "--no-relative", "--count", "1", base=[])
    dense = 145 * 12 * (192 * 576 + 192 * 192 + 2 * 192 * 768) + 192 * 1000
    expect(linear_products(tools, model) <= dense, "%d products, the dense form has %d" % (linear_products(tools, model), dense))


@case
def subnets_of_all_sizes(tools):
    small = ["--count", "16"]
    for options in (["--width", "168", "--patch", "16", "--image", "48"], ["--width", "216", "--patch", "24", "--image", "72", "--heads", "4,3,4", "--mlp-ratios", "3.5"],
                    ["--width", "320", "--supernet-width", "448", "--heads", "5", "--mlp-ratios", "3", "--depth", "1", "--patch", "28", "--image", "56"],
                    ["--patch", "32", "--image", "64", "--factors", "2", "--opset", "13", "--pool", "cls"]):
        check_subnet(tools, "--no-relative", *small, *options)


@case
def subnets_with_padding(tools):
    """Patches of which some stand over the edge, with tables of relative positions, in each input mode: one network, one result."""
    options = "--patch", "28", "--padding", "6", "--image", "72"
    check_subnet(tools, *options)
    model, pictures, expected = export_subnet(tools, *options, "--no-relative", "--opset", "17", "--count", "8")
    logits = []
    for mode in "frame", "overwrite", "stream":
        package = tools.compile(model, pictures, output=mode, input_mode=mode)
        if mode == "stream":
            check_both_targets(tools, package, first_images(tools, pictures, 2))
        tools.call("mcuform-run", package, "--target", "host", "--input", pictures, "--output", tools.path("int8.npy"))
        logits.append(np.load(tools.path("int8.npy")))
    expect(all((logits[0] == other).all() for other in logits), "modes differ")
    quality = decibels(logits[0].astype(np.float64), expected)
    expect(quality >= 30, "%.1f dB" % quality)
    # In less memory than the image takes, streaming is found, with as many rows at a time as where it is asked for.
    reports = []
    for name, mode in ("asked", {"input_mode": "stream"}), ("found", {}):
        with open(os.path.join(tools.compile(model, pictures, output=name, arena=str(72 * 72 * 3 - 1), **mode), "report.json")) as file:
            reports.append(json.load(file))
    expect(reports[0]["schedule"] == reports[1]["schedule"] and reports[1]["schedule"]["token_block"] > 1 and reports[1]["input"]["mode"] == "stream", "%s" % reports)


def attention_constants(report):
    """Bytes of constants that attention reads, by block."""
    return [layer["weights_bytes"] for layer in report["layers"] if layer["kind"] == "attention"]


@case
def subnets_with_relative_position(tools):
    """Tables at every opset, for the class token alone and for the mean of all others; 324 patches clip distances of 15 and more."""
    for options in (["--opset", "12"], ["--opset", "13", "--factors", "2"], ["--opset", "17", "--pool", "cls"],
                    ["--patch", "2", "--image", "36", "--heads", "1", "--mlp-ratios", "2", "--depth", "1", "--width", "64"]):
        report = check_subnet(tools, *options)
        rows = 59 if "36" in options else 11
        for block, (heads, size) in enumerate(zip((1,) if "36" in options else (3, 2), attention_constants(report))):
            # Tables of keys and of values in int8, a multiplier a head for scores and for keys, one a channel for values.
            expect(size == 2 * (rows + 1) * 64 + 4 * heads * (2 + 64), "%s: %d bytes of constants in block %d" % (options, size, block))


@case
def subnets_with_relative_position_in_each_schedule(tools):
    """Host and board agree in both schedules that there are; the third is refused."""
    model, pictures, expected = export_subnet(tools, "--image", "100", "--heads", "2,3")
    for name, options in (("cached", []), ("head-by-head", ["--token-block", "5"])):
        package = tools.compile(model, pictures, output=name, schedule=name)
        images = first_images(tools, pictures, 4)
        check_both_targets(tools, package, images)
        quality = decibels(np.load(tools.path("board.npy")).astype(np.float64), expected[:4])
        expect(quality >= 25, "%s: %.1f dB" % (name, quality))
    # What is observed of attention is its context with both terms.
    tools.call("mcuform-run", tools.path("cached"), "--target", "host", "--input", images, "--reference", model, "--per-layer", "--json", tools.path("layers.json"))
    with open(tools.path("layers.json")) as file:
        contexts = [layer for layer in json.load(file)["layers"]["layers"] if layer["kind"] == "attention"]
    expect(len(contexts) == 2 and all(layer["sqnr_db"] > 30 for layer in contexts), "%s" % contexts)
    text = tools.call("mcuformc", model, "-o", tools.path("absorbed"), "--calibrate", pictures, "--mean", "0.5", "--std", "0.5", "--schedule", "absorbed", status=1)
    expect("has 2-D relative positions" in text and "Reshape_70" in text and not os.path.exists(tools.path("absorbed")), text)


@case
def full_subnet_with_relative_position(tools):
    """E192 P20 R0.9 at 240 px, the network of ../shared/design/mcuformer.md: no more products than its dense form, less than 150,000 bytes, the host's logits on the board."""
    model, pictures, expected = export_subnet(tools, "--count", "8", base=[])
    package = tools.compile(model, pictures, arena="150000")
    with open(os.path.join(package, "report.json")) as file:
        report = json.load(file)
    expect(report["sram"]["arena_bytes"] <= 150000, "arena of %d bytes" % report["sram"]["arena_bytes"])
    # 997 M: patches, the layers of 12 blocks as dense ones, both products of attention once more for relative positions, the classifier.
    dense = 144 * 1200 * 192 + 145 * 12 * (192 * 576 + 192 * 192 + 2 * 192 * 768 + 4 * 145 * 192) + 192 * 1000
    products = sum(layer["macs"] for layer in report["layers"])
    expect(products <= dense, "%d products, the dense form has %d" % (products, dense))
    expect(max(attention_constants(report)) <= 16 * 1024, "constants of %s bytes" % attention_constants(report))
    board = check_both_targets(tools, package, first_images(tools, pictures, 1))
    tools.call("mcuform-run", package, "--target", "host", "--input", pictures, "--output", tools.path("int8.npy"))
    quality = decibels(np.load(tools.path("int8.npy")).astype(np.float64), expected)
    print(products, dense, report["sram"]["arena_bytes"], board, quality)
    expect(quality >= 25, "%.1f dB" % quality)


OPSETS = {"einops": (12, 13, 17, 20)}


def random_pictures(count, size, channels):
    """Coarse patches of random brightness and finer noise on them, uint8."""
    rng = np.random.default_rng(3)
    coarse = rng.normal(128, 50, (count, size // 4, size // 4, channels)).repeat(4, 1).repeat(4, 2)
    return np.clip(coarse + rng.normal(0, 20, coarse.shape), 0, 255).astype(np.uint8)


def inputs_of(net, count):
    """uint8 pictures and their normalized form, or float sequences."""
    if net.sequence:
        values = np.random.default_rng(3).standard_normal((count, *net.sequence)).astype(np.float32)
        return values, values
    pictures = random_pictures(count, net.image, net.channels)
    return pictures, ((pictures / 255.0 - 0.5) / 0.5).transpose(0, 3, 1, 2)


def check_family(tools, family):
    import onnx
    import zoo

    for opset in OPSETS.get(family, (11, 13, 17)):
        net, model = zoo.make(family, opset)
        onnx.save(model, tools.path("model.onnx"))
        given, normalized = inputs_of(net, 32)
        np.save(tools.path("inputs.npy"), given)
        expected = net.forward(normalized)
        mean, std = ("0", "1") if net.sequence else ("0.5", "0.5")
        compare_float(tools, tools.path("model.onnx"), tools.path("inputs.npy"), expected, mean, std)
        compare_int8(tools, tools.path("model.onnx"), tools.path("inputs.npy"), expected, 20, mean, std)


# Families with kernels of their own.
ON_THE_BOARD = ("rms-norm", "sigmoid-attention", "sequence-pool", "swiglu", "geglu")


@case
def families_on_the_board(tools):
    """The integer interpreter, the host and the board give the same logits."""
    import onnx
    import zoo

    for family in ON_THE_BOARD:
        net, model = zoo.make(family, 17)
        onnx.save(model, tools.path("model.onnx"))
        pictures, _ = inputs_of(net, 8)
        np.save(tools.path("inputs.npy"), pictures)
        package = tools.compile(tools.path("model.onnx"), tools.path("inputs.npy"), output=family, mean="0.5", std="0.5")
        board = check_both_targets(tools, package, first_images(tools, tools.path("inputs.npy"), 2))
        with open(os.path.join(package, "report.json")) as file:
            scale = json.load(file)["output"]["scale"]
        tools.call("mcuform-integer-reference", tools.path("model.onnx"), tools.path("inputs.npy"), "0.5", "0.5", tools.path("images.npy"), 2, tools.path("reference.npy"))
        reference = np.float32(scale) * np.load(tools.path("reference.npy")).astype(np.float32)
        expect((reference == np.load(tools.path("board.npy"))).all(), "%s: interpreter and board differ" % family)
        print(family, board["instructions_per_image"], "instructions, arena", board["arena_bytes"])


@case
def shared_models_at_opsets_13_and_17(tools):
    """The MNIST ViT and the keyword transformer of ../shared: PyTorch's logits in float, the same classes in int8."""
    script = os.path.join(ROOT, "test", "tools", "lower_to_opset13.py")
    for model, inputs, logits, calibration, mean, std in (
            ("vit_mnist", "mnist/images.npy", "mnist/logits_float.npy", "mnist/calibration.npy", "0.1307", "0.3081"),
            ("kwt1_mfcc98x40", "keywords/mfcc.npy", "keywords/logits_float.npy", "keywords/mfcc.npy", "0", "1")):
        original = shared("models/%s.onnx" % model)
        lowered = tools.path(model + ".onnx")
        result = subprocess.run([sys.executable, script, original, lowered], capture_output=True, text=True)
        expect(result.returncode == 0, result.stdout + result.stderr)
        given, expected = np.load(shared(inputs))[:100], np.load(shared(logits))[:100]
        np.save(tools.path("inputs.npy"), given)
        for path in (original, lowered):
            compare_float(tools, path, tools.path("inputs.npy"), expected, mean, std)
            tools.call("mcuformc", path, "-o", tools.path("out"), "--name", "model", "--calibrate", shared(calibration), "--mean", mean, "--std", std)
            tools.call("mcuform-run", tools.path("out"), "--target", "host", "--input", tools.path("inputs.npy"), "--output", tools.path("int8.npy"))
            same = (np.load(tools.path("int8.npy")).argmax(-1) == expected.argmax(-1)).mean()
            expect(same >= 0.99, "%s: %.1f %% of the answers are the float network's" % (path, 100 * same))


@case
def trained_networks_on_random_images(tools):
    """What no network was trained for, and no calibration has seen: int8 gives the float network's class."""
    for model, calibration, mean, std, count, size, channels in (("vit_mnist", "mnist/calibration.npy", "0.1307", "0.3081", 400, 28, 1),
                                                                 ("vit_tiny_patch16_224", "imagenet/calibration.npy", "0.5", "0.5", 70, 224, 3)):
        np.save(tools.path("random.npy"), random_pictures(count, size, channels))
        path = shared("models/%s.onnx" % model)
        tools.call("mcuformc", path, "-o", tools.path("out"), "--name", "model", "--calibrate", shared(calibration), "--mean", mean, "--std", std)
        tools.call("mcuform-run", tools.path("out"), "--target", "host", "--input", tools.path("random.npy"), "--reference", path, "--json", tools.path("run.json"))
        with open(tools.path("run.json")) as file:
            agreement = json.load(file)["agreement"]
        print("%s: %.1f %% of %d" % (model, 100 * agreement, count))
        expect(agreement >= 0.97, "%s: %.1f %%" % (model, 100 * agreement))


def has_onnxruntime():
    return os.path.isdir(os.path.join(ONNXRUNTIME, "node_modules"))


def onnxruntime_logits(tools, jobs, ranges=None, optimization="disabled"):
    """What ONNX Runtime computes: `jobs` are (model, float32 inputs of shape [N, ...]), each input with a leading extent of 1. `ranges` is a file for those of all
    results. With the optimization "all" it fuses layers and their quantization to integer ones."""
    need("node")
    if not has_onnxruntime():
        raise Skip("ONNX Runtime is not installed: scripts/setup --onnxruntime")
    described = []
    for number, (model, inputs) in enumerate(jobs):
        files = tools.path("inputs-%d" % number), tools.path("outputs-%d" % number)
        np.ascontiguousarray(inputs, np.float32).tofile(files[0])
        described.append({"model": model, "inputs": files[0], "outputs": files[1], "shape": [1, *inputs.shape[1:]], "ranges": ranges,
                          "optimization": optimization})
    with open(tools.path("jobs.json"), "w") as file:
        json.dump(described, file)
    script = os.path.join(ROOT, "test", "operators", "onnxruntime", "run.js")
    result = subprocess.run(["node", script, tools.path("jobs.json")], capture_output=True, text=True, env=dict(os.environ, MCUFORM_ONNXRUNTIME=ONNXRUNTIME))
    expect(result.returncode == 0, result.stderr)
    return [np.fromfile(job["outputs"], np.float32).reshape(len(inputs), -1) for job, (_, inputs) in zip(described, jobs)]


def normalize(pictures, mean, std):
    return ((pictures.astype(np.float32) / 255 - np.float32(mean)) / np.float32(std)).transpose(0, 3, 1, 2)


def all_graphs(tools):
    """Every graph of the zoo as (name, model, inputs as they are given, inputs of the network, mean, std): families, subnets, trained networks."""
    import onnx
    import zoo

    for family in zoo.FAMILIES:
        for opset in OPSETS.get(family, (11, 13, 17)):
            net, model = zoo.make(family, opset)
            path = tools.path("%s-%d.onnx" % (family, opset))
            onnx.save(model, path)
            given, _ = inputs_of(net, 4)
            yield (path, given, given, "0", "1") if net.sequence else (path, given, normalize(given, 0.5, 0.5), "0.5", "0.5")
    for number, options in enumerate((["--opset", "12"], ["--opset", "13", "--factors", "2"], ["--opset", "17", "--pool", "cls"], ["--opset", "12", "--no-relative"],
                                      ["--opset", "17", "--no-relative", "--factors", "2"], ["--patch", "28", "--padding", "6", "--image", "72"])):
        model, pictures, _ = export_subnet(tools, *options, "--count", "4")
        path = tools.path("subnet-%d.onnx" % number)
        os.rename(model, path)
        given = np.load(pictures)
        yield path, given, normalize(given, 0.5, 0.5), "0.5", "0.5"
    for name, inputs, mean, std in (("vit_mnist", "mnist/images.npy", "0.1307", "0.3081"), ("kwt1_mfcc98x40", "keywords/mfcc.npy", "0", "1"),
                                    ("vit_tiny_patch16_224", "imagenet/images.npy", "0.5", "0.5")):
        if os.path.isdir(SHARED):
            given = np.load(shared(inputs), mmap_mode="r")[:4]
            yield shared("models/%s.onnx" % name), given, normalize(given, float(mean), float(std)) if given.dtype == np.uint8 else given, mean, std


@case
def onnxruntime_computes_the_same(tools):
    """Another implementation of ONNX, on every graph of the zoo: the float interpreter is within 1e-4 of its range."""
    graphs = list(all_graphs(tools))
    answers = onnxruntime_logits(tools, [(model, inputs) for model, _, inputs, _, _ in graphs])
    for (model, given, _, mean, std), expected in zip(graphs, answers):
        np.save(tools.path("given.npy"), given)
        compare_float(tools, model, tools.path("given.npy"), expected, mean, std)
    print("%d graphs agree with ONNX Runtime" % len(graphs))
    expect(len(graphs) >= 25, "only %d graphs" % len(graphs))


def check_quantized(tools, name, model, given):
    """The model with QDQ nodes: ONNX Runtime's answers in float arithmetic, and near them in the package."""
    import onnx
    import quantize_qdq

    inputs = normalize(given, 0.5, 0.5)
    onnx.save(quantize_qdq.with_all_values(model), tools.path("wide.onnx"))
    onnxruntime_logits(tools, [(tools.path("wide.onnx"), inputs)], tools.path("ranges.json"))
    with open(tools.path("ranges.json")) as file:
        ranges = json.load(file)
    ranges[model.graph.input[0].name] = [float(inputs.min()), float(inputs.max())]
    path = tools.path(name + "-qdq.onnx")
    quantized = quantize_qdq.quantize(model, ranges)
    onnx.save(quantized, path)
    kinds = [node.op_type for node in quantized.graph.node]
    expect(kinds.count("QuantizeLinear") > 10 and kinds.count("DequantizeLinear") > 20 and "Relu" not in kinds, "%s" % kinds)
    expected, = onnxruntime_logits(tools, [(path, inputs)])
    np.save(tools.path("given.npy"), given)
    tools.call("mcuform-float-logits", path, tools.path("given.npy"), "0.5", "0.5", tools.path("float.npy"))
    # A value between two codes may be rounded either way.
    error = np.abs(np.load(tools.path("float.npy")) - expected) / np.abs(expected).max()
    print("%s: median error %g, largest %g" % (name, np.median(error), error.max()))
    expect(np.median(error) < 1e-5 and error.max() < 0.02, "%s: median error %g, largest %g" % (name, np.median(error), error.max()))
    compare_int8(tools, path, tools.path("given.npy"), expected.astype(np.float64), 20)


def quantized_networks(tools, count):
    """The convolutional networks with their batch normalizations folded, and the ranges of their values: (name, model, ranges, pictures)."""
    import onnx
    import quantize_qdq

    script = os.path.join(ROOT, "test", "tools", "make_cnn_onnx.py")
    model, pictures, ranges = (tools.path(name) for name in ("cnn.onnx", "pictures.npy", "ranges.json"))
    for network in "resnet8", "dscnn", "mobilenet":
        result = subprocess.run([sys.executable, "-B", script, network, model, pictures, "--count", str(count), "--ranges", ranges], capture_output=True, text=True)
        expect(result.returncode == 0, result.stdout + result.stderr)
        with open(ranges) as file:
            yield network, quantize_qdq.fold_batch_normalization(onnx.load(model)), json.load(file), pictures


def logits_of_file(tools, model, pictures):
    """ONNX Runtime's, of the nodes as they are written and of the integer layers to which it fuses them; without it, those of our float interpreter, which rounds as the
    file says."""
    if has_onnxruntime():
        inputs = normalize(np.load(pictures), 0.5, 0.5)
        return {level: onnxruntime_logits(tools, [(model, inputs)], optimization=level)[0] for level in ("disabled", "all")}
    tools.call("mcuform-float-logits", model, pictures, "0.5", "0.5", tools.path("float.npy"))
    return {"interpreter": np.load(tools.path("float.npy"))}


@case
def codes_of_quantized_convolutional_networks(tools):
    """Scales, zero points and saturation are the file's, without any calibration: logits within one step of ONNX Runtime's, for each way to quantize; host and board alike.
    Where ONNX Runtime's own two levels are farther apart than a step, as in a deep network with random weights, ours are no farther from them."""
    import onnx
    from onnx import numpy_helper
    import quantize_qdq
    from quantize_qdq import Style

    styles = {"uint8": Style(results=True), "int8": Style(np.int8, results=True), "symmetric": Style(np.int8, symmetric=True, results=True),
              "one-scale": Style(per_channel=False, results=True)}
    for network, model, ranges, pictures in quantized_networks(tools, 48):
        for style, how in styles.items():
            quantized = quantize_qdq.quantize(model, dict(ranges), how)
            path = tools.path("%s-%s.onnx" % (network, style))
            onnx.save(quantized, path)
            step, = (numpy_helper.to_array(tensor) for tensor in quantized.graph.initializer if tensor.name == "logits_QuantizeLinear_Input_scale")
            tools.call("mcuformc", path, "-o", tools.path(style), "--name", "model", "--mean", "0.5", "--std", "0.5")
            if style == "uint8":
                images = first_images(tools, pictures, 2)
                check_both_targets(tools, tools.path(style), images)
                # The interpreter of the integer operators, here with calibration inputs: they change nothing where all is the file's.
                tools.call("mcuform-integer-reference", path, pictures, "0.5", "0.5", images, "2", tools.path("reference.npy"))
                with open(os.path.join(tools.path(style), "report.json")) as file:
                    scale = np.float32(json.load(file)["output"]["scale"])
                reference = scale * np.load(tools.path("reference.npy")).astype(np.float32)
                expect((reference == np.load(tools.path("host.npy"))).all(), "%s: interpreter and package differ" % network)
            tools.call("mcuform-run", tools.path(style), "--target", "host", "--input", pictures, "--output", tools.path("codes.npy"))
            answers = logits_of_file(tools, path, pictures)
            # Without ONNX Runtime: twice as far as its two levels are apart there.
            apart = np.abs(answers["disabled"] - answers["all"]).max() / step if "all" in answers else 16 if network == "mobilenet" else 0
            for level, expected in answers.items():
                steps = np.abs(np.load(tools.path("codes.npy")) - expected) / step
                print("%s, %s, %s: %.2f %% equal, at most %.2f steps" % (network, style, level, 100 * (steps < 0.01).mean(), steps.max()))
                expect(steps.max() < 0.01 + max(1, 1.25 * apart), "%s, %s, %s: %.2f steps" % (network, style, level, steps.max()))


@case
def quantized_transformers(tools):
    """QuantizeLinear and DequantizeLinear as ONNX Runtime's quantization places them."""
    import zoo

    for family, opset in ("timm", 13), ("timm", 17), ("torchvision", 17), ("relu", 13):
        net, model = zoo.make(family, opset)
        given, _ = inputs_of(net, 32)
        check_quantized(tools, "%s-%d" % (family, opset), model, given)


@case
def ranges_of_quantized_transformers(tools):
    """A file with a range for all that is stored needs no calibration: as far from float as the file's own rounding, and farther from that than from float."""
    import onnx
    import quantize_qdq
    import zoo

    for family, opset in ("timm", 17), ("relu", 13):
        net, model = zoo.make(family, opset)
        given, _ = inputs_of(net, 64)
        inputs = normalize(given, 0.5, 0.5)
        onnx.save(model, tools.path("float.onnx"))
        onnx.save(quantize_qdq.with_all_values(model), tools.path("wide.onnx"))
        onnxruntime_logits(tools, [(tools.path("wide.onnx"), inputs[:32])], tools.path("ranges.json"))
        with open(tools.path("ranges.json")) as file:
            ranges = json.load(file)
        ranges[model.graph.input[0].name] = [float(inputs.min()), float(inputs.max())]
        path = tools.path("%s-%d.onnx" % (family, opset))
        onnx.save(quantize_qdq.quantize(model, ranges, quantize_qdq.Style(results=True)), path)
        expected, exact = (logits.astype(np.float64) for logits in onnxruntime_logits(tools, [(path, inputs), (tools.path("float.onnx"), inputs)]))
        fused, = onnxruntime_logits(tools, [(path, inputs)], optimization="all")
        np.save(tools.path("given.npy"), given)
        tools.call("mcuformc", path, "-o", tools.path("out"), "--name", "model", "--mean", "0.5", "--std", "0.5")
        tools.call("mcuform-run", tools.path("out"), "--target", "host", "--input", tools.path("given.npy"), "--output", tools.path("int8.npy"))
        ours = np.load(tools.path("int8.npy")).astype(np.float64)
        near, float_near = decibels(ours, expected), decibels(ours, exact)
        print("%s: %.1f dB of ONNX Runtime's, %.1f of float's, which ONNX Runtime has %.1f of; its two levels %.1f" % (
            family, near, float_near, decibels(expected, exact), decibels(fused.astype(np.float64), expected)))
        expect(near >= 25 and float_near >= 30, "%s: %.1f dB of ONNX Runtime's, %.1f dB of float's" % (family, near, float_near))


@case
def quantized_convolutional_networks(tools):
    import onnx
    import quantize_qdq

    script = os.path.join(ROOT, "test", "tools", "make_cnn_onnx.py")
    for network in "resnet8", "dscnn", "mobilenet":
        result = subprocess.run([sys.executable, "-B", script, network, tools.path("cnn.onnx"), tools.path("pictures.npy")], capture_output=True, text=True)
        expect(result.returncode == 0, result.stdout + result.stderr)
        model = quantize_qdq.fold_batch_normalization(onnx.load(tools.path("cnn.onnx")))
        check_quantized(tools, network, model, np.load(tools.path("pictures.npy")))


def add_families():
    """A case for each family at all its opsets."""
    import zoo

    for family in zoo.FAMILIES:
        def run(tools, family=family):
            check_family(tools, family)
        run.__name__ = "family_" + family
        case(run)


add_families()


if __name__ == "__main__":
    sys.exit(main())
