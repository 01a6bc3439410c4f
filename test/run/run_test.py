"""mcuform-run, the harness and the targets from outside, on a package written by hand."""

import json
import os
import re
import signal
import struct
import subprocess
import time

from fixture import CLASSES, HERE, SCALE, case, expect, fake_logits, main, npy, on_board, random_images

TARGETS = os.path.abspath(os.path.join(HERE, "..", "..", "targets"))

BOARDS = ["mps2-an386", "mps2-an500", "mps2-an505", "mps3-an547"]


def read_memory_map(board):
    """Origin and size of the flash, the SRAM and the flash for weights, as target.yaml has them."""
    with open(os.path.join(TARGETS, board, "target.yaml")) as file:
        regions = re.findall(r"name: \w+, origin: (\w+), size: (\d+) (\w+)", file.read())
    units = {"KiB": 1 << 10, "MiB": 1 << 20}
    return [(int(origin, 16), int(size) * units[unit]) for origin, size, unit in regions]


# What a run gives.


@on_board
def host_and_board_agree(f):
    expected = [logit * SCALE for image in random_images(3) for logit in fake_logits(image)]
    for target in "host", "mps2-an500":
        f.run("--target", target, "--output", target + ".npy")
    expect(f.read("host.npy") == f.read("mps2-an500.npy"), "logits differ between the targets")
    logits = struct.unpack("<%df" % (3 * CLASSES), f.read("host.npy")[-4 * 3 * CLASSES:])
    expect(list(logits) == expected, "logits are %s, not %s" % (logits, expected))
    expect(b"'<f4'" in f.read("host.npy") and b"(3, 4)" in f.read("host.npy"), "logits are not float32 [3, 4]")


@on_board
def three_runs_count_the_same(f):
    results = []
    for run in range(3):
        f.run("--target", "mps2-an500", "--json", "result.json")
        results.append(f.read("result.json"))
    expect(results[0] == results[1] == results[2], "three runs differ: %s" % results)
    result = json.loads(results[0])
    expect(result["images"] == 3 and result["arena_high_water_bytes"] == 1001 == result["arena_bytes"], "wrong: %s" % result)
    expect(0 < result["stack_high_water_bytes"] <= result["stack_bound_bytes"] < 500, "wrong stack: %s" % result)
    # A step of the fake's loop over the first pixel is the same number of instructions each time, at most ten.
    pixels = sorted(image[0] for image in random_images(3))
    spread = result["instructions_most"] - result["instructions_least"]
    expect(spread % (pixels[2] - pixels[0]) == 0 and 0 < spread // (pixels[2] - pixels[0]) <= 10, "counts do not follow the pixels: %s" % result)
    expect({use["region"]: use["used_bytes"] for use in result["memory"]}["qspi"] == 360, "wrong memory map: %s" % result)


@case
def host_result_has_nulls_and_labels(f):
    best = [max(range(CLASSES), key=lambda c: fake_logits(image)[c]) for image in random_images(3)]
    labels = [best[0], best[1], (best[2] + 1) % CLASSES]
    f.write("classes.txt", "ant\nbee\ncat\ndog\n")
    names = ["ant", "bee", "cat", "dog"]
    for dtype, code in ("<i4", "i"), ("<i8", "q"):
        f.write("y.npy", npy(dtype, (3,), struct.pack("<3" + code, *labels)))
        told = f.run("--target", "host", "--labels", "y.npy", "--json", "r.json", "--classes", "classes.txt", "--show", "9")
        result = json.loads(f.read("r.json"))
        expect(abs(result["top1"] - 2 / 3) < 1e-9, "wrong top1: %s" % result)
        for key in "top1_reference", "agreement", "max_abs_error", "instructions_per_image", "stack_high_water_bytes", "stack_bound_bytes":
            expect(result[key] is None, "%s is not null: %s" % (key, result))
        expect(told.count("(right)") == 2 and "wrong: it is " + names[labels[2]] in told, "wrong samples: " + told)
    expect("\x1b" not in told, "colours where there is no terminal")
    told = f.run("--target", "host", "--show", "1", "--show-pictures")
    expect("\x1b[38;2;%d;%d;%dm\x1b[48;2;" % tuple(random_images(1)[0][:3]) in told, "no picture: " + repr(told))


@case
def limit_takes_the_first(f):
    f.run("--target", "host", "--output", "all.npy")
    f.run("--target", "host", "--output", "two.npy", "--limit", "2", "--json", "r.json")
    expect(f.read("two.npy")[-32:] == f.read("all.npy")[-48:-16], "the first two differ")
    expect(json.loads(f.read("r.json"))["images"] == 2, "wrong number of images")
    f.write("x.npy", npy("|u1", (1, 6, 5, 3), random_images(1)[0]))
    f.run("--target", "host", "--json", "r.json")
    expect(json.loads(f.read("r.json"))["arena_high_water_bytes"] == 1001, "no high-water mark with a single image")


@case
def build_directory_is_kept(f):
    for _ in range(2):
        f.run("--target", "host", "--build-dir", "kept", "--output", "kept.npy")
    f.run("--target", "host", "--output", "fresh.npy")
    expect(os.path.exists(f.path("kept/harness")) and f.read("kept.npy") == f.read("fresh.npy"), "the kept build differs")


def on_every_board(function):
    """A case for each board in QEMU; `function` takes the fixture and the board's name."""
    for board in BOARDS:
        def on_this(f, board=board):
            function(f, board)
        on_this.__name__ = function.__name__ + "_" + board.replace("-", "_")
        on_board(on_this)


@on_every_board
def counter_is_exact(f, board):
    built, told = f.build(os.path.join(HERE, "counter"), board, "-DBOARD=" + board)
    expect(built, told)
    qemu = ["qemu-system-arm", "-M", board, "-display", "none", "-monitor", "none", "-serial", "null", "-semihosting-config",
            "enable=on,target=native", "-kernel", f.path("build/counter_test")]
    done = subprocess.run(qemu + ["-icount", "shift=6"], stderr=subprocess.PIPE, universal_newlines=True)
    expect(done.returncode == 0, done.stderr)
    # Where instructions take other times, the counter must notice that it cannot count.
    for other in [], ["-icount", "shift=5"]:
        done = subprocess.run(qemu + other, stderr=subprocess.PIPE, universal_newlines=True)
        expect(done.returncode == 1 and "does not count" in done.stderr, "%s: %d %s" % (other, done.returncode, done.stderr))


# Packages at fault: status 3, but for damaged files.


@on_board
def arena_over_budget_does_not_link(f):
    f.package("FAKE_ARENA_BYTES=400000")
    built, told = f.build(os.path.join(TARGETS, "common"), "mps2-an500", "-DMCUFORM_TARGET_DIR=" + os.path.join(TARGETS, "mps2-an500"),
                          "-DMCUFORM_PACKAGE_DIR=" + f.path("package"))
    expect(not built and "stack, arena and static data together exceed the 320 KiB of SRAM" in told, told)
    expect("section `.arena' will not fit in region `SRAM'" in told, told)


@on_board
def arena_over_budget_is_refused(f):
    f.package("FAKE_ARENA_BYTES=400000", sram={"arena_bytes": 400000})
    f.run("--target", "mps2-an500", status=1, says=["needs an arena of 400000 bytes, target 'mps2-an500' has 319488"])
    f.run("--target", "host")


@on_board
def arena_of_nearly_all_sram_runs(f):
    f.package("FAKE_ARENA_BYTES=318000", sram={"arena_bytes": 318000})
    f.run("--target", "mps2-an500", "--json", "r.json")
    expect(json.loads(f.read("r.json"))["arena_high_water_bytes"] == 318000, "wrong high-water mark")


def proved(f):
    """What the package's report says of its fit, and its fit header's constants."""
    constants = re.findall(r"^#define FAKE_(\w+)_BYTES (\d+)$", f.read("package/fake_fit.h").decode(), re.M)
    return json.loads(f.read("package/report.json"))["fit"], {name: int(value) for name, value in constants}


@on_board
def fit_is_recorded_in_the_package(f):
    before = json.loads(f.read("package/report.json"))
    for target in "host", "mps2-an386":
        f.run("--target", target)
    fit, constants = proved(f)
    expect(fit is None and "STACK" not in constants, "proved for another target: %s %s" % (fit, constants))
    f.run("--target", "mps2-an500", "--json", "r.json")
    fit, constants = proved(f)
    result = json.loads(f.read("r.json"))
    expect(constants["STACK"] == fit["stack_bytes"] == result["stack_bound_bytes"] == sum(use["bytes"] for use in fit["deepest_stack"]), "stack: %s" % fit)
    expect(50 < constants["CODE"] == fit["code_bytes"] == result["code_bytes"] < 1000, "code: %s" % fit)
    expect(0 <= constants["TABLES"] == fit["tables_bytes"] == result["tables_bytes"] < 100, "tables: %s" % fit)
    expect(0 < fit["runtime_bytes"] == result["runtime_bytes"] < fit["code_bytes"] + fit["tables_bytes"], "runtime: %s" % fit)
    expect(fit["sram_bytes"] == 1001 + fit["stack_bytes"] and fit["flash_bytes"] == 360 + fit["code_bytes"] + fit["tables_bytes"], "sums: %s" % fit)
    expect({**before, "fit": fit} == json.loads(f.read("package/report.json")), "something else of the report changed")
    f.run("--target", "mps2-an500")
    expect(proved(f) == (fit, constants), "proved twice, differently")

    # The header holds the sums to the limits, for C and C++.
    f.write("use.c", '#include "fake.h"\n')
    for language in "c", "c++":
        for arena, words in (1001, None), (1048576, "arena, static data and stack exceed the SRAM"), (1048577, "the arena exceeds its limit"):
            done = subprocess.run(["gcc", "-x", language, "-DFAKE_ARENA_BYTES=%d" % arena, "-I", f.path("package"), "-c", f.path("use.c"), "-o", f.path("use.o")],
                                  stderr=subprocess.PIPE, universal_newlines=True)
            expect(done.returncode == (words is not None) and (words or "") in done.stderr, "%d: %s" % (arena, done.stderr))


@on_board
def package_over_its_limits_is_refused(f):
    f.package(limits={"sram_bytes": 1010})
    f.run("--target", "mps2-an500", status=1, says=["bytes of SRAM (arena 1001, static data 0, stack ", "it was compiled for 1010"])
    f.package(limits={"flash_bytes": 400})
    f.run("--target", "mps2-an500", status=1, says=["bytes of flash (weights 360, code ", "it was compiled for 400"])
    expect(proved(f)[0] is None, "recorded though refused")
    f.run("--target", "mps2-an386")


@on_every_board
def accesses_outside_the_memory_map_fault(f, board):
    flash, sram, weights = read_memory_map(board)
    wrong = [("STORE_TO", sram[0] + sram[1]), ("STORE_TO", weights[0]), ("STORE_TO", flash[0] + 0x100), ("LOAD_FROM", flash[0] + flash[1]),
             ("LOAD_FROM", sram[0] + sram[1]), ("LOAD_FROM", weights[0] + weights[1]), ("LOAD_FROM", 0x08000000)]
    for access, address in wrong:
        f.package("FAKE_%s=0x%08x" % (access, address))
        f.run("--target", board, "--build-dir", "build", status=3,
              says=["fault: data access denied by the memory map at address 0x%08x" % address, "program counter 0x"])


@case
def linker_scripts_have_the_memories_of_the_descriptions(f):
    for board in BOARDS + ["mps2-an500-f746"]:
        with open(os.path.join(TARGETS, board, "target.yaml")) as file:
            described = re.findall(r"name: (\w+), origin: (\w+), size: (\d+) (\w)iB", file.read())
        with open(os.path.join(TARGETS, board, "linker.ld")) as file:
            linked = re.findall(r"^  (\w+) \(\w+\) *: ORIGIN = (\w+), LENGTH = (\d+)(\w)$", file.read(), re.M)
        units = {"K": 1 << 10, "M": 1 << 20}
        described = {(name.upper(), int(origin, 16), int(size) * units[unit]) for name, origin, size, unit in described}
        linked = {(name, int(origin, 16), int(size) * units[unit]) for name, origin, size, unit in linked}
        expect(len(linked) >= 3 and {region[1:] for region in described} == {region[1:] for region in linked}, "%s: %s and %s" % (board, described, linked))


@on_board
def memories_of_the_f746_are_all_there_is(f):
    """The package's one arena stands in SRAM1, its kernels would in the ITCM."""
    f.run("--target", "mps2-an500-f746", "--json", "r.json")
    used = {use["region"]: use["used_bytes"] for use in json.loads(f.read("r.json"))["memory"]}
    expect(used["sram1"] > 1001 and used["sram2"] == 0 and used["dtcm"] > 8192, "%s" % used)
    for access, address in (("STORE_TO", 0x20050000), ("LOAD_FROM", 0x20050000), ("STORE_TO", 0x00200000), ("LOAD_FROM", 0x00204000), ("LOAD_FROM", 0x001ffffc),
                            ("STORE_TO", 0x60000000), ("LOAD_FROM", 0x1ffffffc)):
        f.package("FAKE_%s=0x%08x" % (access, address))
        f.run("--target", "mps2-an500-f746", "--build-dir", "build-f746", status=3,
              says=["fault: ", "at address 0x%08x" % address, "program counter 0x"])
    f.package("FAKE_ARENA_BYTES=250000", sram={"arena_bytes": 250000})
    f.run("--target", "mps2-an500-f746", status=1, says=["needs an arena of 250000 bytes, target 'mps2-an500-f746' has 245760"])
    built, told = f.build(os.path.join(TARGETS, "common"), "mps2-an500-f746", "-DMCUFORM_TARGET_DIR=" + os.path.join(TARGETS, "mps2-an500-f746"),
                          "-DMCUFORM_PACKAGE_DIR=" + f.path("package"))
    expect(not built and "the arena in SRAM1 exceeds its 240 KiB" in told and "section `.arena' will not fit in region `SRAM1'" in told, told)


@on_board
def recursion_is_refused_before_it_runs(f):
    f.package("FAKE_OVERFLOW_STACK")
    f.run("--target", "mps2-an500", status=3, says=["no bound for the stack: recursion", "recurse"])


@on_board
def stack_overflow_faults(f):
    f.package("FAKE_OVERFLOW_STACK")
    built, told = f.build(os.path.join(TARGETS, "common"), "mps2-an500", "-DMCUFORM_TARGET_DIR=" + os.path.join(TARGETS, "mps2-an500"),
                          "-DMCUFORM_PACKAGE_DIR=" + f.path("package"))
    expect(built, told)
    f.write("images", random_images(1)[0])
    done = subprocess.run(["qemu-system-arm", "-M", "mps2-an500", "-display", "none", "-monitor", "none", "-serial", "null", "-icount", "shift=6",
                           "-semihosting-config", "enable=on,target=native,arg=harness,arg=images,arg=logits,arg=statistics", "-kernel",
                           f.path("build/harness")], cwd=f.directory, stderr=subprocess.PIPE, universal_newlines=True)
    expect(done.returncode != 0 and "fault: stack overflow at address 0x1ff" in done.stderr, "%d %s" % (done.returncode, done.stderr))


@on_board
def overstepping_the_arena_is_reported(f):
    for target in "mps2-an500", "host":
        for definition, words in (("FAKE_WRITE_BEHIND", "it changed arena[1001]; the arena has 1001 bytes"),
                                  ("FAKE_WRITE_BEFORE", "it changed arena[-1]; the arena has 1001 bytes"),
                                  ("FAKE_WRITE_BEHIND_OUTPUT", "it changed byte 8 of the output, which has 8 bytes")):
            f.package(definition)
            f.run("--target", target, "--build-dir", "build-" + target, status=3, says=["the model writes outside its memory: " + words])


@case
def other_wrong_packages_are_reported(f):
    for definition, words in (("FAKE_READ_UNWRITTEN", "the model reads memory that it has not written"),
                              ("FAKE_RETURN_ERROR", "the model returned status 5 for image 0")):
        f.package(definition)
        f.run("--target", "host", "--build-dir", "build", status=3, says=[words])
    f.package("FAKE_ARENA_BYTES=1002")
    f.run("--target", "host", status=3, says=["the size of the arena is 1002 in its header, 1001 in its report.json"])
    f.package()
    weights = bytearray(f.read("package/fake.weights"))
    weights[100] ^= 1
    f.write("package/fake.weights", bytes(weights))
    f.run("--target", "host", "--output", "l.npy", "--json", "r.json", status=1, says=["the weights are damaged: status 2"])
    expect(not os.path.exists(f.path("l.npy")) and not os.path.exists(f.path("r.json")), "a failed run left its files")
    f.write("package/fake.cpp", "no C++\n")
    f.run("--target", "host", status=3, says=["package 'fake' does not build for target 'host'", "fake.cpp:1:1: error"])


# Inputs at fault: status 1.


@case
def bad_packages_are_refused(f):
    f.run_raw("nowhere", "--input", "x.npy", status=1, says=["nowhere: no such directory"])
    f.run_raw("tmp", "--input", "x.npy", status=1, says=["tmp: holds no report.json, so it is no package that mcuformc wrote"])
    f.write("package/report.json", "{ no json")
    f.run(status=1, says=["report.json: not a package's report", "parse error"])
    f.write("package/report.json", "{}")
    f.run(status=1, says=["report.json: not a package's report", "'name' not found"])
    f.package(input={"shape": [6, -5, 3]})
    f.run(status=1, says=['"input"."shape" has the extent -5'])
    f.package(input={"mean": [0, 0]})
    f.run(status=1, says=['"input" has 3 channels, but 2 of "mean" and 3 of "std"'])
    f.package()
    f.run("--profile", status=1, says=["package 'fake' names no calls in its report.json; compile it anew to profile it"])
    report = json.loads(f.read("package/report.json"))
    f.write("package/report.json", json.dumps(dict(report, calls=[{"kernel": "linear_s16", "layer": 2, "macs": 0}])))
    f.run(status=1, says=['a call of "linear_s16" belongs to layer 2 of 0'])


@case
def bad_images_are_refused(f):
    pixels = b"".join(random_images(3))
    f.run_raw("package", "--input", "none.npy", status=1, says=["none.npy: no such file"])
    for data, words in ((npy("|u1", (3, 5, 6, 3), pixels), "holds uint8 [3, 5, 6, 3]; package 'fake' takes uint8 [images, 6, 5, 3]"),
                        (npy("|u1", (6, 5, 3), random_images(1)[0]), "holds uint8 [6, 5, 3]; package"),
                        (npy("|i1", (3, 6, 5, 3), pixels), "holds int8 [3, 6, 5, 3]; package"),
                        (npy("<f4", (1, 6, 5, 3), bytes(360)), "holds float32 [1, 6, 5, 3]; package"),
                        (npy("|u1", (0, 6, 5, 3), b""), "holds no images"),
                        (npy("|u1", (3, 6, 5, 3), pixels[:-1]), "x.npy: "),
                        (b"text", "x.npy: ")):
        f.write("x.npy", data)
        f.run("--target", "host", status=1, says=[words])


@case
def bad_labels_and_classes_are_refused(f):
    for data, words in ((npy("<i8", (2,), bytes(16)), "y.npy: holds 2 labels for 3 images"),
                        (npy("<i8", (3, 1), bytes(24)), "y.npy: holds int64 [3, 1]; labels are integers of shape [images]"),
                        (npy("<f4", (3,), bytes(12)), "y.npy: holds float32 [3]; labels are integers"),
                        (npy("<i4", (3,), struct.pack("<3i", 0, 4, 0)), "y.npy: holds the label 4; package 'fake' has 4 classes"),
                        (npy("<i4", (3,), struct.pack("<3i", 0, -1, 0)), "y.npy: holds the label -1")):
        f.write("y.npy", data)
        f.run("--target", "host", "--labels", "y.npy", status=1, says=[words])
    f.run("--target", "host", "--labels", "none.npy", status=1, says=["none.npy: no such file"])
    f.write("classes.txt", "ant\nbee\n")
    f.run("--target", "host", "--classes", "classes.txt", status=1, says=["classes.txt: holds 2 names for 4 classes"])


@case
def unwritable_results_are_refused(f):
    f.run("--target", "host", "--json", "no/where.json", status=1, says=["no/where.json: cannot be written: no such directory"])
    f.run("--target", "host", "--output", "tmp", status=1, says=["tmp: "])
    f.run("--target", "host", "--reference", "none.onnx", status=1, says=["none.onnx: no such file"])


@case
def wrong_usage_has_status_2(f):
    f.run_raw(status=2)
    f.run_raw("package", status=2, says=["--input is required"])
    f.run("--limit", "0", status=2)
    f.run("--limit", "many", status=2)
    f.run("--colour", status=2)
    f.run("--target", "toaster", status=2, says=["unknown target 'toaster'; known: host, " + ", ".join(sorted(BOARDS + ["mps2-an500-f746"]))])
    expect("Usage: mcuform-run" in f.run_raw("--help"), "no help")


# Runs that do not end.


@case
def endless_model_is_given_up(f):
    f.package("FAKE_NEVER_ENDS")
    start = time.time()
    f.run("--target", "host", "--time-limit", "0.5", status=1, says=["gave up: image 0 was not finished within 0.5 s"])
    expect(time.time() - start < 60, "took long to give up")


@case
def interrupt_stops_and_cleans_up(f):
    f.package("FAKE_NEVER_ENDS")
    tool = subprocess.Popen([f.tool, "package", "--input", "x.npy", "--target", "host", "--build-dir", "build"], cwd=f.directory,
                            env=f.environment(), stderr=subprocess.PIPE, universal_newlines=True)
    for _ in range(600):
        if any(os.path.exists(os.path.join(f.tmp, name, "statistics")) for name in os.listdir(f.tmp)):
            break
        time.sleep(0.1)
    tool.send_signal(signal.SIGINT)
    _, told = tool.communicate(timeout=60)
    expect(tool.returncode == 1 and "interrupted" in told, "status %d: %s" % (tool.returncode, told))
    expect(os.listdir(f.tmp) == [], "left behind: %s" % os.listdir(f.tmp))


# Targets.


@case
def description_and_linker_script_agree(f):
    for board in BOARDS:
        with open(os.path.join(TARGETS, board, "linker.ld")) as file:
            script = file.read()
        units = {"K": 1 << 10, "M": 1 << 20}
        linked = [(int(origin, 16), int(size) * units[unit])
                  for origin, size, unit in re.findall(r"\w+ \(\w+\) *: ORIGIN = (\w+), LENGTH = (\d+)(\w)", script)]
        described = read_memory_map(board)
        expect(len(linked) == 3 and described == linked, "%s: target.yaml has %s, linker.ld %s" % (board, described, linked))
        with open(os.path.join(TARGETS, board, "target.yaml")) as file:
            stacks = [re.search(pattern, text).group(1) for pattern, text in
                      ((r"stack_reserve: (\d+) KiB", file.read()), (r"_stack_reserve_bytes = (\d+)K", script))]
        expect(stacks[0] == stacks[1], "%s: the stack's reserves differ: %s" % (board, stacks))


if __name__ == "__main__":
    raise SystemExit(main())
