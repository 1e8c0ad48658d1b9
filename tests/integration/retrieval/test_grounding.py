"""Questions get the passages that their requester may see, the same at every delivery."""

from typing import Any
from uuid import uuid4

import pytest
from chancery_contracts.failures import Poison, Retry
from chancery_contracts.interactions import Message
from chancery_retrieval.adapters.postgres_search import SearchSettings
from chancery_retrieval.domain.passages import Scope
from chancery_retrieval.domain.querying import query_from
from chancery_testing.builders import document, redacted
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

QUESTION = "What is the notice period?"
TENANTS = ("wall-a", "wall-b")
MATTERS = (None, "m-1", "m-2")
COLLECTIONS = ("bank-faq", "contracts")


@pytest.fixture
def tenant() -> str:
    return f"t-{uuid4().hex[:8]}"


@pytest.fixture(scope="module")
async def walled(stages: Any) -> Any:
    """Documents that say the same, one for each tenant, matter and collection."""
    for tenant in TENANTS:
        for matter in MATTERS:
            for collection in COLLECTIONS:
                secret = f"The notice period is thirty days for {tenant} {matter} {collection}."
                await stages.take(document(secret, f"d-{matter}-{collection}", tenant=tenant, matter=matter, collection=collection))
    return stages


def owner(passage: Any) -> list[str]:
    words = passage.text.rstrip(".").split()
    return [str(word) for word in words[-3:]]


class TestBarriers:
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data())
    @pytest.mark.parametrize("exact_up_to", [8_000, 0], ids=["exact", "hnsw"])
    async def test_nothing_of_another_tenant_matter_or_collection_is_ever_seen(
        self, walled: Any, make_stages: Any, exact_up_to: int, data: st.DataObject
    ) -> None:
        search = make_stages(settings=SearchSettings(candidates=10, exact_up_to=exact_up_to)).ports.grounding.search
        embedder = walled.ports.grounding.embedder
        tenant = data.draw(st.sampled_from((*TENANTS, "wall-c")))
        matter = data.draw(st.sampled_from((*MATTERS, "m-3", "", "None")))
        collections = tuple(data.draw(st.lists(st.sampled_from((*COLLECTIONS, "other")), max_size=3)))
        text = data.draw(
            st.sampled_from([QUESTION, "m-1 m-2 wall-b contracts", "thirty"]) | st.text(min_size=1, max_size=30).filter(str.isalnum)
        )
        query = query_from(text)
        found = await search.best(Scope(tenant, collections, matter), query, await embedder.embed_query(query.text), 20)
        owners = [owner(candidate) for _, candidate in found.passages]
        allowed_matters = {"None"} | ({matter} if matter in ("m-1", "m-2") else set())
        assert all(one[0] == tenant and one[1] in allowed_matters and one[2] in collections for one in owners)
        expected = len(set(collections) & set(COLLECTIONS)) * len(allowed_matters) if tenant in TENANTS else 0
        assert len(owners) == expected, "something in scope was not found"

    async def test_a_request_without_a_matter_never_sees_a_matters_documents(self, walled: Any) -> None:
        found = await walled.ask(QUESTION, tenant="wall-a")
        assert [owner(passage)[1] for passage in found.passages] == ["None"]
        assert found.access.matter is None

    async def test_a_request_sees_its_own_matter_and_what_belongs_to_all(self, walled: Any) -> None:
        found = await walled.ask(QUESTION, tenant="wall-a", matter="m-1")
        assert {owner(passage)[1] for passage in found.passages} == {"None", "m-1"}
        assert found.access.matter == "m-1"

    async def test_a_document_named_in_a_summary_is_behind_the_wall_too(self, stages: Any, tenant: str) -> None:
        await stages.take(document("# Secret merger\n\nBuy them.", "merger", tenant=tenant, matter="m-1", title="Project Falcon merger"))
        assert (await stages.ask("Summarise the Project Falcon merger", "summary", tenant=tenant)).passages == ()
        assert (await stages.ask("Summarise the Project Falcon merger", "summary", tenant=tenant, matter="m-1")).passages != ()

    async def test_the_snapshot_of_one_matter_says_nothing_of_another(self, stages: Any, tenant: str) -> None:
        before = (await stages.ask(QUESTION, tenant=tenant, matter="m-1")).corpus_snapshot
        await stages.take(document("Other.", "other", tenant=tenant, matter="m-2"))
        assert (await stages.ask(QUESTION, tenant=tenant, matter="m-1")).corpus_snapshot == before


class TestDelivery:
    async def test_a_redelivery_gets_what_was_stored_though_the_index_changed(self, stages: Any, tenant: str) -> None:
        asked = redacted(messages=(Message(role="user", content=QUESTION),), tenant=tenant)
        await stages.take(document("The notice period is thirty days.", "notice", tenant=tenant))
        first = await stages.take(asked)
        await stages.take(document("The notice period is sixty days.", "notice", tenant=tenant, version=2))
        stages.clock.advance(minutes=5)
        assert await stages.take(asked) == first
        assert (await stages.ask(QUESTION, tenant=tenant)).passages[0].text == "The notice period is sixty days."

    async def test_everything_redaction_said_is_passed_on(self, stages: Any, tenant: str) -> None:
        asked = redacted(tenant=tenant, max_output_tokens=77, matter="m-9", conversation="c-1")
        (made,) = await stages.take(asked)
        assert {name: getattr(made.data, name) for name in type(asked.data).model_fields} == dict(asked.data)
        assert (made.tenant, made.matter, made.conversation, made.interaction) == (tenant, "m-9", "c-1", asked.interaction)
        assert made.causation == asked.id

    async def test_only_pseudonyms_ground_on_nothing(self, stages: Any, tenant: str) -> None:
        await stages.take(document("Text.", "d", tenant=tenant))
        assert (await stages.ask("<PERSON_7K2M>?", tenant=tenant)).passages == ()

    async def test_a_use_case_not_yet_known_means_wait(self, stages: Any) -> None:
        with pytest.raises(Retry) as fault:
            await stages.ask(QUESTION, "not-yet-here")
        assert fault.value.code == "unknown_use_case"

    async def test_a_use_case_inside_matters_needs_one(self, stages: Any) -> None:
        with pytest.raises(Poison) as fault:
            await stages.ask(QUESTION, "matter-only")
        assert fault.value.code == "matter_required"


class TestSummaries:
    async def test_a_named_document_is_spread_in_its_order(self, stages: Any, tenant: str) -> None:
        text = "\n\n".join(f"## Clause {number}\n\nThis is clause {number} about topic {number}." for number in range(12))
        await stages.take(document(text, "lease", tenant=tenant, title="Office lease Harbour Court"))
        await stages.take(document(f"## Clause\n\n{text[:100]}", "loan", tenant=tenant, title="Facility agreement"))
        found = await stages.ask("Summarise the office lease of Harbour Court.", "summary", tenant=tenant)
        assert {passage.document_id for passage in found.passages} == {"lease"}
        assert len(found.passages) == 6
        assert [passage.start for passage in found.passages] == sorted(passage.start for passage in found.passages)

    async def test_without_a_name_the_question_is_searched(self, stages: Any, tenant: str) -> None:
        await stages.take(document("The rent is due monthly.", "lease", tenant=tenant, title="Office lease"))
        found = await stages.ask("When is the rent due?", "summary", tenant=tenant)
        assert found.passages[0].vector_rank == 1
