"""What the documentation says is so: its examples load, its commands run, and it names all that there is."""
import os
import re
import shutil
import subprocess

import pytest
import yaml

from rig import host

DOCS = sorted((host.ROOT / "docs").glob("*.md"))
PAGES = [host.ROOT / "README.md", *(page for page in DOCS if not page.name.startswith("performance"))]
SECTIONS = {"gateway", "listeners", "targets", "actions", "queue", "admin", "observability", "limits", "shared"}
# Verbs that need nothing but files; the others ask a running gateway, or do not end.
OFFLINE = {"config", "check", "test", "explain", "eval", "repl", "fmt", "policy", "actions", "signals", "build", "sign", "inspect",
           "exec", "capabilities", "deps", "parse", "completion", "version"}
PLACEHOLDER = re.compile(r"\b[A-Z]{2,}\b|\.\.\.|\$\(")
ASKS_A_GATEWAY = re.compile(r"policy (status|reload)|explain (?!--policies)|--watch")


def blocks(*languages):
    """The text of every fenced block."""
    for page in PAGES:
        text = page.read_text()
        for found in re.finditer(r"^```(\w*)\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
            if found.group(1) in languages:
                line = text.count("\n", 0, found.start()) + 1
                yield pytest.param(found.group(2), id=f"{page.name}:{line}")


@pytest.fixture
def here(tmp_path, authority, server_certificate):
    """A folder with what the examples name."""
    (tmp_path / "rules").symlink_to(host.ROOT / "rules")
    certificate, key = server_certificate
    for name, source in (("server.crt", certificate), ("server.key", key), ("ca.crt", authority.certificate)):
        shutil.copy(source, tmp_path / name)
    (tmp_path / "operate.token").write_text("text\n")
    return tmp_path


def run(request, words, here, **more):
    program = request.config.getoption("--binary").resolve()
    environment = {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}", "SIGNALBOX_READ_TOKEN": "token", "HOME": str(here)}
    return subprocess.run(words, cwd=here, env=environment, capture_output=True, text=True, timeout=120, **more)


def ends_well(done):
    assert done.returncode == 0, f"{done.args}\n{done.stdout[-1000:]}{done.stderr[-2000:]}"


# --- examples

@pytest.mark.parametrize("text", blocks("rego"))
def test_rego_loads(request, here, text):
    if not text.startswith("package"):
        text = f"package policies.example\n\nimport rego.v1\n\n{text.replace('...', 'input.query.kind')}"
    (here / "example.rego").write_text(text)
    ends_well(run(request, ["signalbox", "check", "example.rego"], here))


def completed(value, text):
    """A fragment of a policy, or of a configuration, as a whole file."""
    if isinstance(value, list) or "match" in value:
        rule = value[0] if isinstance(value, list) else {**value, "then": ["deny"]}
        return yaml.safe_dump({"policy": "example", "rules": [{"name": "the rule", **rule}]})
    if isinstance(value.get("policy"), str):
        return text if "rules" in value else f"{text}rules:\n  - {{name: the rule, then: [deny]}}\n"
    missing = [name for name in ("listeners", "targets") if name not in value]
    return text + "".join(f"{name}: [{{address: '127.0.0.1:6432'}}]\n" for name in missing)


@pytest.mark.parametrize("text", blocks("yaml"))
def test_yaml_loads(request, here, text):
    value = yaml.safe_load(text)
    if "scrape_configs" in value or (isinstance(value, list) and "match" not in value[0]):  # actions: held to account where they are made
        return
    if "cases" in value:
        (here / "example.test.yaml").write_text(text)
        ends_well(run(request, ["signalbox", "test", "-b", "rules/", "example.test.yaml"], here))
    elif isinstance(value, dict) and (SECTIONS & value.keys() or isinstance(value.get("policy"), dict)):
        (here / "signalbox.yaml").write_text(completed(value, text).replace("/var/lib/signalbox", str(here / "queue")))
        ends_well(run(request, ["signalbox", "config", "check", "signalbox.yaml"], here))
    else:
        (here / "example.policy.yaml").write_text(completed(value, text))
        ends_well(run(request, ["signalbox", "check", "example.policy.yaml"], here))


# --- commands

def command_lines(text):
    """The lines that call the program, each without the words of explanation behind it."""
    text = text.replace("\\\n", " ").replace("|\n", "| ")
    for line in text.splitlines():
        found = re.match(r"\s*(?:\$ )?((?:echo '[^']*' \|\s*|\S+ show ID \| )?signalbox \w.*)", line)
        if found:
            line = re.split(r"\s{2,}(?=[a-z])|\s+# ", re.sub(r"\|\s+", "| ", found.group(1)))[0]
            yield line.split("| jq")[0].strip()


def documented_commands():
    for block in blocks("", "sh"):
        for line in command_lines(block.values[0]):
            yield pytest.param(line, id=f"{block.id} {line}")


def unquoted(line):
    return re.sub(r"'[^']*'|\$\([^)]*\)", "", line)


def has_its_flags(request, line, here):
    words = re.search(r"signalbox ([a-z0-9]+)(?: ([a-z]+)\b)?(.*)", line)
    verb, second, rest = words.groups()
    shown = run(request, ["signalbox", verb, "--help"], here)
    ends_well(shown)
    if "SUBCOMMAND" in shown.stdout:
        assert second, line
        shown = run(request, ["signalbox", verb, second, "--help"], here)
        ends_well(shown)
    for flag in re.findall(r"(?<=\s)--?[a-z][a-z-]*", unquoted(rest).split("|")[0]):
        assert re.search(rf"(?<![\w-]){re.escape(flag)}\b", shown.stdout), f"{verb} has no {flag}"


@pytest.fixture(scope="session")
def stock(request, folder):
    """Everything that commands name: rules, an event, a key, a bundle, a signed directory."""
    there = folder / "documented"
    shutil.copytree(host.ROOT / "rules", there / "rules")
    for name in ("events", "docs", ".config/fish/completions"):
        (there / name).mkdir(parents=True)
    for name in ("input.json", "events/one.json", "record.json"):
        (there / name).write_text('{"hook": "traffic_from_client", "query": {"kind": "delete", "has_where": false}}')
    (there / "plan.json").write_text("{}")
    (there / "signalbox.yaml").write_text("{listeners: [{address: '127.0.0.1:6432'}], targets: [{address: '127.0.0.1:5432'}]}")
    for command in ("openssl genrsa -out key.pem 2048 && openssl rsa -in key.pem -pubout -out public.pem",
                    "signalbox build -b rules/ -o policies.tar.gz", "signalbox sign --signing-key key.pem -o rules/ rules/"):
        ends_well(run(request, ["bash", "-c", command], there))
    return there


def runs(request, line, stock, here):
    verb = re.search(r"signalbox (\w+)", line).group(1)
    if verb not in OFFLINE or ASKS_A_GATEWAY.search(line) or PLACEHOLDER.search(re.sub(r"'[^']*'", "", line)):
        return
    own = shutil.copytree(stock, here / "own")  # commands may write into the rules
    ends_well(run(request, ["bash", "-o", "pipefail", "-c", line], own))


@pytest.mark.parametrize("line", documented_commands())
def test_documented_command(request, stock, here, line):
    has_its_flags(request, line, here)
    runs(request, line, stock, here)


def verbs_of(text):
    return re.findall(r"^  ([a-z]+)  ", text.split("First steps")[0], re.MULTILINE)


def test_examples_of_help(request, stock, here):
    """Every example that --help gives, of every verb."""
    overview = run(request, ["signalbox", "--help"], here).stdout
    texts = [overview] + [run(request, ["signalbox", verb, "--help"], here).stdout for verb in verbs_of(overview)]
    lines = sorted({line for text in texts for line in command_lines(text)})
    assert len(lines) > 50
    for number, line in enumerate(lines):
        place = here / str(number)
        place.mkdir()
        has_its_flags(request, line, place)
        runs(request, line, stock, place)


def test_every_verb_is_on_the_page_of_commands(request, here):
    verbs = set(verbs_of(run(request, ["signalbox", "--help"], here).stdout))
    page = (host.ROOT / "docs" / "command-line.md").read_text()
    named = {verb for row in re.findall(r"^\| (`.*?) \|", page, re.MULTILINE) for verb in re.findall(r"`([a-z]+)", row)}
    assert verbs == named


# --- what there is, and nothing else

def test_every_metric_is_documented(make_gateway):
    gateway = make_gateway(rules={}, config={"observability": {"traces": {"endpoint": "http://127.0.0.1:9/v1/traces"}}})
    _, text = gateway.rest("GET", "/metrics")
    exposed = {}
    for kind in re.findall(r"^# TYPE (\S+ \S+)$", text, re.MULTILINE):
        exposed[kind.split()[0]] = (kind.split()[1], set())
    for name, labels in re.findall(r"^(\w+)(?:\{(.*?)\})? ", text, re.MULTILINE):
        if name in exposed:  # not so the parts of a histogram
            exposed[name][1].update(re.findall(r'(\w+)="', labels))
    page = (host.ROOT / "docs" / "metrics.md").read_text()
    documented = {}
    for name, labels, kind in re.findall(r"^\| `(\w+?)(?:\{(.*?)\})?` \| (\w+) \|", page, re.MULTILINE):
        documented[name] = (kind, set(re.findall(r"\w+", labels)))
    assert documented == exposed


def test_every_resource_is_documented(gateway):
    _, openapi = gateway.rest("GET", "/openapi.json")
    served = {(method.upper(), path, operation["x-role"])
              for path, methods in openapi["paths"].items() for method, operation in methods.items()}
    page = (host.ROOT / "docs" / "admin-api.md").read_text()
    documented = {(method, path.replace("PATH", "{path}"), role)
                  for method, path, role in re.findall(r"^\| `(GET|POST) (\S+)` \| (\w+) \|", page, re.MULTILINE)}
    assert documented == served


def test_every_warning_of_the_log_is_documented():
    said = {text for source in (host.ROOT / "src").rglob("*.cpp")
            for text in re.findall(r'log::(?:warn|error)\(\s*"([^"]+)"', source.read_text())}
    assert len(said) > 10
    page = (host.ROOT / "docs" / "troubleshooting.md").read_text()
    assert [text for text in sorted(said) if f"`{text}`" not in page] == []
