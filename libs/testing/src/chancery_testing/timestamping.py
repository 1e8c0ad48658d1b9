"""A real time-stamp authority (RFC 3161) under a root of its own, made and run with the `openssl` command."""

import shutil
import subprocess
from pathlib import Path
from threading import Lock

_SETTINGS = """
[ tsa ]
default_tsa = one
[ one ]
serial = serial
signer_cert = tsa.pem
certs = chain.pem
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
    """Its files are in `folder`; `root` is what its users are given. `between`: with a certificate from root to authority."""

    def __init__(self, folder: Path, name: str = "Test", *, between: bool = False) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._one_at_a_time = Lock()
        self.root = folder / "root.pem"
        (folder / "tsa.cnf").write_text(_SETTINGS)
        (folder / "serial").write_text("01\n")
        (folder / "extensions").write_text("extendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\n")
        extensions = ("-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")
        self._run("req", "-x509", *_KEY, "-keyout", "root.key", "-out", "root.pem", "-subj", f"/CN={name} root", "-days", "30", *extensions)
        issuer = "root"
        if between:
            (folder / "between.extensions").write_text("basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n")
            self._sign(f"{name} between", "between", issuer, "between.extensions")
            issuer = "between"
        self._sign(f"{name} TSA", "tsa", issuer, "extensions")
        (folder / "chain.pem").write_bytes((folder / f"{issuer}.pem").read_bytes())

    def _sign(self, name: str, to: str, issuer: str, extensions: str) -> None:
        self._run("req", *_KEY, "-keyout", f"{to}.key", "-out", f"{to}.csr", "-subj", f"/CN={name}")
        by = ("-CA", f"{issuer}.pem", "-CAkey", f"{issuer}.key", "-CAcreateserial", "-days", "20", "-extfile", extensions)
        self._run("x509", "-req", "-in", f"{to}.csr", *by, "-out", f"{to}.pem")

    def reply(self, query: bytes) -> bytes:
        """A TimeStampResp to a TimeStampReq, both in DER."""
        with self._one_at_a_time:
            (self._folder / "query").write_bytes(query)
            self._run("ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query", "-out", "reply")
            return (self._folder / "reply").read_bytes()

    def _run(self, *words: str) -> None:
        subprocess.run(("openssl", *words), cwd=self._folder, check=True, capture_output=True, timeout=60)
