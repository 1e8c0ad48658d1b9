"""Finding interactions by what is noted of them, and what was live at a moment."""

from datetime import UTC, datetime, timedelta

import pytest
from chancery_contracts.catalogue import SHARED
from chancery_testing import builders

BODY = {"system": "s", "user": "{question}"}


async def _interactions(audit, tenant):
    """Four: two in a matter, two of another use case, one ended."""
    for number, (matter, use_case) in enumerate((("m-1", "faq"), ("m-1", "figures"), (None, "faq"), (None, "figures"))):
        name = f"i-{number}"
        asked = builders.requested(
            "one", tenant=tenant, id=name, interaction=name, matter=matter, conversation=f"c-{number % 2}", use_case=use_case
        )
        await audit.take(asked)
        if number == 2:
            await audit.take(asked.follow(builders.completed_data(), stage="restore", time=asked.time))


async def _found(audit, tenant, **wanted):
    return [one["interaction"] for one in (await audit.get("interactions", tenant=tenant, **wanted))["interactions"]]


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ({}, ["i-0", "i-1", "i-2", "i-3"]),
        ({"matter": "m-1"}, ["i-0", "i-1"]),
        ({"use_case": "figures"}, ["i-1", "i-3"]),
        ({"conversation": "c-0"}, ["i-0", "i-2"]),
        ({"conversation": "c-0", "matter": "m-1"}, ["i-0"]),
        ({"state": "ended"}, ["i-2"]),
        ({"state": "open", "use_case": "faq"}, ["i-0"]),
        ({"from": "2100-01-01T00:00:00Z"}, []),
        ({"to": "2100-01-01T00:00:00Z", "matter": "m-2"}, []),
    ],
)
async def test_interactions_are_found_by_any_combination(audit, tenant, wanted, names):
    await _interactions(audit, tenant)
    assert await _found(audit, tenant, **wanted) == names


async def test_pages_follow_each_other_and_end(audit, tenant):
    await _interactions(audit, tenant)
    first = await audit.get("interactions", tenant=tenant, limit=3)
    assert (len(first["interactions"]), first["next"]) == (3, "i-2")
    last = await audit.get("interactions", tenant=tenant, limit=3, after=first["next"])
    assert ([one["interaction"] for one in last["interactions"]], last["next"]) == (["i-3"], None)


async def test_no_tenant_finds_another_ones(audit, tenant):
    await _interactions(audit, tenant)
    assert await _found(audit, "another-tenant", matter="m-1") == []


async def test_finding_is_a_read_that_is_on_record(audit, tenant):
    audit.published.clear()
    await _found(audit, tenant, matter="m-1")
    (read,) = audit.published
    assert read.data.query == {"tenant": tenant, "query": "find", "matter": "m-1"}


def _version(tenant, version, since, published):
    entry = builders.registry_entry("prompt", f"answer-{tenant}", BODY, version=version, tenant=tenant)
    data = entry.data.model_copy(update={"effective_from": since})
    return builders.event(data, tenant=tenant, interaction=None, time=published, id=f"{tenant}-{version}")


async def test_what_was_live_is_the_version_in_force_and_says_whether_it_was_known(audit, tenant):
    noon = datetime(2026, 11, 24, 12, tzinfo=UTC)
    hour = timedelta(hours=1)
    await audit.take(
        _version(tenant, 1, noon, noon),
        _version(tenant, 2, noon + 2 * hour, noon + hour),
        _version(tenant, 3, noon + 3 * hour, noon + 5 * hour),
    )

    async def live(at):
        found = await audit.get("live", tenant=tenant, at=at.isoformat())
        return [(one["version"], one["known_then"]) for one in found["live"] if one["owner"] == tenant]

    assert await live(noon - hour) == []
    assert await live(noon + hour) == [(1, True)]
    assert await live(noon + 2 * hour) == [(2, True)]
    assert await live(noon + 4 * hour) == [(3, False)]
    assert await live(noon + 6 * hour) == [(3, True)]


async def test_a_shared_version_is_live_for_every_tenant_until_it_has_its_own(audit, tenant):
    noon = datetime(2026, 11, 24, 12, tzinfo=UTC)
    shared = builders.registry_entry("prompt", f"answer-{tenant}", BODY, version=7, tenant=SHARED)
    data = shared.data.model_copy(update={"effective_from": noon})
    await audit.take(builders.event(data, tenant=SHARED, interaction=None, time=noon, id=f"shared-{tenant}"))

    async def owner(at):
        found = await audit.get("live", tenant=tenant, at=at.isoformat())
        return [(one["owner"], one["version"]) for one in found["live"] if one["name"] == f"answer-{tenant}"]

    assert await owner(noon) == [(SHARED, 7)]
    await audit.take(_version(tenant, 1, noon + timedelta(hours=1), noon))
    assert await owner(noon + timedelta(hours=2)) == [(tenant, 1)]
