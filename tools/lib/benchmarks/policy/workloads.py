"""What is measured: a policy, its data, an input that one rule permits, and the query; in Cedar's language too where
it can say the same of the same input."""
import collections
import dataclasses
import json

Files = collections.namedtuple("Files", "policy data input cedar")


@dataclasses.dataclass(frozen=True)
class Workload:
    name: str
    policy: str
    data: dict
    input: dict
    cedar: str = ""
    query: str = "data.bench.allow"

    def write(self, folder):
        """The workload's files; `cedar` is None where Cedar cannot express it."""
        folder.mkdir(parents=True, exist_ok=True)
        files = Files(*(folder / name for name in ("policy.rego", "data.json", "input.json", "policy.cedar")))
        for path, text in zip(files, (self.policy, json.dumps(self.data), json.dumps(self.input), self.cedar)):
            path.write_text(text)
        return files if self.cedar else files._replace(cedar=None)


def module(*rules):
    return "package bench\n\ndefault allow := false\n\n" + "\n\n".join(rules) + "\n"


def rules(count, body):
    return module(*(f"allow if {{ {body(i)} }}" for i in range(count)))


def permits(count, condition):
    """The same in Cedar."""
    return "\n".join(f"permit(principal, action, resource) when {{ {condition(i)} }};" for i in range(count))


RBAC = module("""allow if {
	some role in data.users[input.user]
	some grant in data.roles[role]
	grant.action == input.action
	grant.type == input.type
}""")
RBAC_DATA = {"users": {"alice": ["employee", "billing"], "bob": ["employee"], "eve": ["customer"]},
             "roles": {"employee": [{"action": "read", "type": "dog"}, {"action": "read", "type": "cat"}],
                       "billing": [{"action": "read", "type": "finance"}, {"action": "update", "type": "finance"}],
                       "customer": [{"action": "read", "type": "dog"}]}}
RBAC_INPUT = {"user": "alice", "action": "update", "type": "finance"}

ABAC = module("""allow if {
	input.subject.department == input.resource.department
	input.action in {"read", "list"}
	input.subject.clearance >= input.resource.level
}""", """allow if {
	input.subject.title == "owner"
	input.resource.owner == input.subject.name
}""")
ABAC_CEDAR = """permit(principal, action, resource) when {
	context.subject.department == context.resource.department &&
	["read", "list"].contains(context.action) &&
	context.subject.clearance >= context.resource.level
};
permit(principal, action, resource) when {
	context.subject.title == "owner" && context.resource.owner == context.subject.name
};"""
ABAC_INPUT = {"subject": {"name": "alice", "department": "sales", "clearance": 3, "title": "lead"},
              "resource": {"department": "sales", "level": 2, "owner": "bob"}, "action": "read"}

GATEWAY = module("""allow if {
	not denied
}""", """denied if {
	input.query.kind in {"delete", "update"}
	not input.query.has_where
}""", """denied if {
	some table in input.query.tables
	table.name in {"salaries", "secrets"}
	input.session.user != "hr"
}""", """denied if {
	input.query.kind == "drop"
	not startswith(input.client.address, "10.")
}""")
GATEWAY_INPUT = {"query": {"kind": "update", "has_where": True, "tables": [{"name": "orders", "access": "write"}, {"name": "items", "access": "read"}]},
                 "session": {"user": "shop"}, "client": {"address": "10.0.0.7"}}


def large(mebibytes):
    """Data of about that size: users with their groups."""
    count = mebibytes * 1024 * 1024 // 130
    users = {f"user{i}": {"id": i, "email": f"user{i}@example.com", "groups": [f"group{i % 97}", f"group{i % 31}"], "active": i % 3 != 0} for i in range(count)}
    policy = module("""allow if {
	user := data.people[input.user]
	user.active
	some group in user.groups
	group == input.group
}""")
    return Workload(f"data of {mebibytes} MiB", policy, {"people": users}, {"user": "user100", "group": "group3"})


def listed(quick):
    sizes = [10, 100] if quick else [10, 100, 1_000, 10_000]
    out = [Workload("RBAC", RBAC, RBAC_DATA, RBAC_INPUT), Workload("ABAC", ABAC, {}, ABAC_INPUT, ABAC_CEDAR),
           Workload("gateway", GATEWAY, {}, GATEWAY_INPUT)]
    for n in sizes:
        out.append(Workload(f"ACL, {n} rules", rules(n, lambda i: f'input.user == "u{i}"; input.path == "/p{i}"'), {}, {"user": "u7", "path": "/p7"},
                            permits(n, lambda i: f'context.user == "u{i}" && context.path == "/p{i}"')))
    for n in sizes[:3]:
        out.append(Workload(f"regular expressions, {n} rules", rules(n, lambda i: f'regex.match("^/p{i}/.*$", input.path)'), {}, {"path": "/p7/x"}))
        out.append(Workload(f"globs, {n} rules", rules(n, lambda i: f'glob.match("/p{i}/*", ["/"], input.path)'), {}, {"path": "/p7/x"},
                            permits(n, lambda i: f'context.path like "/p{i}/*"')))
        out.append(Workload(f"networks, {n} rules", rules(n, lambda i: f'net.cidr_contains("10.{i // 256}.{i % 256}.0/24", input.ip)'), {}, {"ip": "10.0.7.9"},
                            permits(n, lambda i: f'ip(context.ip).isInRange(ip("10.{i // 256}.{i % 256}.0/24"))')))
    return out + [large(size) for size in ([1] if quick else [10, 100])]
