"""Every password method is relayed: what the server demands, the client answers, and the gateway adds nothing."""
import pytest

from support import pgwire
from support.clients import program
from support.pgwire import Wire

METHODS = {"md5_user": "md5 secret", "scram_user": "scram secret", "plain_user": "plain secret", "alice": None}


def psql(server, user, password, **connection):
    return program("psql", "-XAtc", "select current_user", server=server, user=user, PGPASSWORD=password or "", **connection)


@pytest.mark.parametrize("sslmode", ["disable", "verify-full"])
@pytest.mark.parametrize("user", METHODS)
def test_right_password(user, sslmode, gateway, authority):
    done = psql(gateway, user, METHODS[user], sslmode=sslmode, authority=authority, PGCHANNELBINDING="disable")
    assert done.stdout.strip() == user, done.stderr


@pytest.mark.parametrize("user", METHODS)
def test_over_tls_as_drivers_do_it_by_default(user, gateway, authority):
    """libpq prefers channel binding where it can; the gateway must not offer what cannot work through it."""
    done = psql(gateway, user, METHODS[user], sslmode="verify-full", authority=authority)
    assert done.stdout.strip() == user, done.stderr


def test_channel_binding_required_fails_closed(request, gateway, authority):
    """TLS ends at the gateway, so binding to the server cannot hold: the client must learn that and stop."""
    if request.config.getoption("--direct"):
        return
    done = psql(gateway, "scram_user", METHODS["scram_user"], sslmode="verify-full", authority=authority, PGCHANNELBINDING="require")
    assert done.returncode != 0 and "channel binding" in done.stderr


@pytest.mark.parametrize("user", [user for user, password in METHODS.items() if password] + ["nobody at all"])
def test_wrong_password_as_postgresql(user, pg, gateway):
    def said(server):
        return psql(server, user, "wrong").stderr.replace(str(server.port), "PORT")

    assert said(gateway) == said(pg)


@pytest.mark.parametrize("password", ["x" * 1023, "x" * 5000, "pässwörd", " "])
def test_odd_passwords(password, pg, gateway):
    def said(server):
        with Wire((server.address, server.port)) as wire:
            return [m.brief() for m in wire.login(user="plain_user", password=password) if m.kind != "R"]

    assert said(gateway) == said(pg)


def test_expired_password(pg, gateway):
    pg.sql("alter role plain_user valid until '2000-01-01'")
    try:
        assert psql(gateway, "plain_user", METHODS["plain_user"]).returncode != 0
    finally:
        pg.sql("alter role plain_user valid until 'infinity'")


def test_password_changed_between_sessions(pg, gateway):
    pg.sql("alter role plain_user password 'changed'")
    try:
        assert psql(gateway, "plain_user", "plain secret").returncode != 0
        assert psql(gateway, "plain_user", "changed").returncode == 0
    finally:
        pg.sql("alter role plain_user password 'plain secret'")


@pytest.mark.parametrize("data", [b"", b"SCRAM-SHA-256\0", b"SCRAM-SHA-256\0\0\0\0\5n,,n=",
                                  b"SCRAM-SHA-256-PLUS\0\0\0\0\x10p=tls-unique,,n=", b"NOPE\0\0\0\0\0",
                                  b"SCRAM-SHA-256\0\0\0\0\x0cy,,n=,r=\xff\xff\xff"])
def test_malformed_sasl_as_postgresql(data, pg, gateway):
    def said(server):
        with Wire((server.address, server.port)) as wire:
            wire.send(pgwire.startup({"user": "scram_user", "database": "postgres"}))
            found = wire.until("R")
            wire.send(pgwire.message(b"p", data))
            return [m.kind for m in found] + [(m.kind, m.fields.get("C")) if m.kind == "E" else m.kind for m in wire.until_closed()]

    assert said(gateway) == said(pg)


def test_query_instead_of_a_password(pg, gateway):
    def said(server):
        with Wire((server.address, server.port)) as wire:
            wire.send(pgwire.startup({"user": "plain_user", "database": "postgres"})).until("R")
            wire.send(pgwire.query("select 'in'"))
            return [(m.kind, m.fields["C"]) for m in wire.until_closed()]

    assert said(gateway) == said(pg)
