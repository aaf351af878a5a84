"""The steps of the tour. Each shows something and checks it; a check that fails is shown and makes the tour fail."""
import dataclasses
import json
import pathlib
import time

from rig import host
from rig.report import coloured

HERE = pathlib.Path(__file__).resolve().parent


@dataclasses.dataclass
class Stage:
    """What the steps play on."""
    session: object
    gateway: object
    receiver: object
    failures: list = dataclasses.field(default_factory=list)
    step: int = 0

    def title(self, text):
        self.step += 1
        print(f"\n{coloured(f' {self.step} ', 'bold')} {coloured(text, 'bold')}\n")

    def say(self, text, colour="grey"):
        print("    " + coloured(text, colour), flush=True)

    def ask(self, statement, quiet=False):
        """Runs a statement in the open session, shows it and its answer, returns the answer as one text."""
        lines = self.session.run(statement)
        if not quiet:
            print("    " + coloured("=> ", "grey") + coloured(statement, "blue"))
            for line in lines:
                colour = "red" if line.startswith(("ERROR", "FATAL")) else "yellow" if line.startswith(("HINT", "DETAIL")) else None
                print("    " + (coloured(line, colour) if colour else line))
        return "\n".join(lines)

    def check(self, holds, what):
        self.say(("ok: " if holds else "NOT AS EXPECTED: ") + what, "green" if holds else "red")
        if not holds:
            self.failures.append(what)

    def decisions(self, seconds=10, **filters):
        """Past decisions over REST, newest first, as soon as there are any."""
        path = "/gateway/v1/decisions?" + "&".join(f"{name}={value}" for name, value in filters.items())
        deadline = time.monotonic() + seconds
        while True:
            status, body = self.gateway.rest("GET", path)
            found = body.get("decisions", []) if status == 200 else []
            if found or time.monotonic() > deadline:
                return path, found
            time.sleep(0.05)


def prepare(stage):
    stage.ask("create temp table customers (id int primary key, name text, balance numeric);", quiet=True)
    stage.ask("create temp table salaries (name text, monthly numeric);", quiet=True)
    stage.ask("insert into customers values (1, 'Ada', 120.50), (2, 'Grace', 80.00), (3, 'Edsger', 0.00);", quiet=True)
    stage.ask("insert into salaries values ('Ada', 9000), ('Grace', 9500);", quiet=True)


def permitted(stage):
    stage.title("A permitted query: no policy asks for anything")
    answer = stage.ask("select name, balance from customers where id = 2;")
    stage.check("Grace" in answer and "ERROR" not in answer, "PostgreSQL answered, nothing was added")


def refused(stage):
    stage.title("A refused one, with PostgreSQL's own look (rules/unbounded_writes.rego)")
    stage.ask("\\set VERBOSITY verbose", quiet=True)
    answer = stage.ask("delete from customers;")
    stage.ask("\\set VERBOSITY default", quiet=True)
    stage.check("ERROR:  42501" in answer and "without WHERE" in answer, "refused with SQLSTATE 42501 and a hint")
    left = stage.ask("select count(*) as customers_left from customers;")
    stage.check("3" in left, "the session lives on and every row is still there")
    stage.ask("begin;", quiet=True)
    stage.ask("update customers set balance = 0;")
    aborted = stage.ask("select 1;")
    stage.ask("rollback;", quiet=True)
    stage.check("current transaction is aborted" in aborted, "inside a transaction it aborts the transaction, as PostgreSQL's own errors do")


def logged(stage):
    stage.title("A logged one: schema changes pass and leave an audit line (rules/schema_audit.rego)")
    stage.ask("create temp table orders (id int, customer int);")
    line = next(iter(audit_lines(stage.gateway, "schema change", "orders")), None)
    if line:
        stage.say(json.dumps(line)[:300])
    stage.check(line is not None, f"the line is in {stage.gateway.config['actions']['audit_log']}")


def audit_lines(gateway, *words, seconds=10):
    """Audit lines that hold all the words, as soon as there is one."""
    path = pathlib.Path(gateway.config["actions"]["audit_log"])

    def matching():
        lines = path.read_text().splitlines() if path.exists() else []
        return [json.loads(line) for line in lines if all(word in line for word in words)]

    try:
        return host.wait_until(matching, seconds, "the audit line")
    except host.Failure:
        return []


def webhook(stage):
    stage.title("A webhook: queued, sent beside the traffic, tried again after the receiver's 503 (tour.policy.yaml)")
    answer = stage.ask("select name, monthly from salaries;")
    stage.check("9500" in answer, "the statement itself did not wait for it")
    stage.receiver.wait_for(2, 20)
    first = stage.receiver.calls[0][0] if stage.receiver.calls else 0
    for at, identity, status, body in stage.receiver.calls:
        stage.say(f"+{at - first:4.1f} s  id {identity[:13]}  answered {status}  {json.dumps(body)}")
    stage.check([call[2] for call in stage.receiver.calls][:2] == [503, 200] and len({call[1] for call in stage.receiver.calls}) == 1,
                "received at the second attempt, under the same id")


def looked_up(stage):
    stage.title("A decision, looked up over REST")
    path, found = stage.decisions(action="deny", limit=1)
    stage.say(f"GET {path}", "blue")
    for line in json.dumps(found[0] if found else {}, indent=2).splitlines()[:40]:
        stage.say(line)
    stage.check(bool(found) and "unbounded_writes" in json.dumps(found[0]), "it names the rule, the policies' revision and the facts")
    if found:
        status, same = stage.gateway.rest("GET", f"/gateway/v1/decisions/{found[0]['id']}")
        stage.check(status == 200 and same["id"] == found[0]["id"], f"and is found again under its id {found[0]['id']}")


def edited(stage):
    stage.title("A policy written to disk takes effect in the open session")
    target = stage.gateway.rules / "closed.policy.yaml"
    stage.ask("insert into customers values (4, 'Barbara', 10);")
    stage.say(f"$ cp closed.policy.yaml {stage.gateway.rules}/", "blue")
    stage.gateway.write_rules((HERE / "closed.policy.yaml").read_text(), target.name)
    refused_now = until(stage, "insert into customers values (5, 'Alan', 10);", lambda text: "the shop is closed" in text)
    stage.check(refused_now, "the same session's next insert is refused; nobody reconnected, nothing restarted")
    stage.say(f"$ rm {target}", "blue")
    target.unlink()
    again = until(stage, "insert into customers values (6, 'Tony', 10);", lambda text: "ERROR" not in text)
    stage.check(again, "and permitted again without the file")


def until(stage, statement, holds, seconds=10):
    """Tries a statement, each time rolled back, until its answer is as wanted: as long as the file watch takes.
    Then runs it once for good and shows it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        stage.session.run("begin;")
        answer = "\n".join(stage.session.run(statement))
        stage.session.run("rollback;")
        if holds(answer):
            break
        time.sleep(0.1)
    return holds(stage.ask(statement))


STEPS = [permitted, refused, logged, webhook, looked_up, edited]


def play(stage):
    """Plays all; returns what was not as expected."""
    prepare(stage)
    for step in STEPS:
        step(stage)
    return stage.failures
