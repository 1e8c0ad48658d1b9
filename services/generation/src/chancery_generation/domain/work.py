"""One authorised interaction with what it pins, and how it is put to one model."""

from dataclasses import dataclass

from chancery_contracts import Event
from chancery_contracts.base import Sensitivity, VersionRef, strictest
from chancery_contracts.bodies import ModelBody, UseCaseBody
from chancery_contracts.interactions import InteractionAuthorised

from chancery_generation.domain.calls import ModelRequest
from chancery_generation.domain.prompting import PromptSource, RenderedPrompt, render_prompt


@dataclass(frozen=True, slots=True)
class Work:
    """What is asked, whichever model will answer. `prompt_ref` is the experiment's variant's, where there is one."""

    event: Event[InteractionAuthorised]
    use_case: UseCaseBody
    prompt_ref: VersionRef
    source: PromptSource

    @property
    def sensitivity(self) -> Sensitivity:
        """Redaction's word, or the use case's own if that is stricter (events from before had none)."""
        return strictest(self.use_case.sensitivity, self.event.data.sensitivity)


@dataclass(frozen=True, slots=True)
class Fitted:
    """The prompt as one model gets it: as many passages as its context holds."""

    ref: VersionRef
    model: ModelBody
    rendered: RenderedPrompt
    max_output_tokens: int


def fit(work: Work, ref: VersionRef, model: ModelBody) -> Fitted:
    """Raises PromptError."""
    data = work.event.data
    most = min(work.use_case.max_output_tokens, model.max_output_tokens, data.max_output_tokens or model.max_output_tokens)
    return Fitted(ref, model, render_prompt(work.source, data.messages, data.passages, model.context_tokens - most), most)


def request_of(work: Work, fitted: Fitted, channel_key_sha256: str | None = None) -> ModelRequest:
    """The call that asks this model."""
    return ModelRequest(
        work.event.id, fitted.model, fitted.rendered, fitted.max_output_tokens, work.event.data.messages, work.use_case.task,
        channel_key_sha256,
    )  # fmt: skip
