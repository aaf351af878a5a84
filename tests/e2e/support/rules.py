"""Policies for tests, from a few words."""
import json
import re


def policy_text(name, hook, then, match=""):
    """`match` as in YAML's short form; `query.functions: f` and `query.tables.name: t` mean "among others"."""
    conditions, whens = [], []
    for part in re.split(r", (?=query\.|session\.)", match) if match else []:
        key, value = part.split(": ", 1)
        if key == "query.functions":
            whens.append(f'"{value}" in input.query.functions')
        elif key == "query.tables.name":
            whens.append(f'some table in input.query.tables; table.name == "{value}"')
        else:
            conditions.append(part)
    lines = [f"policy: {name}", f"on: [{hook}]", "rules:", "  - name: the rule"]
    if conditions:
        lines.append(f"    match: {{{', '.join(conditions)}}}")
    if whens:
        lines.append(f"    when: {json.dumps('; '.join(whens))}")
    return "\n".join([*lines, f"    then: {json.dumps(then)}"]) + "\n"


def policy_file(hook, *then, match="", name="lane"):
    """The same as a policy folder with one file."""
    return {f"{name}.policy.yaml": policy_text(name, hook, list(then), match)}
