"""PostgreSQL's frontend/backend protocol by hand: messages as bytes, a client that sends them in any split.

No driver stands between a test and the wire: what a test writes is what is sent, also when it is wrong. Names are
the protocol's own (PostgreSQL documentation, chapter "Frontend/Backend Protocol").
"""
import dataclasses
import socket
import ssl
import struct

SSL_REQUEST = struct.pack("!ii", 8, 80877103)
GSSENC_REQUEST = struct.pack("!ii", 8, 80877104)
CANCEL_CODE = 80877102
PROTOCOL_3_0 = 196608
PROTOCOL_3_2 = 196610


def message(kind, body=b""):
    """A typed message with its true length."""
    return kind + struct.pack("!i", len(body) + 4) + body


def cstring(text):
    return (text.encode() if isinstance(text, str) else text) + b"\0"


def startup(parameters, protocol=PROTOCOL_3_0):
    pairs = parameters.items() if isinstance(parameters, dict) else parameters
    body = struct.pack("!i", protocol) + b"".join(cstring(k) + cstring(v) for k, v in pairs) + b"\0"
    return struct.pack("!i", len(body) + 4) + body


def cancel_request(pid, key):
    return struct.pack("!iii", 12 + len(key), CANCEL_CODE, pid) + key


def query(text):
    return message(b"Q", cstring(text))


def parse(text, name="", types=()):
    oids = struct.pack(f"!H{len(types)}i", len(types), *types)
    return message(b"P", cstring(name) + cstring(text) + oids)


def bind(values=(), statement="", portal="", result_formats=(), formats=()):
    body = cstring(portal) + cstring(statement) + struct.pack(f"!h{len(formats)}h", len(formats), *formats)
    body += struct.pack("!H", len(values))
    for value in values:
        raw = value.encode() if isinstance(value, str) else value
        body += struct.pack("!i", -1) if raw is None else struct.pack("!i", len(raw)) + raw
    return message(b"B", body + struct.pack(f"!h{len(result_formats)}h", len(result_formats), *result_formats))


def describe(kind="P", name=""):
    return message(b"D", kind.encode() + cstring(name))


def execute(portal="", rows=0):
    return message(b"E", cstring(portal) + struct.pack("!i", rows))


def close(kind="S", name=""):
    return message(b"C", kind.encode() + cstring(name))


SYNC = message(b"S")
FLUSH = message(b"H")
TERMINATE = message(b"X")
COPY_DONE = message(b"c")


def copy_data(data):
    return message(b"d", data)


def copy_fail(text):
    return message(b"f", cstring(text))


def function_call(oid, arguments=()):
    body = struct.pack("!ihh", oid, 0, len(arguments))
    for value in arguments:
        body += struct.pack("!i", -1) if value is None else struct.pack("!i", len(value)) + value
    return message(b"F", body + struct.pack("!h", 0))


@dataclasses.dataclass
class Message:
    kind: str
    body: bytes

    @property
    def fields(self):
        """ErrorResponse and NoticeResponse: {'C': '42501', ...}."""
        parts = self.body.rstrip(b"\0").split(b"\0")
        return {part[:1].decode(): part[1:].decode(errors="replace") for part in parts if part}

    @property
    def text(self):
        return self.body.rstrip(b"\0").decode(errors="replace")

    @property
    def columns(self):
        """DataRow: its values."""
        values, at = [], 2
        for _ in range(struct.unpack_from("!h", self.body)[0]):
            size = struct.unpack_from("!i", self.body, at)[0]
            at += 4
            values.append(None if size < 0 else self.body[at:at + size])
            at += max(size, 0)
        return values

    @property
    def described(self):
        """RowDescription: (name, table's oid, column, type, size, modifier, format) of each column."""
        fields, at = [], 2
        for _ in range(struct.unpack_from("!h", self.body)[0]):
            end = self.body.index(b"\0", at)
            fields.append((self.body[at:end], *struct.unpack_from("!ihihih", self.body, end + 1)))
            at = end + 19
        return fields

    def brief(self):
        """What two servers must agree on: no process ids, no oids of new tables, no source lines of the server."""
        if self.kind in "EN":
            return self.kind, tuple((k, v) for k, v in sorted(self.fields.items()) if k not in "FLR")
        if self.kind == "K":
            return "K", len(self.body)
        if self.kind == "T":
            return "T", tuple((name, column, *rest) for name, _, column, *rest in self.described)
        return self.kind, self.body


class Closed(Exception):
    """The peer closed or reset the connection."""


class Wire:
    """A TCP, UNIX or TLS connection, and the messages that come back on it."""

    def __init__(self, address, *, timeout=20, receive_buffer=None):
        """`address`: (host, port), or the path of a UNIX socket."""
        family = socket.AF_INET if isinstance(address, tuple) else socket.AF_UNIX
        self.socket = socket.socket(family)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(timeout)
        self.socket.connect(address)
        if family == socket.AF_INET:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.parameters = {}
        self.pid, self.key = 0, b""
        self.protocol_answer = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.drop()

    def drop(self):
        self.socket.close()

    def send(self, *messages, step=None):
        """Sends them in one piece, or in pieces of `step` bytes."""
        data = b"".join(messages)
        try:
            for at in range(0, len(data), step or max(len(data), 1)):
                self.socket.sendall(data[at:at + (step or len(data))])
        except (BrokenPipeError, ConnectionResetError) as error:
            raise Closed(str(error)) from error
        return self

    def start_tls(self, context, server_hostname=None):
        self.send(SSL_REQUEST)
        answer = self.socket.recv(1)
        if answer == b"S":
            self.socket = context.wrap_socket(self.socket, server_hostname=server_hostname)
        return answer

    def direct_tls(self, context, server_hostname=None):
        """PostgreSQL 17's handshake: TLS from the first byte, with ALPN."""
        self.socket = context.wrap_socket(self.socket, server_hostname=server_hostname)
        return self

    def _more(self):
        try:
            data = self.socket.recv(65536)
        except (ConnectionResetError, ssl.SSLError) as error:
            raise Closed(str(error)) from error
        if not data:
            raise Closed("end of stream")
        self.buffer += data

    def receive(self):
        """The next message."""
        while len(self.buffer) < 5:
            self._more()
        size = struct.unpack_from("!i", self.buffer, 1)[0] + 1
        while len(self.buffer) < size:
            self._more()
        found = Message(self.buffer[:1].decode("latin1"), self.buffer[5:size])
        self.buffer = self.buffer[size:]
        if found.kind == "S":
            name, _, value = found.body.rstrip(b"\0").partition(b"\0")
            self.parameters[name.decode()] = value.decode()
        return found

    def until_ready(self, ready=1):
        """Every message up to the `ready`-th ReadyForQuery, that included."""
        found = []
        while ready:
            found.append(self.receive())
            ready -= found[-1].kind == "Z"
        return found

    def until(self, kind):
        found = [self.receive()]
        while found[-1].kind != kind:
            found.append(self.receive())
        return found

    def until_closed(self):
        """Every message up to the end of the stream."""
        found = []
        try:
            while True:
                found.append(self.receive())
        except Closed:
            return found

    def quiet(self, seconds=0.2):
        """Whether nothing at all arrives for that long."""
        if self.buffer:
            return False
        before = self.socket.gettimeout()
        self.socket.settimeout(seconds)
        try:
            self.buffer += self.socket.recv(65536)
            return False
        except (TimeoutError, ssl.SSLWantReadError):
            return True
        finally:
            self.socket.settimeout(before)

    def login(self, user="postgres", database="postgres", password=None, protocol=PROTOCOL_3_0, **parameters):
        """Startup up to the first ReadyForQuery; SCRAM is in scram.py. Returns the messages."""
        self.send(startup({"user": user, "database": database, **parameters}, protocol))
        found = []
        while not found or found[-1].kind != "Z":
            found.append(self.receive())
            last = found[-1]
            if last.kind == "R" and last.body[:4] == b"\0\0\0\x03":
                self.send(message(b"p", cstring(password)))
            elif last.kind == "K":
                self.pid, self.key = struct.unpack_from("!i", last.body)[0], last.body[4:]
            elif last.kind == "v":
                self.protocol_answer = last
            elif last.kind == "E":
                return found
        return found

    def ask(self, *messages, step=None, ready=1):
        """Sends and returns what comes back up to ReadyForQuery."""
        return self.send(*messages, step=step).until_ready(ready)

    def rows(self, sql):
        """The rows of one simple query as tuples of text; raises AssertionError on an error."""
        found = self.ask(query(sql))
        errors = [m.fields for m in found if m.kind == "E"]
        assert not errors, errors
        return [tuple(v if v is None else v.decode() for v in m.columns) for m in found if m.kind == "D"]


def kinds(messages):
    """'TDCZ': the shape of an answer."""
    return "".join(m.kind for m in messages)


def errors(messages):
    return [m.fields for m in messages if m.kind == "E"]


def status(messages):
    """The transaction status of the last ReadyForQuery: 'I', 'T' or 'E'."""
    return [m for m in messages if m.kind == "Z"][-1].body.decode()


def connect(server, **login):
    """A logged-in connection to anything that has `address` and `port`."""
    wire = Wire((server.address, server.port))
    answer = wire.login(**login)
    assert answer[-1].kind == "Z", answer[-1].fields
    return wire
