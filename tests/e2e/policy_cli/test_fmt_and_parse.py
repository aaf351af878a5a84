"""fmt and parse: byte for byte what OPA prints, and its exit codes."""
import json

import pytest

from policy_cli.conftest import run
from rig import host


@pytest.mark.parametrize("words", [[], ["--json-include", "-comments"], ["--json-include", "locations"]])
def test_parse_json(both, files, words):
    ours, theirs = both(["parse", "-f", "json", *words, "app.rego"], files)
    assert ours.code == theirs.code == 0
    assert json.loads(ours.out) == json.loads(theirs.out)


@pytest.mark.parametrize("name", ["app.rego", "bad.rego", "no-such.rego"])
def test_parse_outline(both, files, name):
    ours, theirs = both(["parse", name], files)
    assert ours == theirs


@pytest.mark.parametrize("words", [["-l"], ["-l", "--fail"], ["--fail"], []])
@pytest.mark.parametrize("name", ["app.rego", "ugly.rego", "bad.rego", "no-such.rego"])
def test_fmt_output_and_exit_codes(both, files, words, name):
    ours, theirs = both(["fmt", *words, name], files)
    assert ours == theirs


@pytest.mark.parametrize("name", ["v0.rego", "app.rego"])
@pytest.mark.parametrize("words", [["--v0-v1"], ["--v0-compatible"], ["--v0-v1", "--v1-compatible"], ["--drop-v0-imports"]])
def test_fmt_between_versions(both, files, words, name):
    ours, theirs = both(["fmt", *words, name], files)
    assert ours == theirs


def test_fmt_reads_standard_input(both, files):
    ours, theirs = both(["fmt"], files, "package a\np   if  true")
    assert ours == theirs


def test_fmt_writes(ours, both, files):
    assert ours(["fmt", "-w", "ugly.rego"], files) == (0, "")
    assert both(["fmt", "-l", "ugly.rego"], files) == ((0, ""), (0, ""))
    (files / "ugly.rego").write_text("package   ugly\n")
    assert "\n-package   ugly\n+package ugly\n" in ours(["fmt", "-d", "ugly.rego"], files).out


def test_the_shipped_rules_are_formatted(ours):
    assert ours(["fmt", "-l", "rules"], host.ROOT) == (0, "")


def test_the_shipped_rules_are_accepted_by_opa(opa):
    if opa.program is None:
        pytest.skip("OPA is not installed")
    assert run(opa.program, ["fmt", "-l", "rules"], host.ROOT) == (0, "")
    assert run(opa.program, ["check", "rules"], host.ROOT).code == 0
    assert run(opa.program, ["test", "-b", "rules"], host.ROOT).code == 0


def test_the_shipped_tests_pass(ours):
    assert ours(["test", "-b", "rules"], host.ROOT).code == 0


@pytest.mark.parametrize("rule", ["p { true }", "p = true { true }", "f(x) { true }", "s[x] { true }", "p.q.r { true }",
                                  "r { true } else = 2 { true }", "r { input.x } else { true }"])
@pytest.mark.parametrize("words", [["--v0-compatible"], ["--v0-v1"]])
def test_fmt_of_rules_that_always_hold(both, write, words, rule):
    ours, theirs = both(["fmt", *words, "p.rego"], write({"p.rego": f"package a\n\n{rule}\n"}))
    assert ours == theirs


WRITTEN = """package a
p := {"a": 1, "a": 2}
q := {"b": 1, "a": input.x, 1: 2, "b": input.y, 1.0: {"k": 1,
  "k": 2}}
r() := 1
s() if { input.x }
not_rule if { not.t := 1; some.x + 1 == 2 }
u := {1, 2, 1}
"""


@pytest.mark.parametrize("words", [[], ["--check-result=false"]])
def test_fmt_keeps_what_is_written(both, write, words):
    ours, theirs = both(["fmt", *words, "p.rego"], write({"p.rego": WRITTEN}))
    assert ours == theirs
    assert ours.code == 0


@pytest.mark.parametrize("words", [[], ["--v0-v1"]])
def test_fmt_of_standard_input_that_reads_otherwise_after(both, write, words):
    ours, theirs = both(["fmt", *words], write({}), "package a\n\np := 1 if { false } else := 2 if { {\"k\": upper(\"a\")}.k == 2 }\n")
    assert ours == theirs
