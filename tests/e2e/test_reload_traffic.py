"""Policies are replaced again and again under traffic: every statement is judged by one set, the old or the new, never by half of
each; no answer is lost, no session ends, and every record names the revision whose words the client was told."""
import threading
import time

import pytest

from conftest import summarise
from rig import host, postgres
from support.pgwire import SYNC, bind, connect, errors, execute, kinds, parse, query

CLIENTS = 8
REVISIONS = 12


def rules(number):
    """Two rules of one set. `then` differs too: what half a set could mix up."""
    return f"""
policy: turns
parameters: {{number: {number}}}
rules:
  - name: odd-{number}
    match: {{query.tables.name: odd}}
    then: [{{deny: {{message: "odd-{number}-{{{{ parameters.number }}}}"}}}}]
  - name: even-{number}
    match: {{query.tables.name: even}}
    then: [{{deny: {{message: "even-{number}-{{{{ parameters.number }}}}"}}}}]
"""


class Client(threading.Thread):
    """Asks what is refused, what is permitted and what was prepared before, one after the other."""

    def __init__(self, gateway):
        super().__init__()
        self.gateway = gateway
        self.ends = False
        self.told = []
        self.asked = 0
        self.failure = None

    def refused(self, answer, table):
        found = errors(answer)
        assert len(found) == 1 and kinds(answer)[-1] == "Z", kinds(answer)
        word, name, parameter = found[0]["M"].split("-")
        assert word == table and name == parameter, found[0]["M"]
        self.told.append(int(name))
        self.asked += 1

    def run(self):
        try:
            with connect(self.gateway) as wire:
                assert errors(wire.ask(parse("select $1::int", name="kept"), SYNC)) == []
                while not self.ends:
                    self.refused(wire.ask(query("select * from odd")), "odd")
                    self.refused(wire.ask(query("select 1; select * from even")), "even")
                    self.refused(wire.ask(parse("select * from odd"), bind(), execute(), SYNC), "odd")
                    assert wire.rows(f"select {self.asked}") == [(str(self.asked),)]
                    answer = wire.ask(bind([b"7"], statement="kept"), execute(), SYNC)
                    assert errors(answer) == [] and "D" in kinds(answer)
        except Exception as error:  # noqa: BLE001: a thread's failure is the test's
            self.failure = repr(error)


def records(gateway):
    """All of them, a page at a time."""
    found, at = [], ""
    while True:
        status, page = gateway.rest("GET", f"/gateway/v1/decisions?limit=500{at}")
        assert status == 200, page
        found += page["decisions"]
        if not page.get("next"):
            return found
        at = f"&before={page['next']}"


@pytest.mark.timeout(180)
def test_one_set_judges(request, folder):
    from rig.gateway import Gateway
    cluster = postgres.Cluster(folder / "turns-pg")
    cluster.start()
    cluster.sql("create table odd (a int); create table even (a int)")
    gateway = Gateway(request.config.getoption("--binary"), folder / "turns-gateway", f"{cluster.address}:{cluster.port}",
                      rules={"turns.policy.yaml": rules(0)})
    try:
        gateway.start()
        clients = [Client(gateway) for _ in range(CLIENTS)]
        for client in clients:
            client.start()
        for number in range(1, REVISIONS + 1):
            gateway.write_rules(rules(number), "turns.policy.yaml")
            if number % 3 == 0:  # a broken set in between changes nothing
                time.sleep(0.4)
                gateway.write_rules("policy: turns\nrules: [{name: broken, then: [nothing_like_it]}]\n", "turns.policy.yaml")
                time.sleep(0.4)
            host.wait_until(lambda: any(client.told[-1:] == [number] for client in clients) or number % 3 == 0, 20, f"revision {number}")
        time.sleep(0.5)
        for client in clients:
            client.ends = True
        for client in clients:
            client.join(30)
        assert [client.failure for client in clients if client.failure] == []
        asked = sum(client.asked for client in clients)
        host.wait_until(lambda: gateway.metric("signalbox_jobs_dropped_total") in (None, 0), 5, "nothing is dropped")
        found = host.wait_until(lambda: (got := records(gateway)) and len(got) >= asked and got, 30, f"{asked} records")
    finally:
        gateway.stop()
        cluster.stop()
    for client in clients:
        assert client.told == sorted(client.told), "an old set judged after a new one"
    refusals = [one for one in found if one["plan"]["verdict"] == "deny"]
    assert len(refusals) == asked
    words = {}
    for one in refusals:
        rule = one["requests"][0]["rule"] if "rule" in one["requests"][0] else str(one["requests"])
        words.setdefault(one["revision"], set()).add(rule.split("-")[-1])
    assert all(len(numbers) == 1 for numbers in words.values()), words
    assert len(words) == len({number for numbers in words.values() for number in numbers})
    summarise(f"reload under traffic: {asked} refusals by {len(words)} revisions, none by two")
