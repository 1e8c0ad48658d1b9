"""A service as a process of its own, over servers that run already: what benchmarks and chaos start, measure and kill."""

import os
import socket
import subprocess
import sys
from pathlib import Path

OPERATOR = "operator"
"""The operator's token of what is started here."""
_TICKS = os.sysconf("SC_CLK_TCK")


class ServiceProcess:
    """`python -m <module>`, its output in a file."""

    def __init__(self, module: str, environment: dict[str, str], output: Path) -> None:
        self.port = int(environment["CHANCERY_HTTP_PORT"])
        with output.open("ab") as file:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module], env={**os.environ, **environment}, stdout=file, stderr=subprocess.STDOUT
            )

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def exit_status(self, within_s: float) -> int:
        """Waits for the end. Raises TimeoutExpired."""
        return self._process.wait(within_s)

    @property
    def running(self) -> bool:
        """False once it has ended."""
        return self._process.poll() is None

    def kill(self) -> None:
        """SIGKILL, and waits for the end."""
        self._process.kill()
        self._process.wait()

    def stop(self, within_s: float = 30.0) -> int:
        """SIGTERM; its exit status."""
        self._process.terminate()
        try:
            return self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def cpu_s(self) -> float:
        """Processor time so far, user and system."""
        return cpu_s(self.pid)

    def peak_megabytes(self) -> float:
        """The largest resident memory so far."""
        for line in Path(f"/proc/{self.pid}/status").read_text("ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
        raise ProcessLookupError(self.pid)


def start_audit(bootstrap: str, database_url: str, folder: Path, instance: str = "0") -> ServiceProcess:
    """An audit process; its keyring and output are in `folder`."""
    environment = {
        "CHANCERY_KAFKA_BOOTSTRAP": bootstrap, "CHANCERY_DATABASE_URL": database_url, "CHANCERY_HTTP_PORT": str(free_port()),
        "CHANCERY_OPERATOR_TOKEN": OPERATOR, "CHANCERY_KEYRING_PATH": str(folder / "keyring.json"), "CHANCERY_ENVIRONMENT": "development",
        "CHANCERY_AUDIT_INSTANCE": instance,
    }  # fmt: skip
    return ServiceProcess("chancery_audit", environment, folder / f"audit-{instance}.log")


def start_generation(bootstrap: str, database_url: str, folder: Path) -> ServiceProcess:
    """A generation process; its output is in `folder`, after that of those before it."""
    environment = {
        "CHANCERY_KAFKA_BOOTSTRAP": bootstrap, "CHANCERY_DATABASE_URL": database_url, "CHANCERY_HTTP_PORT": str(free_port()),
        "CHANCERY_OPERATOR_TOKEN": OPERATOR, "CHANCERY_ENVIRONMENT": "development",
    }  # fmt: skip
    return ServiceProcess("chancery_generation", environment, folder / "generation.log")


def start_provider(folder: Path, name: str, *, latency_ms: float, fault_rate: float = 0.0) -> tuple["subprocess.Popen[bytes]", str]:
    """A simulated provider, its calls in `<name>.jsonl`, and where its OpenAI wire is."""
    port, journal = free_port(), folder / f"{name}.jsonl"
    journal.touch()
    options = ["--port", str(port), "--latency-ms", str(latency_ms), "--fault-rate", str(fault_rate), "--journal", str(journal)]
    process = subprocess.Popen([sys.executable, "-m", "chancery_testing.provider", *options])
    return process, f"http://127.0.0.1:{port}/v1"


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def cpu_s(pid: int) -> float:
    """Processor time of a process so far, without its children."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii", errors="replace").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def family_cpu_s(pid: int) -> float:
    """Processor time of a process and of all that live and descend from it."""
    try:
        children = [child for thread in Path(f"/proc/{pid}/task").iterdir() for child in (thread / "children").read_text("ascii").split()]
        return cpu_s(pid) + sum(family_cpu_s(int(child)) for child in children)
    except FileNotFoundError:  # it has ended
        return 0.0


def machine_cpu_s() -> float:
    """Processor time of all programs of this machine so far."""
    ticks = [int(one) for one in Path("/proc/stat").read_text("ascii").split("\n", 1)[0].split()[1:]]
    return (sum(ticks) - ticks[3] - ticks[4]) / _TICKS  # without idle, and waiting for disks
