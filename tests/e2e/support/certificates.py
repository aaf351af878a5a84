"""A certificate authority of the test's own: a server's certificate for localhost, a client's for user postgres."""
import pathlib
import subprocess

from rig import host


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


class Authority:
    """ca.crt, and NAME.crt with NAME.key for what `issue` was asked for."""

    def __init__(self, folder, name="signalbox test authority"):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.certificate = self.folder / "ca.crt"
        self.key = self.folder / "ca.key"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", 30,
                "-subj", f"/CN={name}", "-keyout", self.key, "-out", self.certificate)

    def issue(self, name, common_name, alternatives="DNS:localhost,IP:127.0.0.1"):
        """Returns (certificate, key); the key is readable by the account that servers run as."""
        key, request, certificate = (self.folder / f"{name}.{kind}" for kind in ("key", "csr", "crt"))
        extensions = self.folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={alternatives}\n")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-subj", f"/CN={common_name}", "-keyout", key, "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial",
                "-days", 30, "-extfile", extensions, "-out", certificate)
        host.own(key)
        key.chmod(0o600)
        return certificate, key
