r"""Ways around a guard by what a session is thought to be: settings that are others than the server has told yet, names
in another spelling, answers that belong to another request. '\' is a whole string or the beginning of one, by a setting.
"""
import pytest

from support import pgwire
from support.guard import PROBER
from support.pgwire import FLUSH, SYNC, Closed, Wire, bind, close, connect, copy_data, errors, execute, parse, query, startup
from support.probing import gateway, guarded, own_gateway, played  # noqa: F401

TELLING = r"select '\', ' , secret from vault --'"  # names the vault where backslashes escape
OFF = "set standard_conforming_strings = off"
CHANGES = [OFF, "select set_config('standard_conforming_strings', 'off', false)",
           "update pg_settings set setting = 'off' where name = 'standard_conforming_strings'"]


def run(text):
    """In the extended protocol."""
    return parse(text) + bind() + execute()


def nothing_told(answer):
    assert not any(b"s3cret" in found.body for found in answer)


# --- settings that the server will tell at ReadyForQuery

@pytest.mark.parametrize("begins", [False, True], ids=["alone", "in a transaction"])
@pytest.mark.parametrize("flushes", [False, True], ids=["one segment", "behind a flush"])
@pytest.mark.parametrize("change", CHANGES)
def test_a_setting_changed_in_the_pipeline(change, flushes, begins, gateway):
    played.append("untold setting")
    with connect(gateway, user=PROBER) as wire:
        if begins:
            wire.ask(query("begin"))
        wire.send(run(change), FLUSH if flushes else b"")
        if flushes:
            wire.until("C")
        answer = wire.ask(run(TELLING), SYNC)
        nothing_told(answer)
        assert errors(answer)[0]["C"] == "42501"


@pytest.mark.parametrize("between", [[parse("select 1")], [bind(), execute()], [close("S", "s")], [query("")]],
                         ids=["parse", "executed", "closed", "empty query"])
def test_a_setting_changed_further_back(between, gateway):
    played.append("untold setting")
    with connect(gateway, user=PROBER) as wire:
        wire.send(run(OFF), *between, run(TELLING), SYNC)
        nothing_told(wire.until_ready(2 if between[0] == query("") else 1))


@pytest.mark.parametrize("steps", [
    [run("set extra_float_digits = 1"), run("select 'é', E'a\\\\b', '\\'"), SYNC],
    [run("select 1"), FLUSH, run("select 'é'"), FLUSH, run("select '\\'"), SYNC],
    [run("begin"), run("select 'é'"), run("rollback"), SYNC],
    [run("begin"), run("set application_name = 'é'"), run("set transaction isolation level serializable"), run("select 1"), run("commit"), SYNC],
    [run("set client_encoding = 'latin1'"), run(b"select '\xe9', octet_length('\xe9')"), run("set client_encoding = 'utf8'"), SYNC],
    [run("select 1/0"), run("select 'é'"), SYNC, run("select 'é'"), SYNC],
    [run("select 1"), query("select '\\'"), SYNC],
    [parse("select 1"), pgwire.COPY_DONE, run("select 'é'"), pgwire.copy_fail("late"), SYNC, query("select '\\'")],
    [parse("select 'ö'", "ö"), bind((), "ö"), execute(), bind((), "ö"), execute(), close("S", "ö"), SYNC],
])
def test_who_asks_for_them_is_not_seen(steps, gateway, guarded):
    """The gateway has to ask the server meanwhile; the conversation is the one that PostgreSQL has."""
    ready = sum(1 for step in steps if step == SYNC or step[:1] == b"Q")
    with connect(gateway, user=PROBER) as wire, connect(guarded.server, user=PROBER) as direct:
        for _ in range(2):
            assert [m.brief() for m in wire.ask(*steps, ready=ready)] == [m.brief() for m in direct.ask(*steps, ready=ready)]
        assert wire.rows("select name from pg_prepared_statements") == direct.rows("select name from pg_prepared_statements")


# --- how the session begins

@pytest.mark.parametrize("parameters", [{"SEARCH_PATH": "evil"}, {"Search_Path": "evil"}, {"ROLE": "bob"}, {"Session_Authorization": "bob"}])
def test_names_of_settings_have_no_case(parameters, gateway):
    played.append("case of a setting")
    with Wire((gateway.address, gateway.port)) as wire:
        assert wire.login(user=PROBER, **parameters)[-1].fields["C"] == "42501"


@pytest.mark.parametrize("name", ["standard_conforming_strings", "STANDARD_CONFORMING_STRINGS"])
def test_a_setting_named_twice_at_log_in(name, gateway):
    """The server takes the last one; what it tells later counts for both."""
    played.append("setting named twice")
    with Wire((gateway.address, gateway.port)) as wire:
        wire.send(startup([("user", PROBER), ("database", "postgres"), ("standard_conforming_strings", "on"), (name, "on")])).until_ready()
        wire.ask(query(OFF))
        nothing_told(wire.ask(query(TELLING)))


def test_names_longer_than_the_server_keeps(own_gateway, guarded):
    """The server cuts them, and so it is the same user and database."""
    played.append("long names")
    name = "n" * 63
    guarded.server.sql(f"drop role if exists {name}; create role {name} login")
    refusing = f"""
policy: names
on: [startup]
rules:
  - name: not this one
    match: {{session.user: {name}}}
    then:
      - deny: {{sqlstate: "42501", message: not this one}}
"""
    own = own_gateway({"names.policy.yaml": refusing})
    for user in (name, name + "n", name + "x" * 20):
        with Wire((own.address, own.port)) as wire:
            assert wire.login(user=user)[-1].fields["C"] == "42501"


# --- answers to what was sent behind a COPY that fails

MASKS = """
policy: masks
on: [traffic_from_server]
rules:
  - name: vault
    when: some table in input.query.tables; table.name == "vault"
    then:
      - response: {mask: nullify, columns: ["*.secret"]}
"""
BAD = copy_data(b"this is no number\n")
COPY = "copy numbers from stdin"


@pytest.mark.parametrize("waits", [False, True], ids=["at once", "in the COPY"])
@pytest.mark.parametrize("behind", [
    [query("select secret from vault")], [query("select 1"), query("select secret from vault"), query("select 2")],
    [run("select secret from vault"), SYNC], [query("select secret from vault"), query("select 1 as harmless")], [SYNC, query("select secret from vault")],
])
@pytest.mark.parametrize("begins", [query(COPY), run(COPY)], ids=["simple", "extended"])
def test_behind_a_copy_that_fails(begins, behind, waits, own_gateway, guarded):
    """PostgreSQL would run them, where the COPY has failed by then; whose answers they are cannot be known."""
    played.append("behind a COPY")
    guarded.direct.ask(query("create table if not exists numbers (a int)"))
    masked = own_gateway({"masks.policy.yaml": MASKS})
    with connect(masked, user=PROBER) as wire:
        assert [m.columns for m in wire.ask(query("select secret from vault")) if m.kind == "D"][0] == [None]
        wire.send(begins, FLUSH)
        if waits:
            wire.until("G")
        try:
            wire.send(BAD, *behind, pgwire.copy_fail("enough"), SYNC, pgwire.TERMINATE)
        except Closed:
            pass
        nothing_told(wire.until_closed())
    with connect(masked, user=PROBER) as wire:
        assert wire.rows("select 1") == [("1",)]


def test_a_setting_changed_before_a_copy_that_fails(gateway, guarded):
    played.append("behind a COPY")
    guarded.direct.ask(query("create table if not exists numbers (a int)"))
    with connect(gateway, user=PROBER) as wire:
        wire.send(query(f"{OFF}; commit; {COPY}")).until("G")
        try:
            wire.send(BAD, query(TELLING), pgwire.TERMINATE)
        except Closed:
            pass
        nothing_told(wire.until_closed())
