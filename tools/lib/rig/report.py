"""What a run of many tests came to: counts, failures, skips, time; and how it is told on a terminal."""
import dataclasses
import os
import re
import sys
import time
import xml.etree.ElementTree

_COLOURS = {"red": 31, "green": 32, "yellow": 33, "blue": 34, "grey": 90, "bold": 1}


def coloured(text, colour, stream=sys.stdout):
    if not stream.isatty() or os.environ.get("NO_COLOR"):
        return text
    return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m"


def heading(text):
    print(coloured(f"\n== {text}", "bold"), flush=True)


@dataclasses.dataclass
class Counts:
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    notes: list = dataclasses.field(default_factory=list)

    def __add__(self, other):
        return Counts(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped,
                      self.notes + other.notes)


def of_pytest(path):
    """Counts of a JUnit file that pytest wrote; failures and skips become notes."""
    counts = Counts()
    for case in xml.etree.ElementTree.parse(path).iter("testcase"):
        name = f"{case.get('classname')}::{case.get('name')}"
        skip, bad = case.find("skipped"), case.find("failure")
        bad = case.find("error") if bad is None else bad
        if bad is not None:
            counts.failed += 1
            counts.notes.append(f"failed: {name}: {(bad.get('message') or '').splitlines()[:1]}")
        elif skip is not None:
            counts.skipped += 1
            counts.notes.append(f"skipped: {name}: {skip.get('message')}")
        else:
            counts.passed += 1
    return counts


def of_ctest(path):
    """Counts of a JUnit file that CTest wrote. A Catch2 binary counts as its test cases, anything else as one."""
    counts = Counts()
    for case in xml.etree.ElementTree.parse(path).iter("testcase"):
        output = case.findtext("system-out") or ""
        counts += _of_binary(case, output)
        counts.notes += [f"{case.get('name')}: {line}" for line in output.splitlines() if line.startswith("skipped:")]
        counts.skipped += sum(line.startswith("skipped:") for line in output.splitlines())
    return counts


def _of_binary(case, output):
    good = re.search(r"All tests passed \(.* in (\d+) test case", output)
    mixed = re.search(r"test cases: +(\d+) \|(?: +(\d+) passed \|)? +(\d+) failed", output)
    if case.get("status") == "run":
        return Counts(passed=int(good.group(1)) if good else 1)
    note = [f"failed: {case.get('name')}"]
    if mixed:
        return Counts(passed=int(mixed.group(2) or 0), failed=int(mixed.group(3)), notes=note)
    return Counts(failed=1, notes=note)


class Summary:
    """The steps of a run, one line each, and the closing line."""

    def __init__(self):
        self.rows = []

    def step(self, name, work):
        """Runs `work`, which returns Counts. What it raises counts as one failure, so that later steps still run."""
        heading(name)
        started = time.monotonic()
        try:
            counts = work()
        except Exception as error:  # a broken step must not hide the others
            print(coloured(f"{type(error).__name__}: {error}", "red"), flush=True)
            counts = Counts(failed=1, notes=[f"failed: {name}: {error}"])
        self.rows.append((name, counts, time.monotonic() - started))
        return counts

    def total(self):
        return sum((counts for _, counts, _ in self.rows), Counts())

    def show(self):
        heading("summary")
        total = self.total()
        for note in total.notes:
            print("  " + coloured(note[:300], "red" if note.startswith("failed") else "yellow"))
        width = max((len(name) for name, _, _ in self.rows), default=0)
        for name, counts, seconds in self.rows:
            colour = "red" if counts.failed else "green"
            line = f"{counts.passed:6} passed {counts.failed:4} failed {counts.skipped:4} skipped {seconds:7.1f} s"
            print(f"  {name:{width}} " + coloured(line, colour))
        print(f"{total.passed} passed, {total.failed} failed, {total.skipped} skipped", flush=True)
        return 1 if total.failed or not total.passed else 0
