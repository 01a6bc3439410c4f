"""What the tests of mcuform-run share: a copy of the fake package, image files, the tool, a directory that must be empty in the end."""

import functools
import json
import os
import random
import shutil
import struct
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tools"))
import cases  # noqa: E402
from cases import expect, main, need  # noqa: E402, F401

CLASSES, IMAGE_BYTES, SCALE = 4, 90, 0.03125  # fake_package/report.json


def case(function):
    """Like cases.case, for a function that takes a Fixture."""

    @functools.wraps(function)
    def with_fixture(tools):
        function(Fixture(tools))

    return cases.case(with_fixture)


def on_board(function):
    """A case that needs the tools of the mps2-an500."""

    @functools.wraps(function)
    def checked(fixture):
        need("arm-none-eabi-g++", "qemu-system-arm")
        function(fixture)

    return case(checked)


def npy(dtype, shape, data):
    """The bytes of a .npy file. No numpy: the tests run where only the compiler's own needs are installed."""
    header = "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }" % (dtype, "".join("%d, " % extent for extent in shape))
    header += " " * (-(len(header) + 11) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + data


def random_images(count):
    source = random.Random(7)
    return [bytes(source.randrange(256) for _ in range(IMAGE_BYTES)) for _ in range(count)]


def fake_logits(image):
    """What fake_package computes, in other words."""
    with open(os.path.join(HERE, "fake_package", "fake.weights"), "rb") as file:
        weights = struct.unpack("<%db" % (CLASSES * IMAGE_BYTES), file.read())
    return [sum(p * w for p, w in zip(image, weights[c * IMAGE_BYTES:(c + 1) * IMAGE_BYTES])) >> 7 for c in range(CLASSES)]


class Fixture:
    def __init__(self, tools):
        self.tool = os.path.abspath(os.path.join(tools.bin, "mcuform-run"))
        self.directory = tools.directory
        self.tmp = self.path("tmp")
        os.mkdir(self.tmp)
        self.write("x.npy", npy("|u1", (3, 6, 5, 3), b"".join(random_images(3))))
        self.package()

    def path(self, name):
        return os.path.join(self.directory, name)

    def write(self, name, data):
        with open(self.path(name), "wb") as file:
            file.write(data if isinstance(data, bytes) else data.encode())

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def package(self, definition=None, **report_changes):
        """Copies the fake package to "package"; `definition` is one of those in fake.cpp, report_changes replace values of report.json."""
        shutil.rmtree(self.path("package"), ignore_errors=True)
        shutil.copytree(os.path.join(HERE, "fake_package"), self.path("package"))
        if definition:
            self.write("package/variant.cmake", "target_compile_definitions(fake PUBLIC %s)\n" % definition)
        report = json.loads(self.read("package/report.json"))
        for key, value in report_changes.items():
            report[key].update(value)
        self.write("package/report.json", json.dumps(report))

    def environment(self):
        return dict(os.environ, TMPDIR=self.tmp)

    def run(self, *arguments, status=0, says=()):
        """mcuform-run on "package" and "x.npy"; checks its exit status, that it leaves nothing behind, and words of its standard error."""
        return self.run_raw("package", "--input", "x.npy", *arguments, status=status, says=says)

    def run_raw(self, *arguments, status=0, says=()):
        done = subprocess.run([self.tool, *arguments], cwd=self.directory, env=self.environment(), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, universal_newlines=True)
        told = "mcuform-run %s\n%s%s" % (" ".join(arguments), done.stdout, done.stderr)
        expect(done.returncode == status, "exit status %d instead of %d: %s" % (done.returncode, status, told))
        for words in says:
            expect(words in done.stderr, "does not say '%s': %s" % (words, told))
        expect(os.listdir(self.tmp) == [], "left behind in TMPDIR: %s: %s" % (os.listdir(self.tmp), told))
        return done.stdout

    def build(self, source, target, *definitions):
        """Builds a CMake project for a target, without mcuform-run; returns (succeeded, what was printed)."""
        toolchain = os.path.join(HERE, "..", "..", "targets", target, "toolchain.cmake")
        subprocess.run(["cmake", "-S", source, "-B", self.path("build"), "-DCMAKE_TOOLCHAIN_FILE=" + os.path.abspath(toolchain), *definitions],
                       check=True, stdout=subprocess.DEVNULL)
        done = subprocess.run(["cmake", "--build", self.path("build")], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)
        return done.returncode == 0, done.stdout
