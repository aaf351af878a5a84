"""Signals on live traffic: what detectors see in real sessions, and that policies act on it."""
import socket

import psycopg2
import pytest

from rig import host
from support.clients import program as run
from support.pgwire import SYNC, bind, connect, errors, execute, parse, query


@pytest.fixture
def watched(make_gateway):
    """A gateway of one thread: detectors count on each by itself."""
    def make(rules):
        return make_gateway(rules=rules, config={"gateway": {"threads": 1}})
    return make


def refusals(messages):
    return [error["M"] for error in errors(messages)]


def test_injection(watched):
    rules = {"i.policy.yaml": "policy: i\nrules:\n  - match: {signals.injection.value: tautology}\n    then: [{deny: {message: injected}}]\n"}
    with connect(watched(rules)) as wire:
        assert refusals(wire.ask(query("select 1 from pg_class where relname = 'x' or 1=1"))) == ["injected"]
        assert refusals(wire.ask(query("select 1 from pg_class where relname = 'x' or 1=2"))) == []
        assert refusals(wire.ask(parse("select 1 from pg_class where oid = 1 or 'a'='a'"), bind(), execute(), SYNC)) == ["injected"]
        # remembered, and still told apart
        for _ in range(3):
            assert refusals(wire.ask(query("select 1 from pg_class where relname = 'x' or 1=1"))) == ["injected"]
            assert refusals(wire.ask(query("select 1 from pg_class where relname = 'x' or 1=2"))) == []


def test_rate(watched):
    rules = {"r.policy.yaml": "policy: r\nrules:\n  - match: {signals.rate.minute: {range: {above: 20}}}\n    then: [{deny: {message: too fast}}]\n"}
    gateway = watched(rules)
    with connect(gateway, user="alice") as wire:
        said = [refusals(wire.ask(query("select 1"))) for _ in range(30)]
        assert said[:20] == [[]] * 20 and said[20:] == [["too fast"]] * 10
    with connect(gateway, user="bob") as other:
        assert refusals(other.ask(query("select 1"))) == []
    with connect(gateway, user="alice") as again:
        assert refusals(again.ask(query("select 1"))) == ["too fast"]


def test_rate_counts_what_is_prepared_each_time_it_runs(watched):
    rules = {"r.policy.yaml": "policy: r\nrules:\n  - match: {signals.rate.minute: {range: {above: 20}}}\n    then: [{deny: {message: too fast}}]\n"}
    with connect(watched(rules), user="alice") as wire:
        assert refusals(wire.ask(parse("select 1", "s"), SYNC)) == []
        said = [refusals(wire.ask(bind(statement="s"), execute(), SYNC)) for _ in range(30)]
        assert said[:19] == [[]] * 19 and said[19:] == [["too fast"]] * 11


def test_result_size(watched):
    rules = {"s.policy.yaml": "policy: s\nrules:\n  - match: {signals.result_size.value: {range: {above: 1000}}}\n    then: [{deny: {message: too much}}]\n"}
    gateway = watched(rules)
    with connect(gateway, user="alice") as wire:
        assert refusals(wire.ask(query("select generate_series(1, 900)"))) == []
        assert refusals(wire.ask(query("select generate_series(1, 900)"))) == []
        assert refusals(wire.ask(query("select 1"))) == ["too much"]
    with connect(gateway, user="bob") as other:
        assert refusals(other.ask(query("select 1"))) == []


def test_transaction_age(watched):
    rules = {"t.policy.yaml": "policy: t\nrules:\n  - match: {signals.transaction_age.value: {range: {above: 300}}, query.kind: select}\n    then: [{deny: {message: too old}}]\n"}
    with connect(watched(rules)) as wire:
        assert refusals(wire.ask(query("select 1"))) == []
        assert refusals(wire.ask(query("begin"))) == []
        assert refusals(wire.ask(query("select 1"))) == []
        assert refusals(wire.ask(query("select pg_sleep(0.5)"))) == []
        assert refusals(wire.ask(query("select 1"))) == ["too old"]
        assert refusals(wire.ask(query("rollback"))) == []
        assert refusals(wire.ask(query("select 1"))) == []


def test_authentication_failure(watched):
    rules = {"a.policy.yaml": "policy: a\nrules:\n  - on: [connecting]\n    match: {signals.authentication_failure.value: {range: {min: 3}}}\n"
                              "    then: [{deny: {message: locked out}}]\n"}
    gateway = watched(rules)

    def login(password):
        try:
            psycopg2.connect(host=gateway.address, port=gateway.port, user="scram_user", dbname="postgres", password=password, sslmode="disable").close()
        except psycopg2.OperationalError as error:
            return str(error)
        return ""

    assert login("scram secret") == ""
    for _ in range(3):
        assert "password authentication failed" in login("wrong")
    assert "locked out" in login("scram secret")


def test_protocol_violation(watched):
    rules = {"v.policy.yaml": "policy: v\nrules:\n  - on: [connecting]\n    match: {signals.protocol_violation.value: {range: {min: 2}}}\n"
                              "    then: [{deny: {message: broken client}}]\n"}
    gateway = watched(rules)
    assert run("psql", "-Xc", "select 1", server=gateway).returncode == 0
    for nonsense in (b"GET / HTTP/1.1\r\n\r\n", b"\x00\x00\x00\x04\x00\x00\x00\x00"):
        with socket.create_connection((gateway.address, gateway.port), 5) as raw:
            raw.sendall(nonsense)
            while raw.recv(4096):
                pass
    done = run("psql", "-Xc", "select 1", server=gateway)
    assert done.returncode != 0 and "broken client" in done.stderr


def test_client_fingerprint(watched):
    rules = {"f.rego": 'package policies.f\nimport rego.v1\nactions contains {"action": "deny", "message": sprintf("%v %v", '
                       '[input.signals.client_fingerprint.value, concat(",", input.signals.client_fingerprint.parameters)])} if input.hook == "startup"\n'}
    gateway = watched(rules)
    said = {run("psql", "-Xc", "select 1", server=gateway).stderr for _ in range(2)}
    assert len(said) == 1
    psql = said.pop()
    assert "user,database,application_name" in psql
    with pytest.raises(Exception):
        connect(gateway)


def test_unusual_statement(watched):
    rules = {"u.policy.yaml": "policy: u\nrules:\n  - match: {signals.unusual_statement.value: true}\n    then: [{deny: {message: unheard of}}]\n"}
    with connect(watched(rules), user="alice") as wire:
        for i in range(10):
            wire.ask(*[query(f"select {i}") for _ in range(100)], ready=100)
        assert refusals(wire.ask(query("select 12345"))) == []
        for _ in range(3):
            assert refusals(wire.ask(query("select relname from pg_class"))) == ["unheard of"]


def test_what_no_policy_reads_is_not_watched(watched):
    """The same sessions without a policy on signals: nothing is counted when one comes."""
    gateway = watched({})
    with connect(gateway, user="alice") as wire:
        for _ in range(50):
            wire.ask(query("select 1"))
        gateway.write_rules("policy: r\nrules:\n  - match: {signals.rate.minute: {range: {above: 20}}}\n    then: [{deny: {message: too fast}}]\n")
        host.wait_until(lambda: gateway.rest("GET", "/gateway/v1/policies")[1].get("rules"), 10, "the new policy")
        assert refusals(wire.ask(query("select 1"))) == []
