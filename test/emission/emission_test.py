"""Emitted packages: strict compilers, linked into a C program, bit-exact against the integer interpreter, the same bytes from anywhere."""

import glob
import json
import os
import random
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tools"))
from cases import ROOT, case, expect, main, need, read  # noqa: E402

STRICT = ["-std=c++17", "-O2", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-ffreestanding", "-fno-exceptions", "-fno-rtti"]
CORTEX_M7 = ["-mcpu=cortex-m7", "-mfpu=fpv5-d16", "-mfloat-abi=hard", "-mthumb"]
# Between them: odd and even numbers of tokens, all row kernels, rows without a loop, one head, units that are no multiple of 2.
NETWORKS = {
    "cls": (20 * 24 * 3, ["--image", "20,24,3"]),
    "mean": (20 * 24 * 3, ["--image", "20,24,3", "--pool", "mean", "--heads", "4", "--width", "24", "--units", "7"]),
    "even": (16 * 16, ["--image", "16,16,1", "--no-prefix", "--heads", "1", "--blocks", "1", "--pool", "mean"]),
    "padded": (18 * 21 * 3, ["--image", "18,21,3", "--pads", "3,1,1,2"]),
    "above": (14 * 16, ["--image", "14,16,1", "--pads", "2,0,0,0", "--blocks", "1"]),
    "below": (15 * 17, ["--image", "15,17,1", "--pads", "0,0,3,0", "--no-prefix", "--pool", "mean", "--blocks", "1"]),
    "cut": (19 * 23 * 3, ["--image", "19,23,3", "--blocks", "3", "--hidden", "66", "--units", "1"]),
}


def run(*command, cwd=None):
    result = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True)
    expect(result.returncode == 0, "%s\n%s%s" % (" ".join(map(str, command)), result.stdout, result.stderr))
    return result.stdout


def model(tools, name):
    path = tools.path(name + ".mlir")
    with open(path, "w") as file:
        file.write(run(sys.executable, os.path.join(HERE, "make_vit.py"), *NETWORKS[name][1]))
    return path


def emit(tools, network, output="package", name="vit", **options):
    arguments = [model(tools, network), tools.path(output), name]
    for key, value in options.items():
        arguments.append("--%s=%s" % (key.replace("_", "-"), value))
    tools.call("mcuform-emit-test", *arguments)
    return tools.path(output)


def one_image(tools, height, width, channels):
    """A .npy file of one random image."""
    header = "{'descr': '|u1', 'fortran_order': False, 'shape': (1, %d, %d, %d), }" % (height, width, channels)
    header += " " * (-(len(header) + 11) % 64) + "\n"
    pixels = bytes(random.Random(3).randrange(256) for _ in range(height * width * channels))
    with open(tools.path("x.npy"), "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + pixels)
    return tools.path("x.npy")


def tree(directory):
    """All files below a directory with their bytes."""
    paths = [path for path in glob.glob(directory + "/**", recursive=True) if os.path.isfile(path)]
    return {os.path.relpath(path, directory): read(path) for path in paths}


def build(tools, package, *arguments, port=""):
    """Builds a package by its own CMakeLists.txt inside a C program, with a port of its own if that is named; returns the program."""
    source = tools.path("app")
    os.makedirs(source, exist_ok=True)
    for name in ("run_package.c", port):
        if name:
            shutil.copy(os.path.join(HERE, name), source)
    with open(os.path.join(source, "CMakeLists.txt"), "w") as file:
        file.write("cmake_minimum_required(VERSION 3.16)\nproject(app C)\nadd_subdirectory(%s vit)\nadd_executable(app run_package.c %s)\n"
                   "target_compile_options(app PRIVATE -std=c11 -Wall -Wextra -Wpedantic -Werror)\ntarget_link_libraries(app PRIVATE vit)\n" % (package, port))
    binary = tools.path("build-" + os.path.basename(package))
    run("cmake", "-S", source, "-B", binary, *arguments)
    run("cmake", "--build", binary)
    return os.path.join(binary, "app")


def compiles(tools, compiler, *flags, **options):
    need(compiler)
    package = emit(tools, "mean", **options)
    for source in glob.glob(package + "/*.cpp") + glob.glob(package + "/runtime/src/*.cpp"):
        run(compiler, *flags, *STRICT, "-I", package, "-I", package + "/runtime/include", "-c", source, "-o", tools.path(os.path.basename(source) + ".o"))
    run(compiler, *flags, "-I", package, "-c", package + "/vit_weights.S", "-o", tools.path("weights.o"))


@case
def compiles_with_arm_gcc(tools):
    compiles(tools, "arm-none-eabi-g++", *CORTEX_M7)


@case
def compiles_with_clang_for_arm(tools):
    compiles(tools, "clang++-19", "--target=thumbv7em-none-eabihf", "-mcpu=cortex-m7")


@case
def compiles_with_host_gcc(tools):
    compiles(tools, "g++")


@case
def compiles_with_host_clang(tools):
    compiles(tools, "clang++-19")


@case
def hooks_vanish_without_profile(tools):
    """The object code is that of a source in which the calls stand alone; with MCUFORM_PROFILE each call tells the hooks."""
    compiler = "arm-none-eabi-g++"
    need(compiler)
    package = emit(tools, "cls")
    source = read(package + "/vit.cpp").decode()
    plain, count = re.subn(r"MCUFORM_CALL\(\d+, (rt::.*?\))\);", r"\1;", source, flags=re.S)
    with open(os.path.join(package, "report.json")) as file:
        calls = json.load(file)["calls"]
    expect(count == len(calls) > 20, "%d of %d calls tell the hooks" % (count, len(calls)))

    def compile_in(directory, text, *flags):
        os.makedirs(tools.path(directory))
        with open(tools.path(directory, "vit.cpp"), "w") as file:
            file.write(text)
        run(compiler, *CORTEX_M7, *STRICT, *flags, "-I", package, "-I", package + "/runtime/include", "-c", "vit.cpp", "-o", "vit.o", cwd=tools.path(directory))
        return tools.path(directory, "vit.o")
    emitted, alone, profiled = compile_in("emitted", source), compile_in("alone", plain), compile_in("profiled", source, "-DMCUFORM_PROFILE")
    expect(read(emitted) == read(alone), "hooks leave something behind")
    undefined = run("arm-none-eabi-nm", "-u", profiled)
    expect("mcuform_profile_begin" in undefined and "mcuform_profile_end" in undefined, "no hooks: " + undefined)
    table = run("arm-none-eabi-nm", "-S", profiled)
    size = int(re.search(r"^\w+ (\w+) R vit_calls$", table, re.M).group(1), 16)
    expect(size == 8 * len(calls), "the table has %d bytes for %d calls" % (size, len(calls)))


@case
def streamed_compiles_everywhere(tools):
    for compiler, *flags in (["arm-none-eabi-g++", *CORTEX_M7], ["clang++-19"], ["g++"]):
        compiles(tools, compiler, *flags, input_mode="stream")


@case
def needs_memory_functions_at_most(tools):
    for mode in "frame", "stream":
        check_undefined_symbols(tools, mode)


def check_undefined_symbols(tools, mode):
    compiler = "arm-none-eabi-g++"
    need(compiler)
    compiles(tools, compiler, *CORTEX_M7, input_mode=mode)
    run(compiler, *CORTEX_M7, "-r", "-nostdlib", *glob.glob(tools.path("*.o")), "-o", tools.path("whole.out"))
    undefined = {line.split()[-1] for line in run("arm-none-eabi-nm", "-u", tools.path("whole.out")).splitlines()}
    expect(undefined <= {"memcpy", "memset", "memmove"}, "needs %s" % sorted(undefined))
    sizes = run("arm-none-eabi-size", "-A", tools.path("whole.out"))
    for line in sizes.splitlines():
        if line.startswith((".data", ".bss", ".init_array")):
            expect(line.split()[1] == "0", "static memory: " + line)


@case
def header_is_c_and_cpp(tools):
    need("gcc", "g++")
    package = emit(tools, "cls")
    source = tools.path("use.c")
    with open(source, "w") as file:
        file.write('#include "vit.h"\nVIT_DEFINE_ARENA(arena);\nVIT_DEFINE_OUTPUT(logits);\nint use(void) { return vit_run(arena, logits); }\n')
    run("gcc", "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I", package, "-c", source, "-o", tools.path("c.o"))
    # It holds the arena to its limit.
    with open(os.path.join(package, "vit_fit.h")) as file:
        text = file.read()
    with open(os.path.join(package, "vit_fit.h"), "w") as file:
        file.write(text.replace("ARENA_LIMIT_BYTES 1048576", "ARENA_LIMIT_BYTES 100"))
    refused = subprocess.run(["gcc", "-std=c11", "-I", package, "-c", source, "-o", tools.path("c.o")], capture_output=True, text=True)
    expect(refused.returncode != 0 and "the arena exceeds its limit" in refused.stderr, refused.stderr)
    with open(os.path.join(package, "vit_fit.h"), "w") as file:
        file.write(text)
    run("g++", "-std=c++17", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I", package, "-x", "c++", "-c", source, "-o", tools.path("cpp.o"))


def equals_interpreter(tools, network, blocks, **options):
    """Every block size gives the interpreter's bits, from a clean arena, from a dirty one and from two at a time."""
    need("cmake", "gcc")
    image_bytes = NETWORKS[network][0]
    source = random.Random(5)
    with open(tools.path("images"), "wb") as file:
        file.write(bytes(source.randrange(256) for _ in range(4 * image_bytes)) + bytes(image_bytes) + b"\xff" * image_bytes)
    for token_block, patch_block in blocks:
        package = emit(tools, network, output="package-%d" % token_block, token_block=token_block, patch_block=patch_block, images=tools.path("images"),
                       logits=tools.path("expected"), **options)
        program = build(tools, package, "-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_C_FLAGS=-fsanitize=address,undefined",
                        "-DCMAKE_CXX_FLAGS=-fsanitize=address,undefined -fno-sanitize-recover=all")
        run(program, tools.path("images"), tools.path("logits"))
        expected, logits = read(tools.path("expected")), read(tools.path("logits"))
        expect(len(set(expected)) > 4, "the network says nothing: %s" % sorted(set(expected)))
        expect(logits == expected, "token block %d: logits differ from the interpreter's" % token_block)


@case
def cls_equals_interpreter(tools):
    equals_interpreter(tools, "cls", [(12, 4), (1, 1), (7, 5), (100, 100)])


@case
def mean_equals_interpreter(tools):
    equals_interpreter(tools, "mean", [(12, 4), (8, 30)])


@case
def even_tokens_equal_interpreter(tools):
    equals_interpreter(tools, "even", [(12, 4), (3, 16)])


@case
def cut_image_equals_interpreter(tools):
    equals_interpreter(tools, "cut", [(12, 4), (5, 7)])


@case
def overwritten_image_equals_interpreter(tools):
    for network, blocks in (("cls", [(12, 4)]), ("even", [(5, 1)]), ("cut", [(12, 7)])):
        equals_interpreter(tools, network, blocks, input_mode="overwrite")
        frame = json.loads(read(emit(tools, network, output="frame", patch_block=blocks[0][1]) + "/report.json"))
        report = json.loads(read(tools.path("package-%d" % blocks[0][0], "report.json")))
        expect(frame["input"]["mode"] == "frame" and report["input"]["mode"] == "overwrite", "mode of the input")
        image, x = (next(buffer for buffer in report["sram"]["buffers"] if buffer["name"] == name) for name in ("image", "x"))
        expect(image["overwritten_by"] == "x" and x["offset"] <= image["offset"] < x["offset"] + x["bytes"], "image at %d" % image["offset"])


@case
def arenas_in_two_memories_equal_interpreter(tools):
    """One pointer for each memory: the same logits in every input mode, the hot buffers in the fast one, the report as the header says."""
    for network, blocks, regions, mode in (("cls", [(12, 4)], "fast:2500,slow:20000", "frame"), ("cut", [(5, 3)], "fast:1500,slow:20000", "overwrite"),
                                           ("even", [(5, 2)], "fast:300,slow:9000", "stream"), ("mean", [(1, 1)], "fast:1000,unused:8,slow:9000", "frame")):
        equals_interpreter(tools, network, blocks, input_mode=mode, regions=regions)
        package = tools.path("package-%d" % blocks[0][0])
        report, text = json.loads(read(package + "/report.json")), read(package + "/vit.h").decode()
        sram = report["sram"]
        expect([region["name"] for region in sram["regions"]] == ["fast", "slow"], "%s" % sram["regions"])
        for region in sram["regions"]:
            expect(0 < region["arena_bytes"] <= region["capacity_bytes"] == int(re.search(region["name"] + r":(\d+)", regions)[1]), "%s" % region)
            expect(region["gap_bytes"] == 0 == region["arena_bytes"] - region["lower_bound_bytes"], "%s" % region)
            expect("#define VIT_ARENA_%s_BYTES %d\n" % (region["name"].upper(), region["arena_bytes"]) in text, text)
            inside = [buffer for buffer in sram["buffers"] if buffer["region"] == region["name"]]
            expect(max(buffer["offset"] + buffer["bytes"] for buffer in inside) == region["arena_bytes"], "%s" % inside)
        expect(sram["arena_bytes"] == sum(region["arena_bytes"] for region in sram["regions"]), "%s" % sram)
        # Rows that are multiplied are touched more often, byte for byte, than the residual stream that they come from.
        places = {buffer["name"]: buffer["region"] for buffer in sram["buffers"]}
        expect(places["x"] == "slow" and "fast" in places.values(), "%s" % places)


@case
def arenas_in_three_memories_of_a_board(tools):
    """Each memory's arena is used to its last byte; more than a memory has is refused where the package is run."""
    need("arm-none-eabi-g++", "qemu-system-arm")
    images = one_image(tools, 20, 24, 3)
    package = emit(tools, "mean", regions="dtcm:900,sram1:2700,sram2:16000")
    for target in "host", "mps2-an500-f746", "mps2-an500":
        tools.call("mcuform-run", package, "--target", target, "--input", images, "--output", tools.path(target + ".npy"), "--json", tools.path(target + ".json"))
        result = json.loads(read(tools.path(target + ".json")))
        expect([arena["region"] for arena in result["arenas"]] == ["dtcm", "sram1", "sram2"], "%s" % result)
        for arena in result["arenas"]:
            expect(arena["high_water_bytes"] == arena["arena_bytes"] > 0, "%s" % arena)
        expect(read(tools.path(target + ".npy")) == read(tools.path("host.npy")), "other logits on " + target)
    tools.call("mcuform-run", emit(tools, "mean", output="one"), "--target", "host", "--input", images, "--output", tools.path("one.npy"))
    expect(read(tools.path("one.npy")) == read(tools.path("host.npy")), "other logits than with one arena")
    package = emit(tools, "mean", output="elsewhere", regions="ccm:900,sram1:20000")
    told = tools.call("mcuform-run", package, "--target", "mps2-an500-f746", "--input", images, status=1)
    expect("has an arena in 'ccm', a memory that target 'mps2-an500-f746' does not have" in told, told)


@case
def arenas_in_two_memories_compile_everywhere(tools):
    for compiler, *flags in (["arm-none-eabi-g++", *CORTEX_M7], ["clang++-19"], ["g++"]):
        for mode in "frame", "stream":
            compiles(tools, compiler, *flags, input_mode=mode, regions="fast:1000,slow:20000")


@case
def weights_by_panels_equal_interpreter(tools):
    """Panels of one pair and of many, some layers in place, the image overwritten: the interpreter's bits by the runtime's own port."""
    equals_interpreter(tools, "cls", [(12, 4), (5, 7)], weight_panel=200)
    equals_interpreter(tools, "cut", [(7, 30)], weight_panel=2048)
    equals_interpreter(tools, "even", [(5, 1)], weight_panel=4096, input_mode="overwrite")


@case
def interleaved_rows_equal_interpreter(tools):
    """On the host the rows stay as they lie; what is tested is the schedule, with panels for some layers and groups of four for others."""
    equals_interpreter(tools, "cls", [(12, 4), (5, 7)], interleave_from=4)
    equals_interpreter(tools, "even", [(4, 6)], interleave_from=4, weight_panel=200, input_mode="overwrite")


@case
def a_firmwares_port_reads_what_the_report_says(tools):
    """A port that delivers at the wait gives the same logits, and its bytes are those of the report; the layers' figures add up to them."""
    need("cmake", "gcc")
    image_bytes = NETWORKS["cut"][0]
    source = random.Random(5)
    with open(tools.path("images"), "wb") as file:
        file.write(bytes(source.randrange(256) for _ in range(image_bytes)))
    for size, blocks in ((300, 7), (1000, 12), (100000, 3)):
        package = emit(tools, "cut", output="package-%d" % size, token_block=blocks, weight_panel=size, images=tools.path("images"),
                       logits=tools.path("expected"))
        program = build(tools, package, port="counting_port.c")
        text = run(program, tools.path("images"), tools.path("logits"))
        expect(read(tools.path("logits")) == read(tools.path("expected")), "other logits")
        report = json.loads(read(package + "/report.json"))
        reads, = report["flash"]["read_per_inference"]
        # run_package runs each image three times.
        expect(text == "%d bytes in order\n" % (3 * reads["by_panels_bytes"]), "%s, the report has %s" % (text, reads))
        expect(reads["region"] == "flash" and reads["bytes"] == reads["by_panels_bytes"] + reads["in_place_bytes"], reads)
        expect(sum(layer["read_per_inference_bytes"] for layer in report["layers"]) == reads["bytes"], "layers")
        ways = {layer["weights_read"].split()[0] for layer in report["layers"] if "weights_read" in layer}
        expect(ways == {"panels", "in"}, ways)  # at least the head is in place
    reads, = json.loads(read(emit(tools, "cut", output="in-place") + "/report.json"))["flash"]["read_per_inference"]
    expect(reads["by_panels_bytes"] == 0 and reads["in_place_bytes"] > 0, reads)


@case
def streamed_image_equals_interpreter(tools):
    """In portions of 1 to 9 lines, with and without class token, one patch at a time and all of a strip, lines left over below the last patch, margins."""
    for network, blocks in (("cls", [(12, 4)]), ("even", [(5, 1)]), ("cut", [(12, 7), (1, 2)]), ("padded", [(12, 4), (3, 5)]), ("above", [(12, 2)]), ("below", [(5, 3)])):
        equals_interpreter(tools, network, blocks, input_mode="stream")
        report = json.loads(read(tools.path("package-%d" % blocks[0][0], "report.json")))
        image, fed = (next(buffer for buffer in report["sram"]["buffers"] if buffer["name"] == name) for name in ("image", "fed"))
        patch = 4
        height, width, channels = report["input"]["shape"]
        expect(height * width * channels == NETWORKS[network][0], "shape is %s" % report["input"]["shape"])
        expect(report["input"]["mode"] == "stream" and report["input"]["strip_bytes"] == image["bytes"] == patch * width * channels, "%s" % report["input"])
        expect(fed["first_step"] == 0 and fed["last_step"] == image["last_step"] and fed["bytes"] == 8, "lines are counted in %s" % fed)
        text = read(tools.path("package-%d" % blocks[0][0], "vit.h")).decode()
        expect("vit_feed_rows(void *arena, const uint8_t *lines, int32_t count);" in text and "*vit_input(" not in text and "int vit_run(" not in text, text)


@case
def same_bytes_from_anywhere(tools):
    first = tree(emit(tools, "cls", output="first"))
    os.makedirs(tools.path("else where"))
    path = model(tools, "cls")
    tools.call("mcuform-emit-test", "../cls.mlir", "second", "vit", cwd=tools.path("else where"))
    expect(tree(tools.path("else where/second")) == first, "two emissions differ")
    os.remove(path)
    text = b"".join(content for name, content in sorted(first.items()))
    for trace in (tools.directory, ROOT, os.environ.get("USER", "root") + "@"):
        expect(trace.encode() not in text, "the package contains " + trace)


@case
def builds_from_a_path_with_spaces(tools):
    need("cmake", "gcc")
    package = emit(tools, "even", output="a package (1)")
    shutil.copytree(package, tools.path("moved away", "vit"))
    shutil.rmtree(package)
    run("cmake", "-S", tools.path("moved away", "vit"), "-B", tools.path("a build"))
    run("cmake", "--build", tools.path("a build"))


@case
def report_agrees_with_header(tools):
    package = emit(tools, "mean")
    report = json.loads(read(package + "/report.json"))
    header = dict(line.split()[1:3] for line in read(package + "/vit.h").decode().splitlines() if line.startswith("#define VIT_") and "(" not in line
                  and len(line.split()) == 3)
    expect(report["sram"]["arena_bytes"] == int(header["VIT_ARENA_BYTES"]), "arena")
    expect(report["sram"]["arena_bytes"] == max(b["offset"] + b["bytes"] for b in report["sram"]["buffers"]), "buffers end elsewhere")
    expect(report["sram"]["lower_bound_bytes"] <= report["sram"]["arena_bytes"], "bound")
    expect(report["flash"]["pack_bytes"] == int(header["VIT_WEIGHTS_BYTES"]) == len(read(package + "/vit.weights")), "pack")
    expect(report["output"] == {"dtype": "int16", "count": 7, "scale": float(header["VIT_OUTPUT_SCALE"].rstrip("f"))}, "output")
    expect(report["input"] == {"dtype": "uint8", "shape": [20, 24, 3], "layout": "NHWC", "mode": "frame", "mean": [0.5] * 3, "std": [0.25] * 3}, "input")
    expect(report["model"]["macs"] == sum(layer["macs"] for layer in report["layers"]), "macs")
    expect(sum(layer["weights_bytes"] for layer in report["layers"]) >= report["flash"]["weights_bytes"], "weights of layers")
    expect(report["quantization"]["residual_bits"] == 16 and report["quantization"]["residual_scale"] == 0.001, "quantization")
    expect(report["schedule"] == {"interleave_from": 0, "kind": "fused-rows", "patch_block": 4, "token_block": 12}, "schedule")
    # 31 tokens of 24: 3 linears and the projection, 2 products of attention, the MLP; 30 patches of 48; the head.
    block = 31 * (4 * 24 * 24 + 31 * 48 + 2 * 24 * 48)
    expect(report["model"]["macs"] == 2 * block + 30 * 48 * 24 + 7 * 24, "macs are %d" % report["model"]["macs"])


@case
def html_report_shows_every_buffer_and_layer(tools):
    check_html_report(emit(tools, "mean"), 1)
    check_html_report(emit(tools, "mean", output="regions", regions="fast:1000,slow:9000"), 2)


def check_html_report(package, arenas):
    page = read(package + "/report.html").decode()
    report = json.loads(read(package + "/report.json"))
    root = xml.etree.ElementTree.fromstring(page.split("\n", 1)[1])
    pictures = list(root.iter("{http://www.w3.org/2000/svg}svg"))
    expect(len(pictures) == arenas, "%d pictures" % len(pictures))
    titles = {title.text.split(":")[0] for picture in pictures for title in picture.iter("{http://www.w3.org/2000/svg}title")}
    cells = {"".join(cell.itertext()) for cell in root.iter("{http://www.w3.org/1999/xhtml}td")}
    for buffer in report["sram"]["buffers"]:
        expect(buffer["name"] in titles and buffer["name"] in cells, "no buffer " + buffer["name"])
    for region in report["sram"].get("regions", []):
        expect({region["name"], str(region["arena_bytes"])} <= {cell.replace("\u00a0", "") for cell in cells}, "no region " + region["name"])
    for layer in report["layers"]:
        expect(layer["name"] in cells, "no layer " + layer["name"])
    for sign in ("<script", "src=", "url(", "@import", "href=\"http"):
        expect(sign not in page, "the page asks for something: " + sign)
    expect(not re.search("@[a-zA-Z]+@", page), "a place of the template was not filled")


@case
def stack_stays_within_its_bound_and_close_to_it(tools):
    need("arm-none-eabi-g++", "qemu-system-arm")
    package = emit(tools, "mean")
    tools.call("mcuform-run", package, "--target", "mps2-an500", "--input", one_image(tools, 20, 24, 3), "--json", tools.path("r.json"))
    result = json.loads(read(tools.path("r.json")))
    used, bound = result["stack_high_water_bytes"], result["stack_bound_bytes"]
    expect(0.7 * bound <= used <= bound, "stack of %d bytes, bound %d" % (used, bound))


@case
def only_the_used_kernels(tools):
    used = set(os.listdir(emit(tools, "cls", output="cls") + "/runtime/src"))
    expect("softmax_s16.cpp" in used and "accumulate_rows_s16.cpp" not in used, "cls takes %s" % sorted(used))
    used = set(os.listdir(emit(tools, "mean", output="mean") + "/runtime/src"))
    expect("accumulate_rows_s16.cpp" in used, "mean takes %s" % sorted(used))


@case
def notices_damaged_weights(tools):
    need("cmake", "gcc")
    package = emit(tools, "even")
    image = tools.path("images")
    with open(image, "wb") as file:
        file.write(bytes(NETWORKS["even"][0]))
    run(build(tools, package), image, tools.path("logits"))
    weights = bytearray(read(package + "/vit.weights"))
    weights[len(weights) // 2] ^= 1
    with open(package + "/vit.weights", "wb") as file:
        file.write(weights)
    result = subprocess.run([build(tools, package), image, tools.path("logits")], capture_output=True, text=True)
    expect(result.returncode == 2, "status %d" % result.returncode)


@case
def refuses_a_bad_name(tools):
    text = tools.call("mcuform-emit-test", model(tools, "even"), tools.path("package"), "2-vit", status=1)
    expect("'2-vit' cannot name a package" in text, text)
    text = tools.call("mcuform-emit-test", model(tools, "even"), tools.path("package"), "test", status=1)
    expect("'test' cannot name a package" in text, text)
    expect(not os.path.exists(tools.path("package")), "something was written")


if __name__ == "__main__":
    sys.exit(main())
