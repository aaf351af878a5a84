"""tools/bench actions: what actions cost: where they are loaded and never asked for, and beside the round trip that a refusal saves.

An action that is loaded is measured beside as many rules that say `log`, so that what is seen is the action's cost and not that of having rules.

Instructions are counted by callgrind, those of the event loop's thread alone, so a busy machine does not blur them. A figure is that of one statement (`select 1`, simple protocol, one
client), the mean of many behind a warm-up; the bound fails the run when a set of rules that never match costs more than that much of a statement.
"""
import argparse
import json
import pathlib
import re
import statistics
import subprocess
import sys
import time

from rig import build, host, postgres
from rig.gateway import Gateway

sys.path.append(str(host.ROOT / "tests" / "e2e"))
from support.pgwire import connect, errors, query  # noqa: E402

EVERY = ["deny", "terminate", "discard", {"block": {"by": "user"}}, {"police": {"rate": 5}}, {"limit": {"rows": 5, "concurrency": 5}}, {"set": {"name": "a.b", "value": "c"}},
         {"noset": {"name": "work_mem"}}, {"route": {"target": "main"}}, {"create": {}}, {"request": {"limit": 5}}, {"log": {"message": "seen"}}]

PLAIN = [{"log": {"message": "seen"}}] * len(EVERY)


def policy(name, then, match):
    return f"policy: {name}\nrules:\n  - match: {{{match}}}\n    then: [{json.dumps(then)}]\n"


def rules(actions, match):
    return {f"p{number}.policy.yaml": policy(f"p{number}", action, match) for number, action in enumerate(actions)}


VARIANTS = {
    "no policy": None,
    "log, other users": rules(PLAIN, "session.user: nobody"),
    "every action, other users": rules(EVERY, "session.user: nobody"),
    "log, other tables": rules(PLAIN, "query.tables.name: nothing"),
    "every action, other tables": rules(EVERY, "query.tables.name: nothing"),
    "deny": rules(["deny"], "session.user: postgres"),
    "police": rules([{"police": {"rate": 1000000, "burst": 1000000}}], "session.user: postgres"),
    "limit rows": rules([{"limit": {"rows": 1000}}], "session.user: postgres"),
}


def without_debug_information(program, folder):
    """A copy: Debian 12's valgrind gives up on clang 19's."""
    copy = folder / "signalbox"
    if subprocess.run(["strip", "--strip-debug", "-o", copy, program]).returncode != 0:
        raise host.Failure(f"strip could not read {program}")
    return copy


class Counted(Gateway):
    """A gateway under callgrind, as this user, which callgrind_control asks."""

    def launch(self):
        self.counts = self.folder / "counts"
        command = ["valgrind", "--tool=callgrind", "--instr-atstart=no", "--separate-threads=yes", f"--callgrind-out-file={self.counts}", self.binary, "run", "--config", self.config_file]
        self.process = host.Process(command, self.folder / "gateway.log", cwd=self.folder)

    def control(self, what):
        done = subprocess.run(["callgrind_control", what, str(self.process.pid)], capture_output=True, text=True)
        if done.returncode != 0:
            raise host.Failure(f"callgrind_control {what}: {done.stdout}{done.stderr}")

    def instructions(self, statements, warm_up=100):
        with connect(self) as wire:
            self.control("--instr=on")
            for _ in range(warm_up):
                wire.ask(query("select 1"))
            self.control("--zero")
            for _ in range(statements):
                wire.ask(query("select 1"))
            self.control("--dump")
        dumps = [path for path in self.folder.iterdir() if path.name.startswith("counts.")]
        totals = [re.search(r"^(?:summary|totals): (\d+)", path.read_text(), re.MULTILINE) for path in dumps]
        # One file a thread; beside the loop's they hold naps.
        return max(int(found.group(1)) for found in totals if found) / statements


def settings(server):
    return {"gateway": {"threads": 1}, "queue": {"decisions": False}, "targets": [{"name": "main", "address": f"{server.address}:{server.port}", "tls": {"mode": "disable"}}]}


def latency_us(gateway, statements):
    """Of one statement, the median; and its SQLSTATE."""
    with connect(gateway) as wire:
        times, code = [], None
        for _ in range(statements):
            began = time.perf_counter()
            answer = wire.ask(query("select 1"))
            times.append(time.perf_counter() - began)
            code = errors(answer)[0]["C"] if errors(answer) else None
    return statistics.median(times) * 1e6, code


def options(arguments):
    parser = argparse.ArgumentParser(prog="tools/bench actions", description=__doc__)
    parser.add_argument("--statements", type=int, default=1000)
    parser.add_argument("--preset", default="release")
    parser.add_argument("--binary", type=pathlib.Path, help="a program that is built already")
    parser.add_argument("--bound", type=float, default=0.02, help="most that actions which are never asked for may add, as a part of a statement's instructions")
    return parser.parse_args(arguments)


def main(arguments):
    chosen = options(arguments)
    program = chosen.binary or build.build(chosen.preset, ["signalbox"], quiet=True)
    instructions, latency = {}, {}
    with host.temporary_folder("signalbox-bench-actions-") as folder:
        host.own(folder)
        plain_program = without_debug_information(program, folder)
        server = postgres.Cluster(folder / "postgresql")
        server.start()
        try:
            target = f"{server.address}:{server.port}"
            for number, (name, texts) in enumerate(VARIANTS.items()):
                counted = Counted(plain_program, folder / f"counted{number}", target, rules=texts, config=settings(server))
                counted.start(120)
                instructions[name] = counted.instructions(chosen.statements)
                counted.stop()
                print(f"{name:28} {instructions[name]:10,.0f} instructions a statement", flush=True)
            for name in ("no policy", "deny"):
                plain = Gateway(program, folder / f"plain-{name.replace(' ', '-')}", target, rules=VARIANTS[name], config=settings(server))
                plain.start()
                latency[name], code = latency_us(plain, 3 * chosen.statements)
                plain.stop()
                print(f"{name:28} {latency[name]:10,.1f} µs, median of {3 * chosen.statements} statements{', refused with ' + code if code else ''}", flush=True)
        finally:
            server.stop()
    worst = max(instructions[f"every action, other {what}"] / instructions[f"log, other {what}"] for what in ("users", "tables")) - 1
    print(f"actions that are never asked for add {worst:.1%} to a statement's instructions (bound {chosen.bound:.0%})")
    print(f"a refusal takes {latency['deny'] / latency['no policy']:.0%} of the round trip that it saves")
    return 0 if worst <= chosen.bound and latency["deny"] < latency["no policy"] else 1
