"""capabilities, and --capabilities of the verbs: what OPA says that a policy may not use, and where."""
import json

import pytest

POLICIES = {
    "app.rego": "package app\n\nimport data.roles\n\nallow if {\n\tsome role in roles[input.user]\n\trole == \"admin\"\n}\n\n"
                "deny contains msg if {\n\tmsg := sprintf(\"%v\", [input.user])\n\tstrings.count(msg, \"a\") > 3\n}\n",
    "words.rego": "package words\n\nimport future.keywords.not\n\np if not { input.x }\n",
    "template.rego": "package template\n\np := $\"x {input.a}\"\n",
    "dotted.rego": "package dotted\n\np := input.if.x\n",
    "old.rego": "package old\n\np { count(input.xs) > 1 }\n",
    "old_v1.rego": "package old\n\nimport rego.v1\n\np if count(input.xs) > 1\n",
    "few.json": json.dumps({"builtins": [{"name": name, "decl": {"type": "function", "args": [{"type": "any"}] * 2, "result": {"type": "boolean"}}}
                                         for name in ("eq", "equal", "internal.member_2")], "features": ["rego_v1"]}),
    "none.json": "{}",
    "wrong.json": "[1]",
}


def errors(said):
    text = said.out or said.err
    return sorted((e.get("location", {}).get("row", 0), e["message"]) for e in json.loads(text)["errors"]) if text.strip() else []


def test_versions(both, files):
    assert both(["capabilities"], files)[0] == both(["capabilities"], files)[1]


@pytest.mark.parametrize("flags", [[], ["--v0-compatible"]])
def test_what_this_program_has(both, files, flags):
    ours, theirs = (json.loads(said.out) for said in both(["capabilities", "--current", *flags], files))
    assert ours["future_keywords"] == theirs["future_keywords"] and ours["features"] == theirs["features"]


@pytest.mark.parametrize("version", ["v0.17.0", "v0.34.0", "v0.60.0", "v0.70.0", "v1.0.0", "v1.8.0", "v1.18.2", "v1.20.2", "--current"])
def test_what_a_version_has(both, files, version):
    words = ["capabilities", "--current"] if version == "--current" else ["capabilities", "--version", version]
    ours, theirs = (json.loads(said.out) for said in both(words, files))
    assert [b["name"] for b in ours["builtins"]] == [b["name"] for b in theirs["builtins"]]
    for member in ("future_keywords", "features"):
        assert ours.get(member, []) == theirs.get(member, [])


def bare(node):
    """A declaration without OPA's texts; a union of one type is that type."""
    if isinstance(node, dict):
        if node.get("type") == "any" and len(node.get("of", [])) == 1:
            return bare(node["of"][0])
        return {key: bare(value) for key, value in node.items() if key not in ("description", "categories") and not
                (key == "name" and "decl" not in node)}
    return [bare(one) for one in node] if isinstance(node, list) else node


def test_types_are_those_of_opa(both, files):
    ours, theirs = (json.loads(said.out)["builtins"] for said in both(["capabilities", "--current"], files))
    assert ours == bare(theirs)


@pytest.mark.parametrize("words", [
    ["--capabilities", "v1.20.2", "app.rego", "words.rego", "template.rego", "dotted.rego"],
    ["--capabilities", "v1.0.0", "app.rego"], ["--capabilities", "v1.0.0", "words.rego"],
    ["--capabilities", "v1.12.0", "template.rego"], ["--capabilities", "v1.6.0", "dotted.rego"],
    ["--capabilities", "v0.60.0", "app.rego"], ["--capabilities", "few.json", "template.rego"],
    ["--v0-compatible", "--capabilities", "v0.60.0", "old.rego"], ["--v0-compatible", "--capabilities", "v0.50.0", "old_v1.rego"],
    ["--v0-compatible", "--capabilities", "v0.60.0", "old_v1.rego"], ["--capabilities", "few.json", "app.rego"],
])
def test_check(both, write, words):
    ours, theirs = both(["check", "-f", "json", *words], write(POLICIES))
    assert ours.code == theirs.code, (ours, theirs)
    assert {message for _, message in errors(ours)} <= {message for _, message in errors(theirs)}
    assert bool(errors(ours)) == bool(errors(theirs))


@pytest.mark.parametrize("words", [["1 + 1"], ["x := 1 - 2"], ["\"a\" in [\"a\"]"], ["-d", "app.rego", "data.app.allow"]])
def test_eval(both, write, words):
    ours, theirs = both(["eval", "--capabilities", "few.json", *words], write(POLICIES))
    assert ours.code == theirs.code, (ours, theirs)
    if theirs.code:
        assert set(errors(ours)) <= set(errors(theirs)) and errors(ours)


def test_the_other_verbs_take_them(ours, write):
    where = write({**POLICIES, "app_test.rego": "package app_test\n\ntest_p if sprintf(\"x\", []) == \"x\"\n"})
    assert ours(["test", "--capabilities", "few.json", "app_test.rego"], where).code == 1
    assert ours(["test", "--capabilities", "v1.20.2", "app_test.rego"], where).code == 0
    assert ours(["build", "--capabilities", "few.json", "app.rego"], where).code == 1
    assert ours(["build", "--capabilities", "v1.20.2", "app.rego"], where).code == 0


@pytest.mark.parametrize("named", ["v9", "nofile.json", "wrong.json"])
def test_what_are_no_capabilities(ours, write, named):
    said = ours(["check", "--capabilities", named, "app.rego"], write(POLICIES))
    assert said.code == 2 and named in said.err


def test_hosts_that_are_not_allowed_are_not_asked(ours, write):
    where = write({"c.json": json.dumps({"builtins": [{"name": "http.send"}, {"name": "eq"}], "allow_net": [], "features": ["rego_v1"]})})
    said = ours(["eval", "--capabilities", "c.json", "--strict-builtin-errors", 'http.send({"method": "get", "url": "http://127.0.0.1:9/"})'], where)
    assert said.code == 2 and "connect" not in said.out


@pytest.mark.parametrize("name,text", [
    ("one", "package z\n\np := 1\n"), ("eq", "package z\n\nq := data.x\n"), ("print", "package z\n\np if { print(input.x); sprintf(\"a\", []) }\n"),
    ("words", "package z\n\nimport future.keywords.and\n\np if input.x == 1\n"), ("template", "package z\n\np := $\"a{input.z}\"\n"),
    ("unsafe", "package z\n\np if x > 1\n"),
])
def test_inspect_tells_what_is_needed(both, write, name, text):
    ours, theirs = (json.loads(said.out) for said in both(["inspect", "-f", "json", "p.rego"], write({"p.rego": text})))
    assert ours == theirs
