"""Every verb over a corpus of policies, good and bad: what OPA prints, byte for byte or field for field, and its exit codes.

corpus/NAME.rego, with NAME.input.json and NAME.data.json where a policy wants them. Names with `wrong` are refused.
"""
import json
import pathlib
import re
import shutil

import pytest

CORPUS = pathlib.Path(__file__).with_name("corpus")
NAMES = sorted(path.stem for path in CORPUS.glob("*.rego"))
REFUSED_BY_FORMATTER = ["wrong_imports", "wrong_strict"]  # OPA's looks at names, too
GOOD = [name for name in NAMES if not name.startswith("wrong") and name != "v0"]


@pytest.fixture
def where(tmp_path):
    """A folder with one policy, as policy.rego, input.json and data.json."""
    def put(name):
        for path in CORPUS.glob(f"{name}.*"):
            shutil.copyfile(path, tmp_path / path.name.replace(f"{name}.", "policy." if path.suffix == ".rego" else ""))
        return tmp_path
    return put


def loaded(where):
    words = ["-d", "policy.rego"]
    if (where / "data.json").exists():
        words += ["-d", "data.json"]
    return words + (["-i", "input.json"] if (where / "input.json").exists() else [])


def package(where):
    return "data." + re.search(r"^package\s+(\S+)", (where / "policy.rego").read_text() + "\npackage none\n", re.M)[1]


def comparable(text):
    """Errors in one order, since OPA's own depends on the order of a Go map, and without details of types."""
    value = json.loads(text, parse_float=str, parse_int=str)
    if isinstance(value, dict) and "namespaces" in value:
        value.pop("capabilities", None)  # OPA's are those of what its compiler made of the policies
    if isinstance(value, dict) and "errors" in value:
        for error in value["errors"]:
            if error["code"] != "rego_parse_error":
                error.pop("details", None)
        value["errors"].sort(key=lambda e: (int(e.get("location", {}).get("row", "0")), e["message"]))
    return value


def alike(ours, theirs):
    """Errors of `check` go to standard error in OPA; those of an outline are JSON there, and text for people here."""
    assert ours.code == theirs.code, (ours, theirs)
    if theirs.out.startswith(("{", "[")):
        assert comparable(ours.out) == comparable(theirs.out)
    elif ours.out.startswith("{") and theirs.err.startswith("{"):
        assert comparable(ours.out) == comparable(theirs.err)
    elif theirs.code == 0:
        assert ours.out == theirs.out


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("flags", [[], ["-f", "raw"], ["--partial"]], ids="json raw partial".split())
def test_eval(both, where, name, flags):
    at = where(name)
    alike(*both(["eval", *flags, *loaded(at), package(at)], at))


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("flags", [["-f", "pretty"], ["-f", "bindings"], ["--strict-builtin-errors"], ["--partial", "-f", "source"]],
                         ids="pretty bindings strict source".split())
def test_eval_of_good_policies(both, where, name, flags):
    at = where(name)
    query = f"x = {package(at)}" if "bindings" in flags else package(at)
    alike(*both(["eval", *flags, *loaded(at), query], at))


@pytest.mark.parametrize("name", [name for name in NAMES if "%" not in (CORPUS / f"{name}.rego").read_text()])
def test_outline(both, where, name):
    """OPA takes the text of a policy for a format, so that a % in it comes out wrong."""
    alike(*both(["parse", "policy.rego"], where(name)))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("words", [["check", "-f", "json"], ["check", "-S", "-f", "json"], ["parse", "-f", "json"]], ids=" ".join)
def test_policy(both, where, name, words):
    alike(*both([*words, "policy.rego"], where(name)))


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("words", [["inspect", "-f", "json"], ["inspect", "-a", "-f", "json"], ["inspect", "-a"]], ids=" ".join)
@pytest.mark.parametrize("path", ["policy.rego", "."])
def test_inspect(both, where, name, words, path):
    """OPA's order of custom annotations is that of a Go map."""
    ours, theirs = both([*words, path], where(name))
    if words == ["inspect", "-a"] and name == "annotated":
        ours, theirs = (said._replace(out="".join(sorted(said.out.splitlines()))) for said in (ours, theirs))
    alike(ours, theirs)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in REFUSED_BY_FORMATTER])
@pytest.mark.parametrize("words", [["fmt"], ["fmt", "--fail", "-l"], ["fmt", "--v0-v1"]], ids=" ".join)
def test_fmt(both, where, name, words):
    alike(*both([*words, "policy.rego"], where(name)))


@pytest.mark.parametrize("name", ["v0", "annotated", "texts", "rbac", "wrong_bodies", "wrong_package"])
@pytest.mark.parametrize("words", [["check", "-f", "json"], ["parse", "-f", "json"], ["fmt"]], ids=" ".join)
def test_v0(both, where, name, words):
    alike(*both([*words, "--v0-compatible", "policy.rego"], where(name)))


@pytest.mark.parametrize("name", [name for name in GOOD if name != "ugly"])  # OPA forgets what an else needs
@pytest.mark.parametrize("form", ["pretty", "json"])
def test_deps(both, where, name, form):
    at = where(name)
    alike(*both(["deps", "-f", form, "-d", "policy.rego", package(at)], at))


@pytest.mark.parametrize("name", NAMES)
def test_bundle(both, where, name):
    """OPA wraps errors in the text of another, without code and place: only that there are some is compared."""
    at = where(name)
    ours, theirs = both(["eval", "-b", ".", package(at)], at)
    assert ours.code == theirs.code, (ours, theirs)
    if theirs.code == 0:
        alike(ours, theirs)
    ours, theirs = both(["build", "."], at)
    assert ours.code == theirs.code, (ours, theirs)
