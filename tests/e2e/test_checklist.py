"""What has gone wrong in other PostgreSQL proxies, item by item: where its test is. Those without another place are here.
Published advisories have a table of their own in test_advisories, the ways around a policy in test_bypasses.

 1 bytes behind SSLRequest, GSSENCRequest   test_bad_input::test_bytes_stuffed_before_tls, test_bytes_behind_an_encryption_request_*
 2 bytes or errors of a server before TLS   test_02_*
 3 TLS required; of a user; SSL twice, in TLS, GSS then SSL
                                            test_transport::test_tls_required, test_tls_inside_tls_*, test_advisories::test_tls_required_of_one_user,
                                            test_bad_input::test_encryption_requests_again_and_again
 4 direct TLS, ALPN missing or wrong        test_transport::test_direct_tls (routing by SNI is not built)
 5 channel binding, PLUS only, downgrade    test_authentication::test_channel_binding_*, test_advisories::test_scram_ended_at_the_gateway
 6 startup lengths, bodies, options, versions  test_bad_input::test_startup_*, test_protocol::test_startup_as_sent, test_protocol_versions,
                                            test_unsupported_major_versions; replication=database: test_replication
 7 settings injected at startup             test_protocol::test_startup_as_sent[search path, options]
 8 unknown users like wrong passwords       test_authentication::test_wrong_password_as_postgresql
 9 SCRAM: nonces, iterations, signatures, headers, odd and long passwords, VALID UNTIL, changed passwords
                                            test_advisories (ended here), test_authentication (relayed)
10 slow handshakes, no bytes, idle ones, descriptors
                                            test_bad_input::test_no_bytes_at_all_*, test_many_idle_handshakes_*, test_limits::test_handshake_timeout,
                                            test_out_of_file_descriptors, test_flood::test_a_storm_that_leaves_at_once
11 every type with bad lengths and bodies  test_bad_input::test_message_lengths, test_message_types_*, test_malformed_bodies_*, test_random_*, test_mutated_*
12 every split, and all in one segment     test_protocol and test_refusals [byte by byte, by seven]; the server's side: test_hostile_peers::*byte_by_byte
13 enormous messages, many parameters, long pipelines
                                            test_hostile_peers::test_a_gibibyte_*, test_bad_input::test_large_*, test_most_parameters_*, test_flood
14 slow readers, both directions full, TLS test_bad_input::test_client_that_*, test_flood::test_ten_work_*, test_bypasses::test_slow_readers_over_tls
15 clients that vanish anywhere            test_bad_input::test_client_vanishes_at_each_point, test_bypasses::test_a_client_that_dies_in_a_tls_record
16 session state does not travel           test_16_*, test_24_client_gone_*
17 statement names                         test_17_*, test_protocol [named statement, deallocate, plan, prepared by SQL, anonymous]
18 parameters are one's own; S, N, A anywhere  test_18_*, test_protocol::test_unsolicited_*, [parameter status, notices], test_bypasses::test_18_*
19 cancel: keys, stale, TLS, COPY, flood, draining  test_cancel, test_limits::test_cancel_is_not_counted, test_bypasses::test_19_*
20 transaction status, skipping, Query before Sync, Terminate  test_refusals, test_protocol [transaction, query before sync, terminate]
21 Sync and Flush, portals, COPY and Sync   test_protocol, test_refusals::test_refused_with_flush_*, test_what_was_flushed_before_does_not_commit,
                                            test_execute_during_copy_*
22 errors of all kinds, servers that die   test_22_*, test_protocol::test_server_killed_*, test_lifecycle::test_server_restart, test_hostile_peers::test_a_server_*
23 nothing is ever replayed                test_23_*
24 clients gone in a transaction, timeouts test_24_*
25 fast path, replication, GSS             test_protocol [function call], test_replication, test_bad_input (GSS is answered N)
26 reload under load, broken files, certificates, drain, ports, kill, logs and webhooks that fail
                                            test_lifecycle, test_hostile_peers::test_drain_*, test_certificates_*, test_bypasses::test_26_*, test_decisions::test_webhook_*;
                                            whole policy sets: test_decisions::test_policies_swap_under_load
27 roles, secrets, cardinality of metrics  test_27_*, test_bypasses::test_27_*
28 forged log lines                        test_lifecycle::test_log_lines_cannot_be_forged, test_bypasses::test_28_*
29 fairness                                test_29_*, test_flood, test_opa_failures::test_a_slow_opa_slows_only_who_asks
30 statements that hurt parsers            test_30_*, tests/sql/hostile_test.cpp, tests/fuzz/sql_facts.cpp
"""
import ssl
import struct
import threading
import time

import pytest

from rig import host
from rig.gateway import TOKEN
from support import pgwire
from support.hostile_server import WELCOME, HostileServer, after_login, error
from support.pgwire import SYNC, Closed, Wire, bind, connect, errors, execute, message, parse, query
from support.probe import alive, bounded_memory


def first_answer(gateway, *messages):
    """What a client of a gateway before a hostile server sees, up to the close."""
    with Wire((gateway.address, gateway.port), timeout=10) as wire:
        wire.send(pgwire.startup({"user": "postgres", "database": "postgres"}))
        found = []
        try:
            while not found or found[-1].kind != "Z":
                found.append(wire.receive())
            wire.send(*messages)
        except Closed:
            pass
        return found + wire.until_closed()


def before(server, make_gateway, mode="disable"):
    return make_gateway(config={"targets": [{"name": "main", "address": f"127.0.0.1:{server.port}", "tls": {"mode": mode}}],
                                "limits": {"handshake_timeout": "5s", "connect_timeout": "5s"}})


def test_02_bytes_of_the_server_stuffed_before_tls(make_gateway, server_certificate, authority):
    """What follows the server's S in plain text is never taken for what came over TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*map(str, server_certificate))

    def talk(connection, first):
        connection.sendall(b"S" + error(S="FATAL", C="28000", M="forged before TLS"))
        with context.wrap_socket(connection, server_side=True) as tls:
            tls.recv(10_000)
            tls.sendall(WELCOME)
            time.sleep(1)

    with HostileServer(talk) as server:
        found = first_answer(before(server, make_gateway, "require"))
    assert "Z" not in pgwire.kinds(found)
    assert all("forged" not in m.text for m in found)


def test_02_text_of_an_error_before_tls_is_not_shown(make_gateway):
    """Somebody in the middle may answer SSLRequest with an ErrorResponse (CVE-2024-10977)."""
    with HostileServer(lambda connection, first: connection.sendall(error(S="FATAL", C="28000", M="type your password here"))) as server:
        found = first_answer(before(server, make_gateway, "require"))
    assert pgwire.kinds(found) == "E" and "password" not in found[0].text


def test_16_session_state_does_not_travel(gateway):
    with connect(gateway) as first:
        first.ask(query("set search_path = pg_temp; create temp table mine (a int); select pg_advisory_lock(16); listen mine; "
                        "prepare mine as select 1; set role alice; select set_config('my.own', 'x', false)"))
        first.ask(query("begin"))
    with connect(gateway) as second:
        assert second.rows("select current_user, to_regclass('mine'), current_setting('my.own', true), current_setting('search_path')") == [
            ("postgres", None, None, '"$user", public')]
        assert second.rows("select count(*) from pg_prepared_statements") == [("0",)]
        host.wait_until(lambda: second.rows("select pg_try_advisory_lock(16)") == [("t",)], 5, "the lock is given back")


def test_17_statement_names_are_ones_own(gateway):
    with connect(gateway) as one, connect(gateway) as two:
        one.ask(parse("select 'one'", "s"), SYNC)
        two.ask(parse("select $1::int + 1", "s"), SYNC)
        assert one.ask(bind((), "s"), execute(), SYNC)[1].columns == [b"one"]
        assert two.ask(bind(["1"], "s"), execute(), SYNC)[1].columns == [b"2"]
        one.ask(query("deallocate all"))
        assert two.ask(bind(["2"], "s"), execute(), SYNC)[1].columns == [b"3"]


def test_17_anonymous_statement_replaced_between_bind_and_execute(gateway):
    with connect(gateway) as wire:
        found = wire.ask(parse("select 'first'"), bind(portal="p"), parse("select 'second'"), execute("p"), SYNC)
        assert [m.columns for m in found if m.kind == "D"] == [[b"first"]]


TENANTS = """package policies.tenants

import rego.v1

actions contains {"action": "deny", "message": "another tenant"} if {
	"select" in input.query.kinds
	some table in input.query.tables
	table.name == "tenants"
	not input.query.where.tenant == "1"
}
"""


def test_17_names_longer_than_the_server_keeps(pg, make_gateway):
    """PostgreSQL's tables of statements compare 63 bytes: the name bound is another one, the statement the same."""
    pg.sql("drop table if exists tenants; create table tenants (tenant text); insert into tenants values (1), (2)")
    gateway = make_gateway(rules={"tenants.rego": TENANTS})
    long = "n" * 63
    with connect(gateway) as wire:
        wire.ask(parse("select tenant from tenants where tenant = $1", long + "one"), SYNC)
        assert [m.columns for m in wire.ask(bind(["1"], long + "one"), execute(), SYNC) if m.kind == "D"] == [[b"1"]]
        assert pgwire.kinds(wire.ask(bind(["2"], long + "another"), execute(), SYNC)) == "EZ"
        wire.ask(pgwire.close("S", long + "third"), parse("select 1 where $1 = '2'", long + "fourth"), SYNC)
        assert pgwire.kinds(wire.ask(bind(["2"], long + "one"), execute(), SYNC)) == "2DCZ"
    with connect(gateway) as wire:
        wire.ask(parse("select tenant from tenants where tenant = $1", long), bind(["1"], long, long + "p"), SYNC)
        assert pgwire.kinds(wire.ask(bind(["2"], long, long + "q"), execute(long + "r"), SYNC)) == "EZ"


def test_17_more_statements_than_are_remembered(pg, make_gateway):
    """A statement that found no room is not run unseen."""
    pg.sql("drop table if exists tenants; create table tenants (tenant text); insert into tenants values (1), (2)")
    gateway = make_gateway(rules={"tenants.rego": TENANTS}, config={"limits": {"prepared_memory": "64KiB"}})
    with connect(gateway) as wire:
        wire.ask(*[parse("select 1", f"s{i}") for i in range(1000)], SYNC)
        wire.ask(parse("select tenant from tenants where tenant = $1", "late"), SYNC)
        assert errors(wire.ask(bind(["2"], "late"), execute(), SYNC))[0]["C"] in ("42501", "54000")
        wire.ask(query("deallocate all"))
        wire.ask(parse("select tenant from tenants where tenant = $1", "late"), SYNC)
        assert pgwire.kinds(wire.ask(bind(["1"], "late"), execute(), SYNC)) == "2DCZ"


def test_18_parameters_are_ones_own(gateway):
    with connect(gateway, datestyle="German", application_name="one") as one, connect(gateway, timezone="Asia/Tokyo") as two:
        assert one.parameters["DateStyle"] == "German, DMY" and two.parameters["TimeZone"] == "Asia/Tokyo"
        one.ask(query("set client_encoding = latin1"))
        assert one.parameters["client_encoding"] == "LATIN1" and two.parameters["client_encoding"] == "UTF8"
        assert one.parameters["application_name"] == "one" and two.parameters["application_name"] == ""


@pytest.mark.parametrize("data, shown", [
    (error(S="ERROR", M="no code at all") + message(b"Z", b"I"), "no code at all"),
    (error(M="nothing but a message") + message(b"Z", b"I"), "nothing but a message"),
    (message(b"E", b"\0") + message(b"Z", b"I"), ""),
    (error(S="FATAL", C="57P01", M="first") + error(S="FATAL", C="57P01", M="second"), "first"),
])
def test_22_errors_without_fields_and_two_at_once(data, shown, make_gateway):
    with HostileServer(after_login(data)) as server:
        gateway = before(server, make_gateway)
        with Wire((gateway.address, gateway.port), timeout=10) as wire:
            wire.login()
            wire.send(query("select 1"))
            assert shown in wire.receive().text
        assert gateway.process.running()


@pytest.mark.parametrize("data", [
    b"\xff" * 100, message(b"Z", b""), message(b"Z", b"Q"), b"D" + struct.pack("!i", 2), b"D" + struct.pack("!i", -1), b"D" + struct.pack("!i", 0x7FFFFFFF),
    message(b"T", b"\x7f\xff"), message(b"D", b"\0\1\xff\xff\xff\xfe"), message(b"V", b"\x7f\xff\xff\xff"), message(b"K", b""), message(b"R", b"\0\0\0\5salt"),
    message(b"S", b"no end"), message(b"A", b""), message(b"G", b""), message(b"W", b"\0"), message(b"Z", b"I") * 1000,
    message(b"1") * 1000, message(b"C", b"no end"), message(b"Q", b"select 1\0"),
])
def test_22_malformed_servers(data, make_gateway):
    """The server is not trusted either: the session may end, the gateway and its memory stay."""
    with HostileServer(after_login(data)) as server:
        gateway = before(server, make_gateway)
        with bounded_memory(gateway, 16), Wire((gateway.address, gateway.port), timeout=2) as wire:
            wire.login()
            wire.send(query("select 1"))
            try:
                wire.until_closed()
            except TimeoutError:
                pass
        assert gateway.process.running()


@pytest.mark.parametrize("data", [b"", b"N", b"\xff" * 50, b"R\0\0\0\x03", b"R\0\0\0\x08\0\0\0\x63", b"Z\0\0\0\5I", message(b"R", b"\0\0\0\x0aSCRAM"),
                                  message(b"R", b"\0\0\0\x0b" + b"x" * 100_000), message(b"v", b"\0\3\0\0\x7f\xff\xff\xff"), message(b"R", b"")])
def test_22_malformed_logins(data, make_gateway):
    with HostileServer(lambda connection, first: connection.sendall(data)) as server:
        gateway = before(server, make_gateway)
        found = first_answer(gateway)
        assert "Z" not in pgwire.kinds(found)
        assert gateway.process.running()


def test_23_nothing_is_ever_replayed(pg, make_gateway):
    """A server that dies after the statement began: the client learns of it, the statement does not run again."""
    pg.sql("drop sequence if exists runs; create sequence runs")
    gateway = make_gateway()
    with connect(gateway) as wire:
        wire.send(query("select nextval('runs'), pg_terminate_backend(pg_backend_pid())"))
        assert [m.fields["C"] for m in wire.until_closed() if m.kind == "E"] == ["57P01"]
    time.sleep(0.5)
    assert pg.sql("select last_value from runs") == "1"


def test_24_client_gone_in_a_transaction_is_rolled_back(pg, gateway):
    pg.sql("drop table if exists left_behind; create table left_behind (a int)")
    with connect(gateway) as wire:
        wire.ask(query("begin; insert into left_behind values (1); lock table left_behind in exclusive mode"))
    host.wait_until(lambda: pg.sql(f"select count(*) from pg_stat_activity where pid = {wire.pid}") == "0", 10, "the session ends")
    assert pg.sql("select count(*) from left_behind; select count(*) from pg_locks where relation = 'left_behind'::regclass") == "0\n0"


@pytest.mark.parametrize("setting, statement, code", [
    ("idle_in_transaction_session_timeout", "begin", "25P03"), ("idle_session_timeout", "select 1", "57P05")])
def test_24_timeouts_of_the_server_arrive_once(setting, statement, code, gateway):
    with connect(gateway) as wire:
        wire.ask(query(f"set {setting} = '200ms'"))
        wire.ask(query(statement))
        assert [m.fields["C"] for m in wire.until_closed() if m.kind == "E"] == [code]


def test_27_admin_needs_its_token(make_gateway):
    gateway = make_gateway()
    for method, path in (("GET", "/gateway/v1/sessions"), ("GET", "/metrics"), ("POST", "/gateway/v1/drain")):
        for token in (None, "wrong", TOKEN[:-1], TOKEN + "x", ""):
            assert gateway.rest(method, path, token=token)[0] in (401, 403), (method, path, token)
    assert can_serve(gateway)


def test_27_reading_does_not_allow_changing(make_gateway):
    gateway = make_gateway(config={"admin": {"read_token": "only for reading"}})
    with connect(gateway) as wire:
        status, body = gateway.rest("GET", "/gateway/v1/sessions", token="only for reading")
        assert status == 200
        identity = body["sessions"][0]["id"]
        assert gateway.rest("POST", f"/gateway/v1/sessions/{identity}/kill", token="only for reading")[0] == 403
        assert wire.rows("select 1") == [("1",)]
        assert gateway.rest("POST", f"/gateway/v1/sessions/{identity}/kill")[0] in (200, 202, 204)
        assert [m.fields["C"] for m in wire.until_closed() if m.kind == "E"] == ["57P01"]


def test_27_secrets_are_not_shown(make_gateway):
    gateway = make_gateway()
    with Wire((gateway.address, gateway.port)) as wire:
        wire.login(user="plain_user", password="plain secret")
    printed = gateway.run("config", "print", str(gateway.config_file))
    assert printed.returncode == 0 and TOKEN not in printed.stdout + printed.stderr
    gateway.stop()
    assert TOKEN not in gateway.process.output() and "plain secret" not in gateway.process.output()


def can_serve(gateway):
    with connect(gateway) as wire:
        return wire.rows("select 1") == [("1",)]


def test_29_a_long_pipeline_does_not_starve_others(make_gateway):
    gateway = make_gateway(config={"gateway": {"threads": 1}})
    with connect(gateway) as greedy, connect(gateway) as modest:
        block = b"".join([parse("select 1"), bind(), execute()]) * 1000
        finished = threading.Event()

        def send():
            for _ in range(60):
                greedy.send(block)
            greedy.send(SYNC)

        def receive():
            greedy.until_ready()
            finished.set()

        threads = [threading.Thread(target=send), threading.Thread(target=receive)]
        for thread in threads:
            thread.start()
        slowest = 0.0
        while not finished.is_set():
            started = time.monotonic()
            assert modest.rows("select 1") == [("1",)]
            slowest = max(slowest, time.monotonic() - started)
        for thread in threads:
            thread.join()
    assert slowest < 3


READS_EVERYTHING = """
policy: reader
on: [traffic_from_client]
rules:
  - name: reads
    match: {query.kind: listen, query.has_where: true}
    when: count(input.query.tables) > 1000000
    then: [deny: {message: never}]
"""
HURTS = {
    "a sum of 50,000": "select " + "+".join(["1"] * 50_000),
    "5,000 parentheses": "select " + "(" * 5000 + "1" + ")" * 5000,
    "5,000 NOT": "select " + "not " * 5000 + "true",
    "5,000 casts": "select 1" + "::int" * 5000,
    "2,000 sub-selects": "select * from (" * 2000 + "select 1" + ") x" * 2000,
    "10,000 statements": "select 1;" * 10_000,
    "100,000 in a list": "select 1 where 1 in (" + ",".join(["1"] * 100_000) + ")",
    "20,000 columns of a join": "select * from " + ", ".join(f"(select 1 as c{i}) t{i}" for i in range(2000)),
    "a megabyte of comment": "/*" + "x" * 1_000_000 + "*/ select 1",
    "nested comments": "/*" * 10_000 + "*/" * 10_000 + " select 1",
    "a long string": "select '" + "y" * 2_000_000 + "'",
    "nul in the text": b"select 1\0; delete from pg_class",
    "bytes that are no text": b"select '\xc3\x28 \xff'",
    "a byte order mark": "\ufeffselect 1",
    "unfinished quotes": "select 'abc",
    "dollar quotes": "select $a$ $b$ $a$, $$" + "z" * 100_000 + "$$",
}


@pytest.mark.parametrize("name", HURTS)
def test_30_statements_that_hurt_parsers(name, pg, make_gateway):
    """With a policy that reads query facts: an answer or a refusal in time, and the gateway lives."""
    gateway = make_gateway(rules={"reader.policy.yaml": READS_EVERYTHING}, config={"policy": {"deadline": "5s"}})
    with bounded_memory(gateway, 300), connect(gateway) as wire:
        wire.socket.settimeout(60)
        started = time.monotonic()
        wire.send(query(HURTS[name]))
        try:
            while wire.receive().kind != "Z":
                pass
        except Closed:
            assert "nul" in name
        assert time.monotonic() - started < 30
    alive(gateway)
    with connect(gateway) as wire:
        assert not errors(wire.ask(query("select 1")))
