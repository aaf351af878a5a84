"""Conversations made by chance, held with PostgreSQL itself and through gateways whose actions must not be seen: rates and limits that are never
reached, masks of columns that nobody reads, settings nobody looks at, visits to another connection of the same server. Message for message
the client must be told the same, and be in the same state.

`--seed=N` holds other conversations; a failure says which seed and step it was.
"""
import random

import pytest

from rig import host
from support.pgwire import COPY_DONE, FLUSH, SYNC, Closed, bind, close, connect, copy_data, copy_fail, describe, execute, function_call, parse, query
from support.rules import policy_file

CONVERSATIONS, STEPS = 12, 25
MASK = {"response": {"mask": "nullify", "columns": ["no_such_table.secret"]}}
LANE = [{"police": {"rate": 1e6, "burst": 1e6}}, {"limit": {"rows": 100_000, "bytes": 10_000_000, "duration": "60s", "concurrency": 1000}}]
SET = [{"set": {"name": "lane.value", "value": "on"}}]
ROUTE = [{"route": {"target": "second", "by": "statement"}}]
LOG = [{"log": {"message": "seen"}}]
READ = "query.index: 0"  # policies that read something of statements know every one that is prepared
WAYS = {
    "observed": {**policy_file("traffic_from_server", *LOG, name="answers"), **policy_file("traffic_from_client", *LOG, name="requests")},
    "masked": policy_file("traffic_to_client", MASK),
    "bounded": policy_file("traffic_from_client", *LANE, match=READ),
    "set": policy_file("traffic_from_client", *SET, match=READ),
    "routed": policy_file("traffic_from_client", *ROUTE, match=READ),
    "all": {**policy_file("traffic_from_server", MASK, *LOG, name="answers"), **policy_file("traffic_from_client", *LANE, *SET, *ROUTE, *LOG, match=READ, name="requests")},
}
TEXTS = ["select 1", "select a, word from talk order by a", "select a from talk where a > 100", "select generate_series(1, 7)", "", ";", "select 1; select 'two', 2; select 3 where false",
         "select a / (a - 2) from talk order by a", "selec", "select no_such_column from talk", "begin", "commit", "rollback", "savepoint s", "rollback to s", "begin isolation level serializable",
         "insert into talk values (9, 'nine') returning *", "update talk set word = word || '!' where a = 1", "delete from talk where a = 9", "set work_mem = '5MB'", "show work_mem",
         "set local work_mem = '6MB'", "do $$ begin raise notice 'hear me'; end $$", "declare c cursor for select a, word from talk order by a", "fetch 2 c", "fetch all c", "close c",
         "prepare p as select a from talk where a = $1", "execute p(1)", "deallocate p", "deallocate all", "select null::int, true, 1.5::numeric, '{1,2}'::int[], '\\x00ff'::bytea",
         "copy talk to stdout", "copy (select 1, 'x') to stdout (format csv)", "copy (select a from talk) to stdout (format binary)", "insert into talk values (1, 'x'); select 1/0; select 2",
         "begin; select 1; commit", "explain (costs off) select 1", "select set_config('work_mem', '7MB', true)", "discard plans", "values (1), (2)", "table talk",
         "lock table talk in access share mode", "with w as (select 5 as five) select * from w"]
PARAMETERS = [("select $1::int + 1", ["41"]), ("select a, word from talk where a = $1 or word = $2", ["1", "two"]), ("select $1::text", [None]), ("select 10 / $1::int", ["0"]), ("select $1::int", ["x"])]


class Conversation:
    """The steps of one, the same for whoever holds it."""

    def __init__(self, seed, masks):
        self.random, self.masks = random.Random(seed), masks
        self.steps = [self.step() for _ in range(STEPS)]

    def step(self):
        # What a function gives cannot be traced to columns: where some are masked it is withheld.
        kind = self.random.choices(["simple", "extended", "copy in", "copy in extended", "function"], [4, 6, 1, 1, 0 if self.masks else 1])[0]
        choose = self.random.choice
        pieces = self.random.random() < 0.3
        if kind == "simple":
            return kind, [query(choose(TEXTS))], pieces
        if kind == "function":  # int4pl, int4div by zero, one that is not there
            return kind, [choose([function_call(177, [b"20", b"22"]), function_call(154, [b"1", b"0"]), function_call(1, [])])], pieces
        text = choose(["copy talk from stdin", "copy talk (a) from stdin", "copy no_such from stdin", "copy talk from stdin (format csv)"])
        end = choose([[copy_data(b"7\n8\n"), COPY_DONE], [copy_data(b"7\tseven\n"), COPY_DONE], [copy_data(b"x"), copy_fail("no more")], [COPY_DONE], [copy_data(b"7,seven\n"), copy_data(b"8,"), copy_data(b"eight\n"), COPY_DONE]])
        if kind == "copy in":
            return kind, [[query(text)], end], pieces
        if kind == "copy in extended":
            return kind, [[parse(text), bind(), *choose([[], [describe()]]), execute(), FLUSH], [*end, SYNC]], pieces
        return kind, [message for _ in range(self.random.randint(1, 4)) for message in self.unit()] + [SYNC], pieces

    def unit(self):
        """Some messages of the extended protocol that belong together; often enough they do not."""
        choose, some = self.random.choice, lambda messages, chance: messages if self.random.random() < chance else []
        statement, portal = choose(["", "", "one", "two"]), choose(["", "", "", "left", "right"])
        text, values = choose(PARAMETERS) if self.random.random() < 0.3 else (choose(TEXTS), [])
        formats = choose([(), (), (0,), (1,)])
        whole = [*some([parse(text, statement)], 0.85), *some([describe("S", statement)], 0.2), *some([bind(values, statement, portal, result_formats=formats)], 0.9),
                 *some([describe("P", portal)], 0.5)]
        for _ in range(choose([1, 1, 1, 2, 3])):
            whole += some([execute(portal, choose([0, 0, 0, 1, 2]))], 0.95) + some([FLUSH], 0.1) + some([bind([], statement, portal)], 0.05)
        return whole + some([close("P", portal)], 0.15) + some([close("S", statement)], 0.15)

    def hold(self, server):
        """What is said to each step."""
        with connect(server) as wire:
            for text in ("deallocate all", "create temp table talk (a int, word text)" if server.temporary else "truncate talk", "insert into talk values (1, 'one'), (2, 'two'), (3, 'three')"):
                wire.ask(query(text))
            for kind, messages, pieces in self.steps:
                yield [m.brief() for m in self.one(wire, kind, messages, 5 if pieces else None)]
            yield [wire.ask(query("rollback"))[-1].brief(), *wire.rows("select count(*), sum(a), string_agg(word, ',' order by a, word) from talk"), *wire.rows("show work_mem"),
                   *wire.rows("select name, statement from pg_prepared_statements order by 1")]

    @staticmethod
    def one(wire, kind, messages, step):
        if not kind.startswith("copy"):
            return wire.ask(*messages, step=step)
        first, end = messages
        wire.send(*first, step=step)
        found = [wire.receive()]
        while found[-1].kind not in "GEZ":
            found.append(wire.receive())
        if found[-1].kind == "G":
            found += wire.ask(*end, step=step)
        elif found[-1].kind != "Z":
            found += wire.until_ready() if kind == "copy in" else wire.ask(SYNC)
        return found + wire.ask(close("S"), SYNC)  # a COPY that is executed in the midst of a pipeline ends the session


class Server:
    def __init__(self, of, temporary):
        self.address, self.port, self.temporary = of.address, of.port, temporary


def alike(found, expected, masks):
    """What an error says of a statement that hides what it reads is withheld where columns are masked, and its notices."""
    if masks:
        expected = [one for one in expected if one[0] != "N" or ("M", "hear me") not in one[1]]

    def plain(one):
        return ("E", [f for f in one[1] if f[0] in "CSV"]) if one[0] == "E" and any("is withheld, because it reads masked columns" in f[1] for f in one[1] if f[0] == "M") else one
    return len(found) == len(expected) and all(plain(f) in (e, plain((e[0], (*e[1], ("M", "is withheld, because it reads masked columns"))) if e[0] == "E" else e)) for f, e in zip(found, expected))


@pytest.mark.parametrize("way", WAYS)
def test_the_client_is_told_the_same(request, way, pg, make_gateway):
    # A session with a temporary table is not moved, so where sessions are moved it is an ordinary one.
    temporary = way not in ("routed", "all")
    if not temporary:
        pg.sql("drop table if exists talk; create table talk (a int, word text)")
    plain = {"address": f"{pg.address}:{pg.port}", "tls": {"mode": "disable"}}
    gateway = make_gateway(rules=WAYS[way], config={"targets": [{"name": "main", **plain}, {"name": "second", **plain}]})
    first = request.config.getoption("--seed")
    for seed in range(first, first + CONVERSATIONS):
        conversation = Conversation(f"{way} {seed}", way in ("masked", "all"))
        expected = list(conversation.hold(Server(pg, temporary)))
        holding = conversation.hold(Server(gateway, temporary))
        for step, wanted in enumerate(expected):
            about = f"--seed={seed}, step {step}: {conversation.steps[step] if step < STEPS else 'the end'}"
            try:
                found = next(holding)
            except (OSError, Closed, AssertionError) as error:
                raise AssertionError(f"{about}: {error!r}") from error
            if not alike(found, wanted, conversation.masks):
                raise AssertionError(f"{about}:\nfound  {found}\nwanted {wanted}")
        holding.close()
    if way == "routed":
        assert gateway.metric("signalbox_moves_total", outcome="moved") > CONVERSATIONS
    host.wait_until(lambda: gateway.rest("GET", "/gateway/v1/sessions")[1]["sessions"] == [], 10, "every session has gone")
