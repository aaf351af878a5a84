"""A sync action that waits for somebody ends by its deadline, and then its `on_error` (or `on_unavailable`) holds: a Redis that hangs, targets that never
answer, a server that has stopped. The client sees a valid conversation, the record says what happened, and nothing stays behind."""
import contextlib
import os
import signal
import socket
import struct
import threading
import time

import pytest

from rig import host
from rig.redis import Redis
from support.pgwire import SYNC, Wire, bind, connect, errors, execute, kinds, parse, query, status
from support.rules import policy_file, policy_text

TRAFFIC = "traffic_from_client"
LATE = 0.4  # of every action here
SOON = 2.5  # by then it is over: a busy machine, and a timer's tick


@pytest.fixture
def redis(folder, request):
    server = Redis(folder / f"redis-{abs(hash(request.node.name))}").start()
    yield server
    server.stop()


def patient(redis):
    """A gateway that would wait for its store for a minute."""
    return {"shared": {"address": redis.address, "deadline": "60s", "on_unavailable": "refuse"}}


def refusal(messages):
    found = errors(messages)
    return found[0]["C"] if found else None


@contextlib.contextmanager
def soon():
    began = time.monotonic()
    yield
    assert time.monotonic() - began < SOON


def outcomes(gateway, action):
    """What decisions with this action say of it, the last first."""
    rows = gateway.rest("GET", "/gateway/v1/decisions?limit=20")[1]["decisions"]
    return [row["outcome"] for row in rows if action in (row.get("outcome") or "")]


def told(gateway, action, outcome):
    """The record of the last one comes to say this."""
    host.wait_until(lambda: (outcomes(gateway, action) or [""])[0].startswith(outcome), 5, f"{outcome}, instead of {outcomes(gateway, action)}")


def late(gateway):
    return gateway.metric("signalbox_sync_actions_total", outcome="late")


@pytest.mark.parametrize("mode", ["simple", "extended"])
@pytest.mark.parametrize("on_error", ["deny", "continue"])
@pytest.mark.parametrize("then", [{"police": {"rate": 100}}, {"limit": {"concurrency": 10}}], ids=["police", "limit"])
def test_a_store_that_hangs(make_gateway, redis, then, on_error, mode):
    (action, parameters), = then.items()
    asked = {action: {**parameters, "deadline": f"{LATE}s", "on_error": on_error}}
    gateway = make_gateway(rules=policy_file(TRAFFIC, asked, match="query.tables.name: pg_class"), config=patient(redis))
    text = "select 1 from pg_class limit 1"
    with connect(gateway) as wire:
        assert refusal(wire.ask(query(text))) is None
        redis.freeze()
        wire.ask(query("begin"))
        with soon():
            answer = wire.ask(query(text)) if mode == "simple" else wire.ask(parse(text), bind(), execute(), SYNC)
        assert refusal(answer) == ("58000" if on_error == "deny" else None)
        assert status(answer) == ("E" if on_error == "deny" else "T")
        wire.ask(query("rollback"))
        assert wire.rows("select 42") == [("42",)]  # who asks nothing waits for nothing
        told(gateway, action, f"{action}: failed: not done within 0.400 s" + ("; refused 58000" if on_error == "deny" else ""))
        assert late(gateway) == 1
        redis.thaw()
        host.wait_until(lambda: refusal(wire.ask(query(text))) is None, 10, "the store is used again")
        # The place that was asked for in vain is not taken for good.
        places = [key for key in redis.ask("KEYS", "*") if key.startswith("signalbox:places:")]
        host.wait_until(lambda: all(redis.ask("ZCARD", key) == [":0"] for key in places), 5, "no place is taken")


def test_one_late_question_does_not_end_the_others(make_gateway, redis):
    """The connection to the store goes on: its replies come in order, also those that nobody waits for any more."""
    rules = {"a.policy.yaml": policy_text("a", TRAFFIC, [{"police": {"rate": 1e6, "deadline": f"{LATE}s", "on_error": "continue"}}], "query.tables.name: pg_class"),
             "b.policy.yaml": policy_text("b", TRAFFIC, [{"police": {"rate": 0.001, "deadline": "30s", "name": "b"}}], "query.tables.name: pg_type")}
    gateway = make_gateway(rules=rules, config={**patient(redis), "gateway": {"threads": 1}})
    with connect(gateway) as hasty, connect(gateway) as slow:
        assert refusal(hasty.ask(query("select 1 from pg_class limit 1"))) is None
        redis.freeze()
        slow.send(query("select 1 from pg_type limit 1"))
        with soon():
            assert refusal(hasty.ask(query("select 1 from pg_class limit 1"))) is None
        redis.thaw()
        assert refusal(slow.until_ready()) is None
        assert refusal(slow.ask(query("select 1 from pg_type limit 1"))) == "53400"  # it was counted, once


class Silent:
    """Accepts connections; says nothing, or lets a client log in and says nothing then."""

    def __init__(self, welcomes=False):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.welcomes = welcomes
        self.peers = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                peer = self.listener.accept()[0]
                self.peers.append(peer)
                if self.welcomes:
                    size, = struct.unpack(">i", peer.recv(4, socket.MSG_WAITALL))
                    peer.recv(size - 4, socket.MSG_WAITALL)
                    peer.sendall(b"R\0\0\0\x08\0\0\0\0" + b"S\0\0\0\x18server_version\x0015.0\0" + b"K\0\0\0\x0c\0\0\0\x07\0\0\0\x09" + b"Z\0\0\0\x05I")

    def close(self):
        self.listener.close()
        for peer in self.peers:
            peer.close()


@pytest.mark.parametrize("then", [{"route": {"target": "silent", "by": "statement", "on_unavailable": "refuse"}}, {"route": {"target": "silent", "by": "session"}},
                                  {"create": {"target": "silent"}}, {"forward": {"address": "SILENT", "tls": "disable"}}], ids=["refuse", "stay", "create", "forward"])
def test_a_target_that_never_answers(make_gateway, pg, then):
    silent = Silent()
    (action, parameters), = then.items()
    asked = {action: {**{k: v.replace("SILENT", silent.address) for k, v in parameters.items()}, "deadline": f"{LATE}s"}}
    plain = {"tls": {"mode": "disable"}}
    gateway = make_gateway(rules=policy_file(TRAFFIC, asked, match="query.tables.name: pg_class"),
                           config={"targets": [{"name": "main", "address": f"127.0.0.1:{pg.port}", **plain}, {"name": "silent", "address": silent.address, **plain}],
                                   "gateway": {"forward_networks": ["127.0.0.0/8"]}, "limits": {"connect_timeout": "60s"}})
    refuses = action == "forward" or "on_unavailable" in parameters
    with connect(gateway) as wire:
        for _ in range(2):  # a target that was only too slow for this action is tried again
            with soon():
                answer = wire.ask(query("select 'home' from pg_class limit 1"))
            assert refusal(answer) == ("08006" if refuses else None)
            assert kinds(answer) == ("EZ" if refuses else "TDCZ")
        told(gateway, action, f"{action}: failed: not done by its deadline")
        assert late(gateway) == 2
        assert wire.rows("select 42") == [("42",)]
    silent.close()


@pytest.mark.parametrize("mode", ["simple", "extended"])
@pytest.mark.parametrize("on_error", ["deny", "continue"])
def test_a_server_that_has_stopped(make_gateway, pg, on_error, mode):
    """Whether the parameter is set is not known: the session ends, unless the policy says that it does not matter."""
    asked = {"set": {"name": "work_mem", "value": "1MB", "deadline": f"{LATE}s", "on_error": on_error}}
    gateway = make_gateway(rules=policy_file(TRAFFIC, asked, match="query.tables.name: pg_class"))
    text = "select current_setting('work_mem') from pg_class limit 1"
    messages = [query(text)] if mode == "simple" else [parse(text), bind(), execute(), SYNC]
    with connect(gateway) as wire, connect(gateway) as bystander:
        process = int(wire.rows("select pg_backend_pid()")[0][0])
        os.kill(process, signal.SIGSTOP)
        try:
            wire.send(*messages)
            if on_error == "deny":
                with soon():
                    end = wire.until_closed()
                assert [(e["S"], e["C"]) for e in errors(end)] == [("FATAL", "57014")]
            else:
                time.sleep(LATE + 0.3)
                assert late(gateway) == 1  # it has gone on, behind what the server still owes
            assert bystander.rows("select 42") == [("42",)]
        finally:
            os.kill(process, signal.SIGCONT)
        if on_error == "continue":
            answer = wire.until_ready()
            assert refusal(answer) is None and [m.columns for m in answer if m.kind == "D"] == [[b"1MB"]]
            assert wire.rows("select 42") == [("42",)]
        host.wait_until(lambda: pg.sql(f"select count(*) from pg_stat_activity where pid = {process}") == ("1" if on_error == "continue" else "0"), 10, "the server has let it go")


def test_the_time_of_what_the_client_sent_before_is_not_the_actions(make_gateway):
    asked = {"set": {"name": "work_mem", "value": "1MB", "deadline": "300ms"}}
    gateway = make_gateway(rules=policy_file(TRAFFIC, asked, match="query.tables.name: pg_class"))
    with connect(gateway) as wire:
        answer = wire.ask(parse("select pg_sleep(1)"), bind(), execute(), parse("select current_setting('work_mem') from pg_class limit 1"), bind(), execute(), SYNC)
        assert refusal(answer) is None and [m.columns for m in answer if m.kind == "D"][-1] == [b"1MB"]


def test_a_server_that_is_silent_behind_the_login(make_gateway):
    silent = Silent(welcomes=True)
    gateway = make_gateway(rules=policy_file("authenticated", {"set": {"name": "work_mem", "value": "1MB"}}),
                           config={"targets": [{"name": "main", "address": silent.address, "tls": {"mode": "disable"}}], "actions": {"deadline": f"{LATE}s"}})
    with soon(), Wire((gateway.address, gateway.port)) as wire:
        end = wire.login(user="alice") + wire.until_closed()
        assert [(e["S"], e["C"]) for e in errors(end)] == [("FATAL", "57014")]
    assert late(gateway) == 1
    silent.close()


def test_a_delay_is_bounded_by_the_actions_own_deadline_alone(make_gateway):
    free = {"police": {"rate": 1, "burst": 1, "on_excess": "delay", "max_delay": "5s"}}
    bound = {"police": {"rate": 0.2, "burst": 1, "on_excess": "delay", "max_delay": "60s", "deadline": "1s"}}
    rules = {"a.policy.yaml": policy_text("a", TRAFFIC, [free], "query.tables.name: pg_class"), "b.policy.yaml": policy_text("b", TRAFFIC, [bound], "query.tables.name: pg_type")}
    gateway = make_gateway(rules=rules, config={"actions": {"deadline": "100ms"}})
    with connect(gateway) as wire:
        for _ in range(2):
            assert refusal(wire.ask(query("select 1 from pg_class limit 1"))) is None  # the second waits for a second
        assert gateway.metric("signalbox_police_total", outcome="delayed") == 1
        assert refusal(wire.ask(query("select 1 from pg_type limit 1"))) is None
        with soon():
            answer = wire.ask(query("select 1 from pg_type limit 1"))
        assert refusal(answer) == "53400" and errors(answer)[0]["H"].startswith("Retry after ")


@pytest.mark.parametrize("mode", ["simple", "extended", "prepared"])
@pytest.mark.parametrize("state", ["idle", "transaction"])
def test_a_statement_timeout_of_request(make_gateway, pg, mode, state):
    """As PostgreSQL's own statement_timeout, alone and beside an edit; a shorter one of the session's own stays."""
    rules = {"a.policy.yaml": policy_text("a", TRAFFIC, [{"request": {"timeout": "300ms"}}], "query.functions: pg_sleep"),
             "b.policy.yaml": policy_text("b", TRAFFIC, [{"request": {"timeout": "20s", "limit": 2}}], "query.functions: generate_series")}
    gateway = make_gateway(rules=rules)

    def run(wire, text):
        if mode == "simple":
            return wire.ask(query(text))
        name = "" if mode == "extended" else "s"
        if mode == "prepared":
            wire.ask(parse(text, name), SYNC)
            return wire.ask(bind(statement=name), execute(), SYNC)
        return wire.ask(parse(text), bind(), execute(), SYNC)

    with connect(gateway) as wire:
        if state == "transaction":
            wire.ask(query("begin"))
        with soon():
            answer = run(wire, "select pg_sleep(30)")
        found, = errors(answer)
        assert (found["C"], found["M"], found["S"]) == ("57014", "canceling statement due to statement timeout", "ERROR")
        assert status(answer) == ("E" if state == "transaction" else "I")
        wire.ask(query("rollback"))
        assert wire.rows("select 42") == [("42",)]
        assert wire.rows("show statement_timeout") == [("0",)]
    with connect(gateway) as wire:
        if state == "transaction":
            wire.ask(query("begin"))
        answer = run(wire, "select n from generate_series(1, 9) n")
        assert refusal(answer) is None and kinds(answer).count("D") == 2  # the edit beside it is made
        told(gateway, "request", "request: done")
