"""The hooks of a session's life, one by one: what policies see there and what they can do."""
import contextlib
import json
import pathlib
import socket
import struct

import pytest

from rig import host
from support import pgwire
from support.pgwire import SYNC, Wire, bind, connect, describe, errors, execute, parse, query
from tour.receiver import Receiver


def policy(hook, then, match="", name="hooked"):
    condition = f"    match: {match}\n" if match else ""
    return f"policy: {name}\non: [{hook}]\nrules:\n  - name: the rule\n{condition}    then: {json.dumps(then)}\n"


def lines(gateway, count=1, word=""):
    """Audit lines that hold the word, as soon as there are that many."""
    path = pathlib.Path(gateway.config["actions"]["audit_log"])

    def found():
        texts = path.read_text().splitlines() if path.exists() else []
        matching = [json.loads(text) for text in texts if word in text]
        return matching if len(matching) >= count else []

    return host.wait_until(found, 10, f"{count} audit lines")


def fields(gateway, count=1):
    return [line["fields"] for line in lines(gateway, count)]


LOG = {"log": {"message": "seen", "fields": ["hook", "query.kind", "query.text", "response.command_tag", "response.rows", "response.error.sqlstate",
                                             "response.duration_ns", "response.bytes"]}}


def is_reset(wire):
    """The connection ended with RST and not with FIN, and nothing was said before."""
    try:
        return wire.socket.recv(1) is None
    except ConnectionResetError:
        return True


# --- the way back

def test_each_answer_is_seen_once(make_gateway):
    """Simple, with several statements and an error; extended; pipelined."""
    gateway = make_gateway(rules={"a.policy.yaml": policy("traffic_from_server", [LOG])})
    with connect(gateway) as wire:
        wire.ask(query("select generate_series(1, 5); create temp table t (a int); insert into t values (1), (2)"))
        wire.ask(query("select 1/0"))
        wire.ask(parse("select a from t"), bind(), describe(), execute(), SYNC)
        wire.ask(*[m for i in range(3) for m in (parse(f"select {i}"), bind(), execute())], SYNC)
        wire.ask(query(""))
    seen = fields(gateway, 9)
    assert len(seen) == 9
    assert [s.get("response.command_tag") for s in seen] == ["SELECT 5", "CREATE TABLE", "INSERT 0 2", None, "SELECT 2", "SELECT 1", "SELECT 1", "SELECT 1", None] or \
        [s.get("response.command_tag") or None for s in seen] == ["SELECT 5", "CREATE TABLE", "INSERT 0 2", None, "SELECT 2", "SELECT 1", "SELECT 1", "SELECT 1", None]
    assert [s["response.rows"] for s in seen] == [5, 0, 0, 0, 2, 1, 1, 1, 0]
    assert [s.get("query.kind") for s in seen[:4]] == ["select", "create_table", "insert", "select"]
    assert seen[1]["query.text"] == "create temp table t (a int)" and seen[4]["query.text"] == "select a from t"
    assert seen[3]["response.error.sqlstate"] == "22012"
    assert all(s["response.duration_ns"] > 0 and s["response.bytes"] > 0 for s in seen)
    assert {s["hook"] for s in seen} == {"traffic_from_server"}


def test_answers_pass_unchanged_where_they_are_watched(make_gateway, pg):
    gateway = make_gateway(rules={"a.policy.yaml": policy("traffic_from_server, traffic_to_client", [LOG])})
    rounds = [query("select 1, 'x'; select 1/0; select 2"), query("select repeat('x', 100000) from generate_series(1, 50)")]
    with connect(pg) as direct, connect(gateway) as wire:
        for one in rounds:
            assert [m.brief() for m in wire.ask(one)] == [m.brief() for m in direct.ask(one)]
            assert [m.brief() for m in wire.ask(one, step=1)] == [m.brief() for m in direct.ask(one)]
        pipeline = [m for i in range(20) for m in (parse(f"select {i} where {i} % 7 < 6 / ({i} - 9)"), bind(), describe(), execute())] + [SYNC]
        assert [m.brief() for m in wire.ask(*pipeline)] == [m.brief() for m in direct.ask(*pipeline)]


@pytest.mark.parametrize("hook", ["traffic_from_server", "traffic_to_client"])
def test_an_answer_can_end_the_session(hook, make_gateway):
    match = "response.error: {exists: true}"
    gateway = make_gateway(rules={"a.policy.yaml": policy(hook, [{"disconnect": {"message": "one error is enough"}}], "{" + match + "}")})
    with connect(gateway) as wire:
        assert wire.rows("select 1") == [("1",)]
        last = wire.send(query("select 1/0")).until_closed()
        assert [m.fields["M"] for m in last if m.kind == "E"] == ["one error is enough"] and last[-1].fields["S"] == "FATAL"
    with connect(gateway) as wire:
        last = wire.send(parse("select 1"), bind(), execute(), parse("select 1/0"), bind(), execute(), SYNC).until_closed()
        assert pgwire.kinds(last) == "12DC1E" and last[-1].fields["S"] == "FATAL"


def test_columns_are_seen(make_gateway):
    rule = """package policies.columns

import rego.v1

actions contains {"action": "disconnect", "message": "no secrets"} if {
	input.hook == "traffic_from_server"
	some column in input.response.columns
	column.name == "secret"
}
"""
    gateway = make_gateway(rules={"columns.rego": rule})
    with connect(gateway) as wire:
        assert wire.rows("select 1 as plain") == [("1",)]
        assert wire.send(query("select 1 as a, 2 as secret")).until_closed()[-1].fields["M"] == "no secrets"


def test_default_deny_does_not_deny_answers(make_gateway):
    rules = {"a.policy.yaml": policy("traffic_from_server", [LOG]), "b.policy.yaml": policy("traffic_from_client", [{"allow": {}}], name="b")}
    gateway = make_gateway(rules=rules, config={"policy": {"default": "deny"}})
    with connect(gateway) as wire:
        assert wire.rows("select 1") == [("1",)]
    assert len(fields(gateway)) == 1


# --- reject and reset

@pytest.mark.parametrize("verdict", ["reject", "reset"])
def test_a_connection_is_reset_in_the_middle(verdict, make_gateway, pg):
    gateway = make_gateway(rules={"a.policy.yaml": policy("traffic_from_client", [{verdict: {}}], "{query.kind: delete}")})
    for messages in ([query("delete from t")], [parse("select 1"), bind(), execute(), parse("delete from t"), SYNC]):
        with connect(gateway) as wire:
            pid = wire.pid
            assert wire.rows("select 1") == [("1",)]
            wire.send(*messages)
            with contextlib.suppress(pgwire.Closed):
                wire.until_closed()
            host.wait_until(lambda: pg.sql(f"select count(*) from pg_stat_activity where pid = {pid}") == "0", 10, "the server's session has ended")
    with connect(gateway) as wire:
        wire.send(query("delete from t"))
        assert is_reset(wire)


@pytest.mark.parametrize("verdict", ["reject", "reset"])
@pytest.mark.parametrize("hook", ["connecting", "startup", "authenticated"])
def test_a_connection_is_reset_while_it_opens(verdict, hook, make_gateway):
    gateway = make_gateway(rules={"a.policy.yaml": policy(hook, [{verdict: {}}])})
    with contextlib.suppress(pgwire.Closed, ConnectionResetError):
        wire = Wire((gateway.address, gateway.port))
        wire.send(pgwire.startup({"user": "postgres", "database": "postgres"}))
        found = wire.until_closed()
        assert not errors(found)


# --- connecting

REFUSED = policy("connecting", [{"deny": {"sqlstate": "28000", "message": "not from there"}}])


def test_refused_on_arrival_and_told_when_it_can_be_understood(make_gateway, server_certificate, tls_context):
    certificate, key = server_certificate
    gateway = make_gateway(rules={"a.policy.yaml": REFUSED}, tls={"mode": "allow", "certificate": str(certificate), "key": str(key)})
    # At once: nothing is said before the client has said what it wants.
    wire = Wire((gateway.address, gateway.port))
    assert wire.quiet()
    found = wire.login()
    assert errors(found)[0]["S"] == "FATAL" and errors(found)[0]["C"] == "28000"
    # Behind an SSLRequest, inside TLS.
    wire = Wire((gateway.address, gateway.port))
    assert wire.start_tls(tls_context, "localhost") == b"S"
    found = wire.login()
    assert errors(found)[0]["M"] == "not from there"
    # A client that asks for GSS first.
    wire = Wire((gateway.address, gateway.port))
    wire.send(pgwire.GSSENC_REQUEST)
    assert wire.socket.recv(1) == b"N"
    assert errors(wire.login())[0]["C"] == "28000"


def test_psql_shows_the_refusal(make_gateway):
    import subprocess
    gateway = make_gateway(rules={"a.policy.yaml": REFUSED})
    for mode in ("disable", "prefer"):
        done = subprocess.run(["psql", "-X", f"host={gateway.address} port={gateway.port} user=postgres dbname=postgres sslmode={mode}", "-c", "select 1"],
                              capture_output=True, text=True, timeout=20)
        assert done.returncode == 2 and "FATAL:  not from there" in done.stderr, done.stderr


# --- closing, closed, action_result

def test_closing_and_closed_are_raised_once(make_gateway):
    rules = policy("closing, closed", [{"log": {"message": "end", "fields": ["hook", "session.user", "session.queries"]}}])
    gateway = make_gateway(rules={"a.policy.yaml": rules})
    with connect(gateway, user="alice") as wire:
        wire.ask(query("select 1"))
        wire.send(pgwire.TERMINATE)
        wire.until_closed()
    assert [(s["hook"], s["session.user"], s["session.queries"]) for s in fields(gateway, 2)] == [("closing", "alice", 1), ("closed", "alice", 1)]
    wire = connect(gateway, user="bob")
    wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wire.drop()
    assert [s["hook"] for s in fields(gateway, 4)[2:]] == ["closing", "closed"]


def test_the_result_of_an_action_comes_back_to_its_session(make_gateway):
    with contextlib.closing(Receiver()) as receiver:
        hooked = policy("traffic_from_client", [{"webhook": {"url": receiver.url, "body": {"a": 1}, "result": True}}], "{query.kind: listen}", "asks")
        back = policy("action_result", [{"log": {"message": "result", "fields": ["session.user", "result.ok", "result.action", "result.attempts"]}}], "", "hears")
        gateway = make_gateway(rules={"a.policy.yaml": hooked, "b.policy.yaml": back})
        with connect(gateway, user="alice") as other, connect(gateway, user="bob") as wire:
            wire.ask(query("listen x"))
            seen = fields(gateway, 1)
            assert other.rows("select 1") == [("1",)]
    assert seen == [{"session.user": "bob", "result.ok": True, "result.action": "webhook", "result.attempts": 2}]



# --- the gateway's own life

LIFE = "config_loaded, booting, booted, tick, signal, shutdown"


@pytest.mark.parametrize("refusing", [False, True])
def test_the_gateways_own_life_is_told(make_gateway, refusing):
    """With `policy.default: deny` too: nothing of this needs permission."""
    told = [{"log": {"message": "life", "fields": ["hook", "gateway.node", "gateway.sessions", "gateway.signal", "session.user", "client.address"]}}]
    rules = {"a.policy.yaml": policy(LIFE, told), "b.policy.yaml": policy("traffic_from_client", ["allow"], name="allows")}
    config = {"gateway": {"tick_interval": "50ms", "node": "one"}, "policy": {"default": "deny" if refusing else "allow"}}
    gateway = make_gateway(rules=rules, config=config)

    def hooks(after):
        return [s["hook"] for s in fields(gateway)[after:] if s["hook"] != "tick"]

    def become(expected, after=0):
        host.wait_until(lambda: hooks(after) == expected, 10, f"{expected}")
        return len(fields(gateway))

    seen = become(["config_loaded", "booting", "booted"])
    with connect(gateway) as wire:
        assert wire.rows("select 1") == [("1",)]
        host.wait_until(lambda: fields(gateway)[-1] == {"hook": "tick", "gateway.node": "one", "gateway.sessions": 1}, 10, "a tick tells of the session")
    gateway.write_rules(policy("traffic_from_client", ["allow"], name="other"), "c.policy.yaml")
    seen = become(["config_loaded"], seen)
    gateway.reload()
    seen = become(["signal", "config_loaded"], seen)
    gateway.write_config({"gateway": {"tick_interval": "0"}})
    gateway.reload()
    seen = become(["signal", "config_loaded"], seen)
    assert not gateway.metric("signalbox_statements_refused_total") and not gateway.metric("signalbox_decision_errors_total")
    assert gateway.stop() == 0
    last = fields(gateway)[seen:]
    assert [s["hook"] for s in last] == ["signal", "shutdown"] and last[0]["gateway.signal"] == "SIGTERM"
    assert {s["gateway.signal"] for s in fields(gateway) if s["hook"] == "signal"} == {"SIGHUP", "SIGTERM"}
    assert not any("session.user" in s or "client.address" in s for s in fields(gateway))


def test_who_is_about_nothing_of_it_is_not_asked(make_gateway):
    """A policy without hooks is about statements of clients; no tick wakes the gateway."""
    gateway = make_gateway(rules={"a.policy.yaml": "policy: p\nrules:\n  - then: [{log: {message: seen, fields: [hook]}}]\n"}, config={"gateway": {"tick_interval": "10ms"}})
    with connect(gateway) as wire:
        wire.ask(query("select 1"))
    assert [s["hook"] for s in fields(gateway, 1)] == ["traffic_from_client"]
    gateway.reload()
    assert gateway.stop() == 0
    assert [s["hook"] for s in fields(gateway, 1)] == ["traffic_from_client"]
