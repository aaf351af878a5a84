"""Under load: 32 clients, each of whose statements meets one of many actions. Every answer is the one that its own action gives, counters add up
to what the clients have seen, and afterwards nothing is left: no session, no descriptor, no place, no memory that grows with the traffic.

`--load-seconds=N` makes it longer than the few seconds of an ordinary run.
"""
import collections
import random
import threading
import time

import pytest

from rig import host
from support.rules import policy_text
from support.pgwire import SYNC, Closed, Wire, bind, close, connect, describe, errors, execute, parse, query, status

CLIENTS = 32
TRAFFIC, ANSWER = "traffic_from_client", "traffic_to_client"
# The table that a statement reads says what is asked for: every sync action of the catalogue, and an async one.
ACTIONS = {
    "deny": (TRAFFIC, [{"deny": {"message": "no"}}]),
    "terminate": (TRAFFIC, [{"terminate": {"message": "no"}}]),
    "error": (TRAFFIC, [{"error": {"sqlstate": "P0042", "message": "no"}}]),
    "disconnect": (TRAFFIC, [{"disconnect": {"message": "no"}}]),
    "reject": (TRAFFIC, ["reject"]),
    "reset": (TRAFFIC, ["reset"]),
    "block": (TRAFFIC, [{"block": {"by": "user", "for": "1s"}}]),
    "reauth": (TRAFFIC, [{"reauth": {}}]),
    "upgrade": (TRAFFIC, [{"upgrade": {}}]),
    "limit": (TRAFFIC, [{"limit": {"rows": 2, "concurrency": 1000}}]),
    "duration": (TRAFFIC, [{"limit": {"duration": "100ms"}}]),
    "police": (TRAFFIC, [{"police": {"rate": 5, "key": "all"}}]),
    "delay": (TRAFFIC, [{"police": {"rate": 200, "key": "all", "on_excess": "delay", "max_delay": "30s"}}]),
    "set": (TRAFFIC, [{"set": {"name": "load.who", "value": "{{ session.application_name }}"}}]),
    "noset": (TRAFFIC, [{"noset": {"name": "load.pinned"}}]),
    "tag": (TRAFFIC, [{"tag": {"name": "seen", "value": "{{ time_ns }}"}}]),
    "route": (TRAFFIC, [{"route": {"target": "second", "by": "statement"}}]),
    "forward": (TRAFFIC, [{"forward": {"address": "127.0.0.1:PORT", "by": "statement", "tls": "disable", "on_unsafe": "stay"}}]),
    "create": (TRAFFIC, [{"create": {}}]),
    "request": (TRAFFIC, [{"request": {"limit": 1}}]),
    "discard": (TRAFFIC, [{"discard": {}}]),
    "answer": (TRAFFIC, [{"response": {"answer": {"columns": ["a", "word"], "rows": [["7", "{{ session.application_name }}"]]}}}]),
    "transmit": (TRAFFIC, ["transmit"]),
    "allow": (TRAFFIC, ["allow"]),
    "fallthrough": (TRAFFIC, ["fallthrough"]),
    "mask": (ANSWER, [{"response": {"columns": ["load_mask.word"]}}]),
    "drop": (ANSWER, [{"response": {"drop": ["load_drop.word"]}}]),
    "cap": (ANSWER, [{"response": {"rows": 2}}]),
    "empty": (ANSWER, [{"discard": {}}]),
    "withhold": (ANSWER, [{"deny": {"message": "no"}}]),
    "log": (TRAFFIC, [{"log": {"message": "seen"}}]),
}
REFUSED = {"deny": "42501", "terminate": "42501", "error": "P0042", "upgrade": "28000", "withhold": "42501", "limit": "53400", "duration": "57014"}
ENDING = {"disconnect", "reject", "reset", "block"}  # with the statement; reauth: when it is idle
MOVING = {"route", "forward", "create"}


@pytest.fixture(scope="module")
def gateway(request, folder, pg):
    from rig.gateway import Gateway
    pg.sql("".join(f"drop role if exists load_user_{n}; create role load_user_{n} login superuser;" for n in range(CLIENTS)))
    pg.sql("".join(f"drop table if exists load_{name}; create table load_{name} as select a, 'word ' || a as word from generate_series(1, 3) a;" for name in [*ACTIONS, "plain"]))
    rules = {f"{name}.policy.yaml": policy_text(name, hook, then, f"query.tables.name: load_{name}").replace("PORT", str(pg.port)) for name, (hook, then) in ACTIONS.items()}
    plain = {"address": f"127.0.0.1:{pg.port}", "tls": {"mode": "disable"}}
    own = Gateway(request.config.getoption("--binary"), folder / "mixed-load", f"127.0.0.1:{pg.port}", rules=rules,
                  config={"gateway": {"threads": 2, "forward_networks": ["127.0.0.0/8"]}, "targets": [{"name": "main", **plain}, {"name": "second", **plain}], "observability": {"log_level": "warn"}})
    yield own.start()
    own.stop()


class Client(threading.Thread):
    """One user's connection, opened again when an action has ended it; what it has seen of each action."""

    def __init__(self, gateway, number, until):
        super().__init__()
        self.gateway, self.name_, self.user, self.until = gateway, f"load {number}", f"load_user_{number}", until
        self.random = random.Random(number)
        self.seen = collections.Counter()
        self.failure = None

    def run(self):
        action = None
        try:
            while time.monotonic() < self.until:
                with Wire((self.gateway.address, self.gateway.port)) as wire:
                    greeting = wire.login(user=self.user, application_name=self.name_)[-1]
                    if greeting.kind != "Z":  # its block is not over yet
                        assert greeting.fields["C"] == "28000", greeting.fields
                        time.sleep(0.2)
                        continue
                    for _ in range(300):
                        action = self.choose()
                        if time.monotonic() >= self.until or not self.one(wire, action):
                            break
        except Exception as error:  # noqa: BLE001
            self.failure = f"{self.name_}: {action}: {error!r} {error}"

    def choose(self):
        action = self.random.choice([*ACTIONS, *["plain"] * 8])
        seldom = {"block": 0.03, "duration": 0.2, **dict.fromkeys(("disconnect", "reject", "reset", "reauth", "create"), 0.1)}
        return action if self.random.random() < seldom.get(action, 1) else "plain"

    def one(self, wire, action):
        """One statement in one of the ways to send it. False: its action has ended the session."""
        text = {"set": "select current_setting('load.who'), a from load_set order by a",
                "duration": "select a, word from load_duration, pg_sleep(20)"}.get(action, f"select a, word from load_{action} order by a")
        in_transaction = self.random.random() < 0.3 and action not in MOVING | ENDING | {"reauth"}
        if in_transaction:
            assert status(wire.ask(query("begin"))) == "T"
        try:
            answer = self.ask(wire, text)
        except (Closed, OSError):
            assert action in ENDING, action
            self.seen[action] += 1
            return False
        assert action not in ENDING, action
        code = errors(answer)[0]["C"] if errors(answer) else None
        if action == "police":
            assert code in (None, "53400")
            self.seen["police refused" if code else "police passed"] += 1
        else:
            assert code == REFUSED.get(action), (action, code)
            self.seen[action] += 1
        rows = [tuple(c and c.decode() for c in m.columns) for m in answer if m.kind == "D"]
        assert code or rows == self.expected(action), (action, rows)
        # An answer that is withheld has run; every other refusal is an error of the transaction's.
        assert status(answer) == ("I" if not in_transaction else "T" if action == "withhold" or not code else "E"), action
        if action == "reauth":
            assert [e["C"] for e in errors(wire.until_closed())] == ["57P01"]
            return False
        if action == "noset":
            assert [e["C"] for e in errors(wire.ask(query("set load.pinned = 'mine'")))] == ["55P02"]
        if in_transaction:
            wire.ask(query("rollback"))
        return True

    def ask(self, wire, text):
        how = self.random.choice(["simple", "extended", "undescribed", "in pieces", "pipeline"])
        if how == "simple":
            return wire.ask(query(text))
        if how == "extended":
            return wire.ask(parse(text), bind(), describe(), execute(), SYNC)
        if how == "in pieces":
            return wire.ask(parse(text), bind(), describe(), execute(), SYNC, step=self.random.randint(1, 40))
        if how == "undescribed":
            return wire.ask(parse(text), bind(), execute(), SYNC)
        return wire.ask(close("S", "mine"), parse(text, "mine"), bind(statement="mine"), describe(), execute(), close("S", "mine"), SYNC)

    def expected(self, action):
        rows = [(str(a), f"word {a}") for a in (1, 2, 3)]
        return {"answer": [("7", self.name_)], "discard": [], "empty": [], "cap": rows[:2], "mask": [(a, "*" * 8) for a, _ in rows], "drop": [(a,) for a, _ in rows], "request": rows[:1],
                "set": [(self.name_, a) for a, _ in rows]}.get(action, rows)


def counters(gateway):
    names = ["signalbox_statements_refused_total", "signalbox_police_total", "signalbox_limit_total", "signalbox_protocol_violations_total",
             "signalbox_moves_total", "signalbox_sync_actions_total", "signalbox_sessions_started_total", "signalbox_sessions_closed_total", "signalbox_decision_errors_total"]
    return collections.Counter({name: int(gateway.metric(name) or 0) for name in names})


def test_nobody_is_disturbed_and_everything_adds_up(request, gateway, pg):
    seconds = request.config.getoption("--load-seconds")
    with connect(gateway) as wire:  # what is made once is made before the count
        wire.rows("select a from load_plain")
    before = counters(gateway)
    seen, halves = collections.Counter(), []
    for _ in range(2):  # the second half must not need more memory than the first
        until = time.monotonic() + seconds / 2
        clients = [Client(gateway, number, until) for number in range(CLIENTS)]
        for client in clients:
            client.start()
        for client in clients:
            client.join(seconds + 100)
            assert not client.is_alive(), client.name_
        assert not [c.failure for c in clients if c.failure]
        for client in clients:
            seen += client.seen
        host.wait_until(lambda: gateway.rest("GET", "/gateway/v1/sessions")[1]["sessions"] == [], 10, "every session has gone")
        halves.append((gateway.process.rss_kib(), gateway.process.open_files()))
    assert all(seen[name] > 0 for name in [*ACTIONS, "plain"] if name != "police") and seen["police passed"] and seen["police refused"], seen

    new = counters(gateway) - before
    assert new["signalbox_police_total"] == seen["police refused"]
    assert new["signalbox_limit_total"] >= seen["limit"] + seen["duration"]
    assert new["signalbox_moves_total"] >= seen["route"]
    assert new["signalbox_sessions_started_total"] == new["signalbox_sessions_closed_total"]
    assert new["signalbox_protocol_violations_total"] == new["signalbox_decision_errors_total"] == 0
    refused_requests = sum(seen[name] for name in ("deny", "terminate", "error", "upgrade", "police refused", *ENDING)) + seen["noset"]
    assert refused_requests <= new["signalbox_statements_refused_total"] <= refused_requests + seen["withhold"] + seen["block"] * CLIENTS
    rows = gateway.rest("GET", "/gateway/v1/limits")[1]["limits"]

    def total(what, which):
        return sum(row[what] for row in rows if row["key"].startswith(f"{which}/the rule"))

    assert (total("admitted", "police"), total("refused", "police")) == (seen["police passed"], seen["police refused"])
    assert total("admitted", "limit") == seen["limit"] and total("in_flight", "limit") == 0
    lines = gateway.folder / "audit.log"
    host.wait_until(lambda: lines.read_text().count('"seen"') == seen["log"], 20, "every audit line is written")

    (first_rss, first_files), (second_rss, second_files) = halves
    assert second_files <= first_files + 2
    assert second_rss <= first_rss * 1.15 + 8 * 1024, halves
    host.wait_until(lambda: pg.sql("select count(*) from pg_stat_activity where application_name like 'load %'") == "0", 10, "the server has let them go")
    from conftest import summarise
    summarise(f"mixed load: {sum(seen.values())} statements of {CLIENTS} clients in {seconds} s; {dict(sorted(seen.items()))}; RSS {first_rss} -> {second_rss} KiB")
