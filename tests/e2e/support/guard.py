"""A guard for `vault`, `ledger` and `board` (support/bypass_corpus.py), and the proof that nothing gets past it: what
arrived at the server, by the server's own log."""
import json
import pathlib
import re
import time

from support import pgwire
from support.bypass_corpus import HIDING, SETUP
from support.pgwire import connect, errors

PROBER = "prober"
#: What the gateway sends in the place of a refused message inside a transaction, so that the server refuses too.
STAND_IN = 'select pg_catalog."refused by the gateway"()'


def policy(hiding=HIDING):
    """Written as a site would: by names, and by what the facts say of a statement that hides something."""
    return f"""
policy: guard
on: [traffic_from_client]
rules:
  - name: nobody reads the vault
    when: some table in input.query.tables; table.name in {json.dumps(["vault", *hiding]).replace("[", "{").replace("]", "}")}
    then:
      - deny: {{message: "vault"}}
  - name: nobody changes the ledger
    when: some table in input.query.tables; table.name == "ledger"; table.access != "read"
    then:
      - deny: {{message: "ledger"}}
  - name: nobody gives the ledger another name to change it by
    match: {{query.kind: create_view}}
    when: some table in input.query.tables; table.name == "ledger"
    then:
      - deny: {{message: "ledger"}}
  - name: nobody reads samples of tables
    when: some table in input.query.tables; startswith(table.name, "pg_stat")
    then:
      - deny: {{message: "statistics"}}
  - name: nothing that is not understood
    match: {{query.parse_error: {{exists: true}}}}
    then:
      - deny: {{sqlstate: "42601", message: "not understood"}}
  - name: nothing hidden
    when: count(input.query.opaque) > 0
    then:
      - deny: {{message: "hidden"}}
  - name: no types of one's own
    when: count(input.query.types) > 0
    then:
      - deny: {{message: "types"}}
  - name: nothing beyond tables
    when: some effect in input.query.effects; effect in {{"file_read", "file_write", "program", "network", "server", "large_object"}}
    then:
      - deny: {{message: "beyond tables"}}
  - name: nobody becomes another or looks elsewhere
    when: some set in input.query.sets; set.name in {{"role", "session_authorization", "session_replication_role", "search_path", ""}}
    then:
      - deny: {{message: "session"}}
  - name: settings of all sessions
    when: some set in input.query.sets; set.scope in {{"system", "role", "database"}}
    then:
      - deny: {{message: "settings"}}
  - name: whole schemas
    when: some object in input.query.objects; object.type in {{"schema", "database", "publication", "extension", "library", "role"}}
    then:
      - deny: {{message: "whole schemas"}}
  - name: no calls by number
    match: {{query.kind: function_call}}
    then:
      - deny: {{message: "no fast path"}}
"""


#: A log-in with options may look elsewhere from the beginning.
STARTUP = """
policy: guard_startup
on: [startup]
rules:
  - name: no settings by log-in
    when: some name, _ in input.session.parameters; name in {"options", "search_path", "role", "session_authorization", "replication"}
    then:
      - deny: {message: "no options"}
"""


class Guarded:
    """The tables on a server, with what they hold and what has arrived since the last look."""

    def __init__(self, server):
        self.server = server
        self.log = pathlib.Path(server.folder) / "postgres.log"
        self.direct = None
        self.seen = 0

    def create(self):
        self.server.sql(f"drop schema public cascade; create schema public; {SETUP}")
        self.server.sql(f"do $$ begin create role {PROBER} superuser login; create role postgres_owned; exception when others then end $$")
        self.direct = connect(self.server)
        self.before = self.contents()

    def contents(self):
        return self.direct.rows("select (select string_agg(v::text, ',') from only vault v), (select string_agg(l::text, ',') from ledger l),"
                                " (select count(*) from pg_class where relnamespace = 'public'::regnamespace)")

    def look(self):
        """From here on counts. Sessions of the prober that are ending have their last word first."""
        alive = f"select count(*) from pg_stat_activity where usename = '{PROBER}'"
        deadline = time.monotonic() + 2
        while self.direct.rows(alive) != [("0",)] and time.monotonic() < deadline:
            time.sleep(0.01)
        self.seen = self.log.stat().st_size

    def arrived(self):
        """Texts of every statement that the server has parsed, planned, run or refused for the prober since. What has
        places for values is decided when they are bound: that it was parsed says nothing."""
        with self.log.open("rb") as file:
            file.seek(self.seen)
            text = file.read().decode(errors="replace")
        entries = re.findall(rf"^\d{{4}}-\S+ \S+ \S+ \[\d+\] {PROBER}@\S* (?:LOG|STATEMENT): +(.*(?:\n\t.*)*)", text, flags=re.M)
        told = re.compile(r"(?:duration: [\d.]+ ms *)?(?:(?:statement|parse [^:]*|bind [^:]*|execute [^:]*|fastpath function call|"
                          r"received replication command): *)?", re.S)
        deferred = re.compile(r"(?:duration: [\d.]+ ms *)?parse .*\$\d", re.S)
        return [found for entry in entries if not deferred.match(entry)
                and (found := entry[told.match(entry).end():].replace("\n\t", "\n").strip())]

    def check(self, allowed=()):
        """Nothing has arrived but what may; the tables are as they were."""
        arrived = [text for text in self.arrived() if text not in {*allowed, STAND_IN}]
        assert arrived == [], arrived
        assert self.contents() == self.before


def refused(answer, *, at_least=1):
    """The answer has that many errors, and nothing of the vault."""
    assert len(errors(answer)) >= at_least, pgwire.kinds(answer)
    assert not any(b"s3cret" in found.body for found in answer), "the secret"
    return errors(answer)
