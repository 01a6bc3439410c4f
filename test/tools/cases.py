"""Shared by the tests that run the tools from outside: one function a case, one ctest a case.

A case is a function decorated with @case; it takes a Tools object and raises Failure or Skip. `main()` runs the case named on the command line; `--list` prints
all names. No case measures time.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile

SKIP_CODE = 77  # SKIP_RETURN_CODE in CMakeLists.txt
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SHARED = os.path.join(os.path.dirname(ROOT), "shared", "data")
CASES = {}


class Failure(Exception):
    """An expectation that did not hold."""


class Skip(Exception):
    """What the case needs is not here."""


def case(function):
    CASES[function.__name__.replace("_", "-")] = function
    return function


def expect(condition, message):
    if not condition:
        raise Failure(message)


def shared(path):
    """A file of ../shared; skips the case where that is missing."""
    full = os.path.join(SHARED, path)
    if not os.path.exists(full):
        raise Skip("../shared is not here: " + path)
    return full


def need(*programs):
    for program in programs:
        if not shutil.which(program):
            raise Skip(program + " is not installed")


def read(path):
    with open(path, "rb") as file:
        return file.read()


class Tools:
    """The tools under test and an empty directory that goes when the case ends."""

    def __init__(self, bin_directory):
        self.bin = bin_directory
        self.directory = tempfile.mkdtemp(prefix="mcuform-test-")

    def path(self, *parts):
        return os.path.join(self.directory, *parts)

    def call(self, tool, *arguments, cwd=None, status=0):
        """Runs a tool, expects an exit status, returns what it printed."""
        command = [os.path.join(self.bin, tool)] + [str(argument) for argument in arguments]
        result = subprocess.run(command, cwd=cwd or self.directory, capture_output=True, text=True)
        text = result.stdout + result.stderr
        expect(result.returncode == status, "%s: exit status %d, expected %d\n%s" % (" ".join(command), result.returncode, status, text))
        return text

    def compile(self, model, calibration, output="out", **options):
        arguments = [model, "--calibrate", calibration, "-o", self.path(output)]
        for name, value in {"mean": "0.5,0.5,0.5", "std": "0.5,0.5,0.5", "target": "mps2-an500", **options}.items():
            arguments += ["--" + name.replace("_", "-"), value]
        self.call("mcuformc", *arguments)
        return self.path(output)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("case", nargs="?")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--bin")
    options = parser.parse_args()
    if options.list:
        print(";".join(CASES))
        return 0
    tools = Tools(options.bin)
    try:
        CASES[options.case](tools)
    except Skip as reason:
        print("skipped:", reason)
        return SKIP_CODE
    except Failure as failure:
        print("FAILED %s: %s" % (options.case, failure), file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(tools.directory, ignore_errors=True)
    return 0
