"""What the two heads of the model can say. The order is the order of the outputs of the graph: it changes only with the weights."""

GENERAL = (
    "PERSON", "POSTAL_ADDRESS", "LOCATION", "ORGANIZATION", "DATE_TIME", "NRP", "TITLE", "AGE", "PHONE_NUMBER", "EMAIL_ADDRESS", "URL",
    "IP_ADDRESS", "CREDIT_CARD", "IBAN_CODE", "US_SSN", "US_DRIVER_LICENSE",
)  # fmt: skip
"""Types of letters, chats, mails and contracts. A title ("Mr.") and a postcode are spans of their own."""

LEGAL = ("PERSON", "CODE", "LOCATION", "ORGANIZATION", "DEMOGRAPHIC", "DATE_TIME", "QUANTITY", "MISC")
"""Types of the Text Anonymization Benchmark: a title belongs to its person; CODE is a number of a case or file."""

OUTSIDE = 0
"""The first tag of each head; type number k has the tags 1 + 2k (begins) and 2 + 2k (goes on)."""


def tags(types: tuple[str, ...]) -> int:
    """How many tags a head of these types has."""
    return 1 + 2 * len(types)


LEGAL_AT = slice(0, tags(LEGAL))
IDENTIFIES_AT = LEGAL_AT.stop
GENERAL_AT = slice(IDENTIFIES_AT + 1, IDENTIFIES_AT + 1 + tags(GENERAL))
OUTPUTS = GENERAL_AT.stop
"""Columns of the graph's output: the legal head, one logit "does it identify", the general head."""
