"""check and deps: OPA's verdicts, its errors field for field, its dependencies."""
import json

import pytest

WRONG_TYPES = """package a

objects if {
	x := {"a": 1, "b": "2"}
	x.c
}

numbers_as_keys if {
	x := {"a": 1}
	x[1]
}

variable_keys if {
	x := {"a": 1}
	y := 1
	x[y]
}

arrays if {
	x := [1, 2]
	x[5]
}

sets if {
	x := {1, "a"}
	x[true]
}

composites if {
	x := {[1, 2]}
	x[["a", y]]
	y == 1
}

below_numbers if {
	x := {"k": 1}
	x.k.y.z
}

deep if {
	x := {"k": {"z": 1, "y": 2}}
	x.k.w
}

either_object if {
	x := [{"a": 1}, {"b": 2}][_]
	x.c
}

rules if data.a.f2.x == 1

packages if data.a[1]

matches if [1, {"a": 2}, {true}] = [1, {"a": "2"}, {null}]

unions if input.x == {1} & 3

operators if {1, 2} - [3]

scalars if startswith({1}, [input.x, 1])

many if time.clock({"a": [1, "b", [null]]})

relation if walk({"a": 1}, 1)

f(x, {"a": y}) := x + y

calls if f("a", {"a": "b"}) == 1

f2 := {"y": 1}

replaced if f(1, {"a": 2}) with data.a.f as count

function_as_value if data.a.f == 1

function_with_key if data.a.f.x.y

function_at_key if {
	some k
	data.a[k][1] == data.a.f
}

built_in_in_every if every x in [1] { x == 1 with input as count }

every_number if every x in [1] { startswith(x, "a") }

variadic := sprintf(1, [2])
"""
WRONG_ARITY = "package a\n\nx := sprintf(\"a\")\n\ny if walk({\"a\": 1}, [1, input.x], 3)\n\nz := count(data.x, [z1 | z1 := 1], null) + 1\n"
BAD = {
    "syntax.rego": "package a\n\np if {\n\tx ==\n}\n",
    "unsafe.rego": "package a\n\np if x > 1\n\nq if y\n",
    "recursive.rego": "package a\n\np if q\n\nq if p\n",
    "types.rego": "package a\n\np if 1 + \"a\" == 2\n\nq := count(1)\n",
    "arity.rego": "package a\n\nf(x) := x\n\np := f(1, 2)\n",
    "kinds.rego": "package a\n\np contains 1\n\np := 2\n",
    "unknown.rego": "package a\n\np := no.such.function(1)\n",
    "imports.rego": "package a\n\nimport data.x\nimport data.y as x\n\np := 1\n",
    "default.rego": "package a\n\ndefault p := 1\n\ndefault p := 2\n",
    "v0.rego": "package a\n\np { true }\n",
    "reserved.rego": "package a\n\ninput := 1\n",
    "deprecated.rego": "package a\n\np := any([true])\n",
    "wrong_types.rego": WRONG_TYPES,
    "wrong_arity.rego": WRONG_ARITY,
    "print.rego": "package a\n\np if print(x + 1)\n\nq if not print(x)\n\nr if every z in [1] { print(z, w) }\n",
    "print_closure.rego": "package a\n\np if print([x | x > 1])\n",
}
STRICT = "package a\n\nimport data.unused\n\np if {\n\tx := 1\n\tinput.y\n}\n\nf(z) := 1\n"


def only_types(node):
    """Without the names and descriptions that OPA's built-ins have for what they take."""
    if isinstance(node, list):
        return [only_types(each) for each in node]
    if not isinstance(node, dict):
        return node
    parameter = isinstance(node.get("type"), str) and "value" not in node
    return {key: only_types(each) for key, each in node.items() if not (parameter and key in ("name", "description"))}


def errors(said):
    """Errors in one order: OPA's own depends on the order of a Go map. OPA prints them to standard error."""
    if not said.out and not said.err:
        return None
    found = json.loads(said.out or said.err)["errors"]
    for error in found:
        if "details" in error:
            error["details"] = only_types(error["details"])
    return sorted(found, key=lambda e: (e.get("location", {}).get("row", 0), e["message"]))


@pytest.mark.parametrize("name", sorted(BAD))
def test_errors(both, write, name):
    where = write({name: BAD[name]})
    ours, theirs = both(["check", "-f", "json", name], where)
    assert ours.code == theirs.code == 1
    assert errors(ours) == errors(theirs)


@pytest.mark.parametrize("words", [[], ["--strict"], ["-f", "json", "--strict"]])
def test_strict(both, write, words):
    where = write({"strict.rego": STRICT})
    ours, theirs = both(["check", *words, "strict.rego"], where)
    assert ours.code == theirs.code
    if "json" in words:
        assert errors(ours) == errors(theirs)


def test_directories_and_bundles(both, write):
    where = write({"d/a.rego": "package a\n\np := 1\n", "d/data.json": '{"x": 1}', "d/sub/b.rego": "package b\n\nq := data.a.p\n"})
    for words in (["d"], ["-b", "d"], ["d/a.rego", "d/sub"], ["no-such"], ["--ignore", "sub", "d"]):
        ours, theirs = both(["check", *words], where)
        assert (ours.code == 0) == (theirs.code == 0), words


USER = '{"type": "object", "properties": {"user": {"type": "string"}, "n": {"type": "integer"}}}'
SCHEMAS = {
    "user.json": USER,
    "s/input.json": USER,
    "s/acl-list.json": '{"type": "object", "properties": {"alice": {"type": "array", "items": {"type": "string"}}}}',
    "s/deep/limit.yaml": "type: object\nproperties:\n  max: {type: number}\n",
    "typos.rego": "package a\n\np if input.usr == \"x\"\n\nq if input.n == \"one\"\n\nr if input.user == \"x\"\n",
    "fine.rego": "package a\n\np if input.user == \"x\"\n",
    "named.rego": "package a\n\nimport data.acl\n\n# METADATA\n# scope: rule\n# schemas:\n#   - input: schema.input\n"
                  "#   - data.acl: schema[\"acl-list\"]\np if acl.alice == \"x\"\n\n# METADATA\n# schemas:\n"
                  "#   - input: schema.deep.limit\nq if input.max > 1; input.min\n\n# METADATA\n# schemas:\n"
                  "#   - input: schema.nothing\nr if input.x\n",
    "typed_test.rego": "package a_test\n\ntest_p if data.a.p with input as {\"user\": \"x\"}\n\ntest_typo if input.usr\n",
    "input.json": '{"user": "x"}',
}


@pytest.mark.parametrize("words", [
    ["check", "-f", "json", "typos.rego"],
    ["check", "-f", "json", "-s", "user.json", "typos.rego"],
    ["check", "-f", "json", "-s", "s/input.json", "fine.rego"],
    ["check", "-f", "json", "-s", "s", "typos.rego"],
    ["check", "-f", "json", "-s", "s", "named.rego"],
    ["check", "-f", "json", "named.rego"],
    ["check", "-f", "json", "--schema", "s", "fine.rego", "named.rego"],
])
def test_schemas(both, write, words):
    ours, theirs = both(words, write(SCHEMAS))
    assert ours.code == theirs.code
    assert errors(ours) == errors(theirs)


@pytest.mark.parametrize("words", [
    ["-d", "fine.rego", "-s", "user.json", "data.a.p"],
    ["-d", "fine.rego", "-s", "user.json", "input.usr"],
    ["-d", "fine.rego", "-s", "s", "input.usr"],
    ["-d", "typos.rego", "-s", "user.json", "data.a.r"],
    ["-s", "user.json", "input.n == \"x\""],
    ["-s", "user.json", "x := input[k]; k == 1"],
    ["-s", "nothing.json", "input.user"],
])
def test_schemas_in_eval(both, write, words):
    ours, theirs = both(["eval", "-f", "json", "-i", "input.json", *words], write(SCHEMAS))
    assert ours.code == theirs.code
    if "nothing.json" not in words:
        mine, others = json.loads(ours.out), json.loads(theirs.out)
        assert only_types(mine) == only_types(others)


def test_schemas_in_tests(both, write):
    where = write(SCHEMAS)
    for words in (["fine.rego", "typed_test.rego"], ["-s", "user.json", "fine.rego", "typed_test.rego"]):
        ours, theirs = both(["test", *words], where)
        assert ours.code == theirs.code, words


@pytest.mark.parametrize("form", ["json", "pretty"])
@pytest.mark.parametrize("query", ["data.app.allow", "data.app.roles[x]", "data.app", "input.a; data.users", "data.app.noisy",
                                   "data.app.total; input.xs[0]", "1"])
def test_deps(both, files, form, query):
    ours, theirs = both(["deps", "-f", form, "-d", "app.rego", query], files)
    assert ours.code == theirs.code == 0
    if form == "json":
        assert json.loads(ours.out) == json.loads(theirs.out)
    else:
        assert ours.out == theirs.out


@pytest.mark.parametrize("text", [
    "p := {", "p := (1", "p if", "p :=", "import", "import data.x as", "import input.x as data", "p if true else", "p if not", "p if some",
    "p if every x in [1]", "p contains", "p if { \n  x := \n\n\n", "q := [\n\n   ",  # the end of the text
    "p if { x. == 1 }", "p if { x.   == 1 }",  # a blank is the mistake
    "p := \"\u00e9\" +", "p := [\"\u00e9\" 1]", "\tp := [1 1]", "p if { x := \"\u65e5\u672c\" y := 2 }",  # OPA counts bytes
    "# METADATA\n# entrypoint: true\n# scope: rule\np := 1",  # about a statement: no line
])
def test_the_place_in_the_line_that_could_not_be_read(both, tmp_path, text):
    (tmp_path / "p.rego").write_text("package p\n" + text + "\n")
    ours, theirs = both(["check", "-f", "json", "p.rego"], tmp_path)
    assert ours.code == theirs.code == 1
    assert json.loads(ours.out) == json.loads(theirs.err)
