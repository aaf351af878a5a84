"""tools/fuzz: libFuzzer with address and undefined sanitizers over every target of tests/fuzz.

What a run learns stays in build/fuzz/corpus/NAME and is where the next one starts; time counts on over runs. An input that breaks
something is kept in build/fuzz/findings: mend it, then put it into tests/fuzz/corpus/NAME, which every test run replays.
"""
import argparse
import json
import os
import re
import subprocess
import sys

from rig import build, host

ROUND = 60  # seconds of one process; then the next target has its turn
PER_INPUT = {"-timeout": 20, "-rss_limit_mb": 4096, "-max_len": 8192}


class Target:
    def __init__(self, name):
        self.name = name
        self.binary = build.folder("fuzz") / "tests" / f"fuzz_{name}"
        self.seeds = host.ROOT / "tests" / "fuzz" / "corpus" / name
        self.words = host.ROOT / "tests" / "fuzz" / "words" / f"{name.split('_')[0]}.dict"
        self.corpus = build.folder("fuzz") / "corpus" / name
        self.findings = build.folder("fuzz") / "findings"
        self.ledger = build.folder("fuzz") / f"{name}.json"
        self.spent = json.loads(self.ledger.read_text()) if self.ledger.exists() else {"cpu_seconds": 0.0, "inputs": 0}
        self.found = []

    def command(self, seconds):
        options = {**PER_INPUT, "-max_total_time": seconds, "-print_final_stats": 1, "-verbosity": 0,
                   "-artifact_prefix": f"{self.findings}/{self.name}-"}
        if self.words.exists():
            options["-dict"] = self.words
        return [str(self.binary), *(f"{key}={value}" for key, value in options.items()), str(self.corpus), str(self.seeds)]

    def run(self, seconds):
        """One round. Returns whether nothing was found."""
        self.corpus.mkdir(parents=True, exist_ok=True)
        self.findings.mkdir(exist_ok=True)
        child = subprocess.Popen(self.command(seconds), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace")
        said = child.stderr.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        executed = re.search(r"stat::number_of_executed_units:\s*(\d+)", said)
        self.spent["cpu_seconds"] += usage.ru_utime + usage.ru_stime
        self.spent["inputs"] += int(executed[1]) if executed else 0
        self.ledger.write_text(json.dumps(self.spent))
        if child.returncode == 0:
            return True
        kept = re.search(r"Test unit written to (\S+)", said)
        self.found.append(kept[1] if kept else "no input kept")
        print(f"\n{self.name}: FINDING in {self.found[-1]}\n{said[-3000:]}", flush=True)
        return False

    def row(self):
        size = sum(1 for _ in self.corpus.iterdir()) if self.corpus.exists() else 0
        return (f"{self.name:16} {self.spent['cpu_seconds'] / 60:8.1f} min CPU  {self.spent['inputs']:12,} inputs"
                f"  {size:6,} kept  {len(self.found)} findings")


def options(arguments, known):
    parser = argparse.ArgumentParser(prog="tools/fuzz", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of: {', '.join(known)} (all)")
    parser.add_argument("--minutes", type=float, default=60, help="CPU time each target shall have had, all runs together (60)")
    parser.add_argument("--idle", action="store_true", help="take only the time that nobody else wants")
    parser.add_argument("--skip-build", action="store_true", help="with the programs that are there")
    chosen = parser.parse_args(arguments)
    unknown = set(chosen.targets) - set(known)
    if unknown:
        parser.error(f"no such target: {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    return chosen


def main(arguments):
    known = sorted(path.stem for path in (host.ROOT / "tests" / "fuzz").glob("*.cpp") if path.stem != "replay_main")
    chosen = options(arguments, known)
    names = chosen.targets or known
    if chosen.idle:
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    if not chosen.skip_build:
        build.build("fuzz", [f"fuzz_{name}" for name in names])
    targets = [Target(name) for name in names]
    waiting = list(targets)
    while waiting:
        for target in list(waiting):
            left = chosen.minutes * 60 - target.spent["cpu_seconds"]
            if left <= 0 or not target.run(max(1, min(ROUND, int(left)))):
                waiting.remove(target)
            print(target.row(), flush=True)
    return 1 if any(target.found for target in targets) else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except host.Failure as failure:
        print(f"tools/fuzz: {failure}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
