"""What ordinary programs do runs unhindered under the packs that should not concern them: same output as without a
gateway, no refusal, and no audit line about an injection."""
import json
import pathlib
import re
import shutil
import subprocess

import pytest

from rig import host
from support import clients
from support.clients import needs_its_own_programs, program as run
from test_programs import LIBRARY, SCRIPT

RULES = host.ROOT / "rules"
# Packs that are for everybody at any time, with what a site would have to tell them.
PACKS = {
    "dangerous_functions": {"function_call": True},  # pg_dump reads large objects by it
    "injection_shapes": {},
    "network_zones": {},
    "no_unbounded_writes": {"truncatable": ["pgbench_*"], "by_key": {"payroll": ["id"]}},
    "pii_columns": {"readers": ["nobody"], "columns": {"*": ["iban", "ssn"], "payroll": ["salary"]}},
    "superuser_guard": {"superusers": ["root"], "log": False},
    "tenant_isolation": {"tables": ["payroll"]},
    "working_hours": {"days": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
                      "from": "00:00", "until": "24:00", "statements": True},
}
EVERYBODY = {"except_users": []}
REFUSE = [{"action": "deny", "message": "by its signal"}]
# The base set is not for programs that define code or copy to the server's files: nothing here does.
SIGNALS = {"injection": {"enabled": True, "values": [], "actions": REFUSE},
           "protocol_violation": {"enabled": True, "above": 0, "actions": REFUSE},
           "authentication_failure": {"enabled": True, "above": 0, "actions": REFUSE},
           "rate": {"enabled": True, "above": 1000000, "actions": REFUSE}}


def replaced(path, values):
    """A data.yaml with other values at its top level; JSON is YAML."""
    text = path.read_text()
    for name, value in values.items():
        line = f"{name}: {json.dumps(value)}"
        text, found = re.subn(rf"^{name}:[^\n]*(?:\n[ #][^\n]*)*", lambda _: line, text, flags=re.M)
        if not found:
            text += line + "\n"
    path.write_text(text)


@pytest.fixture(scope="module")
def rules(folder):
    folder = folder / "packs"
    shutil.copytree(RULES, folder)
    for name, values in PACKS.items():
        data = folder / "packs" / name / "data.yaml"
        replaced(data, {"enabled": True, **(EVERYBODY if "except_users:" in data.read_text() else {}), **values})
    replaced(folder / "signals" / "data.yaml", SIGNALS)
    return folder


@pytest.fixture
def guarded(make_gateway, rules):
    gateway = make_gateway(rules_folder=rules)
    yield gateway
    status, body = gateway.rest("GET", "/gateway/v1/decisions?verdict=deny&limit=50")
    assert status == 200, body
    assert body["decisions"] == []
    audit = pathlib.Path(gateway.config["actions"]["audit_log"])
    assert not audit.exists() or "injection" not in audit.read_text()


def test_the_packs_are_on(make_gateway, rules):
    """What the other tests find unhindered would be refused if it concerned them."""
    gateway = make_gateway(rules_folder=rules)
    for text, message in (("select * from pg_class where relname = 'x' or 1=1", "by its signal|looks like an injection"),
                          ("select pg_sleep(1)", "permission denied for function pg_sleep"),
                          ("truncate t", "TRUNCATE of t is not allowed"),
                          ("select salary from payroll", "permission denied for column salary|limited to your tenant"),
                          ("set role root", "permission denied to become root"),
                          ("delete from t", "DELETE without WHERE")):
        done = run("psql", "-Xc", text, server=gateway)
        assert re.search(message, done.stderr), f"{text}: {done.stderr}"


def test_pgbench(pg, guarded):
    pg.sql("drop database if exists bench_packs")
    pg.sql("create database bench_packs")
    made = run("pgbench", "-i", "-q", server=guarded, database="bench_packs")
    assert made.returncode == 0, made.stderr
    for mode in ("simple", "extended", "prepared"):
        done = run("pgbench", "-n", "-M", mode, "-c", 4, "-t", 25, server=guarded, database="bench_packs")
        assert "processed: 100/100" in done.stdout, done.stdout + done.stderr


@pytest.fixture(scope="module")
def library(pg):
    pg.sql("drop database if exists library_packs")
    pg.sql("create database library_packs")
    pg.sql(LIBRARY, database="library_packs")
    return "library_packs"


@needs_its_own_programs
def test_dump_and_restore(pg, guarded, library, tmp_path):
    direct = run("pg_dump", server=pg, database=library)
    through = run("pg_dump", server=guarded, database=library)
    unmarked = [[line for line in done.stdout.splitlines() if not line.startswith(("\\restrict", "\\unrestrict"))]
                for done in (direct, through)]
    assert unmarked[0] == unmarked[1], through.stderr
    archive = tmp_path / "archive"
    assert run("pg_dump", "-Fc", "-f", archive, server=guarded, database=library).returncode == 0
    pg.sql("drop database if exists library_restored")
    pg.sql("create database library_restored")
    restored = run("pg_restore", "--exit-on-error", "-d", "library_restored", archive, server=guarded)
    assert restored.returncode == 0, restored.stderr
    globals_only = run("pg_dumpall", "--globals-only", server=guarded)
    assert globals_only.returncode == 0, globals_only.stderr


BACKSLASH = "\n".join(f"\\{c}" for c in (
    "l d dt+ di+ ds+ dv+ dm+ df+ da dT+ dD do+ dO dC+ dc+ dn+ db+ dx+ dX dL+ dp du+ drds dg ddp dy+ dE dF+ dFd dFp dFt dA+ dAc dAf dAo dAp "
    "dconfig dRp+ dRs+ dP+ des deu dew det dl conninfo encoding").split()) + r"""
\d shop.customer
\d+ shop.orders
\d+ shop.busy
\sf shop.shout
\sv shop.busy
\dt *.*
\df *.shout
\z shop.*
\l+
"""


def test_psql_backslash_commands(pg, guarded, library):
    # The tests' own connections and sizes on disk come and go.
    def answer(server):
        done = run("psql", "-Xa", "-f", "-", server=server, text=BACKSLASH, database=library)
        return [re.sub(r"\d+ [kMG]?B|bytes|port \"\d+\"|process with PID \d+", "", line) for line in (done.stdout + done.stderr).splitlines()]

    direct, through = answer(pg), answer(guarded)
    different = [pair for pair in zip(direct, through) if pair[0].split() != pair[1].split()]
    assert len(direct) == len(through) and not different, different[:5]


def test_psql_script(pg, guarded, library):
    text = "\n".join(line for line in SCRIPT.splitlines() if "selec nonsense" not in line)  # does not parse, and is refused for it
    through = run("psql", "-Xa", "-f", "-", server=guarded, text=text, database=library)
    assert "not allowed" not in through.stderr and "by its signal" not in through.stderr, through.stderr


def test_ordinary_sql(pg, guarded):
    script = pathlib.Path(__file__).parent / "support" / "ordinary.sql"
    direct, through = (run("psql", "-Xa", "-v", "ON_ERROR_STOP=1", "-f", script, server=server) for server in (pg, guarded))
    assert direct.returncode == 0, direct.stderr
    assert (through.stdout, through.stderr) == (direct.stdout, direct.stderr)


@pytest.mark.parametrize("orm, seen", [("alembic", "third"), ("django", "unique")])
def test_migrations_of_an_orm(orm, seen, pg, guarded):
    def migrate(server):
        pg.sql("drop database if exists migrated")
        pg.sql("create database migrated")
        program = pathlib.Path(__file__).parent / "clients" / "python" / f"{orm}_migrations.py"
        done = subprocess.run(["/usr/bin/python3", program], capture_output=True, text=True, timeout=120,
                              env=clients.environment(server, database="migrated"))
        assert done.returncode == 0, done.stderr
        return done.stdout

    direct = migrate(pg)
    assert seen in direct
    assert migrate(guarded) == direct


def test_migrations_in_sql(pg, guarded):
    """As Rails, Flyway, Prisma, Liquibase and goose send them."""
    script = pathlib.Path(__file__).parent / "support" / "migrations.sql"

    def migrate(server):
        pg.sql("drop database if exists migrated")
        pg.sql("create database migrated")
        return run("psql", "-Xa", "-v", "ON_ERROR_STOP=1", "-f", script, server=server, database="migrated")

    direct = migrate(pg)
    assert direct.returncode == 0, direct.stderr
    through = migrate(guarded)
    assert (through.stdout, through.stderr) == (direct.stdout, direct.stderr)
