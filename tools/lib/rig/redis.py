"""A Redis server of a test's own, in memory, on a free port of the loopback."""
import signal
import socket

from . import host


class Redis:
    def __init__(self, folder, password=""):
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        host.own(self.folder)
        self.port = host.free_port()
        self.password = password
        self.process = None

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def start(self):
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        if self.password:
            command += ["--requirepass", self.password]
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

    def ask(self, *words):
        """One command; its reply as text, one line an element."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            commands = ([("AUTH", self.password)] if self.password else []) + [words]
            for command in commands:
                connection.sendall(f"*{len(command)}\r\n".encode() + b"".join(f"${len(w.encode())}\r\n{w}\r\n".encode() for w in command))
            connection.shutdown(socket.SHUT_WR)
            data = b""
            while piece := connection.recv(65536):
                data += piece
        return data.decode().split("\r\n")[len(commands) - 1:-1]
