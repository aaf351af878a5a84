"""What an operator is told: by metrics, by the log, by exit codes."""
import subprocess

import pytest

from rig import host
from support import pgwire
from support.pgwire import SYNC, bind, connect, errors, execute, parse, query

LOGGED = """
policy: logged
on: [traffic_from_client]
rules:
  - name: everything
    match: {query.kind: select}
    then: [{log: {message: "{{ query.text }}"}}]
  - name: nothing unrecorded
    match: {query.kind: update}
    then: [{log: {on_full: refuse}}]
"""
NO_WRITES = """
policy: no_writes
rules:
  - {name: the rule, match: {query.kind: delete}, then: [deny]}
"""


LOGIN_ONLY = """
policy: login_only
on: [startup]
rules:
  - {name: the rule, then: [allow]}
"""


def log_lines(gateway, words):
    return [line for line in gateway.process.output().splitlines() if words in line]


def test_gauges_of_memory_follow_what_is_held(make_gateway):
    gateway = make_gateway(rules={"rules.policy.yaml": NO_WRITES}, config={"gateway": {"threads": 1}})

    def gauge(name):
        return gateway.metric(f"signalbox_{name}")

    with connect(gateway) as wire:
        wire.ask(query("select 1"))
        host.wait_until(lambda: gauge("decision_memo_entries") >= 1, 5, "the plan is counted")
        assert gauge("statement_memory_bytes") == 0
        wire.ask(query("prepare p as select 'some text to keep'"))
        kept = gauge("statement_memory_bytes")
        assert kept > len("select 'some text to keep'")
        wire.ask(query("deallocate p"))
        assert gauge("statement_memory_bytes") == 0
        wire.ask(query("prepare q as select 'some text to keep'"))
        assert gauge("statement_memory_bytes") == kept
    host.wait_until(lambda: gauge("statement_memory_bytes") == 0, 5, "the session's end gives its memory back")
    gateway.write_rules(NO_WRITES.replace("delete", "update"), "rules.policy.yaml")
    assert gateway.rest("POST", "/gateway/v1/policies/reload")[0] == 200
    with connect(gateway) as wire:  # the worker takes the policies with its next event at the latest
        wire.ask(query("select 1"))
        assert gauge("decision_memo_entries") == 1


def test_a_full_disk_is_told_counted_and_overcome(make_gateway):
    gateway = make_gateway(rules={"rules.policy.yaml": LOGGED}, config={"queue": {"ring_memory": "64KiB"}})

    def files_may_grow_to(size):
        command = ["prlimit", "--pid", str(gateway.process.pid), f"--fsize={size}:"]
        user = host.ordinary_user()
        subprocess.run(command, check=True, **({"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}))

    def failures():
        return gateway.metric("signalbox_store_failures_total")

    def update():
        return [e["C"] for e in errors(wire.ask(query("update pg_class set relname = relname where false")))]

    with connect(gateway) as wire:
        assert update() == [] and failures() == 0
        files_may_grow_to(64 * 1024)
        text = "x" * 2000
        statements = [query(f"select 1 /* {text} */")] * 100
        counters = [f"signalbox_{what}_total" for what in ("store_failures", "jobs_lost", "jobs_refused")]

        def is_full():  # a fast client fills the lane before its writer has met the disk
            wire.ask(*statements, ready=100)
            return update() == ["53100"] and all(gateway.metric(counter) for counter in counters)

        host.wait_until(is_full, 30, "the audit lane is full")
        told = log_lines(gateway, "queue.directory cannot be written")
        assert 1 <= len(told) <= 10 and all("store=" in line and "error=" in line for line in told)
        files_may_grow_to("unlimited")
        host.wait_until(lambda: update() == [], 10, "what must be recorded is let through again")
        host.wait_until(lambda: len(log_lines(gateway, "queue.directory can be written again"))
                        == len(log_lines(gateway, "queue.directory cannot be written")), 10, "it is said that it is over")


def test_keys_that_wait_for_a_restart_are_named_at_every_reload(make_gateway):
    gateway = make_gateway(rules={})
    before = gateway.config["queue"]["directory"]

    def named_after(changes, reloads):
        gateway.write_config(changes)
        gateway.reload()
        host.wait_until(lambda: len(log_lines(gateway, "configuration loaded")) == reloads, 5, "it has been read")
        return len(log_lines(gateway, "waits for a restart key=queue.directory"))

    assert named_after({"queue": {"directory": before + "2"}}, 1) == 1
    assert named_after({}, 2) == 2
    assert named_after({"queue": {"directory": before}}, 3) == 2  # it is as the process has it: nothing waits


def test_what_somebody_else_has_is_exit_code_3(make_gateway):
    gateway = make_gateway(rules={})
    taken = gateway.run("run", "--config", gateway.config_file, "--listen", f"127.0.0.1:{host.free_port()}", "--admin", "off")
    assert taken.returncode == 3 and "is in use by another gateway" in taken.stderr
    taken = gateway.run("run", "--listen", f"{gateway.address}:{gateway.port}", "--target", "127.0.0.1:1", "--admin", "off")
    assert taken.returncode == 3 and "Address already in use" in taken.stderr


@pytest.mark.parametrize("rules", [None, {}, {"rules.policy.yaml": LOGIN_ONLY}], ids=["no directory", "empty directory", "another hook only"])
def test_default_deny_holds_where_no_policy_is_about_statements(make_gateway, rules):
    gateway = make_gateway(rules=rules, config={"policy": {"default": "deny"}})
    with connect(gateway) as wire:
        for request in (query("select 1"), query("copy (select 1) to stdout"), query("begin; select 1"), pgwire.function_call(1243),
                        parse("select 1") + bind() + execute() + SYNC):
            answer = wire.ask(request)
            assert [(e["C"], e["M"]) for e in errors(answer)] == [("42501", "permission denied")], request
            assert pgwire.status(answer) == "I"


def test_default_deny_holds_when_the_policies_are_gone(make_gateway):
    permits = "policy: permits\nrules:\n  - {name: the rule, then: [allow]}\n"
    gateway = make_gateway(rules={"rules.policy.yaml": permits}, config={"policy": {"default": "deny"}})
    with connect(gateway) as wire:
        assert wire.rows("select 1") == [("1",)]
        wire.ask(parse("select 1", "p") + SYNC)
        (gateway.rules / "rules.policy.yaml").unlink()
        host.wait_until(lambda: errors(wire.ask(query("select 1"))), 5, "statements are refused")
        assert [e["C"] for e in errors(wire.ask(bind(statement="p") + execute() + SYNC))] == ["42501"]
