"""Published security advisories of PostgreSQL proxies and drivers, and bypasses of SQL firewalls: each has a test that the
gateway does not repeat it. Where the test is elsewhere, its place is named; "none" says why there is nothing to test.

 CVE-2012-4575  over-long names at startup       test_protocol::test_startup_as_sent[long name]
 CVE-2015-4054  a password before the startup    test_a_password_before_the_startup
 CVE-2015-6817  the look-up user's identity      none: the gateway looks nobody up, logins are relayed
 CVE-2021-3935  bytes stuffed before TLS         test_bad_input::test_bytes_stuffed_before_tls
 CVE-2021-43766, -43767  the same, both sides    test_bad_input, test_checklist::test_02_*
 CVE-2023-22332 secrets in SHOW and the console  test_checklist::test_27_secrets_are_not_shown
 CVE-2024-10977 a server's error before TLS      test_checklist::test_02_text_of_an_error_before_tls_is_not_shown
 CVE-2024-45624 one user's cached answer         test_what_is_remembered_of_one_user_is_not_anothers
 CVE-2025-46801 any password will do             test_authentication, test_scram_ended_at_the_gateway
 CVE-2025-2291  expired passwords                test_authentication::test_expired_password
 CVE-2025-12819 startup settings and own queries none: the gateway asks the server nothing; test_protocol [search path]
 CVE-2026-6664  lengths in SASL messages         test_authentication::test_malformed_sasl_as_postgresql, test_malformed_sasl_ended_here
 CVE-2026-6665  a malicious server's nonce       test_a_malicious_servers_scram
 CVE-2026-6666  errors without SQLSTATE          test_checklist::test_22_errors_without_fields_and_two_at_once
 CVE-2026-6667  verbs of the console by role     test_checklist::test_27_reading_does_not_allow_changing
 CVE-2026-6668  growth of buffers                test_bad_input::test_message_lengths, test_flood
 CVE-2026-48773 the first packet's length        test_bad_input::test_startup_lengths
 ProxySQL 3.0.12 replay after a partial answer   test_checklist::test_23_nothing_is_ever_replayed
 proxysql #5284 TLS required of a user           test_transport::test_tls_required, test_tls_required_of_one_user
 CVE-2024-27304 lengths that wrap                test_bad_input::test_message_lengths: no length of a client's is written anew
 CVE-2024-1597  the same text, another meaning   none: texts and values pass as they are
 CVE-2026-4427  negative lengths in a DataRow    test_checklist::test_22_malformed_servers
 GHSA-rgqc, CVE-2026-56873  memory before bytes  test_bad_input::test_declared_gigabyte_of_query_is_not_allocated
 CVE-2026-54291 channel binding that is not held test_authentication::test_channel_binding_required_fails_closed
 CVE-2026-6477  huge answers of functions        none: they pass without being kept; test_hostile_peers
 Envoy #35908   out of step                      test_checklist::test_22_malformed_servers, test_bad_input
 ClickHouse #112780  bounds of the startup       test_bad_input::test_startup_bodies
"""
import base64
import hashlib
import hmac
import os
import ssl
import struct
import time

import pytest

from conftest import listener_tls
from rig import host
from support import pgwire
from support.clients import program
from support.hostile_server import WELCOME, HostileServer
from support.pgwire import Closed, Wire, connect, message, query
from support.probe import alive


def deny(when, message_="no", hook="traffic_from_client", name="guard"):
    return {f"{name}.rego": f'package policies.{name}\n\nimport rego.v1\n\nactions contains {{"action": "deny", "message": "{message_}"}} if {{\n'
                            f'\tinput.hook == "{hook}"\n\t{when}\n}}\n'}


def test_a_password_before_the_startup(gateway):
    for first in (message(b"p", b"secret\0"), message(b"p", b"x" * 70_000), message(b"X"), query("select 1")):
        with Wire((gateway.address, gateway.port)) as wire:
            wire.send(first)
            assert "Z" not in pgwire.kinds(wire.until_closed())
    alive(gateway)


def test_what_is_remembered_of_one_user_is_not_anothers(make_gateway):
    """Identical texts of sessions that differ in what policies read: user, setting, transaction (probe P19)."""
    rules = {**deny('input.session.user == "alice"; input.query.kind == "select"', name="a"),
             **deny('input.session.parameters.application_name == "bad"; input.query.kind == "select"', name="b"),
             **deny('input.session.transaction == "active"; input.query.kind == "select"', name="c")}
    gateway = make_gateway(rules=rules, config={"gateway": {"threads": 1}})
    with connect(gateway, user="alice") as alice, connect(gateway, user="bob") as bob, connect(gateway, user="bob", application_name="bad") as bad:
        for _ in range(20):
            assert pgwire.kinds(bob.ask(query("select 1"))) == "TDCZ"
            assert pgwire.kinds(alice.ask(query("select 1"))) == "EZ"
            assert pgwire.kinds(bad.ask(query("select 1"))) == "EZ"
        bob.ask(query("set application_name = 'bad'"))
        assert pgwire.kinds(bob.ask(query("select 1"))) == "EZ"
        bob.ask(query("set application_name = 'good'"))
        assert pgwire.kinds(bob.ask(query("select 1"))) == "TDCZ"
        bob.ask(query("begin"))
        assert pgwire.kinds(bob.ask(query("select 1"))) == "EZ"
    assert gateway.metric("signalbox_decision_memo_hits_total") > 0


def test_tls_required_of_one_user(make_gateway, server_certificate, tls_context):
    rules = deny('input.session.user == "alice"\n\tinput.client.tls == null', "TLS is required", "startup")
    gateway = make_gateway(rules=rules, tls=listener_tls(server_certificate))
    for user, tls, works in (("alice", False, False), ("alice", True, True), ("bob", False, True)):
        with Wire((gateway.address, gateway.port)) as wire:
            if tls:
                wire.start_tls(tls_context, "localhost")
            assert (wire.login(user=user)[-1].kind == "Z") == works, (user, tls)


# --- SCRAM that ends at the gateway, towards clients and towards servers

@pytest.fixture
def ends_scram(pg, folder, server_certificate, make_gateway):
    """A gateway that knows scram_user's verifier: its certificate is not the server's, and clients may still bind."""
    file = folder / "verifiers"
    file.write_text("scram_user " + pg.sql("select rolpassword from pg_authid where rolname = 'scram_user'") + "\n")
    file.chmod(0o600)
    host.own(file)
    return make_gateway(config={"gateway": {"scram_file": str(file)}}, tls=listener_tls(server_certificate))


@pytest.mark.parametrize("binding", ["require", "prefer", "disable"])
@pytest.mark.parametrize("password, works", [("scram secret", True), ("another", False), ("", False), ("x" * 5000, False)])
def test_scram_ended_at_the_gateway(binding, password, works, ends_scram, authority):
    done = program("psql", "-XAtc", "select 'in'", server=ends_scram, user="scram_user", sslmode="verify-full", authority=authority,
                   PGPASSWORD=password, PGCHANNELBINDING=binding)
    assert (done.stdout.strip() == "in") == works, done.stderr
    if not works and password:
        assert "password authentication failed" in done.stderr


FIRSTS = [b"", b"n,,", b"n,,n=,r=", b"p=tls-server-end-point,,n=,r=abc", b"p=tls-unique,,n=,r=abcdefghijklmnop", b"y,,n=,r=abcdefghijklmnop", b"n,,n=,r=" + b"x" * 60_000,
          b"n,a=other,n=,r=abcdefghijkl", b"n,,m=x,n=,r=abcdefghijkl", b"\xff\xfe\0\1", b"n,,n=,r=abc,def", b"p=,,n=,r=abcdefghijkl"]


@pytest.mark.parametrize("number", range(len(FIRSTS)))
def test_malformed_sasl_ended_here(number, ends_scram, tls_context):
    first = FIRSTS[number]
    for mechanism in (b"SCRAM-SHA-256", b"SCRAM-SHA-256-PLUS", b"SCRAM-SHA-1", b""):
        for final in (b"", b"c=biws,r=x,p=", b"c=biws,r=" + b"y" * 50_000 + b",p=AAAA", b"c=biws"):
            with Wire((ends_scram.address, ends_scram.port)) as wire:
                wire.start_tls(tls_context, "localhost")
                wire.send(pgwire.startup({"user": "scram_user", "database": "postgres"}))
                assert wire.receive().kind == "R"
                wire.send(message(b"p", mechanism + b"\0" + struct.pack("!i", len(first)) + first))
                found = []
                try:
                    found.append(wire.receive())
                    if found[0].kind == "R":
                        wire.send(message(b"p", final))
                    found += wire.until_closed()
                except Closed:
                    pass
                assert "Z" not in pgwire.kinds(found) and b"\0\0\0\0" not in [m.body for m in found if m.kind == "R"]
            if not found or found[0].kind != "R":
                break
    alive(ends_scram)


def sasl(kind, data):
    return message(b"R", struct.pack("!i", kind) + data)


SCRAM_LIES = {
    "no nonce": lambda nonce: b"s=QUJD,i=4096", "another nonce": lambda nonce: b"r=another,s=QUJD,i=4096",
    "a nonce of 60,000": lambda nonce: b"r=" + nonce + b"z" * 60_000 + b",s=QUJD,i=4096",
    "no salt": lambda nonce: b"r=" + nonce + b"z,i=4096", "another salt": lambda nonce: b"r=" + nonce + b"z,s=QUJD,i=4096",
    "no iterations": lambda nonce: b"r=" + nonce + b"z,s=QUJD,i=0", "a thousand million": lambda nonce: b"r=" + nonce + b"z,s=QUJD,i=1000000000",
    "negative": lambda nonce: b"r=" + nonce + b"z,s=QUJD,i=-1", "no number": lambda nonce: b"r=" + nonce + b"z,s=QUJD,i=x", "nothing": lambda nonce: b"",
    "binary": lambda nonce: b"\xff" * 40,
}


def client_proof(wire, password, end_point):
    """A right client's side of SCRAM-SHA-256-PLUS, up to its proof."""
    nonce = base64.b64encode(os.urandom(18))
    header, bare = b"p=tls-server-end-point,,", b"n=,r=" + nonce
    first = header + bare
    wire.send(message(b"p", b"SCRAM-SHA-256-PLUS\0" + struct.pack("!i", len(first)) + first))
    challenge = wire.receive().body[4:]
    parts = dict(part.split(b"=", 1) for part in challenge.split(b","))
    salted = hashlib.pbkdf2_hmac("sha256", password, base64.b64decode(parts[b"s"]), int(parts[b"i"]))
    key = hmac.digest(salted, b"Client Key", "sha256")
    plain = b"c=" + base64.b64encode(header + end_point) + b",r=" + parts[b"r"]
    signature = hmac.digest(hashlib.sha256(key).digest(), bare + b"," + challenge + b"," + plain, "sha256")
    proof = bytes(a ^ b for a, b in zip(key, signature))
    wire.send(message(b"p", plain + b",p=" + base64.b64encode(proof)))


@pytest.mark.parametrize("name", [*SCRAM_LIES, "wrong signature", "OK too early"])
def test_a_malicious_servers_scram(name, folder, pg, authority, server_certificate, tls_context, make_gateway):
    """The gateway logs in at the server in the client's name; a server that lies learns nothing and is not believed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*map(str, authority.issue("liar", "localhost")))

    def talk(connection, first):
        connection.sendall(b"S")
        with context.wrap_socket(connection, server_side=True) as tls:
            tls.recv(10_000)
            tls.sendall(sasl(10, b"SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0"))
            hello = tls.recv(10_000)
            nonce = hello.split(b"r=")[1]
            if name == "OK too early":
                tls.sendall(WELCOME)
            elif name == "wrong signature":
                verifier = pg.sql("select rolpassword from pg_authid where rolname = 'scram_user'")
                iterations, salt = verifier.split("$")[1].split(":")
                tls.sendall(sasl(11, b"r=" + nonce + b"z,s=" + salt.encode() + b",i=" + iterations.encode()))
                tls.recv(10_000)
                tls.sendall(sasl(12, b"v=" + base64.b64encode(b"x" * 32)) + WELCOME)
            else:
                tls.sendall(sasl(11, SCRAM_LIES[name](nonce)))
                assert not tls.recv(10_000), "the gateway went on"
            time.sleep(0.2)

    file = folder / "verifiers"
    file.write_text("scram_user " + pg.sql("select rolpassword from pg_authid where rolname = 'scram_user'") + "\n")
    host.own(file)
    with HostileServer(talk) as server:
        gateway = make_gateway(config={"gateway": {"scram_file": str(file)}, "targets": [
            {"name": "main", "address": f"127.0.0.1:{server.port}", "tls": {"mode": "require"}}]}, tls=listener_tls(server_certificate))
        with Wire((gateway.address, gateway.port)) as wire:
            wire.start_tls(tls_context, "localhost")
            certificate = wire.socket.getpeercert(binary_form=True)
            wire.send(pgwire.startup({"user": "scram_user", "database": "postgres"}))
            assert wire.receive().kind == "R"
            started = time.monotonic()
            client_proof(wire, b"scram secret", hashlib.sha256(certificate).digest())
            found = wire.until_closed()
            assert "Z" not in pgwire.kinds(found) and b"\0\0\0\0" not in [m.body for m in found if m.kind == "R"]
            assert time.monotonic() - started < 5
        assert gateway.process.running()
