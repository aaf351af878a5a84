"""tools/test: install, build, unit tests, end-to-end tests, PostgreSQL's own suites, the newest server, the tour, the checks.

Each part is a step of its own; a failing one does not keep the others from running. The closing line counts all.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

from rig import build, host, report

SECTIONS = ["build", "run", "test", "drivers", "go", "cargo", "npm", "check", "suites"]
STEPS = ["check", "unit", "e2e", "suites", "newer", "tour"]
E2E_SECONDS = 2400
NEWER = ["tests/e2e/test_newer_server.py", "tests/e2e/test_bypass_corpus.py"]  # against PostgreSQL 18
FEW = 5  # more than so many failures are no coincidence


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
    """A process for each processor, each with files of its own: whatever a test starts is its own, so they do not meet.

    A few that fail run once more when nothing runs beside them: what then passes was short of time, and is told."""
    files = sorted(str(path.relative_to(host.ROOT)) for path in (host.ROOT / "tests" / "e2e").rglob("test_*.py"))
    files.remove(NEWER[0])
    count = min(os.cpu_count(), len(files))
    logs = [pathlib.Path(reports, f"e2e-{number}.log") for number in range(count)]
    running = [start_e2e(preset, files[number::count], logs[number], extra) for number in range(count)]
    try:
        watch(running, logs)
    finally:
        for process in running:
            process.kill()  # those that a failure left
            process.wait()
        for log in logs:
            print(log.read_text(errors="replace"), flush=True)
    counts = [report.of_pytest(log.with_suffix(".xml")) for log in logs]
    if sum(each.failed for each in counts) <= FEW:
        counts = [alone(preset, log, each, extra) if each.failed else each for log, each in zip(logs, counts)]
    return sum(counts, report.Counts())


def alone(preset, log, before, extra):
    """What failed in one of the processes, once more; returns that process's counts."""
    again = log.with_name(f"{log.stem}-again.log")
    which = ["--last-failed", "--last-failed-no-failures=none", "tests/e2e"]
    start_e2e(preset, which, again, extra, cache=log.stem).wait(E2E_SECONDS)
    print(again.read_text(errors="replace"), flush=True)
    now = report.of_pytest(again.with_suffix(".xml"))
    if now.passed + now.failed + now.skipped < before.failed:
        return before  # not all of them could be named
    first = [note.replace("failed: ", "failed at first, passed alone: ") for note in before.notes]
    return report.Counts(before.passed + now.passed, now.failed, before.skipped + now.skipped,
                         (before.notes if now.failed else first) + now.notes)


def newer(reports):
    """PostgreSQL 18: its grammar in a second build, and its server. One skip where the registries do not have them."""
    for script in ("fetch_grammar.sh", "fetch_postgresql.sh"):
        fetched = subprocess.run([host.ROOT / "tools" / "lib" / script], capture_output=True, text=True, timeout=600)
        if fetched.returncode != 0:
            why = (fetched.stderr.strip().splitlines() or ["no word of why"])[-1]
            return report.Counts(skipped=1, notes=[f"skipped: newer: {script}: {why}"])
        print(fetched.stdout, end="", flush=True)
    build.build("newer", ["signalbox", "test_sql"])
    log = pathlib.Path(reports, "newer.log")
    server = {"SIGNALBOX_POSTGRESQL": str(host.ROOT / "build" / "postgresql18" / "bin")}
    start_e2e("newer", NEWER, log, [], environment=server).wait(E2E_SECONDS)
    print(log.read_text(errors="replace"), flush=True)
    return as_one([build.folder("newer") / "tests" / "test_sql"], 600) + report.of_pytest(log.with_suffix(".xml"))


def watch(running, logs):
    """Says how far each process is until the last has ended."""
    deadline, said = time.monotonic() + E2E_SECONDS, ""
    while any(process.poll() is None for process in running):
        if time.monotonic() > deadline:
            raise host.Failure(f"end-to-end tests not finished within {E2E_SECONDS} s")
        time.sleep(1)
        done = "  ".join((re.findall(r"\[ *(\d+%)\]", log.read_text(errors="replace")) or ["0%"])[-1] for log in logs)
        if done != said:
            print(f"  {done}", flush=True)
        said = done


def start_e2e(preset, files, log, extra, cache=None, environment=None):
    command = ["/usr/bin/python3", "-m", "pytest", "-c", "tests/e2e/pytest.ini", "-q", f"--binary={build.binary(preset)}",
               f"--junitxml={log.with_suffix('.xml')}", f"--override-ini=cache_dir={log.parent / (cache or log.stem)}",
               *extra, *files]
    with log.open("w") as output:
        return subprocess.Popen(command, cwd=host.ROOT, stdout=output, stderr=subprocess.STDOUT,
                                env=os.environ | (environment or {}))


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
            "newer": lambda: newer(reports),
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
