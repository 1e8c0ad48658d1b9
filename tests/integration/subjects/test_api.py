"""Who may ask for a person, and that a name comes in a body and in no other place."""

import pytest
import structlog
from integration.subjects.living import ANN, Life

ORDER = {"purpose": "find", "values": [ANN], "reason": "asked for"}


async def place(world, tenant, headers, **more):
    return await world.http.post("/v1/subjects/orders", json={"tenant": tenant, **ORDER, **more}, headers=headers)


async def test_an_officer_asks_and_is_told_what_became_of_it(world, tenant):
    headers = await world.officer(tenant)
    await Life(world, tenant).lived()
    accepted = await place(world, tenant, headers)
    assert accepted.status_code == 202
    href = accepted.json()["href"]
    assert (await world.http.get(href, headers=headers)).json()["state"] == "open"
    await world.run()
    view = (await world.http.get(href, headers=headers)).json()
    assert (view["state"], view["report"]["order"], view["waits_for"]) == ("done", accepted.json()["id"], [])
    assert world.read[-1].data.query == {"query": "subject-order", "order": accepted.json()["id"], "tenant": tenant}


@pytest.mark.parametrize("role", ["auditor", "operator"])
async def test_nobody_else_may_order(world, tenant, role):
    assert (await place(world, tenant, await world.officer(tenant, role=role), purpose="erase", legal_ground="x")).status_code == 403


async def test_the_operators_token_does_not_erase(world, tenant):
    assert (await place(world, tenant, {"Authorization": "Bearer operator"}, purpose="erase", legal_ground="x")).status_code == 403


@pytest.mark.parametrize("walls", [{"matters": ["m-1"]}, {"excepted": ["m-2"]}])
async def test_nobody_behind_walls_asks_for_a_person_or_sees_that_one_was_asked_for(world, tenant, walls):
    headers = await world.officer(tenant, **walls)
    assert (await place(world, tenant, headers)).status_code == 403
    assert (await world.http.get("/v1/subjects/orders", params={"tenant": tenant}, headers=headers)).status_code == 403


async def test_one_tenants_officer_asks_for_nobody_of_another(world, tenant):
    assert (await place(world, "another", await world.officer(tenant))).status_code == 403


async def test_no_key_service_is_503_and_no_order(world, tenant):
    headers = await world.officer(tenant)
    world.key_service(down=True)
    response = await place(world, tenant, headers)
    world.key_service(down=False)
    assert (response.status_code, response.headers["content-type"]) == (503, "application/problem+json")
    assert (await world.http.get("/v1/subjects/orders", params={"tenant": tenant}, headers=headers)).json() == {"orders": []}


@pytest.mark.parametrize(
    "bad",
    [
        {"values": []}, {"values": ["x"]}, {"values": ["Canary" * 100]}, {"values": ["Canary\x00"]}, {"values": "Canary"},
        {"values": ["Canary"] * 51},
        {"reason": ""}, {"purpose": "sell"}, {"purpose": "erase"}, {"name": "Canary"}, {"on_behalf_of": "a b"},
    ],
)  # fmt: skip
async def test_what_cannot_be_asked_is_a_problem_without_the_name(world, tenant, bad):
    with structlog.testing.capture_logs() as logs:
        response = await place(world, tenant, await world.officer(tenant), **bad)
    assert (response.status_code, response.headers["content-type"]) == (422, "application/problem+json")
    assert "Canary" not in response.text and "Canary" not in str(logs)
