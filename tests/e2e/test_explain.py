"""signalbox explain: the same decision as on live traffic, and why."""
import json
import os
import subprocess

import pytest

from rig import host
from rig.gateway import TOKEN
from support.pgwire import connect, errors, query

RULES = host.ROOT / "rules"
POLICY = {"p.rego": """package policies.p

import rego.v1

# METADATA
# title: secret
actions contains {"action": "deny", "message": "no"} if {
	input.query.kind == "select"
	some table in input.query.tables
	table.name == "secret"
}

# METADATA
# title: from elsewhere
actions contains {"action": "deny", "message": "go home"} if {
	input.hook == "startup"
	net.cidr_contains("203.0.113.0/24", input.client.address)
}

# METADATA
# title: switched off
actions contains {"action": "deny"} if {
	data.switches.strict
	input.session.user == "ann"
}
"""}


@pytest.fixture
def explain(request, tmp_path):
    (tmp_path / "rules").mkdir()
    for name, text in POLICY.items():
        (tmp_path / "rules" / name).write_text(text)

    def run(*arguments, text=None, policies=tmp_path / "rules"):
        where = ["--policies", str(policies)] if policies else []
        return subprocess.run([str(request.config.getoption("--binary")), "explain", *where, *arguments], input=text,
                              capture_output=True, text=True, timeout=60)

    return run


def test_fired_failed_off(explain):
    done = explain("select * from secret", "-U", "ann")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("deny (")
    assert "fired       p: secret (p.rego:7)" in done.stdout
    assert "off         1 rule (--all lists them)" in done.stdout
    assert "query.kind" in done.stdout and '"select"' in done.stdout


def test_why_not(explain):
    said = explain("delete from secret").stdout
    assert said.startswith("allow (")
    assert 'failed      p: secret (p.rego:7)' in said
    assert 'input.query.kind == "select"' in said and 'compared "delete", "select"' in said


def test_sessions_as_described(explain):
    def verdict(*arguments):
        return explain(*arguments).stdout.split()[0]

    assert verdict("--hook", "startup", "--address", "203.0.113.7") == "deny"
    assert verdict("--hook", "startup", "--address", "10.1.2.3") == "allow"
    assert explain("--hook", "startup", "--address", "203.0.113.7", "--fail").returncode == 1
    assert explain().returncode == 2


def test_a_recorded_event(explain):
    whole = explain("select * from secret", "-o", "json").stdout
    again = explain("--event", "-", text=whole)
    assert again.returncode == 0 and again.stdout.startswith("deny ("), again.stdout + again.stderr
    record = {"hook": "traffic_from_client", "user": "ann", "facts": {"query.kind": "select", "query.tables": [{"name": "open"}]}}
    assert explain("--event", "-", text=json.dumps(record)).stdout.startswith("allow (")
    assert explain("--event", "-", text="[]").returncode == 2


def test_signals(explain):
    said = explain("select * from t where a = 1 or 1=1", "--signal", "terminate", "--facts").stdout
    assert '"tautology"' in said and "plugin" in said and '"source": "rehearsal"' in said


def test_shipped_rules_say_why(explain):
    said = explain("DELETE FROM t", policies=RULES).stdout
    assert "fired       unbounded_writes: write without WHERE" in said and "rules (--all lists them)" in said


def test_the_running_gateway_says_the_same(explain, make_gateway, request):
    gateway = make_gateway(rules=POLICY)
    with connect(gateway, user="alice") as wire:
        assert errors(wire.ask(query("select * from secret")))[0]["M"] == "no"
    recorded = host.wait_until(lambda: gateway.rest("GET", "/gateway/v1/decisions?user=alice")[1]["decisions"], 10, "the record")[0]
    status, answer = gateway.rest("POST", "/gateway/v1/plan", {"event": recorded})
    assert status == 200, answer
    assert answer["decision"]["plan"]["verdict"] == "deny"
    assert [rule["outcome"] for rule in answer["rules"]] == ["fired", "other_hook", "off"]


def test_the_running_gateways_conditions_are_quoted(make_gateway, request):
    gateway = make_gateway(rules=POLICY)
    asked = subprocess.run([str(request.config.getoption("--binary")), "explain", "--admin", f"127.0.0.1:{gateway.admin_port}",
                            "delete from secret"], capture_output=True, text=True, timeout=60,
                           env={**os.environ, "SIGNALBOX_TOKEN": TOKEN})
    assert asked.returncode == 0, asked.stderr
    assert '8:2: input.query.kind == "select"\n' in asked.stdout
    assert 'compared "delete", "select"' in asked.stdout
