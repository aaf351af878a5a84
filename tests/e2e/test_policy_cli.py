"""The policy verbs beside the real OPA: the same command line, the same output and the same exit code.

Skipped, and said so, where OPA is not installed. Expected values are always OPA's, never our own.
"""

import json
import os
import shutil
import subprocess

import pytest

from rig import host

OPA = next((path for path in (os.environ.get("SIGNALBOX_OPA"), "/tmp/opa-bin/opa", shutil.which("opa"))
            if path and os.access(path, os.X_OK)), None)

pytestmark = pytest.mark.skipif(OPA is None, reason="OPA is not installed")

POLICY = """package app

import rego.v1

default allow := false

# METADATA
# title: over the limit
allow if {
	some x in input.xs
	x > 3
}

names contains n if some n in ["b", "a<&>"]

double(x) := y if y := x * 2

roles[user] := role if {
	some user, role in data.users
	not role == ""
}

total := sum([n | n := input.xs[_]]) if every x in input.xs { x > 0 } else := 0
"""
V0 = "package   a\nimport data.x\np[x] { x := input.y[_]; x == 1 }\nq = 1 { true }\nf(x) = y { y := x }\ndefault r = false\n" \
     "r { input.z } else = 2 { input.w }\n"


@pytest.fixture(scope="module")
def signalbox(request):
    return str(request.config.getoption("--binary"))


@pytest.fixture
def files(tmp_path):
    (tmp_path / "app.rego").write_text(POLICY)
    (tmp_path / "ugly.rego").write_text("package   ugly\np   if   { 1==1 }\n")
    (tmp_path / "bad.rego").write_text("package bad\n\np if {\n\tx ==\n}\n")
    (tmp_path / "v0.rego").write_text(V0)
    return tmp_path


def run(program, words, where, text=None):
    done = subprocess.run([program, *words], cwd=where, input=text, capture_output=True, text=True, timeout=60,
                          env={**os.environ, "NO_COLOR": "1"}, check=False)
    return done.returncode, done.stdout


def both(signalbox, words, where, text=None):
    return run(signalbox, words, where, text), run(OPA, words, where, text)


@pytest.mark.parametrize("words", [[], ["--json-include", "-comments"]])
def test_parse_json(signalbox, files, words):
    ours, theirs = both(signalbox, ["parse", "-f", "json", *words, "app.rego"], files)
    assert ours[0] == theirs[0] == 0
    assert json.loads(ours[1]) == json.loads(theirs[1])


@pytest.mark.parametrize("name", ["app.rego", "bad.rego", "no-such.rego"])
def test_parse_outline(signalbox, files, name):
    ours, theirs = both(signalbox, ["parse", name], files)
    assert ours == theirs


@pytest.mark.parametrize("words", [["-l"], ["-l", "--fail"], ["--fail"], []])
@pytest.mark.parametrize("name", ["app.rego", "ugly.rego", "bad.rego", "no-such.rego"])
def test_fmt_output_and_exit_codes(signalbox, files, words, name):
    ours, theirs = both(signalbox, ["fmt", *words, name], files)
    assert ours == theirs


@pytest.mark.parametrize("name", ["v0.rego", "app.rego"])
@pytest.mark.parametrize("words", [["--v0-v1"], ["--v0-compatible"], ["--v0-v1", "--v1-compatible"], ["--drop-v0-imports"]])
def test_fmt_between_versions(signalbox, files, words, name):
    ours, theirs = both(signalbox, ["fmt", *words, name], files)
    assert ours == theirs


def test_fmt_writes_and_reads_standard_input(signalbox, files):
    ours, theirs = both(signalbox, ["fmt"], files, V0.replace("{", "if {", 1)), both(signalbox, ["fmt"], files, POLICY)
    assert ours[0] == ours[1] and theirs[0] == theirs[1]
    assert run(signalbox, ["fmt", "-w", "ugly.rego"], files) == (0, "")
    assert run(OPA, ["fmt", "-l", "ugly.rego"], files) == (0, "")
    (files / "ugly.rego").write_text("package   ugly\n")
    assert "\n-package   ugly\n+package ugly\n" in run(signalbox, ["fmt", "-d", "ugly.rego"], files)[1]


def test_the_shipped_rules_are_formatted_and_accepted_by_opa(signalbox):
    assert run(signalbox, ["fmt", "-l", "rules"], host.ROOT) == run(OPA, ["fmt", "-l", "rules"], host.ROOT) == (0, "")
    assert run(OPA, ["check", "rules"], host.ROOT)[0] == 0
    assert run(OPA, ["test", "-b", "rules"], host.ROOT)[0] == 0
