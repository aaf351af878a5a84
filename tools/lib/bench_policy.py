"""tools/bench policy: the policy engine beside OPA, regorus, rego-cpp and Cedar; writes docs/performance-policy.md."""
import argparse
import os
import pathlib

from benchmarks.policy import engines, page, workloads
from rig import host


def options(arguments):
    parser = argparse.ArgumentParser(prog="tools/bench policy", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round: shows that everything runs, proves nothing")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="of one round")
    parser.add_argument("--only", help="words that a workload's name must have, with commas between them")
    parser.add_argument("--engines", default=",".join(engines.ENGINES), help="which, with commas between them")
    parser.add_argument("--output", type=pathlib.Path, help="the page (docs/performance-policy.md; with --quick or --only, none)")
    chosen = parser.parse_args(arguments)
    if chosen.quick:
        chosen.rounds, chosen.seconds = 1, 0.1
    return chosen


def main(arguments):
    chosen = options(arguments)
    running = engines.commands([name for name in engines.ENGINES if name == "signalbox" or name in chosen.engines.split(",")])
    load, results, missing = [f"{os.getloadavg()[0]:.1f}"], {}, {}
    with host.temporary_folder("signalbox-bench-policy-") as folder:
        for number, workload in enumerate(workloads.listed(chosen.quick)):
            if chosen.only and not any(word in workload.name for word in chosen.only.split(",")):
                continue
            files = workload.write(folder / str(number))
            results[workload.name] = engines.measure(running, workload, files, chosen.rounds, chosen.seconds, missing)
            shown = "  ".join(f"{name} {page.figure(each['ns'])} µs" for name, each in results[workload.name].items())
            print(f"{workload.name:32} {shown}", flush=True)
    load.append(f"{os.getloadavg()[0]:.1f}")
    output = chosen.output or (None if chosen.quick or chosen.only else host.ROOT / "docs" / "performance-policy.md")
    if output:
        output.write_text(page.text(results, missing, list(running), " ".join(["tools/bench policy", *arguments]), ", ".join(load)))
        print(f"wrote {output}")
    return 0
