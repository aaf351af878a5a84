"""docs/performance-policy.md: medians with their spread, and ratios to signalbox."""
import statistics


def figure(ns):
    """Median and half of the distance between the extremes, in microseconds."""
    middle, spread = statistics.median(ns), (max(ns) - min(ns)) / 2
    return f"{middle / 1000:,.3f} ± {spread / 1000:,.3f}"


def ratio(measured, name):
    """How many times slower than signalbox, round by round."""
    if name not in measured:
        return "-"
    return f"{statistics.median(theirs / ours for theirs, ours in zip(measured[name]['ns'], measured['signalbox']['ns'])):,.1f}"


def table(results, names):
    lines = ["| policy | " + " | ".join(f"{name}, µs" for name in names) + " | " + " | ".join(f"{name} / signalbox" for name in names[1:]) + " | allocations |",
             "|---" * (2 * len(names) + 1) + "|"]
    for workload, measured in results.items():
        cells = [figure(measured[name]["ns"]) if name in measured else "-" for name in names]
        ratios = [ratio(measured, name) for name in names[1:]]
        lines.append(f"| {workload} | " + " | ".join(cells + ratios) + f" | {measured['signalbox']['allocations']:.2f} |")
    return "\n".join(lines)


def memory(results, names):
    """Of the documents by themselves, and of the whole process that has loaded them."""
    lines = ["| data | JSON, MiB | values in memory, times | " + " | ".join(f"{name}, process, MiB" for name in names) + " |", "|---" * (3 + len(names)) + "|"]
    for workload, measured in results.items():
        own = measured["signalbox"]
        if own["data_json_bytes"] > 500_000:
            processes = [f"{measured[name]['rss_bytes'] / 2**20:,.0f}" if name in measured else "-" for name in names]
            lines.append(f"| {workload} | {own['data_json_bytes'] / 2**20:.1f} | {own['data_bytes'] / own['data_json_bytes']:.2f} | " + " | ".join(processes) + " |")
    return "\n".join(lines)


def loading(results, names):
    lines = ["| policy | " + " | ".join(f"{name}, s" for name in names) + " |", "|---" * (1 + len(names)) + "|"]
    for workload, measured in results.items():
        if "rules" in workload or "data" in workload:
            lines.append(f"| {workload} | " + " | ".join(f"{measured[name]['load_seconds']:.3f}" if name in measured else "-" for name in names) + " |")
    return "\n".join(lines)


def absences(missing):
    """A sentence for each engine that could not do a policy, in its own words."""
    return "\n".join(f"- {name}: {', '.join(workloads)}: `{why}`" for name, reasons in missing.items() for why, workloads in reasons.items())


def text(results, missing, names, command, load):
    return f"""# Performance of decisions

Written by `{command}`; do not edit. The same policy, data and input, prepared; every input is one that a rule permits, and
every engine must say so. The engines take turns in every round; figures are medians of the rounds ± half of their range,
ratios are formed within a round. Load of the machine before and after: {load}.

OPA is embedded as a library, its documents kept as its own values; regorus runs its virtual machine; rego-cpp is called
through its Python binding, which adds a few microseconds; Cedar has the input as the request's context, and only the
policies that its language can express. `-`: it cannot, or gave no answer in time (below). The policies are in
tools/lib/benchmarks/policy.

## A decision

{table(results, names)}

## Memory of base documents

{memory(results, names)}

## Load time: parsed, checked and planned

{loading(results, names)}

## Without a figure

What an engine said when it had loaded the policy and was asked for the first decision:

{absences(missing) or "None."}
"""
