"""What peers may not do: each attempt ends in a clear error or a close, memory stays bounded, others go on.

The gateway is shared by the whole module and must survive all of it; every test ends by asking it for a new session.
"""
import random
import socket
import ssl
import struct
import time

import pytest

from rig.gateway import Gateway
from support import pgwire
from support.pgwire import SYNC, Closed, Wire, bind, connect, copy_data, execute, message, parse, query
from support.probe import alive, bounded_memory

SEED = 20261122
KINDS = [bytes([code]) for code in range(256)]
FRONTEND = [b"Q", b"P", b"B", b"D", b"E", b"C", b"S", b"H", b"F", b"d", b"c", b"f", b"p", b"X"]


@pytest.fixture(scope="module")
def abused(request, pg, folder):
    """A gateway whose clients get six seconds to introduce themselves."""
    gateway = Gateway(request.config.getoption("--binary"), folder / "abused", f"{pg.address}:{pg.port}",
                      config={"limits": {"handshake_timeout": "6s"}})
    yield gateway.start()
    gateway.stop()


@pytest.fixture(autouse=True)
def survives(abused):
    yield
    alive(abused)


def address(gateway):
    return gateway.address, gateway.port


def answer_to(gateway, data, *, login=False, seconds=10):
    """What comes back before the close; the peer then half-closes, as an impatient client does."""
    wire = connect(gateway) if login else Wire(address(gateway), timeout=seconds)
    with wire:
        try:
            wire.send(data)
            wire.socket.shutdown(socket.SHUT_WR)
        except (Closed, OSError):
            pass
        return wire.until_closed()


def test_random_bytes_before_startup(abused):
    chance = random.Random(SEED)
    with bounded_memory(abused, 64):
        for _ in range(300):
            answer_to(abused, chance.randbytes(chance.randrange(1, 400)))


def test_random_bytes_after_login(abused):
    chance = random.Random(SEED)
    for _ in range(100):
        answer_to(abused, chance.randbytes(chance.randrange(1, 400)), login=True)


def test_random_messages_after_login(abused):
    """Right lengths, random types and bodies."""
    chance = random.Random(SEED)
    for _ in range(100):
        data = b"".join(message(chance.choice(FRONTEND), chance.randbytes(chance.randrange(0, 60))) for _ in range(8))
        answer_to(abused, data, login=True)


def test_mutated_conversations(abused):
    """A true conversation with a few bytes changed."""
    chance = random.Random(SEED)
    true = b"".join([parse("select $1::int", "s"), bind(["1"], "s", "p"), pgwire.describe("P", "p"), execute("p"), SYNC,
                     query("select 1"), query("copy (select 1) to stdout"), pgwire.function_call(1598)])
    for _ in range(200):
        data = bytearray(true)
        for _ in range(chance.randrange(1, 5)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        answer_to(abused, bytes(data), login=True)


@pytest.mark.parametrize("length", [0, 1, 2, 3, 4, 5, 6, 7, 8, 0x7FFFFFFF, -1, -2**31, 10_001, 1_000_000])
def test_startup_lengths(abused, length):
    with bounded_memory(abused, 16):
        found = answer_to(abused, struct.pack("!i", length) + b"\0\3\0\0user\0postgres\0\0")
    assert pgwire.kinds(found) in ("", "E")


@pytest.mark.parametrize("body", [
    b"\0\3\0\0user\0postgres\0", b"\0\3\0\0user\0postgres", b"\0\3\0\0user\0", b"\0\3\0\0user", b"\0\3\0\0", b"\0\3\0\0\0\0\0\0",
    b"\0\3\0\0user\0postgres\0\0trailing", b"\0\3\0\0user\0\xff\xfe\0\0", b"\0\3\0\0user\0postgres\0database\0\0x\0\0",
])
def test_startup_bodies(abused, body):
    found = answer_to(abused, struct.pack("!i", len(body) + 4) + body)
    assert all(m.kind in "ERSKZ" for m in found)


@pytest.mark.parametrize("length", [0, 1, 2, 3, -1, -2**31, 0x7FFFFFFF])
@pytest.mark.parametrize("kind", [b"Q", b"P", b"B", b"E", b"S", b"d", b"X", b"Z"])
def test_message_lengths(abused, kind, length):
    """A length that cannot be ends the session; one that is merely huge is not believed in advance."""
    with bounded_memory(abused, 16):
        found = answer_to(abused, kind + struct.pack("!i", length) + b"select 1\0", login=True)
    assert all(m.kind in "EZS" for m in found)


@pytest.mark.parametrize("kind", [k for k in KINDS if k not in FRONTEND][::7] + [b"Z", b"T", b"R", b"K", b"1", b"W"])
def test_message_types_no_client_sends(abused, pg, kind):
    """PostgreSQL says 08P01 and ends the session; so does the gateway."""
    found = answer_to(abused, message(kind, b"body"), login=True)
    assert [m.fields["C"] for m in found if m.kind == "E"] == ["08P01"]


BODIES = {
    "query without its end": message(b"Q", b"select 1"),
    "query with a second end": message(b"Q", b"select 1\0select 2\0"),
    "empty query body": message(b"Q"),
    "parse without anything": message(b"P"),
    "parse without types": message(b"P", b"\0select 1\0"),
    "parse with fewer types than said": message(b"P", b"\0select 1\0\0\x05\0\0\0\x17"),
    "parse with negative types": message(b"P", b"\0select 1\0\xff\xff"),
    "bind with a negative length": message(b"B", b"\0\0\0\0\0\1\xff\xff\xff\xfe\0\0"),
    "bind with a length beyond the message": message(b"B", b"\0\0\0\0\0\1\x7f\xff\xff\xff\0\0"),
    "bind with negative counts": message(b"B", b"\0\0\xff\xff\xff\xff\xff\xff"),
    "bind with trailing bytes": message(b"B", b"\0\0\0\0\0\0\0\0trailing"),
    "bind with bad formats": message(b"B", b"\0\0\0\2\0\7\0\7\0\0\0\0"),
    "execute without rows": message(b"E", b"\0"),
    "describe of nothing": message(b"D"),
    "describe of X": message(b"D", b"Xname\0"),
    "close of X": message(b"C", b"Xname\0"),
    "sync with a body": message(b"S", b"body"),
    "flush with a body": message(b"H", b"body"),
    "function call cut short": message(b"F", b"\0\0"),
    "function call with negative counts": message(b"F", b"\0\0\6\x3e\xff\xff\xff\xff"),
    "password out of place": message(b"p", b"secret\0"),
    "terminate with a body": message(b"X", b"body"),
    "copy fail without its end": message(b"f", b"no end"),
}


@pytest.mark.parametrize("name", BODIES)
def test_malformed_bodies_as_postgresql(abused, pg, name):
    """PostgreSQL says what is wrong; the gateway must say no more and no less, and stay in step."""
    def transcript(server):
        with connect(server) as wire:
            wire.send(BODIES[name], SYNC, query("select 'in step'"), pgwire.TERMINATE)
            return [(m.kind, m.fields["S"], m.fields["C"]) if m.kind == "E" else m.brief() for m in wire.until_closed()]

    assert transcript(abused) == transcript(pg)


def test_bytes_stuffed_before_tls(request, pg, folder, make_gateway, server_certificate, tls_context):
    """What follows SSLRequest in its own segment is never read as if it had come over TLS (CVE-2021-23214)."""
    gateway = make_gateway(tls={"mode": "allow", "certificate": str(server_certificate[0]), "key": str(server_certificate[1])})
    with Wire(address(gateway)) as wire:
        wire.send(pgwire.SSL_REQUEST + pgwire.startup({"user": "postgres"}) + query("select 1"))
        found = wire.socket.recv(1)
        assert found in (b"", b"S", b"E")
        with pytest.raises((ssl.SSLError, ConnectionError, OSError)):
            tls = tls_context.wrap_socket(wire.socket, server_hostname="localhost")
            tls.sendall(query("select 1"))
            if not tls.recv(1):
                raise ConnectionError("closed")
    alive(gateway)


@pytest.mark.parametrize("requests", [[pgwire.SSL_REQUEST] * 2, [pgwire.GSSENC_REQUEST] * 2,
                                      [pgwire.GSSENC_REQUEST, pgwire.SSL_REQUEST, pgwire.SSL_REQUEST],
                                      [pgwire.SSL_REQUEST, pgwire.GSSENC_REQUEST, pgwire.GSSENC_REQUEST]],
                         ids=["SSL twice", "GSS twice", "GSS, SSL, SSL", "SSL, GSS, GSS"])
def test_encryption_requests_again_and_again(abused, pg, requests):
    """Each kind is answered once with N, as libpq asks for one after the other; the second of a kind ends it."""
    with Wire(address(abused)) as wire:
        for request in requests[:-1]:
            wire.send(request)
            assert wire.socket.recv(10) == b"N"
        wire.send(requests[-1])
        assert wire.socket.recv(1) in (b"", b"E")


@pytest.mark.parametrize("request_", [pgwire.SSL_REQUEST, pgwire.GSSENC_REQUEST], ids=["SSL", "GSS"])
def test_bytes_behind_an_encryption_request_are_refused(abused, request_):
    """They may have come from somebody in the middle: never parsed, also where the answer would be N."""
    found = answer_to(abused, request_ + pgwire.startup({"user": "postgres"}) + query("select 1"))
    assert pgwire.kinds(found) in ("", "E")


def test_no_bytes_at_all_and_a_byte_a_second(abused):
    """A client that does not introduce itself in time is closed, also when it keeps sending."""
    silent = Wire(address(abused))
    slow = Wire(address(abused))
    data, started = pgwire.startup({"user": "postgres", "database": "postgres"}), time.monotonic()
    with silent, slow:
        closed = None
        for byte in data[:20]:
            try:
                slow.send(bytes([byte]))
                if not slow.quiet(1):
                    closed = time.monotonic() - started
                    break
            except Closed:
                closed = time.monotonic() - started
                break
        assert closed is not None and closed < 18, "a byte a second kept the handshake open"
        assert all(m.kind == "E" for m in silent.until_closed())


def test_many_idle_handshakes_do_not_keep_others_out(abused):
    idle = [Wire(address(abused)) for _ in range(300)]
    alive(abused)
    for wire in idle:
        wire.drop()


def test_client_that_never_reads(abused, pg):
    """Its own server connection waits; the gateway buffers a bounded amount; others do not notice."""
    with bounded_memory(abused, 24) as look, connect(abused) as stuck:
        stuck.send(query("select repeat('x', 1000) from generate_series(1, 600000)"))
        with connect(abused) as other:
            for _ in range(20):
                started = time.monotonic()
                assert other.rows("select 1") == [("1",)]
                assert time.monotonic() - started < 2
                look()
                time.sleep(0.05)


def test_client_that_sends_and_never_reads(abused):
    """Both directions full at once: no deadlock for others, no growth, and reading resumes the session."""
    with bounded_memory(abused, 24) as look, connect(abused) as stuck:
        stuck.socket.settimeout(1)
        sent = 0
        try:
            for _ in range(4000):
                stuck.send(query("select repeat('y', 20000)"))
                sent += 1
        except TimeoutError:
            pass
        look()
        alive(abused)


def test_large_messages_stream(abused, pg):
    """64 MiB in one Bind and 200 MiB in one COPY pass in constant memory."""
    with bounded_memory(abused, 24) as look, connect(abused) as wire:
        wire.ask(query("create temp table fed (b bytea, t text)"))
        wire.send(parse("select length($1::text)"), bind(["z" * (64 << 20)]), execute(), SYNC)
        found = wire.until_ready()
        assert found[2].columns == [str(64 << 20).encode()]
        look()
        wire.send(query("copy fed (t) from stdin")).until("G")
        block = copy_data((b"q" * 1023 + b"\n") * 1024)
        for _ in range(200):
            wire.send(block)
            look()
        wire.send(pgwire.COPY_DONE)
        assert pgwire.kinds(wire.until_ready()) == "CZ"


def test_large_row_streams(abused):
    """One DataRow of 128 MiB; the client takes it in small pieces."""
    with bounded_memory(abused, 24) as look, connect(abused) as wire:
        wire.send(query("select repeat('w', 134217728)"))
        size = 0
        while size < 134217728:
            data = wire.socket.recv(1 << 20)
            assert data
            size += len(data)
            if size % (8 << 20) < len(data):
                look()


def test_declared_gigabyte_of_query_is_not_allocated(abused):
    with bounded_memory(abused, 24), connect(abused) as wire:
        wire.send(b"Q" + struct.pack("!i", (1 << 30) + 4) + b"select '" + b"x" * 1_000_000)


def test_most_parameters_and_deep_pipelines(abused):
    with connect(abused) as wire:
        many = ",".join(f"${i}" for i in range(1, 65536))
        found = wire.ask(parse(f"select array_length(array[{many}]::text[], 1)"), bind(["1"] * 65535), execute(), SYNC)
        assert [m.columns for m in found if m.kind == "D"] == [[b"65535"]]
        with bounded_memory(abused, 64):
            assert pgwire.kinds(wire.ask(*[parse("select 1")] * 50_000, SYNC)) == "1" * 50_000 + "Z"


@pytest.mark.parametrize("at", range(7))
def test_client_vanishes_at_each_point(abused, pg, at):
    """The server connection ends with the client, and its transaction with it."""
    with connect(abused) as wire:
        wire.ask(query("begin; create temp table fed (a text)"))
        pid = wire.pid
        [lambda: wire.send(parse("select 1", "s")), lambda: wire.send(parse("select 1"), bind()),
         lambda: wire.send(parse("select generate_series(1, 1000000)"), bind(), execute()),
         lambda: wire.send(query("copy fed from stdin"), copy_data(b"half")),
         lambda: wire.send(query("copy (select generate_series(1, 1000000)) to stdout")),
         lambda: wire.send(b"Q\0\0"), lambda: wire.send(query("select pg_sleep(0.5)"))][at]()
        wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    deadline = time.monotonic() + 15
    while pg.sql(f"select count(*) from pg_stat_activity where pid = {pid}") != "0":
        assert time.monotonic() < deadline, "the server connection outlived its client"
        time.sleep(0.1)


def test_open_files_do_not_leak(abused):
    alive(abused)
    before = abused.process.open_files()
    for _ in range(200):
        with connect(abused) as wire:
            wire.send(query("select 1"))
        answer_to(abused, b"\0\0\0\x08garb")
    deadline = time.monotonic() + 10
    while abused.process.open_files() > before + 3:
        assert time.monotonic() < deadline, f"{abused.process.open_files()} open files, {before} before"
        time.sleep(0.1)
