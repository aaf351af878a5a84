"""Flags of OPA beyond the common ones: statistics of several runs, coverage's kinds, roots of bundles, what is refused."""
import json

import pytest

POLICY = """package rbac

default allow := false

allow if input.a == 1

allow if input.b == 2

allow if {
	input.c > 0
	input.d == 4
}

level := 3 if input.z == 3

pi := 3.14
"""
FILES = {"rbac.rego": POLICY, "in.json": '{"a": 1, "b": 2}', "v0.rego": "package v0\n\np { input.x }\n",
         "both.rego": "package both\n\nimport rego.v1\n\np if { input.x }\n", "v1.rego": "package v1\n\np if \"a\" in input.x\n"}
STATISTICS = {"75%", "90%", "95%", "99%", "99.9%", "99.99%", "count", "max", "mean", "median", "min", "stddev"}


@pytest.fixture
def where(write):
    return write(FILES)


def test_statistics_of_several_runs(both, where):
    words = ["eval", "--count", "4", "--metrics", "--profile", "-d", "rbac.rego", "-i", "in.json", "data.rbac.pi"]
    ours, theirs = (json.loads(said.out) for said in both(words, where))
    assert set(ours) == set(theirs) and ours["result"] == theirs["result"]
    assert set(ours["aggregated_metrics"]) == set(theirs["aggregated_metrics"])
    for one in ours["aggregated_metrics"].values():
        assert set(one) == STATISTICS and one["count"] == 4 and one["min"] <= one["median"] <= one["99%"] <= one["max"]
    keys = [{name: set(value) if name == "total_time_ns_stats" else None for name, value in one["aggregated_profile"][0].items()}
            for one in (ours, theirs)]
    assert keys[0] == keys[1]


def headings(text):
    return [line for line in text.splitlines() if "│" in line and ("Location" in line or "Metric" in line)]


@pytest.mark.parametrize("words", [["--metrics"], ["--profile"], ["--count", "3", "--profile"]])
def test_tables_have_opas_columns(both, where, words):
    ours, theirs = both(["eval", "-f", "pretty", *words, "-d", "rbac.rego", "-i", "in.json", "data.rbac.pi"], where)
    squeezed = [[" ".join(line.split()) for line in headings(said.out)] for said in (ours, theirs)]
    assert squeezed[0] == squeezed[1]
    if "--profile" in words:
        assert "│ data.rbac.pi │" in " ".join(ours.out.split())


def test_cells_are_whole(both, where):
    ours, theirs = both(["eval", "-f", "pretty", "--pretty-limit", "10", "x := numbers.range(1, 60); y := 1"], where)
    assert ours == theirs


def kinds(said):
    report = json.loads(said.out)["coverage"]["files"]["rbac.rego"]
    return {(one["start"]["row"], one["start"]["col"]): one.get("kinds") for one in report["not_covered"]}


@pytest.mark.parametrize("runs", [[], ["--coverage-runs", ""], ["--coverage-runs", "early_exit"], ["--coverage-runs", "index_excluded"]])
def test_why_text_was_not_reached(both, write, runs):
    where = write({"rbac.rego": "package rbac\n\nallow if input.a == 1\n\nallow if input.b == 2\n",
                   "in.json": '{"a": 1, "b": 2}'})
    ours, theirs = both(["eval", "--coverage", *runs, "-d", "rbac.rego", "-i", "in.json", "data.rbac.allow"], where)
    told = [sorted(str(kind) for kind in kinds(said).values()) for said in (ours, theirs)]
    assert told[0] == told[1]


def test_first_error_of_a_builtin_beside_the_answer(both, where):
    ours, theirs = both(["eval", "--show-builtin-errors", "[x | x := 1 / 0]"], where)
    assert (ours.code, json.loads(ours.out)) == (theirs.code, json.loads(theirs.out))
    ours, theirs = both(["eval", "--show-builtin-errors", "1 + 1"], where)
    assert (ours.code, json.loads(ours.out)) == (theirs.code, json.loads(theirs.out))


@pytest.mark.parametrize("name", ["v0.rego", "both.rego", "v1.rego"])
def test_check_of_both_versions(both, where, name):
    ours, theirs = both(["check", "--v0-v1", name], where)
    assert ours.code == theirs.code, (ours, theirs)


BUNDLES = {
    "x/x/p.rego": "package x.p\n\nq := 1\n", "x/.manifest": '{"roots": ["x"]}',
    "y/y/p.rego": "package y.p\n\nq := 2\n", "y/.manifest": '{"roots": ["y"]}',
    "again/x/r.rego": "package x.r\n\nq := 3\n", "again/.manifest": '{"roots": ["x"]}',
    "below/x/p/r.rego": "package x.p.r\n\nq := 4\n", "below/.manifest": '{"roots": ["x/p"]}',
    "all/z.rego": "package z\n\nq := 5\n",
}


@pytest.mark.parametrize("names", [["x", "y"], ["x", "again"], ["x", "below"], ["x", "all"], ["all", "y", "x"], ["x", "x"]])
def test_bundles_may_not_overlap(both, write, names):
    words = [word for name in names for word in ("-b", name)]
    ours, theirs = both(["eval", *words, "1"], write(BUNDLES))
    assert ours.code == theirs.code, (ours, theirs)
    messages = [[e["message"] for e in json.loads(said.out).get("errors", [])] for said in (ours, theirs)]
    assert messages[0] == messages[1]


@pytest.mark.parametrize("words,why", [
    (["eval", "-t", "wasm", "1"], "only rego"), (["test", "-t", "wasm", "rbac.rego"], "only rego"),
    (["build", "-t", "plan", "rbac.rego"], "opa build"), (["bench", "--e2e", "1"], "server"),
    (["build", "--signing-plugin", "x", "rbac.rego"], "--signing-key"), (["build", "--exclude-files-verify", "a", "rbac.rego"], "verified"),
])
def test_what_is_refused_says_why(ours, where, words, why):
    said = ours(words, where)
    assert said.code == 2 and why in said.err and said.out == ""


@pytest.mark.parametrize("words", [
    ["eval", "-O", "1", "-e", "rbac/allow", "-d", "rbac.rego", "data.rbac.pi"],
    ["eval", "--optimize-store-for-read-speed", "--target", "rego", "-d", "rbac.rego", "data.rbac.pi"],
    ["eval", "--var-values", "-d", "rbac.rego", "data.rbac.pi"],
])
def test_what_changes_nothing(both, where, words):
    ours, theirs = both(words, where)
    assert ours.code == theirs.code == 0 and json.loads(ours.out) == json.loads(theirs.out)


def test_build_optimises_nothing_but_wants_an_entrypoint(both, where):
    assert [said.code for said in both(["build", "-O", "1", "rbac.rego"], where)] == [1, 1]
    assert [said.code for said in both(["build", "-O", "1", "-e", "rbac/allow", "rbac.rego"], where)] == [0, 0]


@pytest.mark.parametrize("words,keys", [
    (["--metrics=false"], []), (["--benchmem=false"], None), (["--partial", "-u", "input.a"], None), ([], None),
])
def test_bench_json(both, where, words, keys):
    ours, theirs = (json.loads(said.out) for said in both(["bench", "-f", "json", "-d", "rbac.rego", "-i", "in.json", *words, "data.rbac.pi"], where))
    assert set(ours) == set(theirs)
    extra = [{name for name in one["Extra"] if "external_resolve" not in name} for one in (ours, theirs)]
    assert extra[0] == extra[1] and (keys is None or sorted(extra[0]) == keys)


def test_bench_gobench_names_its_measures_as_opa_does(both, where):
    ours, theirs = both(["bench", "-f", "gobench", "-d", "rbac.rego", "data.rbac.pi"], where)
    units = [[cell.split()[-1] for cell in said.out.strip().split("\t")[2:]] for said in (ours, theirs)]
    assert units[0] == units[1]


def test_bench_reads_the_query_from_standard_input(ours, where):
    assert json.loads(ours(["bench", "-f", "json", "--stdin"], where, "1 + 1").out)["N"] > 0
