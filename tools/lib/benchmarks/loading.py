"""How long 10,000 rules take from their text to a policy set that decides: `signalbox check`, start and end of the process included."""
import subprocess
import time

from rig import host

RULES = 10_000
HEAD = "policy: many\non: [traffic_from_client]\nrules:\n"


def yaml_rule(number, when=""):
    return (f"  - name: rule {number}\n    match:\n      session.user: user_{number}\n      query.kind: [update, delete]\n"
            f"      query.tables.name: table_{number}\n{when}    then:\n      - deny: {{sqlstate: \"42501\", message: not for user {number}}}\n")


def rego_rule(number):
    return (f"actions contains {{\"action\": \"deny\", \"message\": \"not for user {number}\"}} if {{\n\tinput.session.user == \"user_{number}\"\n"
            f"\tinput.query.kind in {{\"update\", \"delete\"}}\n\tsome table in input.query.tables\n\ttable.name == \"table_{number}\"\n}}\n\n")


def texts():
    """{what: (file's name, its text)}"""
    plain = "".join(yaml_rule(n) for n in range(RULES))
    with_rego = "".join(yaml_rule(n, f"    when: count(input.query.tables) > {n % 7}\n" if n % 4 == 0 else "") for n in range(RULES))
    rego = "package policies.many\n\n" + "".join(rego_rule(n) for n in range(RULES))
    return {"YAML, match": ("many.policy.yaml", HEAD + plain), "YAML, every fourth with when": ("many.policy.yaml", HEAD + with_rego),
            "Rego": ("many.rego", rego)}


def seconds(program, folder, rounds):
    """{what: [seconds of each round]}, the kinds taking turns."""
    files = {}
    for number, (what, (name, text)) in enumerate(texts().items()):
        files[what] = folder / f"rules-{number}" / name
        files[what].parent.mkdir()
        files[what].write_text(text)
    found = {what: [] for what in files}
    for _ in range(rounds):
        for what, file in files.items():
            began = time.monotonic()
            done = subprocess.run([program, "check", file], capture_output=True, text=True)
            found[what].append(time.monotonic() - began)
            if done.returncode != 0:
                raise host.Failure(f"check of {file.name}: {done.stdout}{done.stderr}")
    return found
