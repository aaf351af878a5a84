"""A server that answers what nobody has asked. Where policies have a say, nothing of it reaches the client: what is masked depends on
the question. Without policies it is the client's business, as without the gateway."""
import pytest

from support.hostile_server import HostileServer, after_login
from support.pgwire import connect, message, query

MASKS = """
policy: masks
on: [traffic_from_server]
rules:
  - name: people
    when: some table in input.query.tables; table.name == "people"
    then:
      - response: {mask: nullify, columns: ["*.secret"]}
"""
READY, DONE = message(b"Z", b"I"), message(b"C", b"SELECT 1\0")
TITLE = message(b"T", b"\0\1secret\0" + b"\0\0\x40\0\0\2" + b"\0\0\0\x19" + b"\xff\xff" + b"\xff\xff\xff\xff" + b"\0\0")
ROW = message(b"D", b"\0\1\0\0\0\6s3cret")
LIES = {
    "rows behind the answer": TITLE + DONE + READY + TITLE + ROW + DONE + READY,
    "a row behind the answer": TITLE + DONE + READY + message(b"2") + ROW,
    "a COPY behind the answer": TITLE + DONE + READY + message(b"H", b"\0\0\1\0\0") + message(b"d", b"s3cret\n"),
    "a result of a function": TITLE + DONE + READY + message(b"V", b"\0\0\0\6s3cret"),
    "ready before the answer": READY + TITLE + ROW + DONE + READY,
    "ready twice": TITLE + DONE + READY + READY + TITLE + ROW + DONE + READY,
    "ready in the middle": TITLE + READY + ROW + DONE + READY,
}


def before(server, make_gateway, **more):
    return make_gateway(config={"targets": [{"name": "main", "address": f"127.0.0.1:{server.port}", "tls": {"mode": "disable"}}]}, **more)


@pytest.mark.parametrize("name", LIES)
def test_what_nobody_asked_is_not_shown(name, make_gateway):
    with HostileServer(after_login(LIES[name])) as server:
        gateway = before(server, make_gateway, rules={"masks.policy.yaml": MASKS})
        with connect(gateway) as wire:
            found = wire.send(query("select 1 as harmless")).until_closed()
        assert not any(b"s3cret" in one.body for one in found)
        assert found[-1].fields["C"] == "08P01" and found[-1].fields["S"] == "FATAL"
        assert gateway.process.running()
        with connect(gateway) as wire:  # the next one is served
            assert wire.pid


@pytest.mark.parametrize("name", LIES)
def test_without_policies_it_passes(name, make_gateway):
    """Nobody would understand it better than the client."""
    with HostileServer(after_login(LIES[name])) as server, connect(before(server, make_gateway)) as wire:
        wire.send(query("select 1 as harmless"))
        wire.socket.settimeout(0.5)
        found = b""
        while len(found) < len(LIES[name]):
            found += wire.socket.recv(65536)
        assert found == LIES[name]
