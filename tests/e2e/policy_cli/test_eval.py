"""eval: OPA's JSON field for field, its formats byte for byte, its exit codes."""
import json

import pytest

from policy_cli.files import FILES

QUERIES = [
    ("x := 1; y := x + 1", []),
    ("x = [1, 2, 3][_]; x > 1", []),
    ("true", []),
    ("false", []),
    ("1 == 2", []),
    ("data.app.allow", ["-d", "app.rego", "-i", "input.json"]),
    ("data.app.allow", ["-d", "app.rego"]),
    ("data.app.names", ["-d", "app.rego"]),
    ("data.app.names[x]", ["-d", "app.rego"]),
    ("data.app.double(21)", ["-d", "app.rego"]),
    ("data.app.double(n) == 42; n := 21", ["-d", "app.rego"]),
    ("data.app.roles", ["-d", "app.rego", "-d", "data.json"]),
    ("data.app.roles[u] = r", ["-d", "app.rego", "-d", "data.json"]),
    ("data.big", ["-d", "data.json"]),
    ("data.users", ["-d", "x.y:data.json"]),
    ("data.x.y", ["-d", "x.y:data.json"]),
    ("data.more", ["-d", ".", "--ignore", "bad.rego", "--ignore", "unsafe.rego", "--ignore", "v0.rego"]),
    ("input", ["-i", "input.json"]),
    ("input.xs[i] = v", ["-i", "input.json"]),
    ("names", ["-d", "app.rego", "--package", "app"]),
    ("a.names", ["-d", "app.rego", "--import", "data.app as a"]),
    ("{x | some x in [3, 1, 2]}", []),
    ("{\"a\": {1, 2}, \"b\": set()}", []),
    ("not false", []),
    ("some x in [1]; x == 1", []),
    ("every x in [1, 2] { x > 0 }", []),
    ("data.app.allow with input as {\"xs\": [9]}", ["-d", "app.rego"]),
    ("1.50 + 1e2", []),
    ("\"<tag> & \\u2028\"", []),
    ("1 / 0", []),
    ("[1, \"a\", null][_]", []),
    ("undefined_thing", []),
    ("\"\u65e5\u672c\"; [\"\u00e9\U0001f600\"]; 1", []),
    ("walk([1, [2]])", []),
    ("y := 1; walk({\"a\": {y}})", []),
    ("not walk(1)", []),
    ("rego.metadata.rule()", ["--strict-builtin-errors"]),
    ("rego.metadata.chain()", []),
    ("object.keys(opa.runtime())", []),
    ("http.send({\"method\": \"get\", \"url\": \"http://127.0.0.1:65536\"})", ["--strict-builtin-errors"]),
    ("http.send({\"method\": \"get\", \"url\": \"http://127.0.0.1:9\", \"tls_client_cert_env_variable\": \"NO_A\", "
     "\"tls_client_key_env_variable\": \"NO_B\"})", ["--strict-builtin-errors"]),
    ("data.nothing", []),
    ("data.conflict.c", ["-d", "conflict.rego"]),
    ("1 / 0", ["--strict-builtin-errors"]),
    ("x", []),
    ("x := 1 +", []),
    ("f(1)", []),
    ("data.bad", ["-d", "bad.rego"]),
    ("data.unsafe", ["-d", "unsafe.rego"]),
    ("data.a", ["-d", "v0.rego", "--v0-compatible"]),
    ("data.app.names[x]", ["-d", "app.rego", "--disable-indexing", "--disable-early-exit"]),
    ("opa.runtime().env.NO_COLOR", []),
    ("data", ["-b", "."]),
]


def comparable(document):
    """Numbers as they are spelt; errors in one order, since OPA's own depends on the order of a Go map, and without the
    variable `_` that OPA adds to a query itself."""
    value = json.loads(document, parse_float=str, parse_int=str) if document else None
    if value and "errors" in value:
        value["errors"] = [error for error in value["errors"] if error["message"] != "var _ is unsafe"]
        value["errors"].sort(key=lambda e: (e.get("location", {}).get("row", ""), e["message"]))
    return value


@pytest.mark.parametrize("query,words", QUERIES)
def test_json(both, files, query, words):
    if "-b" in words:
        for name in ("bad.rego", "unsafe.rego", "v0.rego", "conflict.rego"):
            (files / name).unlink()
    ours, theirs = both(["eval", *words, query], files)
    assert ours.code == theirs.code, (ours, theirs)
    assert comparable(ours.out) == comparable(theirs.out)


@pytest.mark.parametrize("form", ["values", "bindings", "raw", "pretty", "discard"])
@pytest.mark.parametrize("query,words", [
    ("x := 1; y := [x, 2]", []), ("data.app.names[x]", ["-d", "app.rego"]), ("\"text\"", []), ("1; \"a\"; true", []),
    ("data.app.roles[u] = r", ["-d", "app.rego", "-d", "data.json"]), ("data.nothing", []), ("true; true", []),
    ("{\"a\": [1, {2}]}", []),
])
def test_formats(both, files, form, query, words):
    ours, theirs = both(["eval", "-f", form, *words, query], files)
    assert ours == theirs


@pytest.mark.parametrize("words,text", [
    (["--fail", "data.nothing"], None), (["--fail", "1"], None), (["--fail-defined", "1"], None),
    (["--fail-defined", "data.nothing"], None),
    (["--stdin"], "1 + 1"), (["-I", "input.a"], '{"a": 7}'), (["-I", "input.a"], "{"), (["-I", "input.a"], "a: [1]"),
    (["-i", "no-such-file", "1"], None), (["-d", "no-such-file", "1"], None), (["-b", "no-such-file", "1"], None),
    (["--timeout", "1ns", "count(numbers.range(1, 100000))"], None),
])
def test_exit_codes(both, files, words, text):
    ours, theirs = both(["eval", "-f", "values", *words], files, text)
    assert ours.code == theirs.code, (ours, theirs)


@pytest.mark.parametrize("words", [[], ["1", "--stdin"], ["-f", "nonsense", "1"], ["--no-such-flag", "1"],
                                   ["--fail", "--fail-defined", "1"]])
def test_wrong_usage(ours, files, words):
    """OPA exits 1, every verb of ours 2."""
    assert ours(["eval", *words], files) == (2, "")


def test_http_send_is_allowed_on_the_command_line(both, files):
    """Nothing listens there: what counts is that the built-in tried, and said why it failed as OPA does."""
    query = 'http.send({"method": "get", "url": "http://127.0.0.1:9/", "raise_error": false}).error.code'
    ours, theirs = both(["eval", query], files)
    assert (ours.code, json.loads(ours.out)) == (theirs.code, json.loads(theirs.out))


def test_print_goes_to_standard_error(both, files):
    ours, theirs = both(["eval", "-d", "app.rego", "-f", "raw", "data.app.noisy"], files)
    assert ours == theirs == (0, "8\n")


def test_metrics_are_those_of_opa(both, files):
    ours, theirs = (json.loads(said.out)["metrics"]
                    for said in both(["eval", "--metrics", "-d", "app.rego", "-i", "input.json", "data.app.allow"], files))
    assert {name for name in theirs if name.startswith("timer_")} == set(ours)
    assert all(value > 0 for value in ours.values())


def test_profile_names_the_lines_that_ran(both, files):
    ours, theirs = (json.loads(said.out)
                    for said in both(["eval", "--profile", "-d", "app.rego", "-i", "input.json", "data.app.allow"], files))
    keys = {"total_time_ns", "num_eval", "num_redo", "num_gen_expr", "location"}
    assert ours["profile"] and all(set(line) == keys for line in ours["profile"] + theirs["profile"])
    rows = [{line["location"]["row"] for line in one["profile"] if line["location"]["file"] == "app.rego"} for one in (ours, theirs)]
    assert {10, 11} <= rows[0] and {10, 11} <= rows[1]


def test_explain_tells_which_rules_fired_and_where_others_stopped(ours, files):
    """OPA shows the steps of its search, which the machine does not take; ours is a tree of its own."""
    said = ours(["eval", "--explain", "full", "-d", "app.rego", "-i", "input.json", "data.app.allow"], files)
    story = json.loads(said.out)["explanation"][0]
    assert story["name"] == "query" and story["asked"][0]["name"] == "data.app.allow"
    assert [rule["fired"] for rule in story["asked"][0]["rules"]].count(True) == 1
    failed = ours(["eval", "--explain", "fails", "-f", "pretty", "-d", "app.rego", "data.app.allow"], files).out
    assert failed == "data.app.allow = false  (by default)\n  ✗ app.rego:10  some x in input.xs\nfalse\n"


def test_explain_quotes_the_condition_and_not_its_line(ours, tmp_path):
    (tmp_path / "p.rego").write_text('package p\n\nbig contains msg if { input.x > 3; msg := "big" }\n')
    (tmp_path / "input.json").write_text('{"x": 2}')
    words = ["eval", "-d", "p.rego", "-i", "input.json", "data.p.big", "--explain"]
    for kind in ("fails", "full"):
        said = ours([*words, kind, "-f", "pretty"], tmp_path).out
        assert said == "data.p.big = set()\n  ✗ p.rego:3  input.x > 3  (2, 3)\n[]\n"
    failed = json.loads(ours([*words, "fails"], tmp_path).out)["explanation"][0]["asked"][0]["rules"][0]
    assert failed["failed_at"] == {"file": "p.rego", "row": 3, "col": 23, "text": "input.x > 3"}


def test_explain_notes(ours, files):
    said = json.loads(ours(["eval", "--explain", "notes", "-d", "app.rego", "data.app.noisy"], files).out)
    assert [(note["Op"], note["Message"]) for note in said["explanation"]] == [("Note", "noted")]


def test_coverage(both, files):
    ours, theirs = both(["eval", "-d", "app.rego", "-i", "input.json", "--coverage", "data.app.allow"], files)
    assert json.loads(ours.out) == json.loads(theirs.out)


FILTER = """package filter

allow if input.user == "ann"

allow if {
	some r in ["read", "list"]
	input.role == r
	input.owner == "me"
}

never if 1 == 2

one if {
	input.user == data.user
	input.n > 3
}
"""


@pytest.mark.parametrize("form", ["json", "source", "pretty"])
@pytest.mark.parametrize("query,words", [
    ("data.filter.one == true", []), ("data.filter.one", []), ("input.x == 1; input.y", ["-u", "input.x"]),
    ("data.filter.never == true", []), ("1 == 1", []),
    ("data.filter.one == true", ["-i", "input.json", "-u", "input.n", "-u", "data.more"]),
])
def test_partial(both, write, form, query, words):
    where = write({"filter.rego": FILTER, "data.json": '{"user": "ann"}', "input.json": '{"user": "ann"}'})
    ours, theirs = both(["eval", "--partial", "-f", form, "-d", "filter.rego", "-d", "data.json", *words, query], where)
    assert ours.code == theirs.code, (ours, theirs)
    if form == "json":
        assert json.loads(ours.out) == json.loads(theirs.out)
    else:
        assert ours.out == theirs.out


def test_partial_leaves_the_same_queries_in_any_order(both, write):
    where = write({"filter.rego": FILTER})
    ours, theirs = both(["eval", "--partial", "-d", "filter.rego", "data.filter.allow == true"], where)
    queries = [sorted(json.loads(said.out)["partial"]["queries"], key=json.dumps) for said in (ours, theirs)]
    assert len(queries[0]) == 3 and queries[0] == queries[1]


@pytest.mark.parametrize("words", [["1"], ["-d", "app.rego", "1"], ["-d", "data.json", "1"], ["--profile", "1"], ["--stdin-input", "1"],
                                   ["-d", "app.rego", "-d", "data.json", "-i", "input.json", "1"], ["-b", "b", "1"], ["--count", "2", "1"]])
def test_names_of_metrics(both, write, words):
    where = write({**FILES, "b/app.rego": FILES["app.rego"], "b/data.json": '{"x": 1}'})
    ours, theirs = (json.loads(said.out) for said in both(["eval", "--metrics", *words], where, "{}"))
    member = "aggregated_metrics" if "--count" in words else "metrics"
    assert sorted(ours[member]) == sorted(theirs[member])
