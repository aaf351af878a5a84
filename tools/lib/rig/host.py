"""Processes, ports, folders and users of this machine.

The surprise: PostgreSQL refuses to run as root. As root, servers therefore run as the first ordinary account found;
as anybody else they run as oneself.
"""
import contextlib
import ctypes
import os
import pathlib
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
LIB = ROOT / "tools" / "lib"

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


class Failure(Exception):
    """Something outside the product went wrong: told in one sentence, without a traceback."""


def ordinary_user():
    """The account that servers run as: None when the current one will do."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise Failure("PostgreSQL refuses to run as root and this machine has neither 'postgres' nor 'nobody'")


def own(path):
    """Hands a file or folder to the account that servers run as."""
    user = ordinary_user()
    if user:
        os.chown(path, user.pw_uid, user.pw_gid)
    return path


def install(*sections):
    """Installs the named sections of packages.txt where something is missing."""
    if subprocess.run([LIB / "install.sh", *sections]).returncode != 0:
        raise Failure("packages are missing (see above)")


@contextlib.contextmanager
def temporary_folder(prefix="signalbox-"):
    """A folder that servers of another account may enter; removed at the end."""
    path = pathlib.Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


_given = set()


def free_port(host="127.0.0.1"):
    """Never the same twice, and below those that the kernel gives to connections, which may come before the server does."""
    while True:
        port = random.SystemRandom().randrange(10_000, 32_768)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((host, port))
            if port not in _given:
                _given.add(port)
                return port


def wait_until(condition, seconds, what):
    """Polls `condition` until it returns something true, and returns that."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failure(f"{what}: not within {seconds} s")
        time.sleep(0.01)


def accepts(host, port):
    """Whether something listens there."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0


class Process:
    """A child in a session of its own, with its output in a file. It dies when its parent does."""

    def __init__(self, command, log, *, ordinary=False, env=None, stop_signal=signal.SIGTERM, **options):
        user = ordinary_user() if ordinary else None
        if user:
            options.update(user=user.pw_uid, group=user.pw_gid, extra_groups=[user.pw_gid])
        self.command = [str(part) for part in command]
        self.log = pathlib.Path(log)
        self.stop_signal = stop_signal
        with open(self.log, "ab") as out:
            self.child = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=options.pop("cwd", "/"),
                env={**os.environ, **(env or {})}, start_new_session=True,
                preexec_fn=lambda: _libc.prctl(_PR_SET_PDEATHSIG, stop_signal), **options)

    @property
    def pid(self):
        return self.child.pid

    def running(self):
        return self.child.poll() is None

    def signal(self, number):
        self.child.send_signal(number)

    def wait(self, seconds):
        """The exit code, or None when it still runs after that time."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.child.wait(seconds)

    def stop(self, seconds=10):
        if self.running():
            self.signal(self.stop_signal)
            if self.wait(seconds) is None:
                self.child.kill()
        return self.child.wait()

    def output(self):
        return self.log.read_text(errors="replace")

    def rss_kib(self):
        return status_field(self.pid, "VmRSS")

    def cpu_seconds(self):
        """User and system time so far, of all its threads."""
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def sleeps(self):
        """How often its threads have gone to sleep so far."""
        threads = pathlib.Path(f"/proc/{self.pid}/task").iterdir()
        return sum(int(line.split()[1]) for thread in threads for line in (thread / "status").read_text().splitlines()
                   if line.startswith("voluntary_ctxt_switches"))

    def open_files(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))


def status_field(pid, field):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1])
    raise Failure(f"/proc/{pid}/status has no {field}")
