"""The search that looks for canaries finds each, in each way to write it, wherever it stands; and nothing else."""

import base64
import json
import random
from urllib.parse import quote, quote_plus

import pytest
from e2e.canaries import KINDS, canaries
from e2e.searching import Searcher

CANARIES = canaries(7, 500)
SEARCHER = Searcher([one.value for one in CANARIES] + ["Zoë Thistlewood"])
WAYS = {
    "as it is": str.encode,
    "in capitals": lambda text: text.upper().encode(),
    "in JSON": lambda text: json.dumps({"content": text}).encode(),
    "in a URL": lambda text: quote(text).encode(),
    "in a form": lambda text: quote_plus(text).encode(),
    "in UTF-16": lambda text: text.encode("utf-16"),
    "in hex": lambda text: text.encode().hex().upper().encode(),
    "in base64": lambda text: base64.b64encode(f"from {text} with".encode()),
    "in base64, one on": lambda text: base64.b64encode(f"from. {text} with".encode()),
    "in base64, two on": lambda text: base64.urlsafe_b64encode(f"from.. {text} with".encode()),
    "without separators": lambda text: text.replace(" ", "").replace("-", "").encode(),
    "with other separators": lambda text: text.replace(" ", "-").encode(),
    "in the title's case": lambda text: text.title().encode(),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_planted_leak_is_found_in_whatever_way_it_is_written(kind, way):
    noise = random.Random(3)
    for canary in [one for one in CANARIES if one.kind == kind][:5]:
        before, after = noise.randbytes(noise.randrange(5000)), noise.randbytes(noise.randrange(50))
        assert canary.value in {value for value, _ in SEARCHER.find(before + WAYS[way](canary.value) + after)}


@pytest.mark.parametrize("way", WAYS)
def test_a_name_with_accents_is_found_too(way):
    assert SEARCHER.find(WAYS[way]("Zoë Thistlewood"))


def test_nothing_is_found_where_nothing_is():
    noise = random.Random(5)
    digits = "".join(noise.choices("0123456789 .:-abcdef\n", k=2_000_000)).encode()
    assert SEARCHER.find(digits + noise.randbytes(2_000_000)) == set()
    assert SEARCHER.find(b"") == SEARCHER.find(b"1234567") == set()


def test_all_are_different_and_none_is_part_of_another():
    values = [one.value for one in CANARIES]
    assert len(set(values)) == 500
    assert not [one for one in values for other in values if one != other and one in other]
