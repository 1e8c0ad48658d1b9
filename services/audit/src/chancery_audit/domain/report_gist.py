"""An interaction in short: what was asked and answered, under which versions, with which end."""

from collections import Counter
from dataclasses import dataclass, field

from chancery_audit.domain.report_markup import Html, facts, pill, safe, text
from chancery_audit.domain.report_steps import Data, Members, counted, kind_of, money, source, version

MOST_GIST = 900


@dataclass
class Gist:
    """Gathered from the payloads that are shown, one event after another."""

    members: Members
    begun: str = ""
    question: str = ""
    proposed: str = ""
    """The answer as the model gave it, with pseudonyms."""
    told: str = ""
    """What the requester was given: the answer, or why there is none."""
    verdict: str | None = None
    outcome: str | None = None
    versions: dict[str, str] = field(default_factory=dict)
    masked: Counter[str] = field(default_factory=Counter)
    cited: dict[str, None] = field(default_factory=dict)
    checks: Counter[str] = field(default_factory=Counter)
    cost: str = ""
    states: Counter[str] = field(default_factory=Counter)

    def take(self, members: Members, state: str, data: Data) -> None:
        """The next event. `data` is empty unless it is shown."""
        self.states[state] += 1
        self.begun = min(self.begun or str(members["time"]), str(members["time"]))
        kind = kind_of(members)
        self._versions(data)
        if kind == "interaction.redacted":
            self.question = next((str(one["content"]) for one in reversed(data.get("messages", ())) if one["role"] == "user"), "")
            self.masked = Counter(str(one["entity_type"]) for one in data.get("findings", ()))
        elif kind == "interaction.validated":
            self.verdict = data.get("verdict")
            self.checks = Counter("passed" if one["passed"] else "failed" for one in data.get("checks", ()))
        elif kind == "cost.posted" and data.get("kind") == "settle":
            self.cost = money(data)
        self._answer(kind, data)

    def _versions(self, data: Data) -> None:
        named = {"Use case": "use_case", "Prompt": "prompt", "Model": "model", "Redaction policy": "redaction_policy"}
        self.versions |= {title: version(data[key]) for title, key in named.items() if isinstance(data.get(key), dict)}

    def _answer(self, kind: str, data: Data) -> None:
        if kind == "interaction.generated":
            titles = {one["passage_id"]: source(one) for one in data.get("passages", ())}
            self.cited |= {titles[one["passage_id"]]: None for one in data.get("citations", ()) if one["passage_id"] in titles}
            self.proposed = str(data.get("answer", ""))
        elif kind == "interaction.completed":
            self.outcome = data.get("outcome", self.outcome)
            self.told = str(data.get("answer") or data.get("message") or "") or self.told
        elif kind == "interaction.refused":
            self.outcome = "refused" if data else self.outcome
            self.told = self.told or str(data.get("requester_message", ""))

    def ended(self) -> Html:
        """The end, in a word."""
        if self.outcome:
            return pill(self.outcome, self.outcome == "released")
        if self.verdict:
            return pill(f"verdict: {self.verdict}", self.verdict == "release")
        return Html(safe("not shown"))

    def _spoken(self) -> list[tuple[str, str]]:
        """An answer that was not given out must not look as if it had been."""
        given = self.outcome == "released" or (self.outcome is None and self.verdict == "release")
        said = [("Asked (personal data masked)", self.question)]
        if given:
            return [*said, ("Answered", self.told or self.proposed)]
        return [*said, ("Told instead of an answer", self.told), ("Proposed by the model, and not given out", self.proposed)]

    def html(self) -> Html:
        """Question, answer, and what stood behind them."""
        told: dict[str, object] = {
            "Matter": self.members.get("matter"), "Conversation": self.members.get("conversation"), **self.versions,
            "Masked": counted(self.masked), "Cites": "; ".join(self.cited), "Checks": counted(self.checks), "Cost": self.cost,
            "Erased": f"{self.states['erased']} payloads" if self.states["erased"] else None,
        }  # fmt: skip
        spoken = "".join(f'<p class="label">{label}</p>{text(words, MOST_GIST)}' for label, words in self._spoken() if words)
        return Html(f'<div class="gist">{spoken}{facts(told)}</div>')
