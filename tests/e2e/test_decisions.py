"""What a decision leaves behind: audit lines, webhooks that outlive a kill, records found over REST; and how policies
come and go while sessions are open."""
import contextlib
import json
import pathlib
import time

import pytest

from rig import host
from support import pgwire
from support.pgwire import SYNC, bind, connect, errors, execute, parse, query
from tour.receiver import Receiver


def policy(then, match="query.kind: [delete], query.has_where: false", name="watch", extra=""):
    return f"policy: {name}\non: [traffic_from_client]\n{extra}rules:\n  - name: the rule\n    match: {{{match}}}\n    then: {json.dumps(then)}\n"


DENY = {"deny": {"message": "no"}}


def audit(gateway):
    path = pathlib.Path(gateway.config["actions"]["audit_log"])
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def refused(wire, text="delete from pg_temp.nothing_there"):
    found = errors(wire.ask(query(text)))
    return bool(found) and found[0]["C"] == "42501"


def test_log_action_writes_a_line(make_gateway):
    rules = policy([{"log": {"message": "{{ session.user }} deletes", "level": "warning", "fields": ["session.user", "query.kind"]}}])
    gateway = make_gateway(rules={"watch.policy.yaml": rules})
    with connect(gateway, user="alice") as wire:
        wire.ask(query("create temp table t (a int)"))
        wire.ask(query("delete from t"))
        wire.ask(query("delete from t where a = 1"))
    lines = host.wait_until(lambda: [line for line in audit(gateway) if "alice deletes" in json.dumps(line)], 10, "the audit line")
    assert len(lines) == 1 and "warning" in json.dumps(lines[0])


def test_masked_values_stay_out(make_gateway):
    """Bind values and passwords are in no audit line, decision record or log, unless a policy asks."""
    rules = policy([{"log": {"message": "deletes"}}, DENY])
    gateway = make_gateway(rules={"watch.policy.yaml": rules})
    with connect(gateway) as wire:
        wire.ask(parse("delete from pg_class"), bind(), execute(), SYNC)
        wire.ask(parse("select $1::text"), bind(["a secret value"]), execute(), SYNC)
    host.wait_until(lambda: audit(gateway), 10, "the audit line")
    everything = json.dumps(audit(gateway)) + gateway.process.output() + json.dumps(gateway.rest("GET", "/gateway/v1/decisions")[1])
    assert "a secret value" not in everything


def decisions(gateway, **filters):
    path = "/gateway/v1/decisions?" + "&".join(f"{k}={v}" for k, v in filters.items())
    status, body = gateway.rest("GET", path)
    assert status == 200, body
    return body["decisions"]


def test_decisions_are_found(make_gateway):
    gateway = make_gateway(rules={"watch.policy.yaml": policy([DENY])})
    started = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 1))
    for user in ("alice", "bob"):
        with connect(gateway, user=user) as wire:
            assert refused(wire)
    host.wait_until(lambda: len(decisions(gateway)) >= 2, 10, "the decisions are recorded")
    found = decisions(gateway, user="alice")
    assert len(found) == 1
    record = found[0]
    text = json.dumps(record)
    assert "the rule" in text and "watch" in text and "alice" in text
    assert gateway.rest("GET", f"/gateway/v1/decisions/{record['id']}")[1] == record
    assert len(decisions(gateway, action="deny")) == 2 and decisions(gateway, action="webhook") == []
    assert len(decisions(gateway, **{"from": started})) == 2 and decisions(gateway, until=started) == []
    assert decisions(gateway, user="nobody") == []
    assert gateway.rest("GET", "/gateway/v1/decisions/00000000-0000-7000-8000-000000000000")[0] == 404


def test_plan_says_what_would_happen_and_does_nothing(make_gateway):
    gateway = make_gateway(rules={"watch.policy.yaml": policy([DENY, {"log": {"message": "planned"}}])})
    status, body = gateway.rest("POST", "/gateway/v1/plan", {"statement": "delete from t", "session": {"user": "alice"}})
    assert status == 200 and "deny" in json.dumps(body), body
    status, body = gateway.rest("POST", "/gateway/v1/plan", {"statement": "select 1"})
    assert status == 200 and "deny" not in json.dumps(body)
    time.sleep(0.5)
    assert audit(gateway) == []


def test_data_api_answers_with_the_loaded_policies(make_gateway):
    gateway = make_gateway(rules={"own.rego": "package own\n\nimport rego.v1\n\nallow if input.user == \"admin\"\n\nmessage := concat(\" \", [\"hello\", input.user])\n"})
    assert gateway.rest("POST", "/v1/data/own", {"input": {"user": "admin"}})[1]["result"] == {"allow": True, "message": "hello admin"}
    assert gateway.rest("POST", "/v1/data/own/message", {"input": {"user": "x"}})[1]["result"] == "hello x"
    assert "result" not in gateway.rest("POST", "/v1/data/nothing/here", {"input": {}})[1]


# --- webhooks

@pytest.fixture
def receiver():
    with contextlib.closing(Receiver()) as server:
        yield server


def hook(url, **more):
    return policy([{"webhook": {"url": url, "body": {"who": "{{ session.user }}"}, **more}}])


def test_webhook_is_tried_again_under_the_same_id(make_gateway, receiver):
    gateway = make_gateway(rules={"watch.policy.yaml": hook(receiver.url)})
    with connect(gateway, user="alice") as wire:
        wire.ask(query("create temp table t (a int)"))
        started = time.monotonic()
        wire.ask(query("delete from t"))
        assert time.monotonic() - started < 2
    assert receiver.wait_for(2, 20)
    assert [call[2] for call in receiver.calls] == [503, 200] and receiver.calls[0][1] == receiver.calls[1][1]
    assert receiver.calls[1][3] == {"who": "alice"}


def test_webhook_outlives_kill_9(make_gateway):
    """Accepted before the kill, delivered after the restart."""
    port = host.free_port()
    gateway = make_gateway(rules={"watch.policy.yaml": hook(f"http://127.0.0.1:{port}/later")})
    with connect(gateway) as wire:
        wire.ask(query("create temp table t (a int)"))
        wire.ask(query("delete from t"))
    host.wait_until(lambda: gateway.rest("GET", "/gateway/v1/jobs")[1].get("jobs"), 10, "the job is stored")
    gateway.process.child.kill()
    gateway.process.child.wait()
    with contextlib.closing(Receiver(port)) as late:
        gateway.start()
        assert late.wait_for(2, 60), late.calls
        assert len({call[1] for call in late.calls}) == 1


def test_webhook_given_up_is_a_dead_letter(make_gateway):
    gateway = make_gateway(rules={"watch.policy.yaml": hook(f"http://127.0.0.1:{host.free_port()}/nobody", attempts=2)})
    with connect(gateway) as wire:
        wire.ask(query("create temp table t (a int)"))
        wire.ask(query("delete from t"))
    dead = host.wait_until(lambda: gateway.rest("GET", "/gateway/v1/jobs?state=dead")[1].get("jobs"), 30, "the dead letter")
    assert len(dead) == 1 and dead[0]["action"] == "webhook"


# --- policies come and go

def test_policy_edited_on_disk_takes_effect_in_an_open_session(make_gateway):
    gateway = make_gateway(rules={})
    with connect(gateway) as wire:
        assert not refused(wire)
        gateway.write_rules(policy([DENY]))
        host.wait_until(lambda: refused(wire), 10, "the new policy is seen")
        gateway.write_rules(policy([DENY], match="query.kind: [update]"))
        host.wait_until(lambda: not refused(wire), 10, "the edit is seen")


@pytest.mark.parametrize("broken", ["policy: watch\nrules: [", "policy: watch\nrules:\n  - name: x\n    then: [{no_such_action: {}}]\n",
                                    "policy: watch\nrules:\n  - name: x\n    match: {query.knd: delete}\n    then: [{deny: {}}]\n"])
def test_broken_policy_keeps_the_running_one(broken, make_gateway):
    gateway = make_gateway(rules={"test.policy.yaml": policy([DENY])})
    with connect(gateway) as wire:
        assert refused(wire)
        gateway.write_rules(broken)
        time.sleep(1.5)
        assert refused(wire)
    assert "test.policy.yaml" in gateway.process.output()


def test_policies_swap_under_load(make_gateway):
    """Each statement is judged by one whole policy set: old or new, never none."""
    gateway = make_gateway(rules={"test.policy.yaml": policy([DENY])})
    with connect(gateway) as wire:
        for number in range(60):
            gateway.write_rules(policy([{"deny": {"message": f"version {number}"}}]))
            for _ in range(20):
                assert refused(wire)


def test_shadow_mode_only_records(make_gateway):
    gateway = make_gateway(rules={"watch.policy.yaml": policy([DENY], extra="mode: shadow\n")})
    with connect(gateway) as wire:
        assert not refused(wire)
    found = host.wait_until(lambda: decisions(gateway), 10, "the shadow decision is recorded")
    assert "deny" in json.dumps(found[0])


def test_match_on_session_facts(make_gateway):
    rules = policy([DENY], match="query.kind: [delete], query.has_where: false, session.user: {not: [postgres, 'etl_*']}")
    gateway = make_gateway(rules={"watch.policy.yaml": rules})
    for user, expected in (("alice", True), ("postgres", False), ("etl_one", False)):
        with connect(gateway, user=user) as wire:
            assert refused(wire) == expected, user


def test_deadline_and_errors_fail_closed(make_gateway):
    """A rule that fails to evaluate refuses, unless the configuration says otherwise."""
    looping = 'package policies.bad\n\nimport rego.v1\n\nactions contains {"action": "log", "message": "x"} if {\n\tinput.query.kind == "delete"\n\tsome a in numbers.range(1, 100000)\n\tsome b in numbers.range(1, 100000)\n\ta + b < 0\n}\n'
    gateway = make_gateway(rules={"bad.rego": looping}, config={"policy": {"deadline": "100ms"}})
    with connect(gateway) as wire:
        started = time.monotonic()
        answer = wire.ask(query("delete from pg_temp.nothing_there"))
        assert errors(answer)[0]["C"] not in ("42P01", "3F000"), errors(answer)
        assert time.monotonic() - started < 5
        assert pgwire.kinds(wire.ask(query("select 1"))) == "TDCZ"
