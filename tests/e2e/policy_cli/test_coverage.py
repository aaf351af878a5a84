"""Coverage: the report of `eval --coverage` and `test --coverage` is OPA's, field for field."""
import json

import pytest

from policy_cli.test_corpus import GOOD, loaded, package, where  # noqa: F401 (a fixture)

APP = """package app

import data.settings
import input.user as who

default allow := false

allow if {
	who == "ann"
	input.method in ["GET", "HEAD"]
}

allow if {
	some role in data.roles[input.user]
	role == "admin"
}

allow if {
	not denied
	input.method == "PUT"
	true
}

denied if input.blocked

names := {upper(n) | some n in input.names; startswith(n, "a")}

total := sum([y | some x in input.xs; y := x * 2]) + count(input.names)

deny contains msg if {
	input.replicas > 3
	msg := sprintf("too many: %d", [input.replicas])
}

deny contains "always"

deny contains "glob" if glob.match("a.*", ["."], input.host)

f(x) := y if {
	x > 1
	y := x * 2
} else := 0

g("one", _) := 1

g(x, y) := 2 if {
	x == "two"
	y
}

lookup[k] := v if {
	some k, v in input.map
	every z in v { z > 0 }
}

level := "high" if {
	input.score > 10
} else := "middle" if {
	input.score > 5
} else := "low" if input.score

deep.a.b if input.x.y.z == 1

deep.c[k] := v if some k, v in {"p": 1}

has if "admin" in input.roles

has if input.tags[_] == "root"

constant := {"a": 1, "b": [1, 2]}

uses if {
	settings.on
	x := input.user
	x != "eve"
	not input.off
	f(g(x, data.settings.n)) >= 0
	count({y | y := input.xs[_]; y > 1}) == 1 with input.xs as [1, 2]
}

text := $"{input.user} is {level}"

shouted := $"{upper(input.user)} {count(input.xs) + 1} {upper($"a{lower(input.user)}")} {f(input.score)}"

listed contains x if {
	input.nope
	x := $"{upper(input.user)}"
}

listed contains $`{count([1 | upper(input.user)])} {[x | x := upper(input.user)]} {{lower(input.user)}}
{upper(input.user) with input.user as "b"}`

once if some x in [1, 2, 3]

once if false
"""
DATA = {"data.json": '{"settings": {"n": 0, "on": false}}'}  # what is nowhere at all is no code here: docs/command-line.md
TESTS = {
    "nothing": "test_nothing if true",
    "allowed": 'test_allowed if app.allow with input as {"user": "ann", "method": "GET"}',
    "refused": 'test_refused if not app.allow with input as {"user": "bob", "method": "PUT", "blocked": true}',
    "role": 'test_role if app.allow with input as {"user": "eve"} with data.roles as {"eve": ["x", "admin"]}',
    "names": 'test_names if app.names == {"ANN"} with input as {"names": ["ann", "bob"]}',
    "total": 'test_total if app.total == 7 with input as {"xs": [1, 2], "names": ["a"]}',
    "deny": 'test_deny if count(app.deny) == 2 with input as {"replicas": 5}',
    "glob": 'test_glob if "glob" in app.deny with input.host as "a.b"',
    "functions": 'test_f if {\n\tapp.f(3) == 6\n\tapp.f(1) == 0\n\tapp.g("one", 2) == 1\n\tnot app.g("two", false)\n}',
    "lookup": 'test_lookup if app.lookup.a == [1] with input.map as {"a": [1], "b": [0]}',
    "else": 'test_else if {\n\tapp.level == "middle" with input.score as 7\n\tapp.level == "high" with input.score as 11\n}',
    "deep": 'test_deep if {\n\tapp.deep.c.p == 1\n\tapp.deep.a.b with input.x.y.z as 1\n}',
    "member": 'test_member if app.has with input as {"roles": ["x", "admin"]}',
    "element": 'test_element if app.has with input as {"tags": ["x", "root"]}',
    "uses": 'test_uses if app.uses with input as {"user": "two"} with data.settings as {"on": true, "n": 1}',
    "text": 'test_text if app.text == "ann is low" with input as {"user": "ann", "score": 1}',
    "shouted": 'test_shouted if {\n\tapp.shouted with input as {"user": "ann", "xs": [], "score": 2}\n\tapp.listed with input.user as "eve"\n}',
    "once": "test_once if app.once\n\ntest_constant if app.constant.a == 1",
    "fails": "test_fails if app.constant.a == 2",
    "skipped": "todo_test_later if app.once\n\ntest_now if app.constant.b[1] == 2",
    "cases": 'test_case[note] if {\n\tsome note, n in {"one": 1, "two": 2}\n\tapp.f(n) == [0, 4][n - 1]\n}',
    "everything": 'test_everything if app with input as {"user": "ann", "method": "PUT", "score": 3, "xs": [1], "names": ["b"]}',
}


def without_index(report):
    """Without the index, which of two rules with different constants comes first is the order of a Go map in OPA."""
    for file in report["files"].values():
        for one in file.get("not_covered", []):
            one["kinds"] = [kind for kind in one.get("kinds", []) if kind != "index_excluded"]
    return report


def coverage(text, name):
    report = json.loads(text)["coverage"]
    return without_index(report) if name == "annotated" else report


@pytest.mark.parametrize("runs", [[], ["--coverage-runs", "early_exit"]], ids=["kinds", "early_exit"])
@pytest.mark.parametrize("name", GOOD)
def test_of_queries(both, where, name, runs):  # noqa: F811
    at = where(name)
    ours, theirs = both(["eval", "--coverage", *runs, *loaded(at), package(at)], at)
    assert ours.code == theirs.code
    assert coverage(ours.out, name) == coverage(theirs.out, name)


@pytest.mark.parametrize("name", TESTS)
def test_of_tests(both, write, name):
    at = write({"app.rego": APP, "app_test.rego": f"package app_test\n\nimport data.app\n\n{TESTS[name]}\n", **DATA})
    ours, theirs = both(["test", "--coverage", "app.rego", "app_test.rego", "data.json"], at)
    assert ours.code == theirs.code
    if theirs.code == 0:
        assert without_index(json.loads(ours.out)) == without_index(json.loads(theirs.out))


def test_of_all_tests(both, write):
    tests = "\n\n".join(text for name, text in TESTS.items() if name not in ("fails", "skipped"))
    at = write({"app.rego": APP, "app_test.rego": f"package app_test\n\nimport data.app\n\n{tests}\n", **DATA})
    ours, theirs = both(["test", "--coverage", "app.rego", "app_test.rego", "data.json"], at)
    assert ours.code == theirs.code == 0, theirs
    assert without_index(json.loads(ours.out)) == without_index(json.loads(theirs.out))
