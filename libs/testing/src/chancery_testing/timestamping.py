"""A real time-stamp authority (RFC 3161) under a root of its own, made and run with the `openssl` command."""

import shutil
import subprocess
from pathlib import Path

_SETTINGS = """
[ tsa ]
default_tsa = one
[ one ]
serial = serial
signer_cert = tsa.pem
certs = root.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
"""
_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


def openssl_here() -> bool:
    """Whether the command is on this machine."""
    return shutil.which("openssl") is not None


class Authority:
    """Its files are in `folder`; `root` is the certificate that its users are given."""

    def __init__(self, folder: Path, name: str = "Test") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.root = folder / "root.pem"
        (folder / "tsa.cnf").write_text(_SETTINGS)
        (folder / "serial").write_text("01\n")
        (folder / "extensions").write_text("extendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\n")
        extensions = ("-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")
        self._run("req", "-x509", *_KEY, "-keyout", "root.key", "-out", "root.pem", "-subj", f"/CN={name} root", "-days", "30", *extensions)
        self._run("req", *_KEY, "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", f"/CN={name} TSA")
        signed = ("-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-days", "20", "-extfile", "extensions", "-out", "tsa.pem")
        self._run("x509", "-req", "-in", "tsa.csr", *signed)

    def reply(self, query: bytes) -> bytes:
        """A TimeStampResp to a TimeStampReq, both in DER."""
        (self._folder / "query").write_bytes(query)
        self._run("ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query", "-out", "reply")
        return (self._folder / "reply").read_bytes()

    def _run(self, *words: str) -> None:
        subprocess.run(("openssl", *words), cwd=self._folder, check=True, capture_output=True, timeout=60)
