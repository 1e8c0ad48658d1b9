"""What a system holds after somebody asked about Ann; and how an order's report and the trail are read."""

from chancery_contracts.interactions import InteractionCompleted, Message
from chancery_testing import builders

ANN, IBAN, BOB = "Canary Ann Lee", "GB29 NWBK 6016 1331 9268 19", "Bob Other Person"


class Life:
    """What a system holds after somebody asked about Ann, in one matter."""

    def __init__(self, world, tenant, matter="m-1", suffix=""):
        self.world, self.tenant, self.matter = world, tenant, matter
        self.interaction, self.document = f"i-{matter}{suffix}", f"d-{matter}{suffix}"

    async def lived(self):
        world, made = self.world, {"tenant": self.tenant, "matter": self.matter}
        scope = f"matter:{self.matter}"
        self.tokens = await world.mask(self.tenant, scope, ("PERSON", ANN), ("IBAN_CODE", IBAN), ("PERSON", BOB))
        self.published = builders.document(
            f"# Files\n\nThe complaint of Canary Ann\nLee was settled. {BOB} agreed.", document_id=self.document, version=3,
            title=f"Complaint of {ANN}", interaction=None, **made,
        )  # fmt: skip
        words = f"I am {ANN}, IBAN {IBAN}, and so is {BOB}."
        asked = builders.requested(words, id=self.interaction, interaction=self.interaction, **made)
        masked = words.replace(ANN, self.tokens[ANN]).replace(IBAN, self.tokens[IBAN]).replace(BOB, self.tokens[BOB])
        findings = [
            {"entity_type": "PERSON", "token": token, "message_index": 0, "start": 0, "end": 1, "score": 1.0}
            for token in self.tokens.values()
        ]
        redacted = asked.follow(
            builders.redacted(messages=(Message(role="user", content=masked),), findings=findings).data, stage="redaction", time=asked.time
        )
        passage = builders.PASSAGE.model_copy(update={"text": f"About {ANN}.", "document_id": self.document})
        grounded = asked.follow(builders.grounded(passages=(passage,)).data, stage="retrieval", time=asked.time)
        done = InteractionCompleted(outcome="released", use_case="bank-faq", answer=f"Dear {ANN}", stage="restore")
        completed = asked.follow(done, stage="restore", time=asked.time)
        await world.record(self.published, asked, redacted, grounded, completed)
        await world.index_document(self.published)
        await world.journal("retrieval", "retrieval", redacted, grounded)
        await world.journal("redaction", "restore", grounded, completed, sealed=True)
        return self


def by_store(row):
    return {one["store"]: one for one in row["report"]["stores"]}


async def shown(world, life, headers):
    response = await world.http.get(
        f"/v1/interactions/{life.interaction}", params={"tenant": life.tenant, "reveal": "true"}, headers=headers
    )
    assert response.status_code == 200, response.text
    return {one["type"].split(".")[-2]: one["data_state"] for one in response.json()["entries"]}
