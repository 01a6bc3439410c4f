"""The main job from outside: compile, run on the host and on QEMU, compare with the float network."""

import json
import os
import subprocess
import sys
import xml.etree.ElementTree

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from cases import ROOT, Failure, case, expect, main, need, read, shared  # noqa: E402
from packages import check_agreement, check_both_targets, first_images, run, sample  # noqa: E402

TEST_DATA = os.path.join(ROOT, "test", "data")


def check_same_logits(tools, images, compile_as, variants):
    """The variants of one network (name: options): the same logits, bit for bit, on host and board, in the arena that was promised. Arenas by name."""
    arenas, wanted = {}, None
    for name, options in variants.items():
        package = compile_as(name, **options)
        board = check_both_targets(tools, package, images)
        with open(os.path.join(package, "report.json")) as file:
            report = json.load(file)
        arenas[name] = board["arena_high_water_bytes"]
        expect(arenas[name] <= int(options.get("arena", 320 * 1024)), "%s: arena of %d" % (name, arenas[name]))
        for key, found in ("input_mode", report["input"]["mode"]), ("schedule", report["schedule"]["attentions"][0]):
            expect(options.get(key, found) == found, "%s: %s %s" % (name, key, found))
        wanted = wanted or read(tools.path("board.npy"))
        expect(read(tools.path("board.npy")) == wanted, name + ": other logits")
    print(arenas)
    return arenas


@case
def sample_host_equals_board(tools):
    package = tools.compile(sample("shapes_vit.onnx"), sample("calibration.npy"))
    check_both_targets(tools, package, sample("test_images.npy"))


@case
def sample_on_all_cores(tools):
    """Cortex-M4, M33 and M55: the host's logits byte for byte, in the arena that was promised and the stack that was proved."""
    need("arm-none-eabi-g++", "qemu-system-arm")
    images = first_images(tools, sample("test_images.npy"), 16)
    package = tools.compile(sample("shapes_vit.onnx"), sample("calibration.npy"), target="mps2-an386")
    run(tools, package, "host", images, "host.npy")
    for board in "mps2-an386", "mps2-an505", "mps3-an547":
        result = run(tools, package, board, images, "board.npy")
        expect(read(tools.path("host.npy")) == read(tools.path("board.npy")), "logits of host and %s differ" % board)
        expect(result["arena_high_water_bytes"] == result["arena_bytes"], "%s: arena %s" % (board, result))
        expect(result["stack_high_water_bytes"] <= result["stack_bound_bytes"] < 1024, "%s: stack %s" % (board, result))
        # With DSP instructions the sample takes 8.5 M, with MVE half of that.
        most = 5_000_000 if board == "mps3-an547" else 9_000_000
        expect(result["instructions_per_image"] < most, "%s: %d instructions" % (board, result["instructions_per_image"]))


@case
def sample_overwrites_its_image(tools):
    def compile_as(name, **options):
        return tools.compile(sample("shapes_vit.onnx"), sample("calibration.npy"), output=name, **options)
    images = first_images(tools, sample("test_images.npy"), 8)
    arenas = check_same_logits(tools, images, compile_as, {
        "frame": {"input_mode": "frame", "token_block": "12"}, "overwrite": {"input_mode": "overwrite", "token_block": "12"}})
    expect(arenas["overwrite"] <= arenas["frame"], "overwriting the image costs memory: %s" % arenas)


def check_streamed(tools, model, calibration, images):
    """The logits of mode frame, byte for byte, on host and board; the harness feeds the lines in portions of 1, 5, 16, 3 and 40, as far as its RAM goes."""
    run(tools, tools.compile(model, calibration, output="frame", input_mode="frame"), "host", images, "frame.npy")
    package = tools.compile(model, calibration, output="stream", input_mode="stream")
    board = check_both_targets(tools, package, images)
    expect(read(tools.path("frame.npy")) == read(tools.path("board.npy")), "other logits than in mode frame")
    with open(os.path.join(package, "report.json")) as file:
        report = json.load(file)
    expect(report["input"]["mode"] == "stream", "input mode %s" % report["input"])
    frame = report["input"]["shape"][0] * report["input"]["shape"][1] * report["input"]["shape"][2]
    expect(max(b["bytes"] for b in report["sram"]["buffers"] if b["name"] == "image") == report["input"]["strip_bytes"] <= frame // 6, "%s" % report["input"])
    expect(board["stack_high_water_bytes"] <= board["stack_bound_bytes"], "stack %s" % board)
    print(report["sram"]["arena_bytes"], board["instructions_per_image"], board["stack_high_water_bytes"])


@case
def sample_is_streamed(tools):
    check_streamed(tools, sample("shapes_vit.onnx"), sample("calibration.npy"), first_images(tools, sample("test_images.npy"), 5))


def check_in_several_memories(tools, model, calibration, images, **options):
    """On a board that has them: the logits of one arena, bit for bit; each arena within its memory, at its lower bound, used to the last byte."""
    one = tools.compile(model, calibration, output="one", calibration_cache=tools.path("cache"), **options)
    run(tools, one, "mps2-an500", images, "one.npy")
    package = tools.compile(model, calibration, output="several", calibration_cache=tools.path("cache"), target="mps2-an500-f746", **options)
    board = run(tools, package, "mps2-an500-f746", images, "board.npy")
    expect(read(tools.path("one.npy")) == read(tools.path("board.npy")), "other logits than with one arena")
    run(tools, package, "host", images, "host.npy")
    expect(read(tools.path("host.npy")) == read(tools.path("board.npy")), "logits of host and board differ")
    with open(os.path.join(package, "report.json")) as file:
        sram = json.load(file)["sram"]
    sizes = {"dtcm": 64 * 1024 - 8192, "sram1": 240 * 1024, "sram2": 16 * 1024}
    for region, measured in zip(sram["regions"], board["arenas"]):
        expect(measured == {"region": region["name"], "arena_bytes": region["arena_bytes"], "high_water_bytes": region["arena_bytes"]}, "%s" % measured)
        expect(region["arena_bytes"] == region["lower_bound_bytes"] <= region["capacity_bytes"] < sizes[region["name"]], "%s" % region)
    print(sram["regions"], board["instructions_per_image"])
    return sram


@case
def sample_in_several_memories(tools):
    """All of it fits the fastest memory."""
    sram = check_in_several_memories(tools, sample("shapes_vit.onnx"), sample("calibration.npy"), first_images(tools, sample("test_images.npy"), 5))
    expect([region["name"] for region in sram["regions"]] == ["dtcm"], "%s" % sram["regions"])


@case
def sample_keeps_its_accuracy(tools):
    package = tools.compile(sample("shapes_vit.onnx"), sample("calibration.npy"))
    check_agreement(tools, package, sample("shapes_vit.onnx"), sample("test_images.npy"), sample("test_labels.npy"), 0.99, 0.01)


@case
def sample_reads_weights_by_panels(tools):
    """The same logits on host and board whether weights are read in place or panel by panel, of any size."""
    images = first_images(tools, sample("test_images.npy"), 8)
    logits = set()
    for size in ("0", "1000", "8K"):
        package = tools.compile(sample("shapes_vit.onnx"), sample("calibration.npy"), output="by" + size, weight_panel=size)
        board = check_both_targets(tools, package, images)
        logits.add(read(tools.path("board.npy")))
        print(size, board["instructions_per_image"], board["arena_high_water_bytes"])
    expect(len(logits) == 1, "%d different logits" % len(logits))


@case
def sample_interleaves_its_rows(tools):
    """The same logits on host and board in fewer instructions, of which attention, normalization and what is around the products stay as they are."""
    images = first_images(tools, sample("test_images.npy"), 8)
    boards, logits = [], set()
    for name, options in (("rows", ["--no-interleave-rows"]), ("fours", ["--interleave-rows", "--token-block", "36"])):
        tools.call("mcuformc", sample("shapes_vit.onnx"), "--calibrate", sample("calibration.npy"), "--mean", "0.5", "--std", "0.5", "-o", tools.path(name),
                   *options)
        boards.append(check_both_targets(tools, tools.path(name), images))
        logits.add(read(tools.path("board.npy")))
        print(name, boards[-1]["instructions_per_image"], boards[-1]["arena_high_water_bytes"])
    expect(len(logits) == 1, "%d different logits" % len(logits))
    expect(boards[1]["instructions_per_image"] < 0.96 * boards[0]["instructions_per_image"], "nothing gained")


@case
def sample_opset13_computes_the_same(tools):
    """Decomposed LayerNorm and GELU are recognized: the same weights as another graph give the same accuracy."""
    model = os.path.join(TEST_DATA, "shapes_vit_opset13.onnx")
    package = tools.compile(model, sample("calibration.npy"))
    check_agreement(tools, package, model, sample("test_images.npy"), sample("test_labels.npy"), 0.99, 0.01)


@case
def output_is_deterministic(tools):
    """Two runs, from two directories, by relative and absolute paths, into two places: the same bytes."""
    files = {}
    for name, cwd in (("a", tools.directory), ("b/c", "/")):
        os.makedirs(tools.path(os.path.dirname(name)), exist_ok=True)
        model = os.path.relpath(sample("shapes_vit.onnx"), cwd)
        tools.call("mcuformc", model, "--calibrate", sample("calibration.npy"), "--mean", "0.5", "--std", "0.5", "-o", tools.path(name), cwd=cwd)
        found = {}
        for folder, _, entries in os.walk(tools.path(name)):
            for entry in entries:
                path = os.path.join(folder, entry)
                found[os.path.relpath(path, tools.path(name))] = read(path)
        files[name] = found
    expect(files["a"].keys() == files["b/c"].keys(), "different files")
    for path in files["a"]:
        expect(files["a"][path] == files["b/c"][path], path + " differs")


@case
def a_calibration_cache_makes_the_images_needless(tools):
    """Written beside the package, then read in place of the images: the same package; for anything else it is refused, and nothing is written."""
    cache = tools.path("shapes.calibration")
    common = [sample("shapes_vit.onnx"), "--mean", "0.5,0.5,0.5", "--std", "0.5"]
    tools.call("mcuformc", *common, "--calibrate", sample("calibration.npy"), "--calibration-cache", cache, "-o", tools.path("first"))
    tools.call("mcuformc", *common, "--calibration-cache", cache, "-o", tools.path("second"))
    names = sorted(os.listdir(tools.path("first")))
    expect(names == sorted(os.listdir(tools.path("second"))), "other files")
    for name in names:
        if os.path.isfile(tools.path("first", name)):
            expect(read(tools.path("first", name)) == read(tools.path("second", name)), name + " differs")

    # Absorbed projections are another network: its calibration stands beside the first.
    absorbed = common + ["--calibration-cache", cache, "--schedule", "absorbed", "--token-block", "4"]
    tools.call("mcuformc", *absorbed, "--calibrate", sample("calibration.npy"), "-o", tools.path("fourth"))
    tools.call("mcuformc", *absorbed, "-o", tools.path("fifth"))
    expect(read(tools.path("fourth", "shapes_vit.cpp")) == read(tools.path("fifth", "shapes_vit.cpp")), "absorbed projections from the cache differ")
    tools.call("mcuformc", *common, "--calibration-cache", cache, "-o", tools.path("second"))
    # Where nobody calibrated it, a search for memory does without.
    for name in os.listdir(tools.path("")):
        if ".absorbed" in name:
            os.remove(tools.path(name))
    tools.call("mcuformc", *common, "--calibration-cache", cache, "--arena", "9100", "-o", tools.path("small"))
    with open(tools.path("small", "report.json")) as file:
        expect("absorbed" not in json.load(file)["schedule"]["attentions"], "absorbed without calibration")

    def refused(words, model, *arguments):
        text = tools.call("mcuformc", model, *arguments, "-o", tools.path("third"), status=1)
        expect(words in text, "expected %r in: %s" % (words, text))
        expect(not os.path.exists(tools.path("third")), "a package was written")
    refused("was made with mean 0.5, std 0.5 and method max; now they are mean 0.25, std 0.5 and method max", sample("shapes_vit.onnx"), "--mean", "0.25", "--std", "0.5",
            "--calibration-cache", cache)
    refused("was made for another model, with SHA-256", os.path.join(TEST_DATA, "shapes_vit_opset13.onnx"), "--mean", "0.5", "--std", "0.5",
            "--calibration-cache", cache)
    refused("no such file", *common, "--calibration-cache", tools.path("none"))
    weights = tools.path("first", next(name for name in names if name.endswith(".weights")))
    refused("is no calibration cache", *common, "--calibration-cache", weights)
    data = bytearray(read(cache))
    data[len(data) // 2] ^= 1
    with open(cache, "wb") as file:
        file.write(data)
    refused("shapes.calibration", *common, "--calibration-cache", cache)


@case
def two_arenas_at_once(tools):
    """Re-entrant: two threads with an arena each get what one gets alone."""
    need("g++", "cmake")
    package = tools.compile(sample("shapes_vit.onnx"), sample("calibration.npy"), name="shapes")
    np.load(sample("test_images.npy"))[:2].tofile(tools.path("images.raw"))
    with open(tools.path("main.cpp"), "w") as file:
        file.write(r"""
#include "shapes.h"
#include <cstdio>
#include <cstring>
#include <thread>
SHAPES_DEFINE_ARENA(first);
SHAPES_DEFINE_ARENA(second);
int16_t alone[2][SHAPES_OUTPUT_COUNT], together[2][SHAPES_OUTPUT_COUNT];
uint8_t images[2][SHAPES_INPUT_BYTES];
int infer(void *arena, int image, int16_t *out) {
  std::memcpy(shapes_input(arena), images[image], SHAPES_INPUT_BYTES);
  return shapes_run(arena, out);
}
int main() {
  std::FILE *file = std::fopen("images.raw", "rb");
  if (!file || std::fread(images, 1, sizeof images, file) != sizeof images) return 2;
  if (shapes_check_weights() != SHAPES_OK) return 3;
  if (shapes_run(nullptr, alone[0]) != SHAPES_ERROR_ARGUMENT || shapes_run(first, nullptr) != SHAPES_ERROR_ARGUMENT) return 4;
  if (shapes_run(reinterpret_cast<char *>(first) + 1, alone[0]) != SHAPES_ERROR_ARGUMENT) return 5;
  for (int i = 0; i < 2; ++i) infer(first, i, alone[i]);
  for (int round = 0; round < 20; ++round) {
    std::thread a([] { infer(first, 0, together[0]); }), b([] { infer(second, 1, together[1]); });
    a.join();
    b.join();
    if (std::memcmp(alone, together, sizeof alone)) return 1;
  }
  return 0;
}
""")
    with open(tools.path("CMakeLists.txt"), "w") as file:
        file.write("cmake_minimum_required(VERSION 3.16)\nproject(two LANGUAGES C CXX ASM)\nfind_package(Threads REQUIRED)\nadd_subdirectory(out)\n"
                   "add_executable(two main.cpp)\ntarget_link_libraries(two PRIVATE shapes Threads::Threads)\n")
    for command in (["cmake", "-S", ".", "-B", "build"], ["cmake", "--build", "build"], ["build/two"]):
        result = subprocess.run(command, cwd=tools.directory, capture_output=True, text=True)
        expect(result.returncode == 0, "%s: %d\n%s" % (command, result.returncode, result.stdout + result.stderr))


@case
def a_firmware_project_adds_a_model(tools):
    """One CMake function: find_package(mcuform), mcuform_add_model(), link, run; a network that does not fit stops the configuration."""
    need("g++", "cmake")
    with open(tools.path("main.c"), "w") as file:
        file.write('#include "digits.h"\nDIGITS_DEFINE_ARENA(arena);\nint16_t out[DIGITS_OUTPUT_COUNT];\n'
                   "int main(void) { digits_input(arena); return digits_check_weights() || digits_run(arena, out); }\n")
    with open(tools.path("CMakeLists.txt"), "w") as file:
        file.write("cmake_minimum_required(VERSION 3.16)\nproject(firmware LANGUAGES C CXX ASM)\nfind_package(mcuform REQUIRED)\n"
                   'mcuform_add_model(digits MODEL "%s" CALIBRATE "%s" MEAN 0.5 0.5 0.5 STD 0.5 0.5 0.5 ARENA ${ARENA})\n'
                   "add_executable(firmware main.c)\ntarget_link_libraries(firmware PRIVATE digits)\n"
                   % (sample("shapes_vit.onnx"), sample("calibration.npy")))
    share = os.path.join(tools.bin, "..", "share", "mcuform", "cmake")

    def command(*arguments):
        return subprocess.run(arguments, cwd=tools.directory, capture_output=True, text=True)
    configured = command("cmake", "-S", ".", "-B", "build", "-Dmcuform_DIR=" + share, "-DARENA=64K")
    expect(configured.returncode == 0, configured.stdout + configured.stderr)
    built = command("cmake", "--build", "build")
    expect(built.returncode == 0, built.stdout + built.stderr)
    expect(command("build/firmware").returncode == 0, "the firmware failed")
    refused = command("cmake", "-S", ".", "-B", "small", "-Dmcuform_DIR=" + share, "-DARENA=4K")
    expect(refused.returncode != 0 and "arena needs" in refused.stderr, refused.stdout + refused.stderr)


@case
def damaged_weights_are_noticed(tools):
    package = tools.compile(sample("shapes_vit.onnx"), sample("calibration.npy"))
    weights = [name for name in os.listdir(package) if name.endswith(".weights")]
    expect(len(weights) == 1, "expected one weights file, found %s" % weights)
    path = os.path.join(package, weights[0])
    data = bytearray(read(path))
    data[len(data) // 2] ^= 1
    with open(path, "wb") as file:
        file.write(data)
    text = tools.call("mcuform-run", package, "--target", "host", "--input", sample("test_images.npy"), status=1)
    expect("weights" in text, text)


@case
def profile_adds_up(tools):
    """Kernels and layers are the same instructions told twice, and with what is between the calls all of the run but the hooks."""
    need("arm-none-eabi-g++", "qemu-system-arm")
    package = tools.compile(sample("shapes_vit.onnx"), sample("calibration.npy"))
    images = first_images(tools, sample("test_images.npy"), 3)
    plain = run(tools, package, "mps2-an500", images, "plain.npy")
    arguments = [package, "--profile", "--input", images, "--json", tools.path("profile.json"), "--output", tools.path("profiled.npy")]
    print(tools.call("mcuform-run", *arguments))
    with open(tools.path("profile.json")) as file:
        profiled = json.load(file)
    profile = profiled["profile"]
    expect(plain["profile"] is None and read(tools.path("plain.npy")) == read(tools.path("profiled.npy")), "a profile changes the result")
    kernels, layers = profile["kernels"], profile["layers"]
    for key in "instructions", "runs", "macs":
        expect(sum(entry[key] for entry in kernels) == sum(entry[key] for entry in layers), "%s of kernels and layers differ" % key)
    expect(sum(entry["instructions"] for entry in kernels) + profile["between_calls"] == profile["instructions"], "the kernels do not add up")
    expect(round((profile["instructions"] + profile["hook_instructions"]) / 3) == profiled["instructions_per_image"], "the whole is another")
    # What is left of the hooks are the instructions that call them.
    runs = sum(entry["runs"] for entry in kernels)
    extra = profile["instructions"] / 3 - plain["instructions_per_image"]
    expect(0 <= extra <= 24 * runs / 3, "%.1f instructions more than without a profile, in %d calls" % (extra, runs / 3))
    names = {entry["name"]: entry for entry in kernels}
    expect(names["linear_activation_s16"]["macs"] == 3 * 64 * 256 * (3 * 37 + 1), "wrong MACs: %s" % names["linear_activation_s16"])
    for entry in kernels:
        expect(entry["macs"] == 0 or 0.9 < entry["instructions"] / entry["macs"] < 2.5, "not what a product takes: %s" % entry)
    expect([entry["instructions"] for entry in layers] == sorted((entry["instructions"] for entry in layers), reverse=True), "not sorted")
    tools.call("mcuform-run", package, "--profile", "--input", images, "--target", "host", status=1)


def damage(package, file, old, new):
    """Changes what a file of the package's runtime does."""
    path = os.path.join(package, "runtime", "src", file)
    source = read(path).decode()
    expect(old in source, "%s has no '%s'" % (file, old))
    with open(path, "w") as out:
        out.write(source.replace(old, new))


@case
def layers_are_held_against_float(tools):
    """Every layer's error is small, host and board compute the same; and a kernel that is wrong on the board alone is found by the layer's name."""
    need("arm-none-eabi-g++", "qemu-system-arm")
    package = tools.compile(sample("shapes_vit.onnx"), sample("calibration.npy"), token_block="5")
    arguments = [package, "--input", first_images(tools, sample("test_images.npy"), 3), "--reference", sample("shapes_vit.onnx"), "--per-layer", "--json",
                 tools.path("layers.json"), "--html", tools.path("layers.html")]

    def compare():
        text = tools.call("mcuform-run", *arguments)
        with open(tools.path("layers.json")) as file:
            return text, json.load(file)["layers"]
    text, found = compare()
    print(text)
    with open(os.path.join(package, "report.json")) as file:
        names = [layer["name"] for layer in json.load(file)["layers"]]
    layers = found["layers"]
    expect(found["images"] == 3 and found["compared_with"] == "host" and found["first_difference"] is None, found)
    expect([layer["name"] for layer in layers] == names, "other layers than the report's")
    expect({layer["kind"] for layer in layers} >= {"patch_embed", "layer_norm", "linear", "attention", "linear_add", "linear_activation"}, layers)
    for layer in layers:
        expect(layer["sqnr_db"] > 28 and layer["cosine"] > 0.999 and layer["name"][-20:] in text, layer)
    expect({layer["rows"] for layer in layers} == {1, 37}, "of the last block only the class token's rows are needed")

    rows = [row for row in xml.etree.ElementTree.parse(tools.path("layers.html")).iter("{http://www.w3.org/1999/xhtml}tr")][1:]
    expect([row[0].text for row in rows] == names, "the page has other layers")
    # Both are rounded, to one and to two places.
    expect(all(abs(float(row[3].text) - layer["sqnr_db"]) < 0.0551 for row, layer in zip(rows, layers)), "the page has other figures")

    source = read(os.path.join(package, "shapes_vit.cpp")).decode()
    expect(source.count("  MCUFORM_OBSERVE_") > len(names), "layers are not observed")
    plain = "\n".join(line for line in source.split("\n") if not line.startswith("  MCUFORM_OBSERVE_") and not line.startswith("    MCUFORM_OBSERVE_"))
    objects = []
    for text in source, plain:
        with open(tools.path("vit.cpp"), "w") as file:
            file.write(text)
        tools_run = ["arm-none-eabi-g++", "-mcpu=cortex-m7", "-mthumb", "-O2", "-ffreestanding", "-I", package, "-I", package + "/runtime/include", "-c", "vit.cpp"]
        subprocess.run(tools_run, check=True, cwd=tools.path(""))
        objects.append(read(tools.path("vit.o")))
    expect(objects[0] == objects[1], "hooks leave something behind")

    damage(package, "softmax_s16.cpp", "store_word(at, pair);", "store_word(at, pair ^ 0x10000);")
    text, found = compare()
    first = next(layer["name"] for layer in layers if layer["kind"] == "attention")
    expect(found["first_difference"]["layer"] == first and "differ first in layer " + first in text, text)

    other = os.path.join(TEST_DATA, "shapes_vit_opset13.onnx")
    refused = tools.call("mcuform-run", package, "--target", "host", "--input", arguments[2], "--reference", other, "--per-layer", status=1)
    expect("is not the file that the package was compiled from" in refused, refused)


@case
def a_drop_of_accuracy_fails(tools):
    """--max-drop: the results are there, the status says that they are not good enough."""
    package = tools.compile(sample("shapes_vit.onnx"), sample("calibration.npy"), target="host")
    arguments = [package, "--input", sample("test_images.npy"), "--labels", sample("test_labels.npy"), "--reference", sample("shapes_vit.onnx"), "--max-drop",
                 "5", "--json", tools.path("drop.json")]
    tools.call("mcuform-run", *arguments)
    damage(package, "epilogue_add.h", "requantize_add_s16(acc0, m0, to[0])", "to[0]")
    os.remove(tools.path("drop.json"))
    text = tools.call("mcuform-run", *arguments, status=1)
    expect("points fewer right answers than the float model, --max-drop allows 5.00" in text and os.path.exists(tools.path("drop.json")), text)
    tools.call("mcuform-run", package, "--input", sample("test_images.npy"), "--max-drop", "5", status=2)


@case
def small_vit_within_its_instructions(tools):
    """The network of ../shared/design/peers-measured.md, with odd depths and counts throughout: 12x12x3 patches, 65 tokens."""
    make_vit = os.path.join(ROOT, "test", "tools", "make_vit_onnx.py")
    result = subprocess.run([sys.executable, make_vit, tools.path("small.onnx"), tools.path("small.npy")], capture_output=True, text=True)
    expect(result.returncode == 0, result.stdout + result.stderr)
    package = tools.compile(tools.path("small.onnx"), tools.path("small.npy"))
    with open(os.path.join(package, "report.json")) as file:
        expect(json.load(file)["model"]["macs"] == 50653248, "another network")
    board = check_both_targets(tools, package, first_images(tools, tools.path("small.npy"), 2))
    print(json.dumps(board, indent=1))
    expect(board["instructions_per_image"] <= 64_000_000, "%d instructions" % board["instructions_per_image"])


@case
def activations_of_the_mlp(tools):
    """SiLU, QuickGELU, hard swish as one operator and by its parts, ReLU: near the float network, host and board equal, the one table that is needed."""
    make_vit = os.path.join(ROOT, "test", "tools", "make_vit_onnx.py")
    tables = {"silu": "delta_silu", "quick-gelu": "delta_silu", "hard-swish": "delta_hard_swish", "relu6": "delta_hard_swish", "relu": None}
    for kind, table in tables.items():
        model, pictures = tools.path(kind + ".onnx"), tools.path("pictures.npy")
        subprocess.run([sys.executable, make_vit, model, pictures, "--image", "24", "--patch", "6", "--width", "24", "--blocks", "2", "--heads", "2",
                        "--activation", kind], check=True)
        package = tools.compile(model, pictures, output=kind)
        result = run(tools, package, "host", pictures, "all.npy", reference=model)
        found = sorted(name[:-4] for name in os.listdir(os.path.join(package, "runtime", "src")) if name.startswith("delta_") and name.endswith(".cpp"))
        print(kind, result["agreement"], result["max_abs_error"], found)
        expect(found == ([table] if table else []), "%s: tables %s" % (kind, found))
        # Of logits up to 2.5; another activation than the right one is 0.3 off.
        expect(result["max_abs_error"] <= 0.06, "%s: off by %s" % (kind, result["max_abs_error"]))
        check_both_targets(tools, package, first_images(tools, pictures, 2))


def vit_tiny(tools, model=None):
    return tools.compile(model or shared("models/vit_tiny_patch16_224.onnx"), shared("imagenet/calibration.npy"))


def few_calibration_images(tools):
    """Where no accuracy is asked for: the bits are what they are, whatever the scales."""
    path = tools.path("calibration.npy")
    np.save(path, np.load(shared("imagenet/calibration.npy"), mmap_mode="r")[:8])
    return path


@case
def vit_tiny_host_equals_board(tools):
    images = first_images(tools, shared("imagenet/images.npy"), 4)
    package = vit_tiny(tools)
    board = check_both_targets(tools, package, images)
    print(json.dumps(board, indent=1))
    expect(board["instructions_per_image"] <= 1_400_000_000, "%d instructions" % board["instructions_per_image"])
    # The runtime as it was linked, with its tables.
    with open(os.path.join(package, "report.json")) as file:
        report = json.load(file)
    fit = report["fit"]
    expect(10_000 < fit["runtime_bytes"] <= 24 * 1024, "code: %s" % fit)
    expect(fit["sram_bytes"] == report["sram"]["arena_bytes"] + board["stack_bound_bytes"] <= report["limits"]["sram_bytes"], "SRAM: %s" % fit)
    expect(report["flash"]["pack_bytes"] < fit["flash_bytes"] <= report["limits"]["flash_bytes"], "flash: %s" % fit)


@case
def vit_tiny_fits_small_arenas(tools):
    """Schedule (iii) without a frame of its own: 176,000 bytes and 160,000 give the logits of the default."""
    def compile_as(name, **options):
        return tools.compile(shared("models/vit_tiny_patch16_224.onnx"), calibration, output=name, **options)
    calibration = few_calibration_images(tools)
    images = first_images(tools, shared("imagenet/images.npy"), 1)
    check_same_logits(tools, images, compile_as, {
        "frame": {"input_mode": "frame"}, "at_176000": {"arena": "176000", "schedule": "cached"}, "at_160000": {"arena": "160000", "schedule": "cached"}})


def check_rounded_rows(tools, package):
    """Rows that attention stores in 8 bits: the same logits on host and board, and the classes of the float network."""
    check_both_targets(tools, package, first_images(tools, shared("imagenet/images.npy"), 1))
    images, labels = tools.path("images.npy"), tools.path("labels.npy")
    np.save(images, np.load(shared("imagenet/images.npy"), mmap_mode="r")[:60])
    np.save(labels, np.load(shared("imagenet/labels.npy"))[:60])
    check_agreement(tools, package, shared("models/vit_tiny_patch16_224.onnx"), images, labels, 0.97, 0.03)


@case
def vit_tiny_head_by_head(tools):
    """Contexts stored in 8 bits: less memory for the same classes."""
    check_rounded_rows(tools, tools.compile(shared("models/vit_tiny_patch16_224.onnx"), shared("imagenet/calibration.npy"), schedule="head-by-head", token_block="4"))


@case
def vit_tiny_fits_the_smallest_arenas(tools):
    """Where the image itself does not fit: streamed, with tokens or contexts in 8 bits, by the compiler's own choice."""
    for arena in "136000", "124000":
        package = tools.compile(shared("models/vit_tiny_patch16_224.onnx"), shared("imagenet/calibration.npy"), output="at_" + arena, arena=arena)
        with open(os.path.join(package, "report.json")) as file:
            report = json.load(file)
        expect(report["input"]["mode"] == "stream" and report["sram"]["arena_bytes"] <= int(arena), "%s: %s" % (arena, report["sram"]["arena_bytes"]))
        check_rounded_rows(tools, package)


@case
def deit_small_fits_256_kilobytes(tools):
    """The shape of DeiT-Small, 22 M parameters, with random weights."""
    model, pictures = tools.path("deit_small.onnx"), tools.path("pictures.npy")
    make_vit = os.path.join(ROOT, "test", "tools", "make_vit_onnx.py")
    subprocess.run([sys.executable, make_vit, model, pictures, "--image", "224", "--patch", "16", "--width", "384", "--blocks", "12", "--heads", "6",
                    "--classes", "1000", "--count", "4"], check=True)
    package = tools.compile(model, pictures, target="host", arena="262144")
    result = run(tools, package, "host", first_images(tools, pictures, 1), "logits.npy")
    expect(result["arena_high_water_bytes"] == result["arena_bytes"] <= 262144, "arena %s" % result)


@case
def sample_in_every_schedule(tools):
    """What attention keeps: the accuracy of the default, and less memory, from keys and values of all heads to tokens alone."""
    arenas = []
    for schedule in "cached", "head-by-head", "absorbed":
        package = tools.compile(sample("shapes_vit.onnx"), sample("calibration.npy"), output=schedule, schedule=schedule, input_mode="overwrite", token_block="6")
        with open(os.path.join(package, "report.json")) as file:
            report = json.load(file)
        expect(set(report["schedule"]["attentions"]) == {schedule}, "schedule %s" % report["schedule"])
        arenas.append(check_both_targets(tools, package, first_images(tools, sample("test_images.npy"), 8))["arena_high_water_bytes"])
        check_agreement(tools, package, sample("shapes_vit.onnx"), sample("test_images.npy"), sample("test_labels.npy"), 0.98, 0.02)
    print(arenas)
    expect(arenas[0] > arenas[1] > arenas[2], "arenas %s" % arenas)


@case
def sample_absorbed_with_few_tokens(tools):
    """A row alone has a kernel of its own for its context: the bound for the stack is that of what runs. Both kernels give the same logits."""
    for block in "1", "2":
        package = tools.compile(sample("shapes_vit.onnx"), sample("calibration.npy"), output="by-" + block, schedule="absorbed", token_block=block)
        check_both_targets(tools, package, first_images(tools, sample("test_images.npy"), 2))
        run(tools, package, "host", first_images(tools, sample("test_images.npy"), 8), block + ".npy")
    expect(read(tools.path("1.npy")) == read(tools.path("2.npy")), "logits differ between 1 and 2 tokens")


@case
def vit_tiny_is_streamed(tools):
    images = first_images(tools, shared("imagenet/images.npy"), 2)
    model, calibration = shared("models/vit_tiny_patch16_224.onnx"), few_calibration_images(tools)
    check_streamed(tools, model, calibration, images)
    # Less than the image and its tokens need in any order: no other mode can do it, which is said and is true.
    refused = tools.call("mcuformc", model, "--calibrate", calibration, "--mean", "0.5", "--std", "0.5", "--arena", "155000", "--input-mode", "overwrite",
                         "-o", tools.path("no"), status=1)
    expect("note: it fits with --input-mode stream --token-block" in refused, refused)


@case
def vit_tiny_in_several_memories(tools):
    """Hot buffers in the DTCM, the residual stream, keys and values in SRAM1."""
    sram = check_in_several_memories(tools, shared("models/vit_tiny_patch16_224.onnx"), few_calibration_images(tools),
                                     first_images(tools, shared("imagenet/images.npy"), 1))
    expect([region["name"] for region in sram["regions"]] == ["dtcm", "sram1"], "%s" % sram["regions"])
    places = {buffer["name"]: buffer["region"] for buffer in sram["buffers"]}
    expect({places[name] for name in ("image", "x", "keys_0", "values_0")} == {"sram1"}, "%s" % places)
    expect({places[name] for name in places if name.endswith(("_normed", "_hidden", "_q", "_scores"))} == {"dtcm"}, "%s" % places)


@case
def vit_tiny_agrees_with_float(tools):
    model = shared("models/vit_tiny_patch16_224.onnx")
    check_agreement(tools, vit_tiny(tools), model, shared("imagenet/images.npy"), shared("imagenet/labels.npy"), 0.97, 0.01)


@case
def vit_tiny_opset13_agrees_with_float(tools):
    lowered = tools.path("lowered.onnx")
    script = os.path.join(ROOT, "test", "tools", "lower_to_opset13.py")
    result = subprocess.run([sys.executable, script, shared("models/vit_tiny_patch16_224.onnx"), lowered], capture_output=True, text=True)
    if result.returncode != 0:
        raise Failure(result.stdout + result.stderr)
    images, labels = tools.path("images.npy"), tools.path("labels.npy")
    np.save(images, np.load(shared("imagenet/images.npy"), mmap_mode="r")[:40])
    np.save(labels, np.load(shared("imagenet/labels.npy"))[:40])
    check_agreement(tools, vit_tiny(tools, lowered), lowered, images, labels, 0.97, 0.03)


if __name__ == "__main__":
    sys.exit(main())
