"""exec: OPA's results for each input, its counting of failures, its exit codes."""
import json

import pytest

FILES = {
    "b/app.rego": "package app\n\ndefault allow := false\n\nallow if input.user == \"ann\"\n\ndeny contains \"no\" if input.user == \"eve\"\n\n"
                  "known if input.user\n\nn := 1 / input.n\n",
    "b/a-b/data.json": '{"x": 1}',
    "in/1.json": '{"user": "ann"}',
    "in/2.yaml": "user: eve\n",
    "in/3.txt": "not an input",
    "in/deep/4.json": '{"n": 0}',
}


def results(said):
    found = json.loads(said.out)["result"] if said.out else None
    for one in found or []:
        one.pop("decision_id", None)
    return found


@pytest.mark.parametrize("flags", [[], ["--fail"], ["--fail-defined"], ["--fail-non-empty"]])
@pytest.mark.parametrize("decision", ["app/allow", "/app/deny", "app/known", "app", "a-b/x", "nothing/here", None])
def test_results_and_exit_codes(both, write, decision, flags):
    named = ["--decision", decision] if decision else []
    ours, theirs = both(["exec", "-b", "b", *named, *flags, "in"], write(FILES))
    assert ours.code == theirs.code, (ours, theirs)
    assert results(ours) == results(theirs)


def test_standard_input(both, write):
    ours, theirs = both(["exec", "-b", "b", "--decision", "app/allow", "-I"], write(FILES), '{"user": "ann"}')
    assert (ours.code, results(ours)) == (theirs.code, results(theirs)) == (0, [{"path": "--stdin-input", "result": True}])


@pytest.mark.parametrize("words", [["-b", "b", "nofile"], ["-b", "nobundle", "in"], ["-b", "b"], ["-b", "b", "--fail", "--fail-defined", "in"]])
def test_what_cannot_run(both, write, words):
    ours, theirs = both(["exec", "--decision", "app/allow", *words], write(FILES))
    assert ours.code == theirs.code == 1 and ours.out == "" and ours.err


def test_an_input_that_is_none_is_an_error_of_its_own(ours, write):
    where = write({**FILES, "in/0.json": "{"})
    found = results(ours(["exec", "-b", "b", "--decision", "app/allow", "in"], where))
    assert found[0]["path"] == "in/0.json" and found[0]["error"]["code"] == "input_error" and found[1]["result"] is True


def test_services_are_refused(ours, write):
    said = ours(["exec", "-c", "opa.yaml", "in"], write(FILES))
    assert said.code == 2 and "-b or -d" in said.err and "--config-file" in said.err


def test_flags_of_a_log_are_taken(both, write):
    words = ["--log-level", "error", "--log-format", "json", "--log-timestamp-format", "2006"]
    ours, theirs = both(["exec", "-b", "b", "--decision", "app/allow", *words, "in"], write(FILES))
    assert ours.code == theirs.code == 0 and results(ours) == results(theirs)
