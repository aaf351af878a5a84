"""How clients reach the gateway and the gateway its server: TCP, UNIX sockets, TLS in all its modes, certificates."""
import os
import shutil
import ssl

import pytest

from rig import host
from support import pgwire
from support.certificates import Authority
from support.clients import program
from support.pgwire import Closed, Wire, connect, query


def files(pair):
    return {"certificate": str(pair[0]), "key": str(pair[1])}


def psql(server, sql="select 1", **connection):
    return program("psql", "-XAtc", sql, server=server, **connection)


# --- UNIX sockets

def test_unix_sockets_on_both_sides(pg, make_gateway, folder):
    sockets = folder / "sockets-of-gateway"
    sockets.mkdir()
    host.own(sockets)
    gateway = make_gateway(f"{pg.sockets}:{pg.port}", start=False)
    gateway.config["listeners"].append({"name": "local", "address": f"{sockets}:{gateway.port}"})
    gateway.start()
    path = sockets / f".s.PGSQL.{gateway.port}"
    with Wire(str(path)) as wire:
        wire.login()
        assert wire.rows("select inet_client_addr() is null") == [("t",)]
    gateway.address = sockets
    assert psql(gateway).returncode == 0
    gateway.stop()
    assert not path.exists(), "the socket file outlived the gateway"


def test_unix_socket_left_by_a_dead_gateway_is_replaced(pg, make_gateway, folder):
    sockets = folder / "sockets-of-dead-gateway"
    sockets.mkdir()
    host.own(sockets)
    gateway = make_gateway(start=False)
    gateway.config["listeners"].append({"name": "local", "address": f"{sockets}:{gateway.port}"})
    gateway.start()
    gateway.process.child.kill()
    gateway.process.child.wait()
    gateway.start()
    with Wire(str(sockets / f".s.PGSQL.{gateway.port}")) as wire:
        wire.login()
        assert wire.rows("select 1") == [("1",)]


# --- TLS from clients

def test_tls_disabled_answers_no(pg, make_gateway):
    gateway = make_gateway()
    with Wire((gateway.address, gateway.port)) as wire:
        wire.send(pgwire.SSL_REQUEST)
        assert wire.socket.recv(1) == b"N"
        wire.login()
        assert wire.rows("select 1") == [("1",)]
    assert "server does not support SSL" in psql(gateway, sslmode="require").stderr


@pytest.mark.parametrize("sslmode, works", [("disable", False), ("prefer", True), ("require", True)])
def test_tls_required(sslmode, works, pg, make_gateway, server_certificate):
    """A plain startup is refused before anything of it reaches a server (proxysql #5284)."""
    gateway = make_gateway(tls={"mode": "require", **files(server_certificate)})
    before = pg.sql("select count(*) from pg_stat_activity where backend_type = 'client backend'")
    done = psql(gateway, sslmode=sslmode)
    assert (done.returncode == 0) == works, done.stderr
    if not works:
        with Wire((gateway.address, gateway.port)) as wire:
            assert wire.login()[-1].fields["C"] == "28000"
        assert pg.sql("select count(*) from pg_stat_activity where backend_type = 'client backend'") == before


@pytest.mark.parametrize("version, works", [(ssl.TLSVersion.TLSv1_2, False), (ssl.TLSVersion.TLSv1_3, True)])
def test_tls_minimum_version(version, works, make_gateway, server_certificate, authority):
    gateway = make_gateway(tls={"mode": "allow", "min_version": "1.3", **files(server_certificate)})
    context = ssl.create_default_context(cafile=authority.certificate)
    context.maximum_version = version
    with Wire((gateway.address, gateway.port)) as wire:
        if works:
            assert wire.start_tls(context, "localhost") == b"S"
            wire.login()
            assert wire.socket.version() == "TLSv1.3"
        else:
            with pytest.raises((ssl.SSLError, ConnectionError)):
                wire.start_tls(context, "localhost")


@pytest.fixture(scope="module")
def client_certificate(authority):
    return authority.issue("client", "postgres")


@pytest.mark.parametrize("policy", ["optional", "require"])
def test_client_certificates(policy, make_gateway, server_certificate, client_certificate, authority, folder):
    gateway = make_gateway(tls={"mode": "require", **files(server_certificate), "client_ca": str(authority.certificate),
                                "client_certificates": policy})
    stranger = Authority(folder / f"stranger-{policy}", "somebody else").issue("client", "postgres")

    def attempt(pair):
        context = ssl.create_default_context(cafile=authority.certificate)
        if pair:
            context.load_cert_chain(*map(str, pair))
        try:
            with Wire((gateway.address, gateway.port)) as wire:
                wire.start_tls(context, "localhost")
                return wire.login()[-1].kind == "Z"
        except (OSError, Closed):
            return False

    assert attempt(client_certificate)
    assert attempt(None) == (policy == "optional")
    assert not attempt(stranger)


def test_direct_tls(gateway, authority):
    """PostgreSQL 17's handshake: TLS from the first byte, ALPN `postgresql` or nothing."""
    for protocols, works in ((["postgresql"], True), (["http/1.1"], False), ([], False)):
        context = ssl.create_default_context(cafile=authority.certificate)
        if protocols:
            context.set_alpn_protocols(protocols)
        try:
            with Wire((gateway.address, gateway.port)) as wire:
                wire.direct_tls(context, "localhost")
                served = wire.login()[-1].kind == "Z" and wire.socket.selected_alpn_protocol() == "postgresql"
        except (OSError, Closed):
            served = False
        assert served == works, protocols


def test_tls_inside_tls_is_refused(gateway, tls_context):
    with Wire((gateway.address, gateway.port)) as wire:
        wire.start_tls(tls_context, "localhost")
        wire.send(pgwire.SSL_REQUEST)
        assert [m.kind for m in wire.until_closed()] in ([], ["E"])


def test_certificate_is_read_again_on_reload(pg, make_gateway, authority, server_certificate, folder):
    """New clients see the new certificate; open sessions go on."""
    own = folder / "rotating"
    own.mkdir()
    pair = [shutil.copy(path, own / path.name) for path in server_certificate]
    for path in pair:
        host.own(path)
    gateway = make_gateway(tls={"mode": "allow", **files(pair)})

    def serial():
        context = ssl.create_default_context(cafile=authority.certificate)
        with Wire((gateway.address, gateway.port)) as wire:
            wire.start_tls(context, "localhost")
            return wire.socket.getpeercert()["serialNumber"]

    before = serial()
    with connect(gateway) as open_session:
        fresh = authority.issue("server-renewed", "localhost")
        for new, old in zip(fresh, pair):
            shutil.copy(new, str(old) + ".new")
            host.own(str(old) + ".new")
            os.replace(str(old) + ".new", old)
        gateway.reload()
        host.wait_until(lambda: serial() != before, 10, "the new certificate is served")
        with open(pair[0], "w") as broken:
            broken.write("not a certificate")
        gateway.reload()
        assert open_session.rows("select pg_sleep(0.5)::text, 1") == [("", "1")]
        assert serial() != before, "a broken certificate replaced a good one"


# --- TLS to servers

@pytest.mark.parametrize("mode, works", [("disable", True), ("allow", True), ("prefer", True), ("require", True),
                                         ("verify-ca", True), ("verify-full", True)])
def test_tls_to_the_server(mode, works, pg, make_gateway, authority):
    gateway = make_gateway(config={"targets": [{"name": "main", "address": f"{pg.address}:{pg.port}",
                                                "tls": {"mode": mode, "ca": str(authority.certificate)}}]})
    with connect(gateway) as wire:
        used = wire.rows("select ssl from pg_stat_ssl where pid = pg_backend_pid()")
    assert used == [("f" if mode in ("disable", "allow") else "t",)]


@pytest.mark.parametrize("mode", ["verify-ca", "verify-full"])
def test_server_with_a_strangers_certificate_is_refused(mode, pg, make_gateway, folder):
    stranger = Authority(folder / f"stranger-to-server-{mode}", "somebody else")
    gateway = make_gateway(config={"targets": [{"name": "main", "address": f"{pg.address}:{pg.port}",
                                                "tls": {"mode": mode, "ca": str(stranger.certificate)}}]})
    with Wire((gateway.address, gateway.port)) as wire:
        last = wire.login()[-1]
    assert last.kind == "E" and last.fields["S"] == "FATAL" and last.fields["C"].startswith("08")


def test_server_that_is_not_there(make_gateway):
    gateway = make_gateway(f"127.0.0.1:{host.free_port()}")
    with Wire((gateway.address, gateway.port)) as wire:
        last = wire.login()[-1]
    assert last.kind == "E" and last.fields["S"] == "FATAL" and last.fields["C"].startswith("08")
    assert gateway.process.running()


def test_client_over_tls_and_server_over_tls(pg, make_gateway, authority, server_certificate, tls_context):
    gateway = make_gateway(tls={"mode": "require", **files(server_certificate)}, config={
        "targets": [{"name": "main", "address": f"{pg.address}:{pg.port}", "tls": {"mode": "verify-full", "ca": str(authority.certificate)}}]})
    with Wire((gateway.address, gateway.port)) as wire:
        wire.start_tls(tls_context, "localhost")
        wire.login()
        assert len(wire.ask(query("select repeat('t', 5000000)"))[1].columns[0]) == 5_000_000
