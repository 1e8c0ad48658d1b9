"""The YAML of registry files: safe, no key twice, dates as text, and `!file NAME` for a text that lies beside it."""

from collections.abc import Callable, Hashable
from datetime import date
from pathlib import Path
from typing import Any

import yaml

MOST_BYTES = 1_048_576
"""Of a file: an event may not have more."""


_TEXT = "tag:yaml.org,2002:str"
_OTHER_LINE_ENDS = frozenset("\r\x85\u2028\u2029")


class FileText(str):
    """A text that is written to a file of its own. `path` is relative to the YAML file."""

    path: str

    def __new__(cls, text: str, path: str) -> "FileText":
        """The text itself, wherever it is used as one."""
        made = super().__new__(cls, text)
        made.path = path
        return made


class _Loader(yaml.SafeLoader):
    """Made anew for each file: it knows the file's folder."""

    read_beside: Callable[[str], str]

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """As YAML 1.2 §3.2.1.3 wants it, unlike PyYAML: the keys of a mapping are unique."""
        keys = [self.construct_object(key, deep=True) for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
        twice = {str(key) for key in keys if keys.count(key) > 1}
        if twice:
            raise yaml.constructor.ConstructorError(None, None, f"twice in one mapping: {', '.join(sorted(twice))}", node.start_mark)
        return super().construct_mapping(node, deep=deep)

    def file_text(self, node: yaml.Node) -> str:
        """The text of `!file NAME`."""
        if not isinstance(node, yaml.ScalarNode):
            raise yaml.constructor.ConstructorError(None, None, "`!file` takes the name of a file", node.start_mark)
        name = self.construct_scalar(node)
        return FileText(self.read_beside(str(name)), str(name))


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as blocks, so that a difference of them can be read."""


_Loader.add_constructor("!file", _Loader.file_text)
_Dumper.add_representer(FileText, lambda dumper, text: dumper.represent_scalar("!file", text.path))
_Dumper.add_representer(str, lambda dumper, text: dumper.represent_scalar(_TEXT, text, style=_style(text)))


def load_yaml(path: Path, root: Path) -> Any:
    """What the file holds; `!file` reaches no further than `root`. Raises ValueError that says where in the file."""

    def beside(name: str) -> str:
        target = (path.parent / name).resolve()
        if not target.is_relative_to(root.resolve()):
            raise ValueError(f"!file {name} is outside the folder")
        return read_text(target).removesuffix("\n")

    loader = _Loader(read_text(path))
    loader.read_beside = beside
    try:
        return plain(loader.get_single_data())
    except yaml.YAMLError as exc:
        mark = getattr(exc, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        raise ValueError(f"{where}{getattr(exc, 'problem', None) or 'no YAML'}") from exc
    except RecursionError as exc:
        raise ValueError("nested too deep") from exc
    finally:
        loader.dispose()


def dump_yaml(value: Any) -> str:
    """As people write it: keys in the order that they come in, blocks for longer texts."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


def read_text(path: Path) -> str:
    """Its lines end as they do on every system. Raises ValueError for what cannot be a body."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValueError(f"{path.name} is larger than a MiB")
        return path.read_text("utf-8")
    except OSError as exc:
        raise ValueError(f"cannot read {path.name}: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise ValueError(f"{path.name} is not UTF-8") from exc


def _style(text: str) -> str | None:
    """Line ends of other systems stay only where they are escaped."""
    return '"' if _OTHER_LINE_ENDS & set(text) else "|" if "\n" in text else None


def plain(value: Any) -> Any:
    """As JSON has it: dates in ISO 8601, keys as text."""
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value
