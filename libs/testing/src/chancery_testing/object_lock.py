"""A real S3 server with object lock: versitygw (Apache-2.0), built once from the Go module proxy and kept in the cache folder."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

MODULE, VERSION = "github.com/versity/versitygw/cmd/versitygw", "v1.8.0"
BUILD_TIMEOUT_S, START_TIMEOUT_S = 900, 20


class NoServer(Exception):
    """It cannot be had on this machine; the message says why."""


@dataclass(frozen=True)
class S3Server:
    """Where it is, and whose it is: its root account."""

    endpoint: str
    access_key: str = "root-account"
    secret_key: str = "root-secret"  # of a server on the loopback that lives as long as a test


def binary(cache: Path) -> Path:
    """Builds it where it is not there yet, which takes minutes. Raises NoServer."""
    folder = cache / f"versitygw-{VERSION}"
    target = folder / "versitygw"
    if target.is_file():
        return target
    go = shutil.which("go")
    if go is None:
        raise NoServer("Go is not installed: the S3 server with object lock is built with it")
    partial = folder / f"build-{os.getpid()}"
    try:
        environment = os.environ | {"GOBIN": str(partial)}
        subprocess.run([go, "install", f"{MODULE}@{VERSION}"], env=environment, check=True, capture_output=True, timeout=BUILD_TIMEOUT_S)
        (partial / "versitygw").replace(target)
    except subprocess.CalledProcessError as exc:
        raise NoServer(f"versitygw cannot be built here: {exc.stderr.decode(errors='replace').strip().splitlines()[-1:]}") from exc
    except (subprocess.TimeoutExpired, OSError) as exc:
        raise NoServer(f"versitygw cannot be built here: {type(exc).__name__}") from exc
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return target


@contextmanager
def s3_server(program: Path, folder: Path) -> Iterator[S3Server]:
    """Keeps objects and their versions below `folder`, whose file system must have extended attributes. Raises NoServer."""
    _expect_attributes(folder)
    server = S3Server(f"127.0.0.1:{_free_port()}")
    data, versions = folder / "data", folder / "versions"
    data.mkdir(parents=True)
    versions.mkdir()
    words = [str(program), "--port", server.endpoint, "--quiet", "posix", "--versioning-dir", str(versions), str(data)]
    environment = os.environ | {"ROOT_ACCESS_KEY": server.access_key, "ROOT_SECRET_KEY": server.secret_key}
    with (folder / "log").open("wb") as output:
        process = subprocess.Popen(words, env=environment, stdout=output, stderr=output)
        try:
            _wait(server.endpoint, process)
            yield server
        finally:
            process.kill()
            process.wait()


def _expect_attributes(folder: Path) -> None:
    probe = folder / "probe"
    folder.mkdir(parents=True, exist_ok=True)
    probe.touch()
    try:
        os.setxattr(probe, "user.probe", b"1")
    except OSError as exc:
        raise NoServer("the folder for tests has no extended attributes, which the S3 server needs") from exc
    finally:
        probe.unlink()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _wait(endpoint: str, process: "subprocess.Popen[bytes]") -> None:
    host, _, port = endpoint.partition(":")
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), socket.create_connection((host, int(port)), timeout=1):
            return
        time.sleep(0.05)
    raise NoServer("the S3 server does not start")
