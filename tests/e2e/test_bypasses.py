"""Ways around a policy that the protocol offers, where no SQL text differs, and what an operator relies on. Which test holds which
of the probes P1 to P26 stands at the head of test_bypass_protocol.py.
"""
import json
import pathlib
import signal
import socket
import struct
import time

import pytest

from conftest import listener_tls
from rig import host
from support import pgwire
from support.hostile_server import WELCOME, HostileServer
from support.pgwire import SYNC, Wire, bind, connect, copy_data, errors, execute, message, parse, query
from support.probe import alive, bounded_memory


def deny(*conditions, name="guard", action='{"action": "deny", "message": "no"}'):
    body = "\n\t".join(conditions)
    return {f"{name}.rego": f"package policies.{name}\n\nimport rego.v1\n\nactions contains {action} if {{\n\t{body}\n}}\n"}


NO_DELETE = deny('"delete" in input.query.kinds')


def test_p5_a_bound_value_makes_the_statement_dangerous(make_gateway):
    gateway = make_gateway(rules=deny("some set in input.query.sets", 'set.name == "role"'))
    with connect(gateway) as wire:
        call = parse("select set_config($1, $2, false)", "s")
        assert pgwire.kinds(wire.ask(call, bind(["search_path", "public"], "s"), execute(), SYNC)) == "12DCZ"
        assert pgwire.kinds(wire.ask(bind(["role", "alice"], "s"), execute(), SYNC)) == "EZ"
        assert wire.rows("select current_user") == [("postgres",)]


def test_p8_function_calls_are_decided(make_gateway):
    """The protocol's own calls have no text; a policy sees that it is one."""
    gateway = make_gateway(rules=deny('input.query.protocol == "function_call"'))
    with connect(gateway) as wire:
        wire.ask(query("begin"))
        found = wire.ask(pgwire.function_call(1598))
        assert pgwire.kinds(found) == "EZ" and errors(found)[0]["C"] == "42501" and pgwire.status(found) == "E"
        wire.ask(query("rollback"))
        assert pgwire.kinds(wire.ask(pgwire.function_call(1598))) == "EZ" and wire.rows("select 1") == [("1",)]


def test_p9_copy_data_is_no_statement(make_gateway):
    gateway = make_gateway(rules=NO_DELETE)
    with connect(gateway) as wire:
        wire.ask(query("create temp table fed (a text)"))
        wire.send(query("copy fed from stdin")).until("G")
        found = wire.ask(copy_data(b"delete from fed;\n\\.\n"), copy_data(query("delete from fed")), pgwire.COPY_DONE)
        assert pgwire.kinds(found)[-1] == "Z"
        assert errors(wire.ask(query("delete from fed")))[0]["C"] == "42501"


def test_p10_a_query_during_copy_is_no_way_in(pg, make_gateway):
    """PostgreSQL drops it with an error. Refused or dropped, it does not run, and what follows is decided."""
    pg.sql("drop table if exists kept; create table kept (a int); insert into kept values (1)")
    gateway = make_gateway(rules=NO_DELETE)
    with connect(gateway) as wire:
        wire.send(query("copy kept from stdin")).until("G")
        wire.send(copy_data(b"2\n"), query("delete from kept"), query("delete from kept"))
        wire.socket.shutdown(socket.SHUT_WR)
        wire.until_closed()
    assert pg.sql("select a from kept") == "1"


def test_p16_the_walsenders_queries_are_decided(pg, make_gateway):
    pg.sql("drop table if exists kept; create table kept (a int); insert into kept values (1)")
    gateway = make_gateway(rules=NO_DELETE)
    with connect(gateway, replication="database") as wire:
        assert errors(wire.ask(query("delete from kept")))[0]["C"] == "42501"
        assert wire.rows("select a from kept") == [("1",)]
    gateway = make_gateway(rules={**NO_DELETE, **deny("input.query.parse_error", name="unparsed")})
    with connect(gateway, replication="database") as wire:
        assert errors(wire.ask(query("IDENTIFY_SYSTEM")))[0]["C"] == "42501", "what the grammar does not know has parse_error"


@pytest.mark.parametrize("rules, kinds", [(NO_DELETE, "EZ"), ({}, "TDCZ")], ids=["inspected", "not inspected"])
def test_p22_a_text_beyond_the_limit(rules, kinds, make_gateway):
    """Too long to be inspected is refused where anybody inspects, whatever it says; the session lives on."""
    gateway = make_gateway(rules=rules, config={"limits": {"statement_memory": "64KiB"}})
    padding = "/*" + "x" * 200_000 + "*/"
    with connect(gateway) as wire:
        for text in (f"select 1 {padding}", f"{padding} select 1"):
            found = wire.ask(query(text))
            assert pgwire.kinds(found) == kinds and (kinds != "EZ" or errors(found)[0]["C"] == "54000")
            assert pgwire.kinds(wire.ask(parse(text), bind(), execute(), SYNC)) == (kinds if kinds == "EZ" else "12DCZ")
        assert wire.rows("select 1") == [("1",)]


# --- TLS while things go wrong

def test_a_client_that_dies_in_a_tls_record(make_gateway, server_certificate, tls_context, pg):
    gateway = make_gateway(tls=listener_tls(server_certificate))
    for size in (1, 4, 5, 20):
        with Wire((gateway.address, gateway.port)) as wire:
            wire.start_tls(tls_context, "localhost")
            wire.login()
            raw = socket.socket(fileno=socket.dup(wire.socket.fileno()))
            raw.sendall((b"\x17\x03\x03\x40\x00" + b"x" * 100)[:size])
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            raw.close()
    host.wait_until(lambda: gateway.metric("signalbox_sessions") == 0, 10, "the sessions end")
    alive(gateway)


def test_slow_readers_over_tls(make_gateway, server_certificate, tls_context):
    """Both directions full, TLS on both legs: bounded, others go on, and reading resumes the session."""
    gateway = make_gateway(tls=listener_tls(server_certificate), config={"gateway": {"threads": 1}})
    with bounded_memory(gateway, 24) as look, Wire((gateway.address, gateway.port)) as stuck:
        stuck.start_tls(tls_context, "localhost")
        stuck.login()
        stuck.socket.settimeout(1)
        sent = 0
        try:
            for sent in range(3000):
                stuck.send(query("select repeat('y', 20000)"))
        except TimeoutError:
            pass
        look()
        alive(gateway)
        stuck.socket.settimeout(30)
        for _ in range(min(sent, 100)):
            assert pgwire.kinds(stuck.until_ready()) == "TDCZ"


def test_18_messages_before_the_login_is_asked_for(make_gateway):
    """A notice or a parameter that a server sends before AuthenticationRequest reaches the client in its place, or nobody."""
    early = message(b"N", b"SNOTICE\0C00000\0Mearly\0\0")
    with HostileServer(lambda connection, first: (connection.sendall(early + WELCOME), connection.recv(1))) as server:
        gateway = make_gateway(config={"targets": [{"name": "main", "address": f"127.0.0.1:{server.port}", "tls": {"mode": "disable"}}]})
        with Wire((gateway.address, gateway.port), timeout=5) as wire:
            found = wire.login()
            assert pgwire.kinds(found) in ("NRSKZ", "E")
        assert gateway.process.running()


# --- what an operator relies on

def log_everything(**more):
    parameters = "".join(f', "{name}": {json.dumps(value)}' for name, value in more.items())
    return deny('"select" in input.query.kinds', action='{"action": "log", "message": "seen", "fields": ["query.text"]' + parameters + "}")


@pytest.mark.parametrize("on_full", ["drop", "refuse"])
def test_26_an_audit_log_that_cannot_be_written(on_full, folder, make_gateway):
    """Statements do not wait for the log's disk; when it can be written again, every line is there, in order."""
    place, away = folder / f"audit-{on_full}", folder / f"audit-{on_full}-away"
    place.mkdir()
    host.own(place)
    gateway = make_gateway(rules=log_everything(on_full=on_full), config={"actions": {"audit_log": str(place / "audit.log")}})
    place.rename(away)
    with connect(gateway) as wire:
        for number in range(20):
            started = time.monotonic()
            assert len(wire.ask(*[query(f"select {number}")] * 25, ready=25)) == 100
            assert time.monotonic() - started < 5
        away.rename(place)
        file = place / "audit.log"
        lines = host.wait_until(lambda: file.exists() and (lines := file.read_text().splitlines()) and len(lines) == 500 and lines, 60, "every line")
    parsed = [json.loads(line) for line in lines]
    assert [line["n"] for line in parsed] == list(range(1, 501)) and not any("gap" in line for line in parsed)
    assert [line["fields"]["query.text"] for line in parsed] == [f"select {n}" for n in range(20) for _ in range(25)]


def test_27_metrics_do_not_grow_with_what_clients_say(make_gateway):
    gateway = make_gateway()
    with connect(gateway, application_name="first") as wire:
        wire.rows("select 1")
    before = gateway.rest("GET", "/metrics")[1].count("\n")
    for number in range(60):
        with Wire((gateway.address, gateway.port)) as wire:
            wire.login(user=f"nobody{number}", database=f"nowhere{number}", application_name=f"app{number}")
    text = gateway.rest("GET", "/metrics")[1]
    assert text.count("\n") <= before + 5 and "nobody" not in text and "nowhere" not in text and "app1" not in text


def test_28_lines_of_the_audit_log_cannot_be_forged(make_gateway):
    """Newlines, escapes and quotes of statements, names and comments stay inside the one line they belong to."""
    gateway = make_gateway(rules=log_everything())
    text = 'select 1 /* \n{"time": "forged"}\r\n\x1b[31m \x00'[:-1] + ' "quoted" \\ \x07 */'
    with connect(gateway, application_name='a\n{"forged": 1}') as wire:
        wire.ask(query(text))
    path = pathlib.Path(gateway.config["actions"]["audit_log"])
    host.wait_until(lambda: path.exists() and path.read_text().count("\n") >= 1, 10, "the line")
    raw = path.read_bytes()
    assert raw.count(b"\n") == 1 and b"\x1b" not in raw and b"\x07" not in raw and b"\r" not in raw
    assert json.loads(raw)["fields"]["query.text"] == text


def test_19_a_cancel_while_the_gateway_drains_ends_soon(make_gateway):
    """New connections are not taken any more: the request is refused at once and harms nobody."""
    gateway = make_gateway(config={"gateway": {"drain_timeout": "3s"}})
    with connect(gateway) as wire:
        wire.send(query("select pg_sleep(30)"))
        time.sleep(0.2)
        gateway.process.signal(signal.SIGTERM)
        time.sleep(0.3)
        started = time.monotonic()
        try:
            with Wire((gateway.address, gateway.port), timeout=3) as cancel:
                cancel.send(pgwire.cancel_request(wire.pid, wire.key))
                cancel.until_closed()
        except OSError:
            pass
        assert time.monotonic() - started < 2
        assert errors(wire.until_closed())[0]["C"] in ("57014", "57P01")
    assert gateway.process.wait(10) is not None
