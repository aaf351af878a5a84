"""The sync lane: what policies ask for beside a verdict, on live traffic, seen by a client and from a second connection."""
import os
import signal
import sqlite3
import threading
import time

import pytest

from rig import host
from rig.gateway import TOKEN
from support import pgwire
from support.rules import policy_file
from support.pgwire import SYNC, Wire, bind, connect, describe, errors, execute, kinds, parse, query, status


def refusal(messages):
    found = errors(messages)
    return found[0]["C"] if found else None


def login_error(gateway, **login):
    with Wire((gateway.address, gateway.port)) as wire:
        try:
            answer = wire.login(**login)
        except pgwire.Closed:
            return {"C": "closed"}
        return answer[-1].fields if answer[-1].kind == "E" else None


def outcome(gateway, word):
    def found():
        records = gateway.rest("GET", "/gateway/v1/decisions?limit=100")[1]["decisions"]
        return [r["outcome"] for r in records if word in r.get("outcome", "")]
    return host.wait_until(found, 10, f"a decision record with the outcome {word}")[0]


TRAFFIC = "traffic_from_client"
BY_USER = "session.user: alice"


# --- police

def test_police_refuses_and_says_when_to_come_again(make_gateway):
    gateway = make_gateway(rules=policy_file(TRAFFIC, {"police": {"rate": 3, "per": "60s"}}, match=BY_USER))
    with connect(gateway, user="alice") as wire, connect(gateway, user="bob") as other:
        answers = [wire.ask(query("select 1")) for _ in range(5)]
        assert [refusal(a) for a in answers] == [None, None, None, "53400", "53400"]
        hint = errors(answers[3])[0]["H"]
        assert hint.startswith("Retry after ") and 0 < float(hint.split()[2]) <= 20.1
        assert [refusal(other.ask(query("select 1"))) for _ in range(5)] == [None] * 5
    assert outcome(gateway, "refused") == "police: refused 53400"
    assert gateway.metric("signalbox_police_total", outcome="refused") == 2
    listed = gateway.rest("GET", "/gateway/v1/limits")[1]["limits"]
    assert [(r["key"], r["admitted"], r["refused"]) for r in listed] == [("lane/the rule:alice", 3, 2)]


def test_police_is_shared_by_the_event_loops(make_gateway):
    gateway = make_gateway(config={"gateway": {"threads": 4}}, rules=policy_file(TRAFFIC, {"police": {"rate": 10, "per": "10m"}}))
    wires = [connect(gateway) for _ in range(8)]
    passed = sum(refusal(wire.ask(query("select 1"))) is None for _ in range(3) for wire in wires)
    assert passed == 10
    for wire in wires:
        wire.drop()


def test_police_delays(make_gateway):
    gateway = make_gateway(rules=policy_file(TRAFFIC, {"police": {"rate": 5, "burst": 1, "on_excess": "delay", "max_delay": "2s"}}, match=BY_USER))
    with connect(gateway, user="alice") as wire, connect(gateway, user="bob") as other:
        began = time.monotonic()
        assert [refusal(wire.ask(query("select 1"))) for _ in range(4)] == [None] * 4
        assert 0.55 <= time.monotonic() - began < 3
        began = time.monotonic()
        wire.send(query("select 1"))
        assert refusal(other.ask(query("select 1"))) is None and time.monotonic() - began < 0.15  # nobody else waits
        wire.until_ready()


def test_police_sheds(make_gateway):
    gateway = make_gateway(rules=policy_file(TRAFFIC, {"police": {"rate": 1, "per": "60s", "on_excess": "shed"}}))
    with connect(gateway) as wire:
        assert refusal(wire.ask(query("select 1"))) is None
        last = wire.send(query("select 1")).until_closed()
        assert last[-1].fields["S"] == "FATAL" and last[-1].fields["C"] == "53400"


def test_police_counts_executions_of_what_is_prepared(make_gateway):
    """Prepared once, executed often: each execution counts, in one pipeline as in many."""
    gateway = make_gateway(rules=policy_file(TRAFFIC, {"police": {"rate": 4, "per": "10m"}}))
    with connect(gateway) as wire:
        assert refusal(wire.ask(parse("select 1", "p"), SYNC)) is None  # 1
        assert refusal(wire.ask(bind(statement="p"), execute(), SYNC)) is None  # 2
        assert refusal(wire.ask(bind(statement="p"), execute(), bind(statement="p"), execute(), SYNC)) is None  # 3, 4
        assert refusal(wire.ask(bind(statement="p"), execute(), SYNC)) == "53400"
        assert status(wire.ask(SYNC)) == "I"
    with connect(gateway, user="bob") as wire:
        pipeline = [parse("select 1", "p")] + [m for _ in range(6) for m in (bind(statement="p"), execute())]
        answer = wire.ask(*pipeline, SYNC)
        assert refusal(answer) == "53400" and kinds(answer).count("D") == 4  # the first is the Parse's own


def test_police_of_sql_prepare_and_execute(make_gateway):
    gateway = make_gateway(rules=policy_file(TRAFFIC, {"police": {"rate": 2, "per": "10m"}}, match="query.kind: execute"))
    with connect(gateway) as wire:
        wire.ask(query("prepare p as select 1"))
        assert [refusal(wire.ask(query("execute p"))) for _ in range(3)] == [None, None, "53400"]


@pytest.mark.parametrize("hook", ["connecting", "startup"])
def test_police_of_connections(make_gateway, hook):
    key = "{{ client.address }}"
    gateway = make_gateway(rules=policy_file(hook, {"police": {"rate": 2, "per": "10m", "key": key}}))
    assert [login_error(gateway) for _ in range(2)] == [None, None]
    refused = login_error(gateway)
    assert refused["C"] == "53400" and refused["S"] == "FATAL" and refused["H"].startswith("Retry after")


# --- limit

def test_limit_concurrency(make_gateway, pg):
    gateway = make_gateway(rules=policy_file(TRAFFIC, {"limit": {"concurrency": 2, "key": "all"}}, match="query.functions: pg_sleep"))
    wires = [connect(gateway) for _ in range(3)]
    for wire in wires[:2]:
        wire.send(query("select pg_sleep(3)"))
    host.wait_until(lambda: pg.sql("select count(*) from pg_stat_activity where query like 'select pg_sleep%' and state = 'active'") == "2", 20, "both sleep")
    answer = wires[2].ask(query("select pg_sleep(0)"))
    assert refusal(answer) == "53400" and status(answer) == "I"
    assert wires[2].rows("select 1") == [("1",)]  # not of this kind
    for wire in wires[:2]:
        assert refusal(wire.until_ready()) is None
    assert refusal(wires[2].ask(query("select pg_sleep(0)"))) is None
    for wire in wires:
        wire.drop()


def test_limit_concurrency_is_given_back_when_the_client_goes(make_gateway):
    gateway = make_gateway(rules=policy_file(TRAFFIC, {"limit": {"concurrency": 1, "key": "all"}}, match="query.functions: pg_sleep"))
    with connect(gateway) as wire:
        wire.send(query("select pg_sleep(2)"))
        time.sleep(0.3)
    with connect(gateway) as wire:
        host.wait_until(lambda: refusal(wire.ask(query("select pg_sleep(0)"))) is None, 10, "the place is free")


def test_limit_of_sessions(make_gateway):
    gateway = make_gateway(rules=policy_file("authenticated", {"limit": {"concurrency": 2}}))
    with connect(gateway, user="alice"), connect(gateway, user="alice"):
        refused = login_error(gateway, user="alice") or {}
        with connect(gateway, user="bob"):
            pass
    assert refused == {} or refused["C"] == "53400"
    host.wait_until(lambda: gateway.metric("signalbox_limit_total", outcome="refused") == 1, 5, "one refused")


@pytest.mark.parametrize("in_transaction", [False, True])
@pytest.mark.parametrize("extended", [False, True])
def test_limit_duration_cancels_at_the_server(make_gateway, pg, extended, in_transaction):
    gateway = make_gateway(rules=policy_file(TRAFFIC, {"limit": {"duration": "300ms"}}, match="query.functions: pg_sleep"))
    with connect(gateway, application_name="limited") as wire:
        if in_transaction:
            wire.ask(query("begin"))
        began = time.monotonic()
        sleep = "select pg_sleep(20)"
        answer = wire.ask(parse(sleep), bind(), execute(), SYNC) if extended else wire.ask(query(sleep))
        assert 0.25 < time.monotonic() - began < 5
        assert refusal(answer) == "57014" and errors(answer)[0]["M"] == "canceling statement due to statement timeout"
        assert status(answer) == ("E" if in_transaction else "I")
        assert pg.sql("select count(*) from pg_stat_activity where application_name = 'limited' and state = 'active'") == "0"
        wire.ask(query("rollback"))
        assert wire.rows("select 2") == [("2",)]
        assert [refusal(wire.ask(query("select pg_sleep(0.01)"))) for _ in range(3)] == [None] * 3
    assert gateway.metric("signalbox_limit_total", outcome="cancelled") == 1


@pytest.mark.parametrize("extended", [False, True])
@pytest.mark.parametrize("size", [11, 200_000])
def test_limit_rows(make_gateway, size, extended):
    gateway = make_gateway(rules=policy_file(TRAFFIC, {"limit": {"rows": 10}}, match="query.functions: generate_series"))
    text = f"select generate_series(1, {size})"
    with connect(gateway) as wire:
        answer = wire.ask(parse(text), bind(), execute(), SYNC) if extended else wire.ask(query(text))
        assert kinds(answer).count("D") == 10 and refusal(answer) == "53400" and status(answer) == "I"
        assert kinds(answer).endswith("DEZ")
        assert wire.rows("select 3") == [("3",)]
        assert len(wire.rows("select generate_series(1, 10)")) == 10
    assert gateway.metric("signalbox_limit_total", outcome="cut") == 1


def test_limit_rows_aborts_the_transaction(make_gateway, pg):
    pg.sql("drop table if exists lane_rows; create table lane_rows (a int)")
    gateway = make_gateway(rules=policy_file(TRAFFIC, {"limit": {"rows": 10}}, match="query.functions: generate_series"))
    with connect(gateway) as wire:
        wire.ask(query("begin"))
        wire.ask(query("insert into lane_rows values (1)"))
        answer = wire.ask(query("select generate_series(1, 11)"))
        assert refusal(answer) == "53400" and status(answer) == "E"
        assert refusal(wire.ask(query("select 1"))) == "25P02"
        answer = wire.ask(query("commit"))
        assert status(answer) == "I" and [m.text for m in answer if m.kind == "C"] == ["ROLLBACK"]
    assert pg.sql("select count(*) from lane_rows") == "0"


def test_limit_bytes(make_gateway):
    gateway = make_gateway(rules=policy_file(TRAFFIC, {"limit": {"bytes": 1000}}))
    with connect(gateway) as wire:
        assert refusal(wire.ask(query("select repeat('x', 900)"))) is None
        assert refusal(wire.ask(query("select repeat('x', 1100)"))) == "53400"
        assert refusal(wire.ask(query("select 1; select repeat('x', 1100); select 2"))) == "53400"
        assert wire.rows("select 4") == [("4",)]


@pytest.mark.parametrize("extended", [False, True])
def test_limit_columns(make_gateway, extended):
    gateway = make_gateway(rules=policy_file(TRAFFIC, {"limit": {"columns": 3}}))
    with connect(gateway) as wire:
        for text, code in (("select 1, 2, 3", None), ("select 1, 2, 3, 4", "53400"), ("select 1, 2, 3, 4 where false", None), ("select generate_series(1, 90000), repeat('x', 9), 3, 4", "53400")):
            answer = wire.ask(parse(text), bind(), execute(), SYNC) if extended else wire.ask(query(text))
            assert refusal(answer) == code and kinds(answer).count("D") == (1 if text.endswith("3") else 0) and status(answer) == "I"
        assert wire.rows("select 4") == [("4",)]


# --- block

def test_block_a_user(make_gateway, folder):
    gateway = make_gateway(rules=policy_file(TRAFFIC, {"block": {"by": "user", "for": "1h", "reason": "wrote {{ query.kind }}"}}, match="session.user: alice, query.kind: drop_table"))
    with connect(gateway, user="alice") as wire, connect(gateway, user="alice") as second, connect(gateway, user="bob") as other:
        last = wire.send(query("drop table if exists nothing")).until_closed()
        assert last[-1].fields["S"] == "FATAL" and last[-1].fields["C"] == "28000"
        assert second.until_closed()[-1].fields["C"] == "28000"  # every session of hers
        assert other.rows("select 1") == [("1",)]
        assert login_error(gateway, user="alice")["C"] == "28000"
        assert login_error(gateway, user="bob") is None
    listed = gateway.rest("GET", "/gateway/v1/blocks")[1]["blocks"]
    assert [(b["kind"], b["value"], b["reason"], b["source"]) for b in listed] == [("user", "alice", "wrote drop_table", "lane/the rule")]
    gateway.stop()
    gateway.start()  # it survives
    assert login_error(gateway, user="alice")["C"] == "28000"
    admin = ["--admin", f"127.0.0.1:{gateway.admin_port}"]
    env = {**os.environ, "SIGNALBOX_TOKEN": TOKEN}
    shown = gateway.run("blocks", "list", *admin, env=env)
    assert shown.returncode == 0 and "alice" in shown.stdout and "drop_table" in shown.stdout, shown
    lifted = gateway.run("blocks", "lift", "alice", "--kind", "user", *admin, env=env)
    assert lifted.returncode == 0, lifted
    assert login_error(gateway, user="alice") is None


def test_block_an_address_by_hand_and_expiry(make_gateway):
    gateway = make_gateway()
    with connect(gateway) as wire:
        code, block = gateway.rest("POST", "/gateway/v1/blocks", {"kind": "address", "value": "127.0.0.0/8", "for": "2s"})
        assert code == 200 and block["value"] == "127.0.0.0/8" and block["until"]
        assert wire.until_closed()[-1].fields["C"] == "28000"
    assert login_error(gateway)["C"] == "28000"
    host.wait_until(lambda: login_error(gateway) is None, 10, "the block is over")
    assert gateway.rest("POST", "/gateway/v1/blocks", {"kind": "address", "value": "nobody"})[0] == 400
    assert gateway.rest("POST", "/gateway/v1/blocks/lift", {"kind": "user", "value": "nobody"})[0] == 404


def test_blocks_survive_a_kill(make_gateway):
    """What the API has answered for is on the disk, added or lifted; what a policy has blocked is there soon."""
    gateway = make_gateway(rules=policy_file(TRAFFIC, {"block": {"by": "user"}}, match="session.user: alice"))
    names = [f"user {n}" for n in range(40)]
    for name in names:
        assert gateway.rest("POST", "/gateway/v1/blocks", {"kind": "user", "value": name})[0] == 200
    for name in names[::2]:
        assert gateway.rest("POST", "/gateway/v1/blocks/lift", {"kind": "user", "value": name})[0] == 200
    gateway.process.signal(signal.SIGKILL)
    gateway.process.wait(10)
    gateway.start()
    assert {b["value"] for b in gateway.rest("GET", "/gateway/v1/blocks")[1]["blocks"]} == set(names[1::2])
    with connect(gateway, user="alice") as wire:
        wire.send(query("select 1")).until_closed()
    assert gateway.rest("POST", "/gateway/v1/blocks", {"kind": "user", "value": "one more"})[0] == 200  # written behind hers
    gateway.process.signal(signal.SIGKILL)
    gateway.process.wait(10)
    gateway.start()
    assert {"alice", "one more"} <= {b["value"] for b in gateway.rest("GET", "/gateway/v1/blocks")[1]["blocks"]}


def test_a_block_that_cannot_be_written_is_no_success(make_gateway):
    gateway = make_gateway()
    store = gateway.folder / "queue" / "blocks.db"
    with sqlite3.connect(store) as other:
        other.execute("begin immediate")  # as long as somebody writes, nobody else does
        code, answer = gateway.rest("POST", "/gateway/v1/blocks", {"kind": "user", "value": "alice"})
        assert code == 500 and "could not be written" in answer["message"]
        assert login_error(gateway, user="alice")["C"] == "28000"
        other.rollback()
    host.wait_until(lambda: sqlite3.connect(store).execute("select value from blocks").fetchall() == [("alice",)], 10, "it is written when it can be")


def test_block_a_fingerprint(make_gateway):
    gateway = make_gateway(rules=policy_file(TRAFFIC, {"block": {"by": "fingerprint"}}, match="session.user: alice, query.tables.name: pg_class"))
    with connect(gateway, user="alice") as wire:
        assert wire.send(query("select relname from pg_class where oid = 10")).until_closed()[-1].fields["C"] == "28000"
    with connect(gateway, user="bob") as wire:
        for text in ("SELECT relname  FROM pg_class WHERE oid = 11", "select 1; select relname from pg_class where oid = 12"):
            assert refusal(wire.ask(query(text))) == "42501"
        assert refusal(wire.ask(parse("select relname from pg_class where oid = 13"), bind(), execute(), SYNC)) == "42501"
        assert refusal(wire.ask(query("select relname, oid from pg_class where oid = 13"))) is None


# --- set, noset

def test_set_at_startup_is_the_session_default(make_gateway):
    gateway = make_gateway(rules=policy_file("startup", {"set": {"name": "statement_timeout", "value": "7s"}}, {"set": {"name": "TimeZone", "value": "Asia/Tokyo"}}))
    with connect(gateway) as wire:
        assert wire.parameters["TimeZone"] == "Asia/Tokyo"
        assert wire.rows("show statement_timeout") == [("7s",)]
        wire.ask(query("set statement_timeout = 0"))
        wire.ask(query("discard all"))
        assert wire.rows("show statement_timeout") == [("7s",)]


def test_set_at_authenticated_and_before_a_statement(make_gateway):
    gateway = make_gateway(rules={**policy_file("authenticated", {"set": {"name": "search_path", "value": "pg_catalog, \"My Schema\""}}, name="first"),
                                  **policy_file(TRAFFIC, {"set": {"name": "application_name", "value": "it's {{ query.kind }}"}}, match="query.kind: select", name="second")})
    with connect(gateway) as wire:
        assert wire.rows("show search_path") == [('pg_catalog, "My Schema"',)]
        assert wire.rows("select current_setting('application_name')") == [("it's select",)]
        assert wire.parameters["application_name"] == "it's select"
        answer = wire.ask(parse("select current_setting('application_name')"), bind(), describe(), execute(), SYNC)
        assert kinds(answer).replace("S", "") == "12TDCZ"
    assert outcome(gateway, "set") == "set: done"


def test_set_in_transactions_and_pipelines(make_gateway):
    gateway = make_gateway(rules=policy_file(TRAFFIC, {"set": {"name": "lane.tenant", "value": "t1", "scope": "transaction"}}, match="query.functions: current_setting"))
    asks = "select current_setting('lane.tenant', true)"
    with connect(gateway) as wire:
        wire.ask(query("begin"))
        assert wire.rows(asks) == [("t1",)]
        assert status(wire.ask(query("select 1/0"))) == "E"
        assert refusal(wire.ask(query(asks))) == "25P02"
        wire.ask(query("rollback"))
        wire.ask(query("begin"))
        pipeline = wire.ask(parse("select 1"), bind(), execute(), parse(asks), bind(), execute(), parse("select 2"), bind(), execute(), SYNC)
        assert kinds(pipeline) == "12DC12DC12DCZ"
        assert [m.columns for m in pipeline if m.kind == "D"] == [[b"1"], [b"t1"], [b"2"]]
        wire.ask(query("commit"))
        wire.ask(parse(asks, "p"), SYNC)
        assert [m.columns for m in wire.ask(bind(statement="p"), execute(), SYNC) if m.kind == "D"][0] in ([b""], [b"t1"])


def test_set_that_fails_refuses(make_gateway):
    gateway = make_gateway(rules=policy_file(TRAFFIC, {"set": {"name": "work_mem", "value": "not a number"}}, match="query.kind: select"))
    with connect(gateway) as wire:
        answer = wire.ask(query("select 1"))
        assert refusal(answer) == "22023" and status(answer) == "I"
        answer = wire.ask(parse("select 1"), bind(), execute(), SYNC)
        assert refusal(answer) == "22023" and kinds(answer) == "EZ"
        wire.ask(query("begin"))
        answer = wire.ask(query("select 1"))
        assert refusal(answer) == "22023" and status(answer) == "E"
        assert status(wire.ask(query("rollback"))) == "I"


CHANGES = ["set search_path = public", "SET SESSION search_path TO public", "set local search_path = public", "select set_config('search_path', 'public', false)",
           "select set_config('search' || '_path', 'public', false)", "set schema 'public'", "do $$ begin set search_path = public; end $$",
           "with a as (select set_config('search_path', 'public', false)) select * from a", "explain analyze select set_config('search_path', 'public', false)",
           "prepare p as select set_config('search_path', 'public', false)", "select 1; set search_path = public"]


def test_noset_refuses_every_way_to_set(make_gateway):
    gateway = make_gateway(rules=policy_file("startup", {"set": {"name": "search_path", "value": "pg_catalog"}}, {"noset": {"name": "search_path"}}))
    with connect(gateway) as wire:
        for text in CHANGES:
            assert refusal(wire.ask(query(text))) == "55P02", text
            assert refusal(wire.ask(parse(text), bind(), execute(), SYNC)) in ("55P02", "42601"), text
        for text in ["reset search_path", "reset all", "discard all", "set search_path to default", "set work_mem = '8MB'"]:
            assert refusal(wire.ask(query(text))) is None, text
        assert refusal(wire.ask(parse("select set_config($1, $2, false)"), bind(["search_path", "public"]), execute(), SYNC)) == "55P02"
        assert wire.rows("show search_path") == [("pg_catalog",)]


@pytest.mark.parametrize("given", [{"search_path": "public"}, {"options": "-c search_path=public"}, {"options": "--search-path=public"},
                                   {"options": "-cwork_mem=8MB -c search_path=pub\\ lic"}])
@pytest.mark.parametrize("on_set", ["refuse", "ignore"])
def test_noset_reads_the_startup_packet(make_gateway, given, on_set):
    gateway = make_gateway(rules=policy_file("startup", {"noset": {"name": "search_path", "on_set": on_set}}))
    if on_set == "refuse":
        assert login_error(gateway, **given)["C"] == "55P02"
        return
    with connect(gateway, **given) as wire:
        assert wire.rows("show search_path") == [('"$user", public',)]
        assert wire.rows("show work_mem") == [("8MB" if "work_mem" in str(given) else "4MB",)]


def test_noset_ignores(make_gateway):
    gateway = make_gateway(rules=policy_file("startup", {"noset": {"name": "work_mem", "on_set": "ignore"}}))
    with connect(gateway) as wire:
        answer = wire.ask(query("set work_mem = '9MB'"))
        assert [m.text for m in answer if m.kind == "C"] == ["SET"] and status(answer) == "I"
        answer = wire.ask(query("select 1; set work_mem = '9MB'; select 2"))
        assert [m.text for m in answer if m.kind == "C"] == ["SELECT 1", "SET", "SELECT 1"]
        answer = wire.ask(parse("set work_mem = '9MB'"), bind(), describe(), execute(), SYNC)
        assert kinds(answer) == "12nCZ"
        wire.ask(query("begin"))
        assert status(wire.ask(query("set local work_mem = '9MB'"))) == "T"
        wire.ask(query("commit"))
        assert refusal(wire.ask(query("select set_config('work_mem', '9MB', false)"))) == "55P02"
        assert wire.rows("show work_mem") == [("4MB",)]


# --- upgrade, reauth, transmit, fallthrough

@pytest.mark.parametrize("hook", ["connecting", "startup"])
def test_upgrade_requires_tls_of_the_client(make_gateway, server_certificate, tls_context, hook):
    from conftest import listener_tls
    gateway = make_gateway(tls=listener_tls(server_certificate), rules=policy_file(hook, {"upgrade": {}}))
    refused = login_error(gateway)
    assert refused["C"] == "28000" and refused["S"] == "FATAL" and "sslmode" in refused["H"]
    with Wire((gateway.address, gateway.port)) as wire:
        wire.start_tls(tls_context, "localhost")
        assert wire.login()[-1].kind == "Z"
        assert wire.rows("select 1") == [("1",)]


def test_upgrade_of_one_statement(make_gateway):
    gateway = make_gateway(rules=policy_file(TRAFFIC, {"upgrade": {}}, match="query.tables.name: pg_authid"))
    with connect(gateway) as wire:
        answer = wire.ask(query("select count(*) from pg_authid"))
        assert refusal(answer) == "28000" and status(answer) == "I"
        assert wire.rows("select 1") == [("1",)]


def test_upgrade_towards_the_server(make_gateway, pg):
    gateway = make_gateway(config={"targets": [{"name": "main", "address": f"127.0.0.1:{pg.port}", "tls": {"mode": "allow"}}]},
                           rules=policy_file("startup", {"upgrade": {"side": "server"}}, match=BY_USER))
    encrypted = "select ssl from pg_stat_ssl where pid = pg_backend_pid()"
    with connect(gateway, user="alice") as wire, connect(gateway, user="bob") as other:
        assert wire.rows(encrypted) == [("t",)] and other.rows(encrypted) == [("f",)]


def test_reauth_when_idle_and_now(make_gateway):
    gateway = make_gateway(rules={**policy_file(TRAFFIC, {"reauth": {}}, match="query.functions: now", name="idle"),
                                  **policy_file(TRAFFIC, {"reauth": {"when": "now"}}, match="query.functions: clock_timestamp", name="now")})
    with connect(gateway) as wire:
        wire.ask(query("begin"))
        assert status(wire.ask(query("select now()"))) == "T"  # the transaction goes on
        assert wire.rows("select 1") == [("1",)]
        last = wire.send(query("commit")).until_closed()
        assert kinds(last) == "CZE" and last[-1].fields["S"] == "FATAL" and last[-1].fields["C"] == "57P01"
    with connect(gateway) as wire:
        last = wire.send(query("select clock_timestamp()")).until_closed()
        assert kinds(last) == "E" and last[0].fields["S"] == "FATAL"


def test_transmit_passes_the_later_hook(make_gateway):
    gateway = make_gateway(rules={**policy_file(TRAFFIC, {"tx": {}}, match="session.user: alice", name="first"),
                                  **policy_file("traffic_to_server", {"deny": {}}, match="query.kind: select", name="later")})
    with connect(gateway, user="alice") as wire, connect(gateway, user="bob") as other:
        assert wire.rows("select 1") == [("1",)]
        assert refusal(other.ask(query("select 1"))) == "42501"


def test_fallthrough_leaves_it_to_the_default(make_gateway):
    rule = policy_file(TRAFFIC, {"passthrough": {}})
    with connect(make_gateway(rules=rule)) as wire:
        assert wire.rows("select 1") == [("1",)]
    with connect(make_gateway(rules=rule, config={"policy": {"default": "deny"}})) as wire:
        assert refusal(wire.ask(query("select 1"))) == "42501"


# --- many at once

def test_mixed_actions_disturb_nobody(make_gateway):
    """32 clients, each with actions of its own; each sees exactly its own answers."""
    gateway = make_gateway(config={"gateway": {"threads": 2}}, rules={
        **policy_file(TRAFFIC, {"police": {"rate": 200, "burst": 5, "on_excess": "delay", "max_delay": "5s"}}, match="session.application_name: {prefix: police}", name="a"),
        **policy_file(TRAFFIC, {"set": {"name": "lane.who", "value": "{{ session.application_name }}"}}, match="session.application_name: {prefix: set}", name="b"),
        **policy_file(TRAFFIC, {"limit": {"rows": 3, "concurrency": 100}}, match="session.application_name: {prefix: limit}", name="c"),
        **policy_file(TRAFFIC, {"limit": {"duration": "150ms"}}, match="session.application_name: {prefix: time}", name="d")})
    failures = []

    def client(kind, number):
        name = f"{kind}{number}"
        try:
            with connect(gateway, application_name=name) as wire:
                for i in range(15):
                    assert wire.rows(f"select '{name}', {i}") == [(name, str(i))]
                    if kind == "set":
                        assert wire.rows("select current_setting('lane.who')") == [(name,)]
                    if kind == "limit":
                        assert refusal(wire.ask(query("select generate_series(1, 4)"))) == "53400"
                    if kind == "time" and i % 5 == 0:
                        assert refusal(wire.ask(query("select pg_sleep(10)"))) == "57014"
                    answer = wire.ask(parse(f"select {i}"), bind(), execute(), SYNC)
                    assert [m.columns for m in answer if m.kind == "D"] == [[str(i).encode()]]
        except Exception as error:  # noqa: BLE001
            failures.append((name, repr(error)))

    threads = [threading.Thread(target=client, args=(kind, n)) for kind in ("police", "set", "limit", "time") for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not failures, failures[:3]
