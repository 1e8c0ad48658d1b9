"""The three words in which a handler fails, and the codes a refusal may carry.

Anything else that a handler raises stops its consumer loudly (architecture, *Delivery* §5).
"""

from typing import Literal, get_args

RefusalCode = Literal[
    "unknown_use_case",
    "invalid_request",
    "matter_required",
    "injection_suspected",
    "redaction_unavailable",
    "retrieval_unavailable",
    "budget_exceeded",
    "price_unknown",
    "cost_unavailable",
    "model_unavailable",
    "model_failed",
    "validation_unavailable",
    "interaction_reused",
    "dead_lettered",
]
"""Why an interaction was refused; stable, machine-readable."""

REFUSAL_MESSAGES: dict[RefusalCode, str] = {
    "unknown_use_case": "The use case is not known or not in force. Ask your administrator which use cases you may call.",
    "invalid_request": "The request could not be understood. Check it against the published contract.",
    "matter_required": "This use case works inside a matter. Name the matter in the request.",
    "injection_suspected": "The request was refused by policy: it tries to change the assistant's instructions.",
    "redaction_unavailable": "Personal data could not be protected in time, so nothing was sent on. Try again later.",
    "retrieval_unavailable": "Documents could not be searched in time. Try again later.",
    "budget_exceeded": "The budget for this use case is used up. Ask its owner for more.",
    "price_unknown": "The model has no known price, so its cost could not be bounded. Ask your administrator.",
    "cost_unavailable": "The cost could not be reserved in time. Try again later.",
    "model_unavailable": "The language model did not answer in time. Try again later.",
    "model_failed": "The language model rejected the request. Ask your administrator.",
    "validation_unavailable": "The answer could not be checked in time, so it is not shown. Try again later.",
    "interaction_reused": "This interaction id was used before with another request. Choose a new one.",
    "dead_lettered": "The request could not be processed. It is kept for inspection.",
}
"""What the requester may be told, by code: says nothing of the inside."""

assert set(REFUSAL_MESSAGES) == set(get_args(RefusalCode))


class ChanceryError(Exception):
    """Base of every error that Chancery raises on purpose."""


class Retry(ChanceryError):
    """A passing fault (a service or the network is down): the runner backs off and tries again, a bounded number of times.

    `reason` is words for an operator; it must hold no payload, prompt or personal datum.
    `code` is what the requester is told if the tries run out.
    """

    def __init__(self, reason: str, *, code: RefusalCode = "dead_lettered") -> None:
        super().__init__(reason)
        self.reason = reason
        self.code: RefusalCode = code


class Poison(ChanceryError):
    """This event will never be processed: the runner dead-letters its original bytes and answers the requester.

    `reason` is words for an operator; it must hold no payload, prompt or personal datum.
    `answer=False` where a refusal would contradict another answer (a reused interaction id).
    """

    def __init__(self, reason: str, *, code: RefusalCode = "dead_lettered", answer: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.code: RefusalCode = code
        self.answer = answer


class Overloaded(ChanceryError):
    """Too much work: the runner pauses the partition and offers the event again; it is not an attempt."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
