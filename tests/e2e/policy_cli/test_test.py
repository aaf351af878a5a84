"""test: OPA's results field for field, its summary, its failures with their values, its exit codes."""
import json
import os
import re
import select
import subprocess
import time

import pytest

from policy_cli.files import POLICY

TESTS = """package app_test

import data.app
import data.conflict

test_ok if app.allow with input as {"xs": [5]}

test_bad if {
	y := 7
	print("hello", y)
	app.names == {"a"}
	count(app.names) == y
}

test_sum if {
	z := 2
	some q in [1, 2]
	q == z
	count(app.names) == z + q
}

todo_test_later if false

test_case[tc.note] if {
	some tc in [{"note": "one", "n": 1}, {"note": "two", "n": 2}]
	tc.n == 1
}

test_nested[a][b] if {
	some a, inner in {"x": {"p": 1, "q": 2}, "y": {"p": 1}}
	some b, n in inner
	n == 1
}

test_ok if app.allow

test_conflict if conflict.c == 1

test_value := 1
"""

RUN = ["app.rego", "conflict.rego", "app_test.rego"]
SMALL = "package app_test\n\ntest_ok if data.app.allow with input as {\"xs\": [5]}\n"


@pytest.fixture
def suite(files):
    (files / "app_test.rego").write_text(TESTS)
    return files


def by_name(text):
    results = {result["package"] + "." + result["name"]: result for result in json.loads(text)}
    for result in results.values():
        result.pop("duration")
    return results


@pytest.mark.parametrize("words", [[], ["-r", "test_(ok|case)"], ["--parallel", "1"], ["--timeout", "10s"]])
def test_json(both, suite, words):
    ours, theirs = both(["test", "-f", "json", *words, *RUN], suite)
    assert ours.code == theirs.code == 2
    assert by_name(ours.out) == by_name(theirs.out)


def blocks(text):
    """The failures of --var-values by test, times left out."""
    out = {}
    for block in text.split("FAILURES\n")[1].split("\ndata."):
        name, _, rest = block.partition(": ")
        out[name.replace("data.", "").strip("-\n")] = [
            line.rstrip() for line in rest.splitlines()[1:]
            if line.strip() and not line.startswith(("-", "PASS", "FAIL", "SKIPPED", "ERROR"))]
    return out


def test_values_of_failures(both, suite):
    ours, theirs = both(["test", "--var-values", "-r", "bad|sum|case", *RUN], suite)
    assert ours.code == theirs.code == 2
    assert blocks(ours.out) == blocks(theirs.out)


def summary(text):
    return [line for line in text.splitlines() if line.startswith(("PASS:", "FAIL:", "SKIPPED:", "ERROR:"))]


@pytest.mark.parametrize("words", [["-v"], [], ["-r", "ok$"], ["-r", "nothing"], ["-z", "-r", "todo"], ["-r", "todo"],
                                   ["--fail-on-empty", "-r", "nothing"], ["-r", "("], ["--count", "2", "-r", "ok$"]])
def test_summary_and_exit_code(both, suite, words):
    ours, theirs = both(["test", *words, *RUN], suite)
    assert ours.code == theirs.code, (ours, theirs)
    assert summary(ours.out) == summary(theirs.out)


@pytest.mark.parametrize("words", [["bad.rego"], ["no-such.rego"], ["-b", "no-such.tar.gz"], ["unsafe.rego"],
                                   ["--threshold", "101", "app.rego"]])
def test_what_cannot_run(both, suite, words):
    ours, theirs = both(["test", *words], suite)
    assert ours.code == theirs.code, (ours, theirs)


@pytest.mark.parametrize("threshold", ["0", "10", "99.9"])
def test_coverage(both, suite, threshold):
    (suite / "app_test.rego").write_text(SMALL)
    ours, theirs = both(["test", "--coverage", "--threshold", threshold, "app.rego", "app_test.rego"], suite)
    assert ours.code == theirs.code, (ours, theirs)
    if theirs.code == 0:
        assert json.loads(ours.out) == json.loads(theirs.out)


BROKEN = """package broken_test

twice(x) := 1 if x > 0

twice(x) := 2 if x > 0

test_fails if 1 == 2

test_broken if twice(1) == 1

test_fails_too if 2 == 3
"""


@pytest.mark.parametrize("words", [["-c"], ["--threshold", "10"], ["-c", "-v"], ["-c", "-f", "json"]])
def test_coverage_of_a_test_with_an_error(both, write, words):
    where = write({"broken_test.rego": BROKEN})
    ours, theirs = both(["test", *words, "broken_test.rego"], where)
    assert ours.code == theirs.code == 1
    assert ours.out == theirs.out == ""
    assert ours.err.removeprefix("signalbox: ").strip() == theirs.err.strip()


@pytest.mark.parametrize("words", [["-c"], ["--threshold", "10"], ["-c", "-v"]])
def test_coverage_of_failing_tests(both, write, words):
    where = write({"app_test.rego": BROKEN.replace("twice(1) == 1", "twice(0) == 1")})
    ours, theirs = both(["test", *words, "app_test.rego"], where)
    assert ours.code == theirs.code == 1
    failed = re.compile(r"^(data\.\S+: FAIL)", re.M)
    assert sorted(failed.findall(ours.out)) == sorted(failed.findall(theirs.out)) and failed.search(ours.out)


def test_bundles(both, write):
    where = write({"b/app.rego": POLICY, "b/app_test.rego": SMALL})
    ours, theirs = both(["test", "-b", "-f", "json", "b"], where)
    assert ours.code == theirs.code == 0
    assert by_name(ours.out) == by_name(theirs.out)


@pytest.mark.parametrize("form", ["json", "gobench", "pretty"])
def test_benchmarks(ours, suite, form):
    (suite / "app_test.rego").write_text(SMALL)
    said = ours(["test", "--bench", "-f", form, "app.rego", "app_test.rego"], suite)
    assert said.code == 0
    if form == "json":
        result, = json.loads(said.out)
        assert result["name"] == "test_ok" and result["benchmark_result"]["N"] > 0
    else:
        name = "BenchmarkDataAppTestTestOk" if form == "gobench" else "data.app_test.test_ok"
        assert said.out.startswith(name) and "ns/op" in said.out and "allocs/op" in said.out


class Watching:
    """A `test --watch` that goes on, and what it prints."""

    def __init__(self, program, where):
        self.process = subprocess.Popen([program, "test", "-v", "--watch", "."], cwd=where, stdout=subprocess.PIPE,
                                        env={**os.environ, "NO_COLOR": "1"})

    def run(self):
        """One run of the tests: all until it waits again."""
        seen, end = "", time.monotonic() + 60
        while "Watching for changes" not in seen:
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))
            assert ready, f"waiting for a run, saw {seen!r}"
            seen += os.read(self.process.stdout.fileno(), 65536).decode()
        return seen


@pytest.fixture
def watching(signalbox, write):
    where = write({"p/app.rego": POLICY, "p/app_test.rego": SMALL})
    one = Watching(signalbox, where)
    yield one, where
    one.process.kill()
    one.process.wait()
    one.process.stdout.close()


def test_watch(watching):
    """A file that changes, breaks, comes or goes: the tests run again."""
    one, where = watching
    assert "PASS: 1/1" in one.run()
    (where / "p/app_test.rego").write_text(SMALL.replace('"xs": [5]', '"xs": [1]'))
    assert "FAIL: 1/1" in one.run()
    (where / "p/app_test.rego").write_text("package app_test\n\ntest_ok if {\n")
    assert "PASS" not in one.run()
    (where / "p/app_test.rego").write_text(SMALL)
    assert "PASS: 1/1" in one.run()
    (where / "q").mkdir()
    (where / "q/more_test.rego").write_text("package more\n\ntest_more if true\n")
    assert "PASS: 2/2" in one.run()
    (where / "p/app_test.rego").unlink()
    assert "PASS: 1/1" in one.run()


def test_a_failed_test_is_explained(ours, suite):
    said = ours(["test", "-v", "-r", "test_bad", *RUN], suite).out
    assert "data.app_test.test_bad = undefined" in said and "✗ app_test.rego:11  app.names == {\"a\"}" in said


DROPS = """policy: drops
rules:
  - name: drops
    match: {query.kind: drop_table}
    then: [{deny: {message: no drops}}]
"""
EVENTS = """cases:
  - name: a drop is refused
    event: {statement: DROP TABLE t}
    expect: {verdict: deny, message: no drops}
  - {name: later, todo: true}
"""


def test_notes_of_failed_tests(both, write):
    """OPA's lines also say through which rules a note was reached."""
    where = write({"n_test.rego": 'package n_test\n\ntest_noted if {\n\ttrace("one")\n\tsome x in [2, 3]\n'
                                  '\ttrace(sprintf("%d", [x]))\n\tx > 5\n}\n'})
    ours, theirs = both(["test", "--explain", "notes", "n_test.rego"], where)

    def failures(said):
        lines = [line.strip() for line in said.out.split("FAILURES\n")[1].splitlines() if "Enter" not in line and "Redo" not in line]
        return [re.sub(r"\(.*\)|[ |]+(?=Note)", "", line) for line in lines]

    assert ours.code == theirs.code
    assert failures(ours) == failures(theirs)
    assert sum("Note" in line for line in failures(ours)) == 3


def test_events_in_yaml(ours, write):
    where = write({"p/drops.policy.yaml": DROPS, "p/drops.test.yaml": EVENTS, "p/app.rego": POLICY, "p/app_test.rego": SMALL})
    said = ours(["test", "-b", "-v", "p"], where)
    assert said.code == 2 and summary(said.out) == ["PASS: 2/3", "SKIPPED: 1/3"]  # skipped tests are not passed
    assert "p/drops.test.yaml:2:\ndrops.a drop is refused: PASS" in said.out
    assert ours(["test", "-b", "-z", "p"], where).code == 0
    event, = json.loads(ours(["test", "-b", "-f", "json", "-r", "drops.a", "p"], where).out)
    assert {**event, "duration": 0} == {"location": {"file": "p/drops.test.yaml", "row": 2, "col": 5}, "package": "drops",
                                        "name": "a drop is refused", "duration": 0}


def test_events_that_fail_and_events_that_are_wrong(ours, write):
    where = write({"p/drops.policy.yaml": DROPS, "p/drops.test.yaml": EVENTS.replace("verdict: deny", "verdict: allow")})
    said = ours(["test", "-b", "p"], where)
    assert said.code == 2
    assert "the verdict is deny (requested), not allow" in said.out and '{"message":"no drops"} (drops: drops)' in said.out
    where = write({"p/drops.policy.yaml": DROPS, "p/drops.test.yaml": EVENTS.replace("statement:", "statment:")})
    said = ours(["test", "-b", "p"], where)
    assert said.code == 1
    assert 'p/drops.test.yaml:3:13: policy_test_error: an event has no member "statment"' in said.err
