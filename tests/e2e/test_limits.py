"""Limits answer with PostgreSQL's own SQLSTATEs, count exactly, and are given back when a session ends."""
import socket
import time

import pytest

from rig import host
from support import pgwire
from support.pgwire import Closed, Wire, connect


def hello(gateway, **login):
    wire = Wire((gateway.address, gateway.port))
    return wire, wire.login(**login)[-1]


@pytest.mark.parametrize("limit, same, other", [
    ("connections", {}, None),
    ("connections_per_user", {"user": "alice"}, {"user": "bob"}),
    ("connections_per_database", {"database": "postgres"}, {"database": "template1"}),
    ("connections_per_address", {}, None),
])
def test_connection_limits(limit, same, other, make_gateway):
    gateway = make_gateway(config={"limits": {limit: 3}})
    held = [hello(gateway, **same) for _ in range(3)]
    assert [last.kind for _, last in held] == ["Z"] * 3
    refused, last = hello(gateway, **same)
    assert last.kind == "E" and last.fields["S"] == "FATAL" and last.fields["C"] == "53300", last.fields
    assert refused.until_closed() == []
    if other:
        wire, last = hello(gateway, **other)
        assert last.kind == "Z", last.fields
        wire.drop()
    held[0][0].drop()
    host.wait_until(lambda: hello(gateway, **same)[1].kind == "Z", 10, "the place is given back")
    for wire, _ in held:
        wire.drop()


def test_cancel_is_not_counted(pg, make_gateway):
    """A gateway that is full still takes a CancelRequest, or nobody could free it."""
    gateway = make_gateway(config={"limits": {"connections": 1}})
    with connect(gateway) as wire:
        wire.send(pgwire.query("select pg_sleep(30)"))
        time.sleep(0.3)
        with Wire((gateway.address, gateway.port)) as cancel:
            cancel.send(pgwire.cancel_request(wire.pid, wire.key))
            assert cancel.until_closed() == []
        assert pgwire.errors(wire.until_ready())[0]["C"] == "57014"


def test_idle_timeout(make_gateway):
    gateway = make_gateway(config={"limits": {"idle_timeout": "1s"}})
    with connect(gateway) as wire:
        assert wire.rows("select 1") == [("1",)]
        last = wire.until_closed()
        assert [m.fields["C"] for m in last if m.kind == "E"] == ["57P05"]


def test_idle_timeout_is_not_for_the_busy(make_gateway):
    gateway = make_gateway(config={"limits": {"idle_timeout": "1s"}})
    with connect(gateway) as wire:
        assert wire.rows("select pg_sleep(2.5)") == [("",)]


def test_handshake_timeout(make_gateway):
    gateway = make_gateway(config={"limits": {"handshake_timeout": "1s"}})
    started = time.monotonic()
    with Wire((gateway.address, gateway.port)) as wire:
        wire.until_closed()
    assert 0.5 < time.monotonic() - started < 8


def test_connect_timeout(make_gateway):
    """A server that accepts and never answers."""

    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen(8)
        gateway = make_gateway(f"127.0.0.1:{mute.getsockname()[1]}",
                               config={"limits": {"connect_timeout": "1s", "handshake_timeout": "2s"}})
        started = time.monotonic()
        wire, last = Wire((gateway.address, gateway.port)), None
        try:
            last = wire.login()[-1]
        except Closed:
            pass
        assert time.monotonic() - started < 10
        assert last is None or last.kind == "E"


def test_out_of_file_descriptors(pg, make_gateway):
    """At its limit of open files the gateway refuses and goes on; when some are free again it serves."""

    gateway = make_gateway(open_files=60)
    wires = []
    for _ in range(50):
        try:
            wire = Wire((gateway.address, gateway.port), timeout=0.3)
            wires.append(wire)
            wire.login()
        except (OSError, Closed):
            pass
    assert gateway.process.running()
    cpu = gateway.process.cpu_seconds()
    time.sleep(1)
    assert gateway.process.cpu_seconds() - cpu < 0.5, "the accept loop spins"
    for wire in wires:
        wire.drop()
    host.wait_until(lambda: serves(gateway), 15, "it serves again")


def serves(gateway):
    try:
        with connect(gateway) as wire:
            return wire.rows("select 1") == [("1",)]
    except (AssertionError, Closed, OSError):
        return False
