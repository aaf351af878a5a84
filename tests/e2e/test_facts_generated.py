"""Facts held against PostgreSQL over statements at random (support/statements.py; the seed is printed, SIGNALBOX_SEED repeats a
run): tables and columns that the server says it will check, relations in its plans, functions that it calls, and the object that
it refuses to a role without rights. The facts have each of them.
"""
import json
import os
import pathlib
import random
import re

import pytest

from conftest import summarise
from rig import postgres
from support import statements
from support.pgwire import connect, errors, query
from test_facts import POLICY, Facts, compare

COUNT = int(os.environ.get("SIGNALBOX_STATEMENTS", "1000"))
DENIED = re.compile(r'^(?:permission denied for|must be owner of) (table|view|function|sequence|relation|aggregate|schema) (.+)$')


@pytest.fixture(scope="module")
def telling(folder):
    cluster = postgres.Cluster(folder / "generated-pg", settings={"debug_print_parse": "on", "debug_pretty_print": "off", "log_min_messages": "log",
                                                                  "log_line_prefix": "%m [%p] "}, locale="C.UTF-8")
    cluster.start()
    cluster.sql(statements.SETUP)
    cluster.sql("create role nobody login; revoke execute on all functions in schema public, shop from public; grant usage on schema shop to nobody")
    yield cluster
    cluster.stop()


@pytest.fixture(scope="module")
def gateway(request, telling, folder):
    from rig.gateway import Gateway
    policy = POLICY.replace('"query.parse_error"]', '"query.parse_error", "query.functions"]')
    own = Gateway(request.config.getoption("--binary"), folder / "generated-gateway", f"{telling.address}:{telling.port}", rules={"facts.rego": policy})
    yield own.start()
    own.stop()


@pytest.fixture(scope="module")
def played(telling, gateway):
    """{text: what the server says against it, or None}, each text sent through the gateway in a transaction that is rolled back."""
    seed = int(os.environ.get("SIGNALBOX_SEED") or random.randrange(2**32))
    summarise(f"statements at random: seed {seed}")
    writer = statements.Writer(seed)
    texts = list(dict.fromkeys(writer.statement() for _ in range(COUNT)))
    out = {}
    with connect(gateway, client_encoding="utf8") as wire:
        wire.ask(query("set statement_timeout = '300ms'"))
        for text in texts:
            wire.ask(query("begin"))
            found = errors(wire.ask(query(text)))
            out[text] = found[0] if found else None
            wire.ask(query("rollback"))
    wrong = {one["M"] for one in out.values() if one and one["C"].startswith("42") and one["C"] != "42P10"}
    assert sum(one is None or not one["C"].startswith("42") for one in out.values()) > COUNT * 0.8, sorted(wrong)[:20]
    return out


@pytest.fixture(scope="module")
def facts(gateway, played):
    return Facts(gateway)


def name(table):
    return table["name"]


@pytest.mark.timeout(600)
def test_tables_and_columns(telling, gateway, played):
    """By the privileges that the executor will check."""
    compared, unknown, misses, inventions = compare(telling, gateway)
    summarise(f"statements at random: {compared} analysed, {len(misses)} with something missed, {len(inventions)} with a column too many")
    assert compared > COUNT * 0.6
    assert misses == {}, list(misses.items())[:3]
    assert len(inventions) <= compared / 100, list(inventions.items())[:3]


def relations(plan):
    """Names of relations in a plan."""
    if isinstance(plan, list):
        return set().union(*map(relations, plan))
    if not isinstance(plan, dict):
        return set()
    own = {plan["Relation Name"]} if "Relation Name" in plan else set()
    return own.union(*(relations(value) for value in plan.values()))


@pytest.mark.timeout(600)
def test_relations_of_plans(telling, played, facts):
    """By EXPLAIN (VERBOSE, FORMAT JSON). A view's tables stand for the view, a partition for its table."""
    missing, explained = {}, 0
    with connect(telling, client_encoding="utf8") as wire:
        for text, problem in played.items():
            if problem or not re.match(r"(with|select|insert|update|delete|merge|values|table) ", text):
                continue
            wire.ask(query("begin"))
            answer = wire.ask(query(f"explain (verbose, format json) {text}"))
            wire.ask(query("rollback"))
            plan = json.loads(b"".join(found.columns[0] for found in answer if found.kind == "D") or b"[]")
            explained += 1
            known = {name(table) for table in facts.of(text)["query.tables"]}
            known |= ({"person"} if "looked" in known else set()) | ({"parted_low"} if "parted" in known else set())
            if lost := relations(plan) - known:
                missing[text] = lost
    summarise(f"statements at random: {explained} explained, {len(missing)} with a relation missed")
    assert explained > COUNT * 0.4 and missing == {}, list(missing.items())[:3]


@pytest.mark.timeout(600)
def test_functions(telling, played, facts):
    """By the numbers of functions and operators in the analysed tree."""
    own = telling.sql("select json_object_agg(oid::text, proname) from pg_proc where oid >= 16384")
    names = json.loads(own)
    operator = telling.sql("select oid from pg_operator where oid >= 16384")
    log = (pathlib.Path(telling.folder) / "postgres.log").read_text(errors="replace")
    missing, seen = {}, 0
    for tree, text in re.findall(r"LOG:  parse tree:\n.*?DETAIL:  (.*(?:\n\t.*)*)\n.*?STATEMENT:  (.*(?:\n\t.*)*)", log):
        text = text.replace("\n\t", "\n")
        if text not in played or played[text] or facts.of(text) is None:
            continue
        called = {names[number] for number in re.findall(r":(?:funcid|aggfnoid) (\d+)", tree) if number in names}
        if f":opno {operator} " in tree:
            called -= {"pick"}  # the operator's: named by `operator` in opaque, not by a function's name
        seen += bool(called)
        if lost := called - set(facts.of(text)["query.functions"]):
            missing[text] = lost
    summarise(f"statements at random: {seen} with functions, {len(missing)} with one missed")
    assert seen > COUNT * 0.15 and missing == {}, list(missing.items())[:3]


@pytest.mark.timeout(600)
def test_a_role_without_rights(telling, played, facts):
    """The first object that PostgreSQL refuses is in the facts."""
    missing, refused = {}, 0
    with connect(telling, user="nobody", client_encoding="utf8") as wire:
        for text in played:
            wire.ask(query("begin"))
            found = errors(wire.ask(query(text)))
            wire.ask(query("rollback"))
            match = DENIED.match(found[0]["M"]) if found else None
            if match is None or facts.of(text) is None:
                continue
            refused += 1
            kind, object_ = match.groups()
            known = facts.of(text)
            there = {name(table) for table in known["query.tables"]} | set(known["query.functions"])
            if kind not in ("schema", "sequence") and object_ not in there | ({"pick"} if "@#" in text or "most" in text else set()):
                missing[text] = object_
    summarise(f"statements at random: {refused} refused to a role without rights, {len(missing)} of them for an object that the facts miss")
    assert refused > COUNT * 0.6 and missing == {}, list(missing.items())[:3]
