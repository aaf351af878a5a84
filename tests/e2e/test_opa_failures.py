"""`engine: opa` when OPA is slow, dead, wrong or hostile: `on_error` decides, at once and in every mode; nobody else waits."""
import signal
import socket
import ssl
import threading
import time

import pytest

from rig import host
from support import pgwire
from support.certificates import Authority
from support.opa import ScriptedOpa, answer, asks_for
from support.pgwire import SYNC, bind, connect, errors, execute, parse, query

DENY = {"action": "deny", "message": "no"}
# Which facts are sent, and what the built-in engine says when it decides instead.
RULES = {"guard.rego": 'package policies.guard\n\nimport rego.v1\n\nactions contains {"action": "deny", "message": "embedded"} if {\n\t"delete" in input.query.kinds\n\tinput.session.user != "nobody"\n}\n'}


def asking(make_gateway, url, **more):
    opa = {"url": url, "deadline": "1s", "breaker_failures": 1000, **more}
    return make_gateway(rules=RULES, config={"policy": {"engine": "opa", "opa": opa}, "gateway": {"threads": 1}})


def trickled(raw, pause):
    def script(_, connection):
        for at in range(len(raw)):
            connection.sendall(raw[at:at + 1])
            time.sleep(pause)
        return True
    return script


FAILURES = {
    "500": answer({"code": "internal_error", "message": "boom"}, 500),
    "404": answer(b"", 404),
    "204 without a body": b"HTTP/1.1 204 No Content\r\n\r\n",
    "redirected": answer(b"", 301, "Location: http://127.0.0.1:1/"),
    "not JSON": answer(b"<html>"),
    "half a JSON text": answer(b'{"result": ['),
    "JSON with something behind it": answer(b'{"result": []} x'),
    "undefined": answer({}),
    "no set": answer({"result": {"action": "deny"}}),
    "a boolean": answer({"result": True}),
    "no action": answer({"result": ["deny"]}),
    "deeply nested": answer(b'{"result": ' + b"[" * 5000 + b"]" * 5000 + b"}"),
    "two megabytes": answer(b'{"result": ["' + b"x" * (2 << 20) + b'"]}'),
    "two megabytes announced": b"HTTP/1.1 200 OK\r\nContent-Length: 2000000000000\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\nContent-Length: 15\r\n\r\n" + b'{"result": []}',
    "endless headers": b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 100_000 + b"\r\n\r\n",
    "no HTTP": b"\0\1\2\3 what is this\r\n\r\n",
    "nothing": None,
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_wrong_answer_is_no_permission(name, make_gateway):
    with ScriptedOpa(lambda question: FAILURES[name]) as opa:
        gateway = asking(make_gateway, opa.url)
        with connect(gateway) as wire:
            fields = errors(wire.ask(query("select 1")))[0]
            assert (fields["S"], fields["C"]) == ("ERROR", "42501") and "boom" not in str(fields)
            assert pgwire.kinds(wire.ask(parse("select 1"), bind(), execute(), SYNC)) == "EZ"
        found = host.wait_until(lambda: gateway.rest("GET", "/gateway/v1/decisions")[1]["decisions"], 10, "the record")
        assert found[0]["engine"] == "opa" and found[0]["error"]["code"] == "external_engine_error"
        assert gateway.metric("signalbox_external_decisions_total", outcome="failed") >= 2


def test_an_unknown_action_refuses_and_is_recorded(make_gateway):
    with ScriptedOpa(lambda question: asks_for({"action": "explode"})) as opa:
        gateway = asking(make_gateway, opa.url)
        with connect(gateway) as wire:
            assert errors(wire.ask(query("select 1")))[0]["C"] == "42501"
        found = host.wait_until(lambda: gateway.rest("GET", "/gateway/v1/decisions")[1]["decisions"], 10, "the record")
        assert found[0]["plan"]["reason"] == "invalid" and found[0]["set_aside"][0]["fate"] == "unknown"


@pytest.mark.parametrize("on_error, select, delete", [("deny", "EZ", "EZ"), ("allow", "TDCZ", "CZ"), ("embedded", "TDCZ", "EZ")])
@pytest.mark.parametrize("how", ["dead", "slow", "wrong"])
def test_on_error(how, on_error, select, delete, make_gateway):
    script = {"slow": lambda question: time.sleep(3), "wrong": lambda question: answer(b"{"), "dead": None}[how]
    with ScriptedOpa(script) as opa:
        if how == "dead":
            opa.listener.shutdown(socket.SHUT_RDWR)
            opa.listener.close()
        gateway = asking(make_gateway, opa.url, on_error=on_error, deadline="300ms")
        with connect(gateway) as wire:
            started = time.monotonic()
            assert pgwire.kinds(wire.ask(query("select 1"))) == select
            assert time.monotonic() - started < 2.5, "the deadline did not hold"
            found = wire.ask(query("delete from pg_class where false"))
            assert pgwire.kinds(found) == delete
            if on_error == "embedded":
                assert errors(found)[0]["M"] == "embedded"
        found = host.wait_until(lambda: gateway.rest("GET", "/gateway/v1/decisions")[1]["decisions"], 10, "the record")
        why = found[0]["passed_over"] if on_error == "embedded" else found[0]["error"]["message"]
        assert found[0]["engine"] == ("embedded" if on_error == "embedded" else "opa") and why


def test_the_deadline_is_one_for_the_whole_exchange(make_gateway):
    """An answer that arrives byte by byte, each in time, is late as a whole."""
    with ScriptedOpa(trickled(asks_for(), 0.1), raw=True) as opa:
        gateway = asking(make_gateway, opa.url, deadline="500ms")
        with connect(gateway) as wire:
            started = time.monotonic()
            assert pgwire.kinds(wire.ask(query("select 1"))) == "EZ"
            assert time.monotonic() - started < 2


def test_a_slow_opa_slows_only_who_asks(make_gateway):
    """While one session waits, sessions whose questions are answered, and those of one loop, go on."""
    with ScriptedOpa(lambda question: (time.sleep(1.5), asks_for())[1] if question["input"]["session"]["user"] == "alice" else asks_for()) as opa:
        gateway = asking(make_gateway, opa.url, deadline="5s")
        with connect(gateway, user="alice") as slow, connect(gateway, user="bob") as quick:
            started = time.monotonic()
            slow.send(query("select 'slow'"))
            worst = 0.0
            for _ in range(50):
                asked = time.monotonic()
                assert quick.rows("select 1") == [("1",)]
                worst = max(worst, time.monotonic() - asked)
            assert time.monotonic() - started < 1.4 and worst < 0.5
            assert pgwire.kinds(slow.until_ready()) == "TDCZ"


def test_more_sessions_than_connections(make_gateway):
    """Sessions queue for the few connections to OPA, first come first served, and none is forgotten."""
    with ScriptedOpa(lambda question: (time.sleep(0.02), asks_for())[1]) as opa:
        gateway = asking(make_gateway, opa.url, deadline="10s", connections=2)
        wires = [connect(gateway) for _ in range(30)]
        for _ in range(3):
            for wire in wires:
                wire.send(query("select 1"))
            for wire in wires:
                assert pgwire.kinds(wire.until_ready()) == "TDCZ"
        for wire in wires:
            wire.drop()
        assert opa.connections <= 2, "more connections than allowed"


def test_a_connection_closed_meanwhile_is_replaced(make_gateway):
    """OPA restarts, a proxy in between closes idle connections: no statement is refused for it."""
    def script(question, connection):
        connection.sendall(asks_for())

    with ScriptedOpa(script, raw=True) as opa:
        gateway = asking(make_gateway, opa.url)
        with connect(gateway) as wire:
            for _ in range(20):
                assert wire.rows("select 1") == [("1",)]
        assert opa.connections >= 20


def test_a_connection_that_closes_at_the_next_question_is_replaced(make_gateway):
    seen = {}

    def script(question, connection):
        seen[connection] = seen.get(connection, 0) + 1
        if seen[connection] > 1:
            return None
        connection.sendall(asks_for())
        return True

    with ScriptedOpa(script, raw=True) as opa:
        gateway = asking(make_gateway, opa.url)
        with connect(gateway) as wire:
            for _ in range(10):
                assert wire.rows("select 1") == [("1",)]


def test_an_answer_nobody_asked_for_is_not_taken_for_the_next_one(make_gateway):
    """A second answer on the connection (a 408 of a proxy, a duplicate) belongs to no question."""
    with ScriptedOpa(lambda question: asks_for(DENY) if "delete" in question["input"]["query"]["kinds"] else asks_for() + asks_for()) as opa:
        gateway = asking(make_gateway, opa.url, deadline="3s")
        with connect(gateway) as wire:
            for _ in range(5):
                assert wire.rows("select 1") == [("1",)]
                assert errors(wire.ask(query("delete from pg_class")))[0]["M"] == "no"

    def late(question, connection):
        if "delete" in question["input"]["query"]["kinds"]:
            connection.sendall(asks_for(DENY))
        else:
            connection.sendall(asks_for())
            time.sleep(0.1)
            connection.sendall(asks_for())
        return True

    with ScriptedOpa(late, raw=True) as opa:
        gateway = asking(make_gateway, opa.url, deadline="3s")
        with connect(gateway) as wire:
            for _ in range(5):
                assert wire.rows("select 1") == [("1",)]
                time.sleep(0.3)
                assert errors(wire.ask(query("delete from pg_class")))[0]["M"] == "no"


ANSWERS = {
    "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"".join(b"%x\r\n%s\r\n" % (1, bytes([c])) for c in b'{"result": []}') + b"0\r\n\r\n",
    "HTTP/1.0 up to the close": b'HTTP/1.0 200 OK\r\n\r\n{"result": []}',
    "connection: close": answer({"result": []}, 200, "Connection: close"),
    "many headers": answer({"result": []}, 200, *[f"X-{i}: y" for i in range(50)]),
    "other members": answer({"result": [], "decision_id": "1", "metrics": {}}),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_answers_in_every_form(name, make_gateway):
    def script(question, connection):
        connection.sendall(ANSWERS[name])
        return True if name in ("chunked", "many headers", "other members") else None

    with ScriptedOpa(script, raw=True) as opa:
        gateway = asking(make_gateway, opa.url)
        with connect(gateway) as wire:
            for _ in range(3):
                assert wire.rows("select 1") == [("1",)]


def test_the_circuit_breaker_opens_and_closes(make_gateway):
    """After some failures in a row nobody waits any more; after the pause OPA is asked again."""
    working = threading.Event()
    with ScriptedOpa(lambda question: asks_for() if working.is_set() else time.sleep(2)) as opa:
        gateway = asking(make_gateway, opa.url, deadline="200ms", breaker_failures=3, breaker_pause="1500ms")
        with connect(gateway) as wire:
            for _ in range(3):
                assert pgwire.kinds(wire.ask(query("select 1"))) == "EZ"
            asked, started = len(opa.questions), time.monotonic()
            for _ in range(20):
                assert pgwire.kinds(wire.ask(query("select 1"))) == "EZ"
            assert time.monotonic() - started < 1 and len(opa.questions) == asked
            working.set()
            host.wait_until(lambda: not errors(wire.ask(query("select 1"))), 5, "OPA is asked again")


def test_only_facts_that_are_read_are_sent(make_gateway):
    with ScriptedOpa(lambda question: asks_for()) as opa:
        gateway = asking(make_gateway, opa.url, token="the token of OPA")
        with connect(gateway, user="alice") as wire:
            wire.ask(query("select 'a secret'"))
            wire.ask(parse("select $1::text"), bind(["another secret"]), execute(), SYNC)
        # "hook": the entry asks which hook it is.
        assert opa.inputs() == [{"hook": "traffic_from_client", "query": {"kinds": ["select"]}, "session": {"user": "alice"}}] * 2
        first, headers = opa.heads[0]
        assert first == "POST /v1/data/gateway/actions HTTP/1.1"
        assert headers["authorization"] == "Bearer the token of OPA" and headers["content-type"] == "application/json"
        gateway.stop()
        assert "the token of OPA" not in gateway.process.output() + gateway.run("config", "print", str(gateway.config_file)).stdout


def test_declared_facts_are_sent_without_policies_of_ones_own(make_gateway):
    with ScriptedOpa(lambda question: asks_for()) as opa:
        gateway = make_gateway(config={"policy": {"engine": "opa", "opa": {"url": opa.url + "/proxied/",
                                                                           "inputs": ["session.database", "query.text"]}}})
        with connect(gateway) as wire:
            assert wire.rows("select 1") == [("1",)]
        assert opa.inputs() == [{"session": {"database": "postgres"}, "query": {"text": "select 1"}}]
        assert opa.heads[0][0] == "POST /proxied/v1/data/gateway/actions HTTP/1.1"


def test_over_a_unix_socket(folder, make_gateway):
    with ScriptedOpa(lambda question: asks_for(DENY), path=folder / "opa.socket") as opa:
        with connect(asking(make_gateway, opa.url)) as wire:
            assert errors(wire.ask(query("select 1")))[0]["M"] == "no"
        assert opa.connections == 1


@pytest.mark.parametrize("known", [True, False], ids=["our own CA", "a stranger's CA"])
def test_over_tls_with_a_certificate_of_ones_own(known, folder, authority, server_certificate, make_gateway):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*map(str, server_certificate))
    context.load_verify_locations(str(authority.certificate))
    context.verify_mode = ssl.CERT_REQUIRED
    certificate, key = authority.issue("towards-opa", "signalbox")
    ca = authority if known else Authority(folder / "stranger", "stranger")
    with ScriptedOpa(lambda question: asks_for(), context=context) as opa:
        gateway = asking(make_gateway, opa.url, ca=str(ca.certificate), certificate=str(certificate), key=str(key))
        with connect(gateway) as wire:
            for _ in range(3):
                assert pgwire.kinds(wire.ask(query("select 1"))) == ("TDCZ" if known else "EZ")
        assert opa.connections == (1 if known else opa.connections)


def test_a_client_that_leaves_while_its_question_is_open(pg, make_gateway):
    with ScriptedOpa(lambda question: (time.sleep(1), asks_for())[1]) as opa:
        gateway = asking(make_gateway, opa.url, deadline="5s")
        wires = [connect(gateway) for _ in range(10)]
        pids = [str(wire.pid) for wire in wires]
        for wire in wires:
            wire.send(query("select 1"))
            wire.drop()
        host.wait_until(lambda: pg.sql(f"select count(*) from pg_stat_activity where pid in ({', '.join(pids)})") == "0", 15, "the sessions end")
        assert gateway.process.running()


def test_drain_and_reload_while_questions_are_open(make_gateway):
    with ScriptedOpa(lambda question: (time.sleep(0.5), asks_for())[1]) as opa:
        gateway = asking(make_gateway, opa.url, deadline="5s")
        with connect(gateway) as wire:
            wire.send(query("select 'answered'"))
            time.sleep(0.1)
            gateway.write_config({"policy": {"opa": {"connections": 1}}})
            gateway.reload()
            assert pgwire.kinds(wire.until_ready()) == "TDCZ"
            wire.send(query("select 'answered too'"))
            time.sleep(0.1)
            gateway.process.signal(signal.SIGTERM)
            assert pgwire.kinds(wire.until_ready()) == "TDCZ"
        assert gateway.process.wait(10) == 0


def test_engines_change_by_reload_under_load(make_gateway):
    """From OPA to the built-in engine and back, while statements run: each is decided by one of them."""
    with ScriptedOpa(lambda question: asks_for(DENY) if "delete" in question["input"]["query"]["kinds"] else asks_for()) as opa:
        gateway = asking(make_gateway, opa.url)
        seen = set()
        with connect(gateway) as wire:
            for turn in range(20):
                gateway.write_config({"policy": {"engine": "embedded" if turn % 2 else "opa"}})
                gateway.reload()
                for _ in range(10):
                    seen.add(errors(wire.ask(query("delete from pg_class")))[0]["M"])
                    assert wire.rows("select 1") == [("1",)]
                time.sleep(0.05)
        assert seen == {"no", "embedded"}
