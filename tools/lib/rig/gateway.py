"""Starting a gateway: its configuration, its process, its admin port.

The configuration is written as JSON, which is YAML, so that no library is needed.
"""
import json
import pathlib
import secrets
import signal
import subprocess
import urllib.error
import urllib.request

from . import host

TOKEN = secrets.token_urlsafe(18)  # whoever else is on this machine does not know it
# Rules of their own are what most callers want: an empty folder is a gateway without policy.
RULES_FILE = "test.policy.yaml"


def merged(base, changes):
    """`base` with `changes` laid over it, folder by folder; lists are replaced."""
    out = dict(base)
    for key, value in changes.items():
        out[key] = merged(out[key], value) if isinstance(value, dict) and isinstance(out.get(key), dict) else value
    return out


class Gateway:
    """One gateway before `target` ("host:port" or a socket folder's path).

    `config` is laid over the default configuration; `tls` is the listener's; `rules` maps file names to texts in a
    policy folder of its own. Without `rules` (an empty one will do) and `rules_folder` there is no policy at all.
    """

    def __init__(self, binary, folder, target, *, config=None, tls=None, rules=None, rules_folder=None, env=None,
                 open_files=None):
        self.binary = pathlib.Path(binary)
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        host.own(self.folder)
        self.rules = pathlib.Path(rules_folder or self.folder / "rules")
        self.has_policies = rules is not None or rules_folder is not None
        self.address = "127.0.0.1"
        self.port = host.free_port()
        self.admin_port = host.free_port()
        self.env = env
        self.prefix = ["prlimit", f"--nofile={open_files}"] if open_files else []
        self.config = merged(self._defaults(target), config or {})
        if tls:
            self.config["listeners"][0]["tls"] = tls
        self.process = None
        if rules is not None:
            self.rules.mkdir(exist_ok=True)
        for name, text in (rules or {}).items():
            self.write_rules(text, name)

    def _defaults(self, target):
        return {
            "listeners": [{"name": "main", "address": f"{self.address}:{self.port}"}],
            "targets": [{"name": "main", "address": target}],
            "policy": {"directory": str(self.rules) if self.has_policies else ""},
            "queue": {"directory": str(self.folder / "queue")},
            "admin": {"address": f"127.0.0.1:{self.admin_port}", "read_token": TOKEN, "operate_token": TOKEN},
            "actions": {"retry_base": "200ms", "audit_log": str(self.folder / "audit.log")},
            "gateway": {"drain_timeout": "5s"},
        }

    @property
    def config_file(self):
        return self.folder / "signalbox.yaml"

    def write_config(self, changes=None):
        self.config = merged(self.config, changes or {})
        self.config_file.write_text(json.dumps(self.config, indent=1))

    def write_rules(self, text, name=RULES_FILE):
        """Replaces one policy file at once, as editors do: a reader sees the old text or the new one."""
        target = self.rules / name
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_name(target.name + ".new~")
        fresh.write_text(text)
        fresh.replace(target)

    def start(self, seconds=30):
        self.write_config()
        self.launch()

        def serving():
            if not self.process.running():
                raise host.Failure(f"the gateway did not start:\n{self.process.output()[-3000:]}")
            return self.ready()

        host.wait_until(serving, seconds, "the gateway is serving")
        return self

    def ready(self):
        """Whether every listener is open, as the gateway itself says. One port that accepts says nothing of the others."""
        try:
            return self.rest("GET", "/health/ready")[0] == 200
        except OSError:
            return False

    def launch(self):
        """Starts the process without waiting for it."""
        command = [*self.prefix, self.binary, "run", "--config", self.config_file]
        self.process = host.Process(command, self.folder / "gateway.log", ordinary=True, env=self.env, cwd=self.folder)

    def stop(self):
        """Asks it to drain and to end; returns its exit code."""
        if self.process:
            return self.process.stop(20)
        return None

    def reload(self):
        self.process.signal(signal.SIGHUP)

    def run(self, *arguments, **options):
        """One of the program's other verbs, to its end."""
        return subprocess.run([self.binary, *arguments], capture_output=True, text=True, timeout=60, **options)

    def rest(self, method, path, body=None, token=TOKEN):
        """One call of the admin API: (status, parsed JSON or text)."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.admin_port}{path}", method=method)
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                status, text = answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read().decode()
        try:
            return status, json.loads(text)
        except ValueError:
            return status, text

    def metric(self, name, **labels):
        """The sum of a metric's samples whose labels include the given ones; None when there is no such metric."""
        _, text = self.rest("GET", "/metrics")
        wanted = [f'{key}="{value}"' for key, value in labels.items()]
        values = [float(line.rsplit(" ", 1)[1]) for line in str(text).splitlines()
                  if line.split("{")[0].split(" ")[0] == name and all(pair in line for pair in wanted)]
        return sum(values) if values else None
