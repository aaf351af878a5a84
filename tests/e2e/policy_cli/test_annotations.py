"""METADATA blocks: OPA's complaints about what is in them, and what it makes of what is right."""
import json

import pytest

WRONG = [
    "title: [1",
    "title: [1\n x\ncustom: {a: 1",
    'title: "a',
    "title: a: b",
    "title: @a",
    "\ttitle: a",
    "title: a\nauthors: [1, {a: b]",
    "title: 'a\n\nb: c",
    "title: a\ncustom:\n  x: *nope",
    "title:\ttab\ncustom:x",
    "title:x",
    "- a",
    "a",
    "title: x\ntitle: y",
    "title: [a]",
    "entrypoint: nope",
    'entrypoint: "true"',
    "schemas:\n- nope",
    "custom:\n - a\nlabels: 1\ntitle: {a: b}\nentrypoint: 1\norganizations: a long organization",
    "organizations: [[a], {b: c}, 1.5, true]",
    "id: 1\nlabels: [a]",
    "compile: 1",
    "compile: {unknowns: [1, x y]}",
    'compile: {mask_rule: "1 x"}',
    "custom: {a: 1, a: 2}",
    "custom: {a: {b: 1, b: 2}, c: {d: 1, d: 2}}",
    "custom: {a: {1: {2: x}}}",
    "custom: {a: [0, {1: x}]}",
    "{a: b}: c",
    "authors: 1",
    "authors: [1]",
    "authors: [null]",
    "authors:\n- {}",
    'authors: ["", x]',
    'authors:\n- {name: "", email: 3}',
    "authors: [{1: x}]",
    "authors: [[1, a, {b: c, d: null, e: 1.5, f: true}]]",
    "related_resources:\n- {}",
    'related_resources:\n- ref: "::"',
    'related_resources: ["http://[::1", "x"]',
    "related_resources: [{ref: x}, {description: d}]",
    "schemas: [{}]",
    "schemas: [{input: 1}]",
    "schemas: [{input: {type: string, 1: x}}]",
    "scope: 1",
]

RIGHT = [
    "~",
    "# a comment alone",
    "entrypoint: yes",
    "title: yes\ndescription: 1",
    "title: 1.50\ndescription: true\nid: 0x10\norganizations: [2020-01-01, 017, null]",
    "title: !!binary aGk=",
    "title: null\ndescription: ~\norganizations: ~\ncustom: ~\nauthors: ~\nentrypoint: ~",
    "custom: {1: a, true: b}",
    "custom: {d: 2020-01-01, dt: 2020-01-01T01:02:03Z, o: 017, h: 0x1F, f: 1.50, y: yes, n: ~, e: 1e3, b: !!binary aGk=}",
    "custom: {big: 123456789012345678901234567890, s: '1', t: 0o17, u: 1_000, m: -0, p: +1, x: 1., z: .5, st: !!str 1, it: !!int 3}",
    "custom:\n a: &x {b: 1, z: 2}\n c: *x\n <<: {z: 1}\n d: {<<: *x, b: 3}",
    'related_resources: ["http://a/b c", {ref: "HTTP://X/%41", description: 1}]',
    "compile:\n  unknowns: [input.x]\n  mask_rule: data.p.mask",
    "schemas:\n- input: schema.nope",
]

REDECLARED = [
    "# METADATA\n# title: a\npackage p\n# METADATA\n# scope: package\n# title: b\nq := 1\n",
    "# METADATA\n# title: a\n\n# METADATA\n# title: b\npackage p\nq := 1\n",
    "package p\n# METADATA\n# scope: document\nq := 1 if false\n# METADATA\n# scope: document\nq := 2 if true\n",
]


def module(block):
    return "package p\n# METADATA\n" + "".join(f"# {line}\n" for line in block.split("\n")) + "q := rego.metadata.rule()\n"


@pytest.mark.parametrize("block", WRONG)
def test_what_is_wrong_is_said_as_opa_says_it(both, tmp_path, block):
    (tmp_path / "p.rego").write_text(module(block))
    ours, theirs = both(["check", "-f", "json", "p.rego"], tmp_path)
    assert ours.code == theirs.code == 1
    assert json.loads(ours.out)["errors"] == json.loads(theirs.err)["errors"]


@pytest.mark.parametrize("text", REDECLARED)
def test_what_is_annotated_twice(both, tmp_path, text):
    (tmp_path / "p.rego").write_text(text)
    ours, theirs = both(["check", "-f", "json", "p.rego"], tmp_path)
    assert ours.code == theirs.code == 1
    assert json.loads(ours.out)["errors"] == json.loads(theirs.err)["errors"]


@pytest.mark.parametrize("block", RIGHT)
def test_what_is_right_means_the_same(both, tmp_path, block):
    (tmp_path / "p.rego").write_text(module(block))
    for words in (["eval", "-d", "p.rego", "data.p"], ["parse", "-f", "json", "--json-include", "locations,comments", "p.rego"]):
        ours, theirs = both(words, tmp_path)
        assert ours.code == theirs.code == 0
        assert json.loads(ours.out, parse_float=str, parse_int=str) == json.loads(theirs.out, parse_float=str, parse_int=str)
