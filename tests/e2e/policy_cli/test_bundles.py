"""build, sign and inspect: bundles that OPA reads, and OPA's that we read; signatures both ways."""
import json

import pytest

from policy_cli.conftest import run
from policy_cli.files import POLICY

YAML = "policy: p\nrules:\n  - match: {query.kinds: drop_table}\n    then: deny\n"
ANNOTATED = """# METADATA
# title: the pack
# description: what it is for
# organizations: [one]
package pack

# METADATA
# description: whether
# entrypoint: true
# custom: {severity: 3}
allow if input.x

# METADATA
# scope: document
# title: names
names contains "a"
"""
MANIFEST = '{"revision": "7", "roots": ["app", "users"], "rego_version": 1, "metadata": {"by": "ann"}}'


@pytest.fixture
def bundle(write):
    return write({"b/app.rego": POLICY, "b/data.json": '{"users": {"ann": "admin"}}', "b/.manifest": MANIFEST})


@pytest.fixture
def needs_opa(opa):
    """Archives are made anew each time, so OPA's answers about them are not recorded."""
    if opa.program is None:
        pytest.skip("OPA is not installed")
    return lambda words, where: run(opa.program, words, where)


@pytest.mark.parametrize("words", [["b"], ["-a", "b"], ["b/app.rego"], ["-a", "pack.rego"], ["no-such"]])
@pytest.mark.parametrize("form", ["json", "pretty"])
def test_inspect(both, bundle, form, words):
    (bundle / "pack.rego").write_text(ANNOTATED)
    ours, theirs = both(["inspect", "-f", form, *words], bundle)
    assert ours.code == theirs.code, (ours, theirs)
    if form == "json" and theirs.code == 0:
        assert json.loads(ours.out) == json.loads(theirs.out)
    else:
        assert ours.out == theirs.out


def test_a_bundle_is_read_by_opa_and_opas_by_us(ours, needs_opa, bundle):
    assert ours(["build", "-b", "b", "-o", "ours.tar.gz", "-r", "8"], bundle).code == 0
    assert needs_opa(["build", "-b", "b", "-o", "theirs.tar.gz", "-r", "8"], bundle).code == 0
    for name in ("ours.tar.gz", "theirs.tar.gz"):
        answers = [program(["eval", "-b", name, "data.app.roles"], bundle) for program in (ours, needs_opa)]
        assert answers[0].code == answers[1].code == 0, answers
        assert json.loads(answers[0].out) == json.loads(answers[1].out)
    seen = [json.loads(ours(["inspect", "-f", "json", name], bundle).out) for name in ("ours.tar.gz", "theirs.tar.gz")]
    assert seen[0]["manifest"] == seen[1]["manifest"]
    assert set(seen[0]["namespaces"]) == set(seen[1]["namespaces"])


def test_yaml_policies_are_built_as_rego(ours, needs_opa, write):
    where = write({"p/p.policy.yaml": YAML, "input.json": '{"query": {"kinds": ["drop_table"]}}'})
    assert ours(["build", "-b", "p", "-o", "ours.tar.gz"], where).code == 0
    said = needs_opa(["eval", "-b", "ours.tar.gz", "-f", "values", "-i", "input.json", "count(data.policies.p.actions)"], where)
    assert json.loads(said.out) == [1]


def test_the_same_files_give_the_same_bytes(ours, bundle):
    made = []
    for name in ("one.tar.gz", "two.tar.gz"):
        assert ours(["build", "-b", "b", "-o", name], bundle).code == 0
        made.append((bundle / name).read_bytes())
    assert made[0] == made[1]


def test_what_cannot_be_built_is_refused(ours, bundle):
    (bundle / "b" / "other.rego").write_text("package elsewhere\n\np := 1\n")
    assert ours(["build", "-b", "b"], bundle).code == 1  # outside of the manifest's roots
    assert ours(["build", "-e", "app/no_such", "b/app.rego"], bundle).code == 1
    assert ours(["build", "-O", "1", "b/app.rego"], bundle).code == 1
    assert ours(["build", "-t", "wasm", "b/app.rego"], bundle).code == 2
    assert not (bundle / "bundle.tar.gz").exists()


SIGN = ["--signing-key", "secret", "--signing-alg", "HS256"]
VERIFY = ["--verification-key", "secret", "--signing-alg", "HS256"]


def test_opa_accepts_our_signature(ours, needs_opa, bundle):
    assert ours(["build", "-b", "b", *SIGN, "-o", "ours.tar.gz"], bundle).code == 0
    assert needs_opa(["build", "-b", "ours.tar.gz", *VERIFY, "-o", "again.tar.gz"], bundle).code == 0
    # Names in OPA's signatures begin with the directory as it was given: only "." makes them those of the bundle.
    inside = bundle / "b"
    assert ours(["sign", "-b", *SIGN, "."], inside).code == 0
    assert needs_opa(["build", "-b", ".", *VERIFY, "-o", "../again.tar.gz"], inside).code == 0


@pytest.mark.parametrize("key,code", [("secret", 0), ("another", 2)])
def test_we_check_opas_signature(ours, needs_opa, bundle, key, code):
    assert needs_opa(["build", "-b", "b", *SIGN, "-o", "theirs.tar.gz"], bundle).code == 0
    assert needs_opa(["sign", "-b", *SIGN, "."], bundle / "b").code == 0
    words = ["--verification-key", key, "--verification-alg", "HS256"]
    for name in ("b", "theirs.tar.gz"):
        assert ours(["eval", *words, "-b", name, "1"], bundle).code == code
        assert ours(["inspect", *words, name], bundle).code == (0 if code == 0 else 1)


def test_an_unsigned_or_changed_bundle_is_refused(ours, bundle):
    words = ["--verification-key", "secret", "--verification-alg", "HS256", "-b", "b", "1"]
    assert ours(["eval", *words], bundle).code == 2
    assert ours(["sign", "-b", *SIGN, "-o", "b", "b"], bundle).code == 0
    assert ours(["eval", *words], bundle).code == 0
    (bundle / "b" / "app.rego").write_text(POLICY + "\nmore := 1\n")
    assert ours(["eval", *words], bundle).code == 2
