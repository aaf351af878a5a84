"""What nobody has asked for costs nothing at the server: who only takes note of answers adds no message to what a client sends."""
import pytest

from support.pgwire import FLUSH, SYNC, bind, connect, describe, execute, kinds, parse, query
from support.relay import Tap
from support.rules import policy_file

NOTE = {"log": {"message": "seen", "fields": ["response.rows", "query.kind"]}}
MASK = {"response": {"columns": ["people.secret"]}}
PASS_ON = "package gateway\nactions contains a if { some name; some a in data.policies[name].actions }\n"
OWN = "package gateway\nactions contains object.union(a, {}) if { some name; some a in data.policies[name].actions }\n"
SIZE = "package policies.size\nactions contains {\"action\": \"log\", \"message\": \"seen\"} if { input.hook == \"traffic_from_server\"; %s }\n"
# Policies, and whether they must know what rows are described as.
POLICIES = {
    "nothing": ({}, False),
    "log": (policy_file("traffic_from_server", NOTE), False),
    "log at both": ({**policy_file("traffic_from_server", NOTE, name="a"), **policy_file("traffic_to_client", NOTE, name="b")}, False),
    "log of many rows, in Rego": ({"size.rego": SIZE % "input.response.rows > 100"}, False),
    "log of wide rows, in Rego": ({"size.rego": SIZE % "count(input.response.columns) > 100"}, True),
    "log of the columns": (policy_file("traffic_from_server", {"log": {"fields": ["response.rows", "response.columns"]}}), True),
    "mask": (policy_file("traffic_to_client", MASK), True),
    "refusal": (policy_file("traffic_to_client", {"deny": {}}, match="query.tables.name: people"), True),
    "requests only": (policy_file("traffic_from_client", {"deny": {}}, match="query.tables.name: people"), False),
    "an entry that hands on": ({**policy_file("traffic_from_server", NOTE), "gateway.rego": PASS_ON}, False),
    "an entry of its own": ({**policy_file("traffic_from_server", NOTE), "gateway.rego": OWN}, True),
}
READ = [parse("select generate_series(1, 5)"), bind()]
# What a client sends, and where a description that it has not asked for goes.
SENT = {
    "undescribed": ([*READ, execute(), SYNC], "PBES", "PBDES"),
    "described": ([*READ, describe(), execute(), SYNC], "PBDES", "PBDES"),
    "in portions": ([*READ, execute(rows=2), execute(rows=2), execute(), SYNC], "PBEEES", "PBDEDEDES"),
    "pipelined": ([*READ, execute(), *READ, execute(), SYNC], "PBEPBES", "PBDEPBDES"),
    "flushed": ([*READ, execute(), FLUSH, SYNC], "PBEHS", "PBDEHS"),
    "simple": ([query("select 1")], "Q", "Q"),
}


@pytest.mark.parametrize("sent", SENT)
@pytest.mark.parametrize("policies", POLICIES)
def test_the_server_hears_what_the_client_says(pg, make_gateway_once, policies, sent):
    tap, gateway = make_gateway_once(policies)
    messages, plain, described = SENT[sent]
    with connect(gateway) as wire:
        wire.ask(query("select 'before'"))
        tap.kinds()
        answer = wire.ask(*messages)
        assert "E" not in kinds(answer)
        assert tap.kinds() == (described if POLICIES[policies][1] else plain)
        assert ("T" in kinds(answer)) == (sent in ("described", "simple"))  # what the gateway asks is not for the client


@pytest.fixture(scope="module")
def make_gateway_once(request, folder, pg):
    from rig.gateway import Gateway
    made = {}

    def make(policies):
        if policies not in made:
            tap = Tap(pg.address, pg.port)
            own = Gateway(request.config.getoption("--binary"), folder / f"unused-{len(made)}", f"127.0.0.1:{tap.port}", rules=POLICIES[policies][0],
                          config={"targets": [{"name": "main", "address": f"127.0.0.1:{tap.port}", "tls": {"mode": "disable"}}]})
            made[policies] = tap, own.start()
        return made[policies]

    yield make
    for tap, own in made.values():
        own.stop()
        tap.listener.close()
