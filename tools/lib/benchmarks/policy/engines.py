"""The engines, each a program that prepares one decision and then measures it when asked (tests/bench).

A peer is built or installed once, below build/peers; one that cannot be is told, not hidden.
"""
import json
import os
import select
import shutil
import subprocess
import sys

from rig import host

PEERS = host.ROOT / "tests" / "bench" / "peers"
BUILT = host.ROOT / "build" / "peers"
REGOPY = "regopy==1.5.2"
PATIENCE = 120  # seconds, to load or to answer


class Absent(Exception):
    """The peer is not on this machine."""


def run(needs, *command, folder):
    if not shutil.which(needs):
        raise Absent(f"no {needs} here")
    done = subprocess.run([str(part) for part in command], cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        raise Absent(f"{' '.join(map(str, command))}: {done.stderr.strip()[-300:]}")


def signalbox():
    """The measuring program, in a build folder of its own."""
    folder = host.ROOT / "build" / "bench"
    for step in (["cmake", "--preset", "release", "-B", folder, "-DSIGNALBOX_BENCH=ON"],
                 ["cmake", "--build", folder, "-j", str(os.cpu_count()), "--target", "bench_policy"]):
        if subprocess.run(step, cwd=host.ROOT, stdout=subprocess.DEVNULL).returncode != 0:
            raise host.Failure(f"{' '.join(map(str, step))} failed (see above)")
    return [folder / "tests" / "bench_policy"]


def opa():
    program = BUILT / "opa"
    run("go", "go", "build", "-o", program, ".", folder=PEERS / "opa")
    return [program]


def cargo(name):
    run("cargo", "cargo", "build", "--release", "--quiet", "--target-dir", BUILT / "target", folder=PEERS / name)
    return [BUILT / "target" / "release" / f"bench_{name}"]


def rego_cpp():
    """Its only package is the Python binding."""
    place = BUILT / "python"
    if not (place / "bin" / "python").exists():
        run("python3", "python3", "-m", "venv", place, folder=host.ROOT)
    run("python3", place / "bin" / "pip", "install", "--quiet", REGOPY, folder=host.ROOT)
    return [place / "bin" / "python", PEERS / "rego_cpp.py"]


ENGINES = {"signalbox": signalbox, "OPA": opa, "regorus": lambda: cargo("regorus"), "rego-cpp": rego_cpp, "Cedar": lambda: cargo("cedar")}


def commands(names):
    """The command of each engine that is here."""
    BUILT.mkdir(parents=True, exist_ok=True)
    found = {}
    for name in names:
        print(f"preparing {name} ...", flush=True)
        try:
            found[name] = ENGINES[name]()
        except Absent as absent:
            print(f"tools/bench policy: without {name}: {absent}", file=sys.stderr)
    return found


class Prepared:
    """One engine with one policy, data and input loaded."""

    def __init__(self, name, command, workload, files):
        policy = files.cedar if name == "Cedar" else files.policy
        self.name = name
        self.process = subprocess.Popen([str(part) for part in (*command, policy, files.data, files.input, workload.query)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            self.about = json.loads(self._line())
        except BaseException:
            self.close()
            raise
        self.rss_bytes = host.status_field(self.process.pid, "VmRSS") * 1024
        if self.about["result"] is not True:  # every input is one that a rule permits
            self.close()
            raise host.Failure(f"{name}, {workload.name}: decided {self.about['result']}, not true")

    def _line(self):
        if not select.select([self.process.stdout], [], [], PATIENCE)[0]:
            raise Absent(f"no answer within {PATIENCE} s")
        line = self.process.stdout.readline()
        if not line:
            raise Absent(self.process.stderr.read().strip()[-300:] or "ended without a word")
        return line

    def nanoseconds(self, seconds):
        """Of one decision, over about that time."""
        print(seconds, file=self.process.stdin, flush=True)
        return float(self._line())

    def close(self):
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            stream.close()


def measure(running, workload, files, rounds, seconds, missing):
    """By engine: {"ns": [a round's], "rss_bytes":, and what it told of itself}. The engines take turns in every round.

    Who has no figure is in `missing`, by engine: {why: [workload]}.
    """
    prepared, out = [], {}
    try:
        for name, command in running.items():
            if name == "Cedar" and files.cedar is None:
                continue
            try:
                prepared.append(Prepared(name, command, workload, files))
            except Absent as absent:
                print(f"{workload.name}: without {name}: {absent}", file=sys.stderr)
                missing.setdefault(name, {}).setdefault(str(absent).strip().splitlines()[-1], []).append(workload.name)
        for each in prepared:
            out[each.name] = {**each.about, "rss_bytes": each.rss_bytes, "ns": []}
        for number in range(rounds):
            for each in prepared[number % len(prepared):] + prepared[:number % len(prepared)]:
                out[each.name]["ns"].append(each.nanoseconds(seconds))
    finally:
        for each in prepared:
            each.close()
    return out
