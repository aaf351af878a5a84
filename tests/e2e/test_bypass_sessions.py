"""Ways around a guard by how a session begins, what is remembered of it, and by odd or long texts (the probes P16 to P26):
like test_bypass_protocol.py, whose head says which test holds which probe.
"""
import pytest

from support import pgwire
from support.guard import PROBER, policy, refused
from support.pgwire import SYNC, Wire, bind, connect, errors, execute, message, parse, query
from support.probing import DELETE, READ, gateway, guarded, own_gateway, play, played  # noqa: F401


# --- P16, P17, P18: how the session begins

@pytest.mark.parametrize("parameters", [
    {"options": "-c search_path=evil"}, {"options": "-c role=bob"}, {"options": "--search-path=evil"}, {"search_path": "evil"},
    {"options": "-csearch_path=evil,public"}, {"role": "bob"}, {"session_authorization": "bob"}, {"options": "-c\\ search_path=evil"},
    {"replication": "database"}, {"replication": "true"}, {"replication": "on", "options": "-c search_path=evil"},
])
def test_p16_p17_settings_by_log_in(parameters, gateway, guarded):
    played.append("p17")
    guarded.look()
    with Wire((gateway.address, gateway.port)) as wire:
        answer = wire.login(user=PROBER, **parameters)
        assert answer[-1].kind == "E" and answer[-1].fields["C"] == "42501"
    guarded.check()


@pytest.mark.parametrize("replication", ["database", "true"])
def test_p16_walsender(replication, own_gateway, guarded):
    """A guard of statements alone: the walsender's own commands are no SQL, and are refused as such."""
    gateway = own_gateway({"guard.policy.yaml": policy()})
    played.append("p16")
    guarded.look()
    with connect(gateway, user=PROBER, replication=replication) as wire:
        for text in (READ, DELETE, "IDENTIFY_SYSTEM", "BASE_BACKUP", "START_REPLICATION SLOT s LOGICAL 0/0", "TIMELINE_HISTORY 1",
                     "CREATE_REPLICATION_SLOT s TEMPORARY LOGICAL pgoutput", f"IDENTIFY_SYSTEM; {READ}", "READ_REPLICATION_SLOT s"):
            refused(wire.ask(query(text)))
    guarded.check()


@pytest.mark.parametrize("parameters", [
    {"options": "-c standard_conforming_strings=off"}, {"standard_conforming_strings": "off"}, {"client_encoding": "SJIS"},
    {"client_encoding": "GBK"}, {"client_encoding": "BIG5"}, {"client_encoding": "latin1"}, {"client_encoding": "sql_ascii"},
    {"options": "-c backslash_quote=on"}, {"options": "-c escape_string_warning=off -c standard_conforming_strings=off"},
])
def test_p17_the_lexer_by_log_in(parameters, own_gateway, guarded):
    """Settings that change how a text is read, from the first statement on."""
    gateway = own_gateway({"guard.policy.yaml": policy()})
    played.append("p17 lexer")
    guarded.look()
    with connect(gateway, user=PROBER, **parameters) as wire:
        for text in (r"select '\' , '; delete from ledger; --'", r"select '\', secret from vault --'", b"select '\x83\\', secret from vault --'",
                     b"select '\x81' , secret from vault --'", r"select E'\' , '; delete from ledger; --'"):
            answer = wire.ask(query(text))
            assert not any(b"s3cret" in found.body for found in answer)
    assert not [text for text in guarded.arrived() if text.startswith("delete") or "from vault" in text.split("--")[0].replace(r"'\', secret from vault", "")]
    assert guarded.contents() == guarded.before


def test_p18_another_database(guarded, gateway, play):
    """The guard holds in every database, and a session's end leaves nothing behind for the next."""
    guarded.server.sql("drop table if exists vault; create table vault (secret text)", database="other")
    play(lambda wire: refused(wire.ask(query(READ))), database="other")
    play(lambda wire: refused(wire.ask(query(READ))))
    play(lambda wire: refused(wire.ask(bind((), "s"), execute(), SYNC)))


def test_p18_a_cancel_key_of_another(gateway, guarded):
    """A request with a key that is nobody's does nothing, and is answered by nothing."""
    played.append("p18 cancel")
    with connect(gateway, user=PROBER) as wire:
        wire.send(query("select pg_sleep(0.6)"))
        for pid, key in ((wire.pid, bytes(4)), (wire.pid + 1, wire.key), (0, wire.key)):
            with Wire((gateway.address, gateway.port)) as other:
                other.send(pgwire.cancel_request(pid, key))
                assert other.until_closed() == []
        assert errors(wire.until_ready()) == []


def test_p18_a_key_that_was(gateway, guarded):
    """The key of a session that has ended cancels nothing, also when another session has come since."""
    played.append("p18 key that was")
    with connect(gateway, user=PROBER) as gone:
        key = gone.pid, gone.key
    with connect(gateway, user=PROBER) as wire:
        wire.send(query("select pg_sleep(0.6)"))
        for _ in range(5):
            with Wire((gateway.address, gateway.port)) as other:
                other.send(pgwire.cancel_request(*key))
                assert other.until_closed() == []
        assert errors(wire.until_ready()) == []


# --- P19, P20, P21: what is remembered

BY_USER = """
policy: by_user
rules:
  - name: bob does not read the board
    match: {session.user: bob, query.tables: {exists: true}}
    when: some table in input.query.tables; table.name == "board"
    then:
      - deny: {message: "not bob"}
"""

def test_p19_one_text_two_users(own_gateway):
    gateway = own_gateway({"by_user.policy.yaml": BY_USER})
    played.append("p19")
    text = "select note from board"
    for _ in range(3):
        for user, kinds in (("alice", "TDDCZ"), ("bob", "EZ"), ("alice", "TDDCZ")):
            with connect(gateway, user=user) as wire:
                assert pgwire.kinds(wire.ask(query(text))) == kinds
                assert pgwire.kinds(wire.ask(parse(text), bind(), execute(), SYNC)) == {"TDDCZ": "12DDCZ"}.get(kinds, kinds)
                assert pgwire.kinds(wire.ask(query(text))) == kinds


MASKED = """
policy: masked
on: [traffic_from_server]
rules:
  - name: only alice reads notes
    match: {session.user: {not: alice}}
    then:
      - response: {columns: ["board.note"]}
"""

def test_p19_one_text_two_masks(own_gateway, guarded):
    """A text that is remembered for one user is not answered as for another, be it prepared, in either order, at once."""
    gateway = own_gateway({"masked.policy.yaml": MASKED})
    played.append("p19 masks")
    text = "select note from board where id = 1"
    shown = lambda answer: [found.columns for found in answer if found.kind == "D"]
    with connect(gateway, user="alice") as alice, connect(gateway, user="bob") as bob:
        for wire in (alice, bob):
            wire.ask(parse(text, "s"), SYNC, query(f"prepare p as {text}"), ready=2)
        for _ in range(3):
            for wire, sees in ((alice, True), (bob, False), (bob, False), (alice, True)):
                for messages in ([query(text)], [parse(text), bind(), execute(), SYNC], [bind((), "s"), execute(), SYNC], [query("execute p")],
                                 [query(f"copy ({text}) to stdout")]):
                    answer = wire.send(*messages).until_ready()
                    data = b"".join(found.body for found in answer if found.kind in "Dd")
                    assert (b"n" in data) == sees and (shown(answer) or data), (messages, answer)
        bob.ask(query("set role alice"))
        assert shown(bob.ask(query(text))) != [[b"n"]], "the user is who has logged in"
        alice.send(query(text)), bob.send(query(text))
        assert shown(alice.until_ready()) == [[b"n"]] and shown(bob.until_ready()) != [[b"n"]]


BY_STATE = """
policy: by_state
rules:
  - name: superusers do not read the board
    match: {session.parameters.is_superuser: "on"}
    when: some table in input.query.tables; table.name == "board"
    then:
      - deny: {message: "not as superuser"}
  - name: nor anybody within a transaction
    match: {session.transaction: active}
    when: some table in input.query.tables; table.name == "board"
    then:
      - deny: {message: "not in a transaction"}
"""

def test_p20_remembered_decisions_follow_the_session(own_gateway):
    """SET ROLE, and a transaction begun or ended, by whatever way, also when the answer is still under way."""
    gateway = own_gateway({"by_state.policy.yaml": BY_STATE})
    played.append("p20")
    text = "select note from board"
    with connect(gateway, user=PROBER) as wire:
        assert errors(wire.ask(query(text)))
        assert errors(wire.ask(query("set role alice"))) == []
        assert pgwire.kinds(wire.ask(query(text))) == "TDDCZ"
        assert [pgwire.kinds(wire.ask(query("reset role"), query(text), ready=2))[-2:]] == ["EZ"]
        assert errors(wire.ask(query("set role alice"))) == []
        assert errors(wire.ask(query("begin"), query(text), ready=2))
        wire.ask(query("rollback"))
        assert pgwire.kinds(wire.ask(query(text))) == "TDDCZ"
        assert errors(wire.ask(parse("begin"), bind(), execute(), SYNC, query(text), ready=2))
        wire.ask(query("rollback"))
        assert pgwire.kinds(wire.ask(query(text))) == "TDDCZ"


def test_p20_remembered_decisions_follow_the_tables(own_gateway, guarded):
    """There is no cache of results: what one route has changed, another sees."""
    gateway = own_gateway({"guard.policy.yaml": policy()})
    played.append("p20 rows")
    with connect(gateway, user=PROBER) as wire, connect(gateway, user="postgres") as other:
        for number in range(3):
            assert errors(other.ask(query(f"update board set note = 'v{number}' where id = 2"))) == []
            assert wire.rows("select note from board where id = 2") == [(f"v{number}",)]
        other.ask(query("update board set note = 'm' where id = 2"))


def test_p21_an_answer_comes_once(own_gateway, guarded):
    """Async actions of a statement, refused or not, neither delay nor repeat its answer."""
    rules = """
policy: tell
rules:
  - name: all
    match: {query.kind: {exists: true}}
    then:
      - log: {message: seen}
"""
    gateway = own_gateway({"tell.policy.yaml": rules, "guard.policy.yaml": policy()})
    played.append("p21")
    guarded.look()
    with connect(gateway, user=PROBER) as wire:
        for _ in range(20):
            assert pgwire.kinds(wire.ask(query("select 1"))) == "TDCZ"
            assert pgwire.kinds(wire.ask(query(DELETE))) == "EZ"
            assert pgwire.kinds(wire.ask(parse(DELETE), bind(), execute(), SYNC)) == "EZ"
        assert wire.quiet()
    guarded.check(["select 1"])


# --- P22 to P26: long, odd, deep, many, new

@pytest.mark.parametrize("size", [100, 70_000, 1_000_000, 3_000_000])
def test_p22_long_texts(size, play):
    pad = " " * size

    def conversation(wire):
        refused(wire.ask(query(f"select 1 /*{pad}*/, (select secret from vault)")))
        refused(wire.ask(query(f"{pad}{DELETE}")))
        refused(wire.ask(query(f"select '{pad}', secret from vault")))
        refused(wire.ask(parse(f"select 1 --{pad}\n; {DELETE}"), bind(), execute(), SYNC))

    play(conversation)


def test_p22_longer_than_the_limit(own_gateway, guarded):
    gateway = own_gateway({"guard.policy.yaml": policy()}, config={"limits": {"statement_memory": "64KiB"}})
    played.append("p22 limit")
    guarded.look()
    with connect(gateway, user=PROBER) as wire:
        for text in (f"/*{' ' * 70_000}*/ {DELETE}", f"{DELETE} /*{' ' * 70_000}*/"):
            assert refused(wire.ask(query(text)))[0]["C"] == "54000"
            refused(wire.ask(parse(text), bind(), execute(), SYNC))
            refused(wire.ask(parse(text, "long"), SYNC, bind((), "long"), execute(), SYNC, ready=2))
    guarded.check()


@pytest.mark.parametrize("raw", [
    b"select 1\0; delete from ledger\0", b"\0delete from ledger\0", b"delete from ledger\0\0", b"delete from ledger", b"delete\0from ledger\0",
    b"\xef\xbb\xbfdelete from ledger\0", b"delete from ledger -- \xff\xfe\0", b"delete from ledger where note = '\xc0\x80'\0",
    b"delete from \xef\xbd\x8cedger\0; delete from ledger\0", b"delete\xc2\xa0from ledger; delete from ledger\0",
])
def test_p23_bytes(raw, play):
    def conversation(wire):
        refused(wire.ask(message(b"Q", raw)))
        refused(wire.ask(message(b"P", b"\0" + raw + b"\0\0"), bind(), execute(), SYNC))
        refused(wire.ask(message(b"P", b"s\0" + raw + b"\0\0"), SYNC))

    play(conversation)


@pytest.mark.parametrize("encoding, codec", [
    ("latin1", "latin1"), ("win1252", "cp1252"), ("latin9", "iso8859-15"), ("iso_8859_5", None), ("sql_ascii", "utf8"), ("utf8", "utf8"),
    ("unicode", "utf8"), ("euc_jp", "euc_jp"), ("koi8r", "koi8-r"), ("win1258", "cp1258"),
])
def test_p23_names_in_another_encoding(encoding, codec, own_gateway, guarded):
    """A guarded name in other bytes is the same name: where its letters exist, it is refused; else PostgreSQL knows no such table."""
    letter = {"koi8-r": "я", "euc_jp": "語"}.get(codec, "ü")
    name = f"Schatz {letter}"
    guarded.server.sql(f'drop table if exists "{name}"; create table "{name}" (id int); insert into "{name}" values (77)')
    gateway = own_gateway({"guard.policy.yaml": policy([name])})
    played.append("p23 encoding")
    raw = name.encode(codec or "iso8859-5", errors="replace")
    for login in ({"client_encoding": encoding}, {}):
        with connect(gateway, user=PROBER, **login) as wire:
            if not login:
                wire.ask(query(f"set client_encoding = '{encoding}'"))
            for text in (b'select id from "' + raw + b'"', b'select id from public."' + raw + b'" -- \xe4', b'table "' + raw + b'"'):
                for answer in (wire.ask(query(text)), wire.ask(parse(text), bind(), execute(), SYNC)):
                    assert errors(answer) and not any(found.kind == "D" for found in answer), "the guarded table was read"
    guarded.server.sql(f'drop table "{name}"')


@pytest.mark.parametrize("depth", [50, 1000, 20_000])
@pytest.mark.parametrize("form", ["({})", "abs({})", "not {}", "case when true then {} end", "array[{}]", "({})::int", "- {}"])
def test_p24_nesting(form, depth, play):
    opening, closing = form.split("{}")
    text = "select " + opening * depth + "(select id from vault)" + closing * depth

    def conversation(wire):
        refused(wire.ask(query(text)))
        refused(wire.ask(parse(text), bind(), execute(), SYNC))

    play(conversation)


def test_p24_queries_within_queries(play):
    text = "select * from " + "(select * from " * 100 + "vault" + ") q" * 100
    ctes = "with " + ", ".join(f"c{i} as (select * from {'vault' if i == 0 else f'c{i - 1}'})" for i in range(100)) + " select * from c99"
    unions = "select id from board" + " union select id from board" * 500 + " union select id from vault"

    def conversation(wire):
        for one in (text, ctes, unions):
            refused(wire.ask(query(one)))

    play(conversation)


@pytest.mark.parametrize("place", [0, 1, 5000, 9999])
def test_p25_many_statements(place, play):
    statements = ["select 1"] * 10_000
    statements[place] = DELETE
    play(lambda wire: refused(wire.ask(query(";".join(statements)))))


@pytest.mark.parametrize("text", [
    "merge into board b using vault v on true when matched then delete returning *", "select * from (select secret from vault)",
    "delete from ledger returning old.*", "select json_array(select secret from vault)", "select 0x1F, secret from vault",
    "copy (select secret from vault) to stdout (format json)", "wait for lsn '0/0'; delete from ledger", "repack ledger",
])
def test_p26_a_newer_grammar(text, play):
    def conversation(wire):
        refused(wire.ask(query(text)))
        refused(wire.ask(query(f"select 1; {text}")))
        refused(wire.ask(parse(text), bind(), execute(), SYNC))

    play(conversation)


# --- settings that a session changes under way

@pytest.mark.parametrize("change", [
    "set standard_conforming_strings = off", "select set_config('standard_conforming_strings', 'off', false)",
    "set client_encoding = 'SJIS'", "set names 'GBK'", "begin; set local standard_conforming_strings = off",
    "update pg_settings set setting = 'off' where name = 'standard_conforming_strings'",
])
def test_the_lexer_follows_the_session(change, guarded, gateway):
    r"""'\' is a whole string or the beginning of one, by a setting: also when the change is still on its way."""
    text = r"select '\' , '; delete from ledger; --'"
    played.append("lexer")
    guarded.look()
    for messages in ([query(change), query(text)], [parse(change), bind(), execute(), SYNC, query(text)],
                     [query(change), parse(text), bind(), execute(), SYNC]):
        with connect(gateway, user=PROBER) as wire:
            wire.send(*messages).until_ready(2)
    assert not [found for found in guarded.arrived() if found.startswith("delete")]
    assert guarded.contents() == guarded.before
