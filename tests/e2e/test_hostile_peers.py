"""Peers that are slow, cut off, half-closed or enormous, on either side and in every phase."""
import shutil
import signal
import socket
import ssl
import struct
import threading
import time

import pytest

from conftest import listener_tls
from rig import host
from support import pgwire
from support.hostile_server import WELCOME, HostileServer
from support.pgwire import SYNC, Closed, Wire, bind, connect, copy_data, errors, execute, message, parse, query
from support.probe import alive, bounded_memory
from support.relay import Trickle
from test_refusals import POLICY, REFUSED, REFUSED_BY_POSTGRESQL, SCENES, play

GIB = 1 << 30


def before(server, make_gateway, **limits):
    return make_gateway(config={"targets": [{"name": "main", "address": f"127.0.0.1:{server.port}", "tls": {"mode": "disable"}}],
                                "limits": {"handshake_timeout": "5s", "connect_timeout": "3s", **limits}})


# --- slow

@pytest.mark.parametrize("name", ["simple in a transaction", "pipeline: middle", "two refusals in one segment", "while a portal is open",
                                  "query before sync", "copy behind it", "savepoint"])
def test_a_server_that_answers_byte_by_byte(name, pg, make_gateway):
    """Refusals take the place of the server's errors wherever its messages are cut."""
    with Trickle(pg.address, pg.port) as slow:
        gateway = make_gateway(f"{slow.address}:{slow.port}", rules={"guard.policy.yaml": POLICY})
        assert play(gateway, SCENES[name](REFUSED)) == play(pg, SCENES[name](REFUSED_BY_POSTGRESQL))


def test_rows_and_copy_from_a_server_that_answers_byte_by_byte(pg, make_gateway):
    with Trickle(pg.address, pg.port) as slow:
        gateway = make_gateway(f"{slow.address}:{slow.port}")
        ask = [query("select repeat('x', i) from generate_series(1, 200) i"), query("copy (select generate_series(1, 300)) to stdout"),
               query("do $$ begin raise notice 'n'; end $$; set timezone to 'UTC'; select 1/0")]
        with connect(gateway) as wire, connect(pg) as direct:
            for text in ask:
                assert [m.brief() for m in wire.ask(text)] == [m.brief() for m in direct.ask(text)]


@pytest.mark.parametrize("phase", ["in a message", "in a copy", "between the messages of a pipeline"])
def test_a_client_that_sends_byte_by_byte(phase, make_gateway):
    """It may take its time (PostgreSQL lets it); others do not notice, and nothing is lost."""
    gateway = make_gateway(rules={"guard.policy.yaml": POLICY}, config={"gateway": {"threads": 1}})
    with connect(gateway) as slow, connect(gateway) as other:
        slow.ask(query("create temp table fed (a text)"))
        if phase == "in a copy":
            slow.send(query("copy fed from stdin")).until("G")
        data = {"in a message": query("select 1"), "in a copy": copy_data(b"one\ntwo\n") + pgwire.COPY_DONE,
                "between the messages of a pipeline": parse("select 1") + bind() + execute() + SYNC}[phase]
        for byte in data:
            slow.send(bytes([byte]))
            started = time.monotonic()
            assert other.rows("select 1") == [("1",)]
            assert time.monotonic() - started < 2
            time.sleep(0.05)
        assert pgwire.status(slow.until_ready()) == "I"
        assert not errors(slow.ask(query("select 1")))


# --- enormous

def swallow(connection, size):
    """Reads a message of that many bytes and its header."""
    left, room = size + 5, bytearray(1 << 20)
    while left:
        left -= connection.recv_into(room, min(left, len(room))) or left


@pytest.mark.parametrize("kind", [b"Q", b"B", b"d"])
def test_a_gibibyte_from_the_client(kind, make_gateway):
    """One message of almost 1 GiB, which nobody inspects, passes in constant memory."""
    size = GIB - 6

    def talk(connection, first):
        connection.sendall(WELCOME)
        swallow(connection, size)
        connection.sendall(message(b"C", b"SELECT 1\0") + message(b"Z", b"I"))
        connection.recv(1)

    with HostileServer(talk) as server:
        gateway = before(server, make_gateway)
        with bounded_memory(gateway, 24) as look, connect(gateway) as wire:
            wire.socket.settimeout(120)
            wire.send(kind + struct.pack("!i", size + 4) + b"\0\0")
            block, left = b"y" * (4 << 20), size - 2
            while left:
                wire.socket.sendall(block[:left])
                left -= min(left, len(block))
                look()
            assert wire.until_ready()[-1].kind == "Z"


def test_a_gibibyte_from_the_server(make_gateway):
    size = GIB - 6

    def talk(connection, first):
        connection.sendall(WELCOME)
        connection.recv(10_000)
        connection.sendall(b"D" + struct.pack("!i", size + 4))
        block, left = b"y" * (4 << 20), size
        while left:
            connection.sendall(block[:left])
            left -= min(left, len(block))
        connection.sendall(message(b"C", b"SELECT 1\0") + message(b"Z", b"I"))
        connection.recv(1)

    with HostileServer(talk) as server:
        gateway = before(server, make_gateway)
        with bounded_memory(gateway, 24) as look, connect(gateway) as wire:
            wire.socket.settimeout(120)
            wire.send(query("select large"))
            left, room = size + 5, bytearray(1 << 20)
            while left:
                left -= wire.socket.recv_into(room, min(left, len(room))) or left
                look()
            assert pgwire.kinds(wire.until_ready()) == "CZ"


# --- half-closed and cut off

def test_a_client_that_sends_no_more_gets_its_answers(gateway):
    with connect(gateway) as wire:
        wire.send(query("select 1"), query("select pg_sleep(0.3), 2"))
        wire.socket.shutdown(socket.SHUT_WR)
        assert pgwire.kinds(wire.until_closed()) == "TDCZTDCZ"


def test_a_client_that_sends_no_more_in_a_refused_transaction(make_gateway):
    gateway = make_gateway(rules={"guard.policy.yaml": POLICY})
    with connect(gateway) as wire:
        wire.send(query("begin"), query(REFUSED), query("select 1"))
        wire.socket.shutdown(socket.SHUT_WR)
        found = wire.until_closed()
        assert pgwire.kinds(found) == "CZEZEZ" and [e["C"] for e in errors(found)] == ["42501", "25P02"]


def test_a_server_that_sends_no_more(make_gateway):
    """What it said before arrives; then the client's connection ends too."""
    def talk(connection, first):
        connection.sendall(WELCOME)
        connection.recv(10_000)
        connection.sendall(message(b"C", b"SELECT 1\0") + message(b"Z", b"I"))
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(10_000):
            pass

    with HostileServer(talk) as server, connect(before(server, make_gateway)) as wire:
        wire.send(query("select 1"))
        assert pgwire.kinds(wire.until_closed()) == "CZ"


ROW = message(b"D", b"\0\1\0\0\0\1x")
DYING = {
    "at once": None, "in its welcome": WELCOME[:7], "after AuthenticationOk": WELCOME[:9], "in ReadyForQuery": WELCOME[:-3],
    "without an answer": WELCOME, "in a row": WELCOME + ROW[:6], "behind a row": WELCOME + ROW, "in a header": WELCOME + ROW + b"C\0\0",
    "before ReadyForQuery": WELCOME + message(b"C", b"SELECT 1\0"), "in a COPY": WELCOME + message(b"G", b"\0\0\0"),
    "in COPY data": WELCOME + message(b"H", b"\0\0\0") + message(b"d", b"half")[:7],
}


@pytest.mark.parametrize("reset", [False, True], ids=["closes", "resets"])
@pytest.mark.parametrize("name", DYING)
def test_a_server_that_dies(name, reset, make_gateway):
    """The client gets what was said and an end, soon; the gateway keeps no descriptor and serves on."""
    def talk(connection, first):
        said = DYING[name]
        if said is not None and said.startswith(WELCOME):
            connection.sendall(WELCOME)
            connection.recv(10_000)
            said = said[len(WELCOME):]
        connection.sendall(said or b"")
        time.sleep(0.05)
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with HostileServer(talk) as server:
        gateway = before(server, make_gateway)
        files = None
        for _ in range(3):
            with Wire((gateway.address, gateway.port), timeout=8) as wire:
                try:
                    if wire.login()[-1].kind == "Z":
                        wire.send(query("select 1"))
                except Closed:
                    pass
                started = time.monotonic()
                wire.until_closed()
                assert time.monotonic() - started < 5
            host.wait_until(lambda: gateway.metric("signalbox_sessions") == 0, 10, "the session ends")
            files = files or gateway.process.open_files()
        assert gateway.process.running() and gateway.process.open_files() <= files + 1


# --- while an operator works

def test_drain_lets_a_copy_and_a_pipeline_finish(make_gateway):
    gateway = make_gateway(config={"gateway": {"drain_timeout": "10s"}})
    with connect(gateway) as copying, connect(gateway) as piping:
        copying.ask(query("create temp table fed (a text)"))
        copying.send(query("copy fed from stdin")).until("G")
        piping.send(parse("select 1"), bind(), execute(), pgwire.FLUSH)
        piping.until("C")
        gateway.process.signal(signal.SIGTERM)
        time.sleep(0.5)
        copying.send(copy_data(b"one\n"), pgwire.COPY_DONE)
        piping.send(SYNC)
        assert pgwire.kinds(copying.until_closed()) == "CZE" and pgwire.kinds(piping.until_closed()) == "ZE"
    assert gateway.process.wait(10) == 0


def test_certificates_are_replaced_under_load(authority, folder, make_gateway):
    """Connections in progress and new ones go on; each sees the old certificate or the new one, whole."""
    paths = folder / "swapped.crt", folder / "swapped.key"
    pairs = [authority.issue(f"swap{i}", "localhost") for i in range(2)]

    def place(pair):
        for source, target in zip(pair, paths):
            shutil.copy(source, str(target) + ".new")
            host.own(str(target) + ".new")
            (folder / (target.name + ".new")).replace(target)

    place(pairs[0])
    gateway = make_gateway(tls=listener_tls(tuple(map(str, paths))))
    context = ssl.create_default_context(cafile=authority.certificate)
    stop, seen, failures = threading.Event(), set(), []

    def work():
        while not stop.is_set():
            try:
                with Wire((gateway.address, gateway.port)) as wire:
                    assert wire.start_tls(context, "localhost") == b"S"
                    seen.add(wire.socket.getpeercert()["serialNumber"])
                    wire.login()
                    assert wire.rows("select 1") == [("1",)]
            except (AssertionError, Closed, OSError) as error:
                failures.append(repr(error))

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for turn in range(12):
        place(pairs[turn % 2])
        gateway.reload()
        time.sleep(0.15)
    stop.set()
    for worker in workers:
        worker.join()
    assert not failures and len(seen) == 2
    paths[1].write_text("not a key")
    gateway.reload()
    time.sleep(0.3)
    assert gateway.process.running()
    alive(gateway)
