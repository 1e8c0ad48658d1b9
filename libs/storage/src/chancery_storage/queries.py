"""SQL stays SQL: `queries.sql` of a package (and more such files), one `-- name: find_thing` before each query."""

import re
from importlib.resources import files

from chancery_storage.errors import UnknownQuery

_NAME = re.compile(r"^--\s*name:\s*([a-z][a-z0-9_]*)\s*$", re.MULTILINE)


class Queries:
    """Queries by name, as attributes or items."""

    def __init__(self, queries: dict[str, str]) -> None:
        self._queries = queries

    def __getattr__(self, name: str) -> str:
        try:
            return self._queries[name]
        except KeyError as exc:
            raise UnknownQuery(name) from exc

    def __getitem__(self, name: str) -> str:
        return self.__getattr__(name)


def parse_queries(text: str) -> Queries:
    """Splits a file's text at its name lines. What stands before the first is a comment."""
    pieces = _NAME.split(text)[1:]
    return Queries(dict(zip(pieces[0::2], (body.strip() for body in pieces[1::2]), strict=True)))


def load_queries(package: str) -> Queries:
    """The queries of `<package>/queries.sql`, and of what other `.sql` files lie beside it."""
    found = sorted((entry for entry in files(package).iterdir() if entry.name.endswith(".sql")), key=lambda entry: entry.name)
    return parse_queries("\n".join(entry.read_text("utf-8") for entry in found))
