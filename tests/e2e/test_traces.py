"""Decisions as OpenTelemetry spans: what a collector gets over OTLP/HTTP while statements run."""
import pytest

from rig import host
from support.pgwire import connect, errors, query
from tour.receiver import Receiver

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
RULES = {"slow.policy.yaml": """policy: slow
on: [traffic_from_client]
rules:
  - name: bound
    match: {session.user: alice, query.kind: select}
    then: [{police: {rate: 2, per: 60s}}]
"""}


@pytest.fixture
def collector():
    receiver = Receiver()  # it turns the first request away
    yield receiver
    receiver.close()


def spans(collector):
    taken = [call[3] for call in collector.calls if call[2] == 200]
    return [span for body in taken for scope in body["resourceSpans"][0]["scopeSpans"] for span in scope["spans"]]


def attributes(span):
    return {one["key"]: next(iter(one["value"].values())) for one in span["attributes"]}


def test_decisions_and_actions_are_spans(make_gateway, collector):
    gateway = make_gateway(rules=RULES, config={"observability": {"traces": {"endpoint": collector.url, "service": "front"}}})
    with connect(gateway, user="alice") as wire:
        assert errors(wire.ask(query(f"select 1 /*traceparent='{PARENT}'*/"))) == []
        assert errors(wire.ask(query("select 2"))) == []
        assert errors(wire.ask(query("select 3")))[0]["C"] == "53400"
        assert errors(wire.ask(query("select 4 /*traceparent='" + PARENT[:-1] + "0'*/")))[0]["C"] == "53400"
    found = host.wait_until(lambda: len(spans(collector)) >= 6 and spans(collector), 20, "six spans")
    assert len(found) == 6, "not the one that is not sampled"
    decisions = [s for s in found if s["name"] == "decide traffic_from_client"]
    actions = [s for s in found if s["name"] == "action police"]
    assert [s["traceId"] for s in decisions][0] == PARENT.split("-")[1] and decisions[0]["parentSpanId"] == PARENT.split("-")[2]
    assert [a["parentSpanId"] for a in actions] == [d["spanId"] for d in decisions]
    assert len({s["spanId"] for s in found}) == 6
    assert ["status" in s for s in decisions] == [False, False, True]
    assert attributes(decisions[2])["error.type"] == "53400" and attributes(decisions[2])["db.operation.name"] == "select"
    for parent, child in zip(decisions, actions):
        assert int(parent["startTimeUnixNano"]) <= int(child["startTimeUnixNano"]) <= int(child["endTimeUnixNano"]) <= int(parent["endTimeUnixNano"])
    # Whoever has the span finds the record.
    known = gateway.rest("GET", f"/gateway/v1/decisions/{attributes(decisions[1])['signalbox.decision']}")[1]
    assert known["steps"][0]["action"] == "police" and known["id"].replace("-", "") == decisions[1]["traceId"]
    assert gateway.metric("signalbox_trace_spans_total") == 6 and gateway.metric("signalbox_trace_failures_total") >= 1


def test_a_collector_that_is_away_costs_no_statement(make_gateway):
    gateway = make_gateway(rules=RULES, config={"observability": {"traces": {"endpoint": "http://127.0.0.1:1/v1/traces"}}})
    with connect(gateway, user="alice") as wire:
        assert errors(wire.ask(query("select 1"))) == []
        host.wait_until(lambda: gateway.metric("signalbox_trace_failures_total") >= 1, 10, "a failed request")
        assert errors(wire.ask(query("select 2"))) == []
    gateway.stop()
