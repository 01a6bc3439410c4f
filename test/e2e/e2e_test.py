"""The main job from outside: compile, run on the host and on QEMU, compare with the float network."""

import json
import os
import subprocess
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from cases import ROOT, Failure, case, expect, main, need, read, shared  # noqa: E402
from packages import check_agreement, check_both_targets, first_images, run, sample  # noqa: E402

TEST_DATA = os.path.join(ROOT, "test", "data")


def check_input_modes(tools, images, compile_as, **budgets):
    """The image overwritten by its tokens, and every budget given: the logits of the default, bit for bit, on host and board, in the arena that was promised."""
    arenas = {}
    for name, options in {"default": {}, "overwrite": {"input_mode": "overwrite"}, **budgets}.items():
        package = compile_as(name, **options)
        board = check_both_targets(tools, package, images)
        with open(os.path.join(package, "report.json")) as file:
            report = json.load(file)
        arenas[name] = board["arena_high_water_bytes"]
        if "arena" in options:
            expect(arenas[name] <= int(options["arena"]), "arena of %d for a budget of %s" % (arenas[name], options["arena"]))
        expect(report["input"]["mode"] == ("frame" if name == "default" else "overwrite"), "%s: input mode %s" % (name, report["input"]["mode"]))
        if name == "default":
            wanted = read(tools.path("board.npy"))
        expect(read(tools.path("board.npy")) == wanted, name + ": other logits than by default")
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
        print(board, result["instructions_per_image"])


@case
def sample_overwrites_its_image(tools):
    def compile_as(name, **options):
        return tools.compile(sample("shapes_vit.onnx"), sample("calibration.npy"), output=name, **options)
    images = first_images(tools, sample("test_images.npy"), 8)
    arenas = check_input_modes(tools, images, compile_as)
    expect(arenas["overwrite"] <= arenas["default"], "overwriting the image costs memory: %s" % arenas)


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

    def refused(words, model, *arguments):
        text = tools.call("mcuformc", model, *arguments, "-o", tools.path("third"), status=1)
        expect(words in text, "expected %r in: %s" % (words, text))
        expect(not os.path.exists(tools.path("third")), "a package was written")
    refused("was made with mean 0.5 and std 0.5; now they are mean 0.25 and std 0.5", sample("shapes_vit.onnx"), "--mean", "0.25", "--std", "0.5",
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
    expect(names["linear_gelu_s16"]["macs"] == 3 * 64 * 256 * (3 * 37 + 1), "wrong MACs: %s" % names["linear_gelu_s16"])
    for entry in kernels:
        expect(entry["macs"] == 0 or 0.9 < entry["instructions"] / entry["macs"] < 2.5, "not what a product takes: %s" % entry)
    expect([entry["instructions"] for entry in layers] == sorted((entry["instructions"] for entry in layers), reverse=True), "not sorted")
    tools.call("mcuform-run", package, "--profile", "--input", images, "--target", "host", status=1)


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


def vit_tiny(tools, model=None):
    return tools.compile(model or shared("models/vit_tiny_patch16_224.onnx"), shared("imagenet/calibration.npy"))


@case
def vit_tiny_host_equals_board(tools):
    images = first_images(tools, shared("imagenet/images.npy"), 4)
    board = check_both_targets(tools, vit_tiny(tools), images)
    print(json.dumps(board, indent=1))


@case
def vit_tiny_fits_small_arenas(tools):
    """Schedule (iii) without a frame of its own: 176,000 bytes and 160,000 give the logits of the default."""
    def compile_as(name, **options):
        return tools.compile(shared("models/vit_tiny_patch16_224.onnx"), shared("imagenet/calibration.npy"), output=name, **options)
    images = first_images(tools, shared("imagenet/images.npy"), 1)
    check_input_modes(tools, images, compile_as, at_176000={"arena": "176000"}, at_160000={"arena": "160000"})


@case
def vit_tiny_is_streamed(tools):
    images = first_images(tools, shared("imagenet/images.npy"), 2)
    model, calibration = shared("models/vit_tiny_patch16_224.onnx"), shared("imagenet/calibration.npy")
    check_streamed(tools, model, calibration, images)
    # Less than the image and its tokens need in any order: no other mode can do it, which is said and is true.
    refused = tools.call("mcuformc", model, "--calibrate", calibration, "--mean", "0.5", "--std", "0.5", "--arena", "155000", "-o", tools.path("no"), status=1)
    expect("note: it fits with --input-mode stream --token-block" in refused, refused)


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
