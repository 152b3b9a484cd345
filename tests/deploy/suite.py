"""What the tests of this folder share: one line for each test, a last line that counts, and where things are.

    suite.py MODULE...      runs those modules of this folder; each module also runs alone"""
import os
import pathlib
import re
import subprocess
import sys
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
BUILD = pathlib.Path(os.environ.get("PARALLAX_BUILD", ROOT / "build" / "release")).resolve()  # the programs under test
CACHE = ROOT / "build" / "deploy-cache"  # what is slow to get: a bare Debian, npm packages


def run(*command, seconds=60, check=True, **more):
    """Runs a command to its end, bounded. Fails with what it printed; `check=False` leaves that to the caller."""
    done = subprocess.run([str(part) for part in command], timeout=seconds, text=True, capture_output=True, **more)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
    return done


class OneLineEach(unittest.TextTestResult):
    """One line for each test, when it ended and how long it took."""

    def __init__(self, stream, descriptions, verbosity):
        super().__init__(stream, descriptions, verbosity=0)
        self.passed = 0

    def startTest(self, test):
        super().startTest(test)
        self._started = time.monotonic()

    def _say(self, word, test):
        name = re.sub(r"_test\.|\.test_", " ", test.id()).replace("__main__.", "").replace("_", " ")
        print(f"{word} {name} ({time.monotonic() - self._started:.1f} s)", flush=True)

    def addSuccess(self, test):
        self.passed += 1
        self._say("ok", test)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._say("FAIL", test)

    def addError(self, test, err):
        super().addError(test, err)
        if hasattr(test, "_testMethodName"):
            self._say("FAIL", test)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        print(f"skip {test.id()}: {reason}", flush=True)


def main(*modules):
    loader = unittest.TestLoader()
    tests = loader.loadTestsFromNames(modules) if modules else loader.loadTestsFromModule(sys.modules["__main__"])
    result = unittest.TextTestRunner(stream=sys.stderr, resultclass=OneLineEach).run(tests)
    failed = len(result.failures) + len(result.errors)
    print(f"{result.passed} passed, {failed} failed, {len(result.skipped)} skipped", flush=True)
    sys.exit(1 if failed or result.passed == 0 else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
