"""The bypass corpus: every text of support/bypass_corpus.py against a guard, in a session of its own, carried in every way
that a client can carry a text. Each is refused each time, nothing of it is in the server's log, the tables stay as they are.
"""
import pytest

from conftest import summarise
from rig import postgres
from support import bypass_corpus as corpus
from support import pgwire
from support.guard import PROBER, STARTUP, Guarded, policy, refused
from support.pgwire import COPY_DONE, SYNC, bind, connect, describe, errors, execute, parse, query


@pytest.fixture(scope="module")
def guarded(folder):
    """A server of its own, whose log holds every statement that it parsed or ran."""
    cluster = postgres.Cluster(folder / "corpus-pg", settings={"log_statement": "all", "log_min_duration_statement": "0",
                                                               "log_replication_commands": "on"})
    cluster.start()
    tables = Guarded(cluster)
    tables.create()
    yield tables
    tables.direct.drop()
    cluster.stop()


@pytest.fixture(scope="module")
def gateway(request, guarded, folder):
    from rig.gateway import Gateway
    server = guarded.server
    own = Gateway(request.config.getoption("--binary"), folder / "corpus-gateway", f"{server.address}:{server.port}",
                  rules={"guard.policy.yaml": policy(), "startup.policy.yaml": STARTUP})
    yield own.start()
    own.stop()


def carry(wire, text):
    """Every way to send a text; each must be refused. The number of ways."""
    ask = wire.ask
    refused(ask(query(text)))
    refused(ask(query(text)))  # what has been remembered is no other decision
    refused(ask(query(f"select 1; {text}")))
    refused(ask(query(f"/* a = b */ {text}")))
    refused(ask(query("select 1"), query(text), query("select 1"), ready=3))
    refused(ask(query(text), step=max(1, len(text) // 7)))
    refused(ask(parse(text), bind(), execute(), SYNC))
    refused(ask(parse(text), describe("S"), SYNC))
    refused(ask(parse(text, "named"), SYNC))
    refused(ask(bind((), "named"), execute(), SYNC))
    refused(ask(parse("select 1"), bind(), execute(), parse(text), bind(), execute(), parse("select 1"), bind(), execute(), SYNC))
    refused(ask(parse("select 1", "s"), SYNC, parse(text, "s"), bind((), "s"), execute(), SYNC, ready=2))
    ask(query("begin"))
    refused(ask(query(text)))
    assert pgwire.status(refused_or_done := ask(query("commit"))) == "I" and b"ROLLBACK" in refused_or_done[0].body
    ask(query("begin"))
    refused(ask(parse(text), bind(), execute(), SYNC))
    assert pgwire.status(ask(query("rollback"))) == "I"
    return 14


#: The probes' own harmless statements, and what the gateway asks by itself to know how a text is read.
ALLOWED = (
    "select 1",
    "begin",
    "commit",
    "rollback",
    "SHOW standard_conforming_strings",
    "SHOW client_encoding",
)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", ["lexical", "read", "write", "hidden", "newer", "broken"])
def test_no_text_gets_through(kind, guarded, gateway):
    texts = [text for text, of in corpus.TEXTS if of == kind]
    passed, conversations = [], 0
    for text in texts:
        guarded.look()
        try:
            with connect(gateway, user=PROBER) as wire:
                conversations += carry(wire, text)
            guarded.check(ALLOWED)
        except (AssertionError, pgwire.Closed, TimeoutError) as error:
            passed.append((text, str(error)[:300]))
    summarise(f"bypass corpus, {kind}: {len(texts)} probes, {conversations} conversations, {len(passed)} got through")
    assert passed == []


def test_there_are_enough():
    """Two texts that differ in nothing are one probe."""
    assert len({text for text, _ in corpus.TEXTS}) == len(corpus.TEXTS) >= 200


#: What the text does not get past PostgreSQL itself: no provider of labels, and no ALTER SYSTEM in a transaction.
NOT_HERE = {"SECURITY LABEL": "22023", "ALTER SYSTEM": "25001", "SELECT 1/(CASE": None}


@pytest.mark.timeout(300)
def test_every_text_works_without_the_guard(guarded):
    """The corpus is no straw man: each text is run by PostgreSQL (in a transaction that is rolled back)."""
    failed = []
    for text in [*corpus.LEXICAL, *corpus.READS, *corpus.WRITES, *corpus.HIDDEN]:
        with connect(guarded.server) as wire:
            wire.ask(query("begin"))
            answer = wire.send(query(text)).until_ready() if "FROM STDIN" not in text else \
                [*wire.send(query(text)).until("G"), *wire.ask(COPY_DONE)]
            codes = [found["C"] for found in errors(answer)]
            excuse = next((code for start, code in NOT_HERE.items() if text.startswith(start)), "")
            if codes and excuse != codes[0]:
                failed.append((text, errors(answer)[0]["M"]))
            wire.ask(query("rollback"))
    assert failed == []
    is_newer = int(guarded.server.sql("show server_version_num")) >= 180000
    for text in [*corpus.NEWER, *corpus.BROKEN]:
        with connect(guarded.server) as wire:
            wire.ask(query("begin"))
            failed = bool(errors(wire.ask(query(text))))
            assert failed != (is_newer and text in corpus.NEWER), text
            wire.ask(query("rollback"))
    assert guarded.contents() == guarded.before


@pytest.mark.parametrize("text", corpus.FREE)
def test_what_is_free_passes(text, gateway):
    """The guard is no wall."""
    with connect(gateway, user=PROBER) as wire:
        assert errors(wire.ask(query(text))) == []
        wire.ask(query("deallocate all"))
        if ";" not in text.replace("; DROP TABLE vault; --", "").replace("';", ""):
            wire.ask(query("drop table if exists pg_temp.scratch"))
            assert errors(wire.ask(parse(text), bind(), execute(), SYNC)) == []
