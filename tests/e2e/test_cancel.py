"""CancelRequest reaches the right server connection, and only with the right key."""
import signal
import struct
import subprocess
import threading
import time

import pytest

from rig import host, postgres
from support import clients, pgwire
from support.pgwire import Wire, connect, errors, query


def sleeping(pg, pid):
    return pg.sql(f"select count(*) from pg_stat_activity where pid = {pid} and query like '%pg_sleep%' and state = 'active'") == "1"


def cancel(server, pid, key, tls=None):
    """Sends a CancelRequest as a client does; returns what came back before the close, which must be nothing."""
    with Wire((server.address, server.port)) as wire:
        if tls:
            assert wire.start_tls(tls, "localhost") == b"S"
        wire.send(pgwire.cancel_request(pid, key))
        try:
            return wire.socket.recv(100)
        except ConnectionResetError:
            return b""


@pytest.fixture
def sleeper(pg, gateway):
    """A session of the gateway in pg_sleep."""
    with connect(gateway) as wire:
        wire.send(query("select pg_sleep(60)"))
        host.wait_until(lambda: sleeping(pg, wire.pid), 10, "the statement runs")
        yield wire


def test_backend_key_data_has_the_servers_process_id(pg, gateway):
    with connect(gateway) as wire:
        assert wire.rows("select pg_backend_pid()") == [(str(wire.pid),)]
        assert len(wire.key) == 4


@pytest.mark.parametrize("over_tls", [False, True])
def test_cancel(over_tls, sleeper, gateway, tls_context):
    assert cancel(gateway, sleeper.pid, sleeper.key, tls_context if over_tls else None) == b""
    assert errors(sleeper.until_ready())[0]["C"] == "57014"
    assert sleeper.rows("select 1") == [("1",)]


def test_wrong_key_does_nothing(pg, sleeper, gateway):
    wrong = bytes(byte ^ 0xFF for byte in sleeper.key)
    for pid, key in ((sleeper.pid, wrong), (sleeper.pid + 1, sleeper.key), (0, b"\0\0\0\0"), (sleeper.pid, sleeper.key + b"x" * 8)):
        assert cancel(gateway, pid, key) == b""
    assert sleeper.quiet(0.5) and sleeping(pg, sleeper.pid)


def test_stale_key_does_nothing(pg, gateway):
    """The key of a session that ended cancels nobody."""
    with connect(gateway) as gone:
        gone.send(pgwire.TERMINATE)
        assert gone.until_closed() == []
    with connect(gateway) as wire:
        wire.send(query("select pg_sleep(1), 'slept'"))
        assert cancel(gateway, gone.pid, gone.key) == b""
        assert pgwire.kinds(wire.until_ready()) == "TDCZ"


def test_each_session_has_its_own_key(pg, gateway):
    wires = [connect(gateway) for _ in range(8)]
    for wire in wires:
        wire.send(query("select pg_sleep(30)"))
    host.wait_until(lambda: all(sleeping(pg, wire.pid) for wire in wires), 20, "all run")
    cancel(gateway, wires[3].pid, wires[3].key)
    assert errors(wires[3].until_ready())[0]["C"] == "57014"
    assert all(wire.quiet(0.05) for wire in wires if wire is not wires[3])
    for wire in wires:
        wire.drop()


def test_cancel_while_copying_in(gateway):
    with connect(gateway) as wire:
        wire.ask(query("create temp table fed (a text)"))
        wire.send(query("copy fed from stdin")).until("G")
        wire.send(pgwire.copy_data(b"one\n"))
        time.sleep(0.1)
        cancel(gateway, wire.pid, wire.key)
        time.sleep(0.2)
        wire.send(pgwire.copy_data(b"two\n"), pgwire.COPY_DONE)
        assert errors(wire.until_ready())[0]["C"] == "57014"
        assert wire.rows("select count(*) from fed") == [("0",)]


def test_truncated_and_oversized_cancel_requests_are_closed(gateway):
    for body in (b"\0\0\0\x08\x04\xd2\x16\x2e", b"\0\0\0\x0c\x04\xd2\x16\x2e\0\0\0\1",
                 struct.pack("!iii", 2000, pgwire.CANCEL_CODE, 1) + b"k" * 1988):
        with Wire((gateway.address, gateway.port)) as wire:
            wire.send(body)
            assert pgwire.kinds(wire.until_closed()) in ("", "E")


def test_a_flood_of_cancels_leaves_sessions_alone(gateway):
    with connect(gateway) as wire:
        def flood():
            for number in range(200):
                cancel(gateway, number, b"abcd")

        floods = [threading.Thread(target=flood) for _ in range(3)]
        for thread in floods:
            thread.start()
        for _ in range(50):
            assert wire.rows("select 1") == [("1",)]
        for thread in floods:
            thread.join()


@pytest.mark.parametrize("sslmode", ["disable", "verify-full"])
def test_psql_interrupt(sslmode, pg, gateway, authority):
    env = clients.environment(gateway, sslmode=sslmode, authority=authority, PGAPPNAME=f"interrupted-{sslmode}")
    with subprocess.Popen([postgres.BIN / "psql", "-XAt", "-c", "select pg_sleep(60)", "-c", "select 'alive'"], env=env,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as psql:
        ask = f"select count(*) from pg_stat_activity where application_name = 'interrupted-{sslmode}' and query ~ 'pg_sleep'"
        host.wait_until(lambda: pg.sql(ask) == "1", 10, "psql's statement runs")
        psql.send_signal(signal.SIGINT)
        out, err = psql.communicate(timeout=20)
    assert "canceling statement due to user request" in err
