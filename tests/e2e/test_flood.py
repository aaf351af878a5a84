"""Floods: very much at once, from one client or from many. Work stays linear, memory bounded, and nobody else waits.

What may be asserted of speed is how work grows: five times the statements, about five times the processor's time.
"""
import concurrent.futures
import socket
import threading
import time

import pytest

from rig import host
from support import pgwire
from support.probe import alive, bounded_memory
from support.pgwire import SYNC, Closed, Wire, bind, connect, execute, parse, query

GUARD = """package policies.guard

import rego.v1

actions contains {"action": "deny", "message": "no"} if {
	"delete" in input.query.kinds
	not input.query.has_where
}
"""
# Reads what bound values say, so every Bind is decided with them.
TENANTS = """package policies.tenants

import rego.v1

actions contains {"action": "deny", "message": "another tenant"} if {
	some table in input.query.tables
	table.name == "tenants"
	not input.query.where.tenant == "1"
}
"""
RULES = {"none": None, "guard": {"guard.rego": GUARD}, "values": {"guard.rego": GUARD, "tenants.rego": TENANTS}}
PREPARED = [parse("select $1::text", "s"), SYNC]


def run(text, *ends):
    return parse(text) + bind() + execute() + b"".join(ends)


# name: (what to ask first, messages of n statements, how many ReadyForQuery they bring)
FLOODS = {
    "simple": (None, lambda n: query("select 1") * n, lambda n: n),
    "simple, refused": (None, lambda n: query("delete from t") * n, lambda n: n),
    "alternating": (None, lambda n: (query("select 1") + query("delete from t")) * (n // 2), lambda n: n),
    "refused in a transaction": ([query("begin")], lambda n: query("delete from t") * n, lambda n: n),
    "one pipeline": (None, lambda n: run("select 1") * n + SYNC, lambda n: 1),
    "one pipeline, refused": (None, lambda n: run("delete from t") * n + SYNC, lambda n: 1),
    "pipelines": (None, lambda n: run("select 1", SYNC) * n, lambda n: n),
    "pipelines, refused": (None, lambda n: run("delete from t", SYNC) * n, lambda n: n),
    "prepared": (PREPARED, lambda n: (bind(["1"], "s") + execute()) * n + SYNC, lambda n: 1),
    "prepared, behind many names": (PREPARED, lambda n: b"".join(parse("select 1", f"n{i}") for i in range(n // 10)) +
                                    (bind(["1"], "s") + execute()) * n + SYNC, lambda n: 1),
    "names": (None, lambda n: b"".join(parse("select 1", f"n{i}") for i in range(n)) + SYNC, lambda n: 1),
    "sync": (None, lambda n: SYNC * n, lambda n: n),
    "flush": (None, lambda n: pgwire.FLUSH * n + SYNC, lambda n: 1),
    "close": (None, lambda n: pgwire.close("S", "nothing") * n + SYNC, lambda n: 1),
}


def flood(gateway, name, n):
    """Sends and reads at the same time; returns the gateway's processor seconds."""
    first, messages, ready = FLOODS[name]
    with connect(gateway) as wire:
        wire.socket.settimeout(120)
        if first:
            wire.ask(*first)
        before = gateway.process.cpu_seconds()
        sender = threading.Thread(target=wire.send, args=(messages(n),))
        sender.start()
        left, buffer = ready(n), b""
        while left:
            data = wire.socket.recv(1 << 20)
            assert data, "closed in the middle"
            buffer, at = buffer + data, 0
            while len(buffer) - at >= 5:
                size = int.from_bytes(buffer[at + 1:at + 5], "big") + 1
                if len(buffer) - at < size:
                    break
                left -= buffer[at:at + 1] == b"Z"
                at += size
            buffer = buffer[at:]
        sender.join()
        assert buffer == b"", "more answers than questions"
    return gateway.process.cpu_seconds() - before


@pytest.mark.parametrize("name", FLOODS)
@pytest.mark.parametrize("rules", RULES)
def test_work_is_linear(rules, name, make_gateway):
    gateway = make_gateway(rules=RULES[rules], config={"gateway": {"threads": 1}})
    with bounded_memory(gateway, 64):
        few, many = flood(gateway, name, 4_000), flood(gateway, name, 20_000)
    # Five times as much; what is quadratic would take 25 times as long.
    assert many <= 14 * max(few, 0.05), f"{few:.2f} s for 4,000, {many:.2f} s for 20,000"


@pytest.mark.parametrize("rules", RULES)
def test_a_hundred_thousand_at_once(rules, make_gateway):
    """More than a session may have under way, many times over: it waits for answers and goes on."""
    gateway = make_gateway(rules=RULES[rules], config={"gateway": {"threads": 1}})
    with bounded_memory(gateway, 64):
        assert flood(gateway, "prepared", 100_000) < 20
        assert flood(gateway, "one pipeline, refused", 100_000) < 20


def test_ten_work_while_one_never_reads(pg, make_gateway):
    gateway = make_gateway(rules=RULES["guard"], config={"gateway": {"threads": 1}})
    pg.sql("drop table if exists counted; create table counted (who int)")
    with bounded_memory(gateway, 24) as look, connect(gateway) as stuck:
        stuck.send(query("select repeat('x', 1000) from generate_series(1, 300000)"))

        def work(who):
            with connect(gateway) as wire:
                for _ in range(50):
                    wire.ask(query(f"insert into counted values ({who})"))
                    look()

        with concurrent.futures.ThreadPoolExecutor(10) as pool:
            list(pool.map(work, range(10)))
        assert pg.sql("select count(*) from counted") == "500"


def test_a_storm_of_connections_up_to_the_limit(pg, make_gateway):
    """Four times as many as may come in, at once: exactly as many as may come in, the others are told, none is lost."""
    gateway = make_gateway(config={"limits": {"connections": 40}})

    def knock(_):
        wire = Wire((gateway.address, gateway.port), timeout=60)
        return wire, wire.login()[-1]

    for _ in range(2):
        with concurrent.futures.ThreadPoolExecutor(40) as pool:
            met = list(pool.map(knock, range(160)))
        inside = [wire for wire, last in met if last.kind == "Z"]
        assert len(inside) == 40
        assert {last.fields["C"] for _, last in met if last.kind == "E"} == {"53300"}
        assert all(wire.rows("select 1") == [("1",)] for wire in inside)
        for wire, _ in met:
            wire.drop()
        host.wait_until(lambda: gateway.metric("signalbox_sessions") == 0, 15, "every place is given back")


def test_a_storm_that_leaves_at_once(make_gateway):
    """Connections closed in every early moment leave no session and no descriptor behind."""
    gateway = make_gateway()
    alive(gateway)
    before = gateway.process.open_files()

    def touch(number):
        try:
            with Wire((gateway.address, gateway.port)) as wire:
                data = pgwire.startup({"user": "postgres", "database": "postgres"})
                wire.send(data[:number % (len(data) + 1)])
                if number % 3 == 0:
                    wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                if number % 5 == 0:
                    time.sleep(0.01)
        except (OSError, Closed):
            pass

    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        list(pool.map(touch, range(1000)))
    host.wait_until(lambda: gateway.metric("signalbox_sessions") == 0, 20, "every session ends")
    assert gateway.process.open_files() <= before + 3
    alive(gateway)
