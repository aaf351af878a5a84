"""A Redis server of a test's own, in memory, on a free port of the loopback; over TLS, with users of an ACL, as asked for."""
import signal
import socket
import ssl

from . import host


class Redis:
    def __init__(self, folder, password="", user="", tls=None):
        """`user`: the only one who may do anything, with that password. `tls`: (authority's certificate, certificate, key)."""
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        host.own(self.folder)
        self.port = host.free_port()
        self.password = password
        self.user = user
        self.tls = tls
        self.process = None

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def start(self):
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        if self.user:
            rights = ["on", f">{self.password}", "~signalbox:*", "+@scripting", "+@read", "+@write", "+time"]  # as docs/operations.md says
            (self.folder / "users.acl").write_text(f"user default off\nuser {self.user} {' '.join(rights)}\nuser watcher on >watch ~* +@all\n")
            command += ["--aclfile", str(self.folder / "users.acl")]
        elif self.password:
            command += ["--requirepass", self.password]
        if self.tls:
            authority, certificate, key = map(str, self.tls)
            command[command.index("--port") + 1] = "0"
            command += ["--tls-port", str(self.port), "--tls-ca-cert-file", authority, "--tls-cert-file", certificate, "--tls-key-file", key, "--tls-auth-clients", "yes"]
        self.process = host.Process(command, self.folder / "redis.log", ordinary=True, cwd=self.folder)
        host.wait_until(lambda: host.accepts("127.0.0.1", self.port), 10, "redis-server listens")
        return self

    def stop(self):
        if self.process:
            self.process.signal(signal.SIGCONT)
            self.process.stop()

    def freeze(self):
        """It accepts connections, and answers nothing."""
        self.process.signal(signal.SIGSTOP)

    def thaw(self):
        self.process.signal(signal.SIGCONT)

    def connect(self):
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=5)
        if not self.tls:
            return connection
        authority, certificate, key = self.tls
        context = ssl.create_default_context(cafile=authority)
        context.check_hostname = False  # it may have been given another name, to see what the gateway says to that
        context.load_cert_chain(certificate, key)
        return context.wrap_socket(connection)

    def ask(self, *words):
        """One command; its reply as text, one line an element."""
        with self.connect() as connection:
            login = [("AUTH", "watcher", "watch")] if self.user else [("AUTH", self.password)] if self.password else []
            commands = [*login, words, ("QUIT",)]
            for command in commands:
                connection.sendall(f"*{len(command)}\r\n".encode() + b"".join(f"${len(w.encode())}\r\n{w}\r\n".encode() for w in command))
            data = b""
            while piece := connection.recv(65536):
                data += piece
        return data.decode().split("\r\n")[len(login):-2]
