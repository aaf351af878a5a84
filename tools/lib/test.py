"""tools/test: install, build, unit tests, end-to-end tests, PostgreSQL's own suites, the tour, the checks.

Each part is a step of its own; a failing one does not keep the others from running. The closing line counts all.
"""
import argparse
import os
import subprocess
import sys
import tempfile

from rig import build, host, report

SECTIONS = ["build", "run", "test", "drivers", "go", "cargo", "npm", "check", "suites"]
STEPS = ["check", "unit", "e2e", "suites", "tour"]


def call(command, seconds):
    """Runs a command with its output shown; returns its exit code."""
    try:
        return subprocess.run([str(part) for part in command], cwd=host.ROOT, timeout=seconds).returncode
    except subprocess.TimeoutExpired as error:
        raise host.Failure(f"not finished within {seconds} s: {error.cmd[0]}") from error


def as_one(command, seconds):
    code = call(command, seconds)
    return report.Counts(passed=int(code == 0), failed=int(code != 0))


def unit(preset, reports):
    file = f"{reports}/unit.xml"
    call(["ctest", "--test-dir", build.folder(preset), "-j", os.cpu_count(), "--output-on-failure", "--output-junit", file,
          "--test-output-size-passed", "100000", "--test-output-size-failed", "1000000"], 1800)
    return report.of_ctest(file)


def e2e(preset, reports, extra):
    file = f"{reports}/e2e.xml"
    call(["/usr/bin/python3", "-m", "pytest", "-c", "tests/e2e/pytest.ini", "tests/e2e", "-q",
          f"--binary={build.binary(preset)}", f"--junitxml={file}", *extra], 2400)
    return report.of_pytest(file)


def options(arguments):
    parser = argparse.ArgumentParser(prog="tools/test", description=__doc__)
    parser.add_argument("--only", default=",".join(STEPS), help=f"steps, with commas between them, of: {', '.join(STEPS)}")
    parser.add_argument("--preset", default="dev", help="CMake preset to build and test (dev)")
    parser.add_argument("--asan", action="store_const", const="asan", dest="preset", help="with address and undefined sanitizers")
    parser.add_argument("--tsan", action="store_const", const="tsan", dest="preset", help="with the thread sanitizer")
    parser.add_argument("--fast", action="store_true", help="unit tests, and the end-to-end tests without the drivers")
    parser.add_argument("-k", metavar="WORDS", help="only end-to-end tests with these words in their names")
    return parser.parse_args(arguments)


def main(arguments):
    chosen = options(arguments)
    steps = ["unit", "e2e"] if chosen.fast else chosen.only.split(",")
    unknown = set(steps) - set(STEPS)
    if unknown:
        print(f"no such step: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    host.install(*SECTIONS)
    report.heading(f"build ({chosen.preset})")
    build.build(chosen.preset)
    extra = (["-k", chosen.k] if chosen.k else []) + (["-k", "not test_clients"] if chosen.fast else [])
    with tempfile.TemporaryDirectory() as reports:
        work = {
            "check": lambda: as_one(["tools/check"], 1200),
            "unit": lambda: unit(chosen.preset, reports),
            "e2e": lambda: e2e(chosen.preset, reports, extra),
            "suites": lambda: as_one(["tools/suites", "--preset", chosen.preset], 1200),
            "tour": lambda: as_one(["tools/run", "--check", "--preset", chosen.preset], 600),
        }
        summary = report.Summary()
        for name in steps:
            summary.step(name, work[name])
        return summary.show()


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except host.Failure as failure:
        print(f"tools/test: {failure}", file=sys.stderr)
        sys.exit(3)
