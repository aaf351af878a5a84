"""Two gateways before one PostgreSQL, and a Redis server in which they count together and share their blocks; what holds while that server is away."""
import threading
import time

import pytest

from rig import host
from rig.redis import Redis
from support import pgwire
from support.rules import policy_file
from support.pgwire import Wire, connect, errors, query

TRAFFIC = "traffic_from_client"


@pytest.fixture
def redis(folder, request):
    server = Redis(folder / f"redis-{request.node.name[:40]}", password="store-secret").start()
    yield server
    server.stop()


def shared(redis, **more):
    return {"shared": {"address": redis.address, "password": redis.password, **more}}


def refusal(messages):
    found = errors(messages)
    return found[0]["C"] if found else None


def login_refusal(gateway, **login):
    with Wire((gateway.address, gateway.port)) as wire:
        try:
            answer = wire.login(**login)
        except pgwire.Closed:
            return "closed"
        return answer[-1].fields["C"] if answer[-1].kind == "E" else None


def pair(make_gateway, redis, *then, **more):
    rules = policy_file(TRAFFIC, *then)
    return make_gateway(rules=rules, config=shared(redis, **more)), make_gateway(rules=rules, config=shared(redis, **more))


@pytest.mark.parametrize("algorithm", ["token_bucket", "sliding_window"])
def test_a_rate_is_counted_by_all_gateways_together(make_gateway, redis, algorithm):
    gateways = pair(make_gateway, redis, {"police": {"rate": 10, "per": "10m", "algorithm": algorithm}})
    wires = [connect(gateway) for gateway in gateways for _ in range(2)]
    answers = [refusal(wire.ask(query("select 1"))) for _ in range(5) for wire in wires]
    assert answers.count(None) == 10 and answers.count("53400") == 10
    for wire in wires:
        wire.drop()
    listed = [gateway.rest("GET", "/gateway/v1/limits")[1]["limits"][0] for gateway in gateways]
    assert sum(row["admitted"] for row in listed) == 10 and sum(row["refused"] for row in listed) == 10
    key, = [k for k in redis.ask("KEYS", "*") if k.startswith("signalbox:rate:")]
    assert 0 < int(redis.ask("PTTL", key)[0][1:]) <= 1_200_001  # forgotten when it is as good as new


def test_a_rate_says_when_to_come_again_and_delays(make_gateway, redis):
    first, second = pair(make_gateway, redis, {"police": {"rate": 4, "burst": 1, "on_excess": "delay", "max_delay": "2s"}})
    with connect(first) as one, connect(second) as other:
        began = time.monotonic()
        for wire in (one, other, one, other):
            assert refusal(wire.ask(query("select 1"))) is None
        assert 0.7 <= time.monotonic() - began < 5
    strict, _ = pair(make_gateway, redis, {"police": {"rate": 1, "per": "60s", "name": "strict"}})
    with connect(strict) as wire:
        assert refusal(wire.ask(query("select 1"))) is None
        hint = errors(wire.ask(query("select 1")))[0]["H"]
        assert hint.startswith("Retry after ") and 50 < float(hint.split()[2]) <= 60.1


def wait_for_places(redis, count):
    """Until that many places are taken. Not to be seen by trying: who tries may have the very place that another wants."""
    def taken():
        return any(redis.ask("ZCARD", key) == [f":{count}"] for key in redis.ask("KEYS", "*") if key.startswith("signalbox:places:"))
    host.wait_until(taken, 5, f"{count} places are taken")


def test_places_are_shared_and_given_back(make_gateway, redis):
    first, second = pair(make_gateway, redis, {"limit": {"concurrency": 2}})
    with connect(first) as one, connect(second) as two, connect(second) as three:
        one.send(query("select pg_sleep(1.5)"))
        two.send(query("select pg_sleep(1.5)"))
        wait_for_places(redis, 2)
        assert refusal(three.ask(query("select 1"))) == "53400"
        one.until_ready(), two.until_ready()
        host.wait_until(lambda: refusal(three.ask(query("select 1"))) is None, 5, "a place is free again")


def test_places_of_a_gateway_that_has_died_come_back(make_gateway, redis):
    first, second = pair(make_gateway, redis, {"limit": {"concurrency": 1}}, lease="1s")
    with connect(first) as one, connect(second) as two:
        one.send(query("select pg_sleep(30)"))
        wait_for_places(redis, 1)
        time.sleep(1.5)  # it is renewed as long as it is held
        assert refusal(two.ask(query("select 1"))) == "53400"
        first.process.child.kill()
        host.wait_until(lambda: refusal(two.ask(query("select 1"))) is None, 5, "the place has come back")


def test_a_block_holds_at_all_gateways_and_is_lifted_at_all(make_gateway, redis):
    first, second = pair(make_gateway, redis, {"transmit": {}})
    with connect(second, user="alice") as wire:
        assert first.rest("POST", "/gateway/v1/blocks", {"kind": "user", "value": "alice", "for": "1h", "reason": "by hand"})[0] == 200
        assert errors(wire.until_closed())[-1]["C"] == "28000"  # also the session that is there
    assert login_refusal(second, user="alice") == "28000" and login_refusal(second, user="bob") is None
    blocks = second.rest("GET", "/gateway/v1/blocks")[1]["blocks"]
    assert [(b["kind"], b["value"], b["reason"]) for b in blocks] == [("user", "alice", "by hand")]
    third = make_gateway(rules=policy_file(TRAFFIC, {"transmit": {}}), config=shared(redis))  # one that comes later
    host.wait_until(lambda: login_refusal(third, user="alice") == "28000", 5, "the block has reached the third gateway")
    assert third.rest("POST", "/gateway/v1/blocks/lift", {"kind": "user", "value": "alice"})[0] == 200
    for gateway in (first, second):
        host.wait_until(lambda gateway=gateway: login_refusal(gateway, user="alice") is None, 5, "the block is lifted")


def test_an_empty_store_lifts_nothing(make_gateway, redis):
    first, second = pair(make_gateway, redis, {"transmit": {}})
    first.rest("POST", "/gateway/v1/blocks", {"kind": "user", "value": "alice"})
    host.wait_until(lambda: login_refusal(second, user="alice") == "28000", 5, "the block is shared")
    redis.ask("FLUSHALL")
    time.sleep(1)
    assert login_refusal(first, user="alice") == login_refusal(second, user="alice") == "28000"
    assert redis.ask("HLEN", "signalbox:blocks") == [":1"]


@pytest.mark.parametrize("how", ["stopped", "frozen"])
@pytest.mark.parametrize("on_unavailable", ["local", "refuse"])
def test_the_store_is_away(make_gateway, redis, how, on_unavailable):
    """Nobody waits for it: each gateway counts for itself, or refuses, as configured; and goes on together when it is back."""
    gateway, _ = pair(make_gateway, redis, {"police": {"rate": 5, "per": "10m"}}, on_unavailable=on_unavailable)
    other = make_gateway(config=shared(redis))
    with connect(gateway) as wire, connect(other) as bystander:
        assert refusal(wire.ask(query("select 1"))) is None
        redis.stop() if how == "stopped" else redis.freeze()
        delays, stop = [], threading.Event()

        def watch():
            while not stop.is_set():
                began = time.monotonic()
                bystander.ask(query("select 1"))
                delays.append(time.monotonic() - began)
        watcher = threading.Thread(target=watch)
        watcher.start()
        began = time.monotonic()
        answers = [refusal(wire.ask(query("select 1"))) for _ in range(8)]
        took = time.monotonic() - began
        stop.set()
        watcher.join()
        assert answers == ([None] * 5 + ["53400"] * 3 if on_unavailable == "local" else ["58000"] * 8)
        assert took < 2 and max(delays) < 0.5  # one deadline, not one for each
        assert gateway.metric("signalbox_shared_store_failures_total") >= 8
        redis.start() if how == "stopped" else redis.thaw()
        # This gateway's own count is used up: what passes now has been counted there.
        host.wait_until(lambda: refusal(wire.ask(query("select 1"))) is None, 10, "the store is used again")


def test_a_wrong_password_is_an_absent_store(make_gateway, redis):
    settings = shared(redis)
    settings["shared"]["password"] = "guessed-secret"
    gateway = make_gateway(rules=policy_file(TRAFFIC, {"police": {"rate": 5, "per": "10m"}}), config=settings)
    with connect(gateway) as wire:
        assert [refusal(wire.ask(query("select 1"))) for _ in range(6)] == [None] * 5 + ["53400"]
    log = gateway.process.output()
    assert "the shared store is away" in log and "guessed-secret" not in log


@pytest.fixture
def encrypted(folder, authority, request):
    """A server with TLS that wants certificates of its clients, and knows one user."""
    made = []

    def make(alternatives="DNS:localhost,IP:127.0.0.1"):
        certificate, key = authority.issue(f"redis-{len(made)}-{request.node.name[:20]}", "localhost", alternatives)
        host.own(authority.certificate)
        server = Redis(folder / f"redis-tls-{abs(hash(request.node.name))}-{len(made)}", password="acl-secret", user="gateway", tls=(authority.certificate, certificate, key)).start()
        made.append(server)
        return server

    yield make
    for server in made:
        server.stop()


def over_tls(server, authority, **more):
    certificate, key = authority.issue("store-client", "gateway")
    tls = {"mode": "verify-full", "ca": str(authority.certificate), "certificate": str(certificate), "key": str(key)}
    return {"shared": {"address": server.address, "user": "gateway", "password": "acl-secret", "on_unavailable": "refuse", "deadline": "1s", "tls": {**tls, **more}}}


def test_over_tls_as_a_user_of_the_acl(make_gateway, encrypted, authority):
    server = encrypted()
    settings = over_tls(server, authority)
    gateways = [make_gateway(rules=policy_file(TRAFFIC, {"police": {"rate": 3, "per": "10m"}}, {"limit": {"concurrency": 9}}), config=settings) for _ in range(2)]
    with connect(gateways[0]) as one, connect(gateways[1]) as two:
        assert [refusal(wire.ask(query("select 1"))) for wire in (one, two, one, two)] == [None, None, None, "53400"]
    gateways[0].rest("POST", "/gateway/v1/blocks", {"kind": "user", "value": "alice"})
    host.wait_until(lambda: login_refusal(gateways[1], user="alice") == "28000", 5, "the block has reached the other gateway")
    assert server.ask("HLEN", "signalbox:blocks") == [":1"]


@pytest.mark.parametrize("wrong", ["name", "authority", "no certificate", "plain", "password"])
def test_a_store_that_is_not_the_right_one_is_absent(make_gateway, encrypted, authority, folder, wrong):
    """Nothing is sent to a server whose certificate is not what it should be, and nothing is counted there."""
    server = encrypted("DNS:elsewhere.example") if wrong == "name" else encrypted()
    settings = over_tls(server, authority)
    if wrong == "authority":
        settings["shared"]["tls"]["ca"] = str(type(authority)(folder / "other-authority", "another").certificate)
    elif wrong == "no certificate":
        settings["shared"]["tls"].update(certificate="", key="")
    elif wrong == "plain":
        settings["shared"]["tls"] = {"mode": "disable"}
    elif wrong == "password":
        settings["shared"]["password"] = "guessed-secret"
    gateway = make_gateway(rules=policy_file(TRAFFIC, {"police": {"rate": 100}}), config=settings)
    with connect(gateway) as wire:
        assert refusal(wire.ask(query("select 1"))) == "58000"
    log = gateway.process.output()
    assert "the shared store is away" in log and "secret" not in log
    assert server.ask("DBSIZE") == [":0"]


def test_verify_ca_does_not_look_at_the_name(make_gateway, encrypted, authority):
    server = encrypted("DNS:elsewhere.example")
    gateway = make_gateway(rules=policy_file(TRAFFIC, {"police": {"rate": 100}}), config=over_tls(server, authority, mode="verify-ca"))
    with connect(gateway) as wire:
        assert refusal(wire.ask(query("select 1"))) is None
