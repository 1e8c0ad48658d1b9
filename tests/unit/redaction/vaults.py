"""A vault in memory for pure tests: as the real one, it knows a value in the spelling that came first."""

from chancery_redaction.domain.masking import Draft, amended, mask, told_apart
from chancery_redaction.domain.parts import settled
from chancery_redaction.domain.pseudonyms import token, value_hash
from chancery_redaction.domain.spans import Span
from chancery_redaction.domain.views import view

KEY = b"k" * 32


class MemoryVault:
    """Of one scope."""

    def __init__(self, scope="matter:m"):
        self.scope, self.by_hash, self.values = scope, {}, {}

    def tokens(self, drafts):
        tokens = {}
        for part in (part for draft in drafts for part in draft.parts if part.replacement is None):
            digest = value_hash(KEY, self.scope, *part.key)
            attempt = 0
            while digest not in self.by_hash:
                name = token(part.entity_type, digest, attempt)
                if name not in self.values:
                    self.by_hash[digest], self.values[name] = name, part.spelling.stored
                attempt += 1
            tokens[part.key] = self.by_hash[digest]
        return tokens


def masked(texts, spans, vault):
    """What redaction sends on of texts in which a detector found spans of their views; and the vault's values that it used."""
    views = [view(text) for text in texts]
    drafts = [
        Draft(one.original, tuple(settled(p for span in there for p in one.parts(span)))) for one, there in zip(views, spans, strict=True)
    ]
    tokens = {}
    for _ in range(8):
        tokens |= vault.tokens(drafts)
        better = told_apart(drafts, tokens, vault.values)
        if better == drafts:
            done = [mask(draft, index, tokens) for index, draft in enumerate(drafts)]
            known = {name: vault.values[name] for name in tokens.values()}
            better = amended(drafts, done, known)
            if better is None:
                return done, known
        drafts = better
    raise AssertionError("it is never as it was")


def found(text, *values, kind="PERSON"):
    """Spans of a view's text: each value, wherever it stands."""
    return [
        Span(kind, start, start + len(value), 0.9)
        for value in values
        for start in range(len(text))
        if text.startswith(value, start)
    ]  # fmt: skip
