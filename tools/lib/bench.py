"""tools/bench: the gateway beside its peers in one run, interleaved; writes docs/performance.md.

`tools/bench policy` measures the policy engine (bench_policy.py), `tools/bench actions` what actions cost (bench_actions.py).
"""
import argparse
import os
import pathlib
import sys

import bench_actions
import bench_policy
from benchmarks import contenders, idle, loading, page, workloads
from rig import build, host, postgres


def options(arguments):
    parser = argparse.ArgumentParser(prog="tools/bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round: shows that everything runs, proves nothing")
    parser.add_argument("--rounds", type=int, default=12, help="many short ones: the machine drifts, neighbours are compared")
    parser.add_argument("--seconds", type=int, default=1, help="of one pgbench run")
    parser.add_argument("--scale", type=int, default=10, help="of pgbench's tables")
    parser.add_argument("--only", help="words that a workload's name must have, with commas between them")
    parser.add_argument("--contenders", default=",".join(contenders.NAMES), help="which, with commas between them")
    parser.add_argument("--preset", default="release")
    parser.add_argument("--output", type=pathlib.Path, help="the page (docs/performance.md; with --quick or --only, none)")
    chosen = parser.parse_args(arguments)
    if chosen.quick:
        chosen.rounds, chosen.seconds, chosen.scale = 1, 1, 1
    return chosen


def load():
    return f"{os.getloadavg()[0]:.1f}"


def rotated(names, by):
    by %= len(names)
    return names[by:] + names[:by]


def play(chosen, running, listed, folder):
    """One dictionary a round: {(workload, contender's name): Sample}."""
    rounds = []
    for number in range(chosen.rounds):
        rounds.append({})
        for workload in listed:
            for name in rotated(list(running), number):  # nobody always comes first
                rounds[-1][workload, name] = workloads.measure(workload, running[name], folder, chosen.seconds)
            rates = "  ".join(f"{name} {rounds[-1][workload, name].rate:,.0f}" for name in running)
            print(f"round {number + 1}: {workload.title:38} {rates}", flush=True)
    return rounds


def measure(chosen, program, folder):
    names = [name for name in contenders.NAMES if name in chosen.contenders.split(",")]
    listed = [w for w in workloads.listed(chosen.quick) if not chosen.only or any(word in w.title for word in chosen.only.split(","))]
    results = {"names": names, "workloads": listed, "seconds": chosen.seconds, "load": [load()],
               "counts": [100] if chosen.quick else [1000, min(10_000, contenders.OPEN_FILES // 2 - 100)], "idle": {}, "start": {}}
    server = postgres.Cluster(folder / "postgresql", settings={"shared_buffers": "512MB", "max_connections": 300})
    try:
        server.start()
        workloads.prepare(server, chosen.scale)
        with contenders.all_of(names, folder, server, program) as running:
            results["rounds"] = play(chosen, running, listed, folder)
        for name in names[1:] if names[0] == "direct" else names:
            results["start"][name] = contenders.start_to_serving(name, folder, server, program, chosen.rounds)
    finally:
        server.stop()
    results["loading"] = loading.seconds(program, folder, chosen.rounds)
    for name in results["start"]:
        place = folder / f"idle-{name.replace(' ', '-')}"
        place.mkdir()
        host.own(place)
        results["idle"][name] = idle.sessions(name, place, program, results["counts"])
        print(f"idle sessions: {name}: " + ", ".join(f"{count}: {each / 1024:.1f} KiB each, {whole:.0f} MiB in all"
                                                     for count, (each, whole) in results["idle"][name].items()), flush=True)
    results["load"].append(load())
    return results


def main(arguments):
    if arguments[:1] == ["policy"]:
        return bench_policy.main(arguments[1:])
    if arguments[:1] == ["actions"]:
        return bench_actions.main(arguments[1:])
    chosen = options(arguments)
    program = build.build(chosen.preset, ["signalbox"], quiet=True)
    with host.temporary_folder("signalbox-bench-") as folder:
        host.own(folder)
        results = measure(chosen, program, folder)
    output = chosen.output or (None if chosen.quick or chosen.only else host.ROOT / "docs" / "performance.md")
    if output:
        page.write(output, results, f"tools/bench --rounds {chosen.rounds} --seconds {chosen.seconds} --scale {chosen.scale}")
        print(f"wrote {output}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except host.Failure as failure:
        print(f"tools/bench: {failure}", file=sys.stderr)
        sys.exit(3)
