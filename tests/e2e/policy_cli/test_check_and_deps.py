"""check and deps: OPA's verdicts, its errors field for field, its dependencies."""
import json

import pytest

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
}
STRICT = "package a\n\nimport data.unused\n\np if {\n\tx := 1\n\tinput.y\n}\n\nf(z) := 1\n"


def errors(said):
    """Errors in one order: OPA's own depends on the order of a Go map. OPA prints them to standard error. Details (of types,
    of the place in the line, which the location has too) are left out."""
    if not said.out and not said.err:
        return None
    found = json.loads(said.out or said.err)["errors"]
    for error in found:
        error.pop("details", None)
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
