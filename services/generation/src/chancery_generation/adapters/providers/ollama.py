"""Ollama's own API: POST {base_url}/api/chat. https://github.com/ollama/ollama/blob/main/docs/api.md"""

from typing import Any

from chancery_generation.adapters.providers.asking import base_url, function_tools, outgoing, temperature, with_system
from chancery_generation.adapters.providers.framing import JsonLines
from chancery_generation.adapters.providers.secrets import Secrets
from chancery_generation.adapters.providers.untrusted import arguments, document, mapping, mappings, words
from chancery_generation.adapters.providers.wire import Fault, Frame, Outgoing, PlainStatus
from chancery_generation.domain.calls import ModelRequest
from chancery_generation.domain.replies import Draft
from chancery_generation.domain.usage import ollama_usage

_COUNTS = ("prompt_eval_count", "eval_count", "prompt_eval_duration", "eval_duration", "load_duration", "total_duration")


class OllamaWire(PlainStatus):
    """`num_ctx` is the model's context: Ollama cuts longer prompts without a word."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    def outgoing(self, request: ModelRequest) -> Outgoing:
        """A whole reply and a stream have the same address."""
        model, prompt = request.model, request.prompt
        settings = {"num_predict": request.max_output_tokens, "num_ctx": model.context_tokens} | temperature(model)
        body = {"model": model.provider_model, "messages": with_system(prompt), "stream": model.stream, "options": settings}
        form = {"format": prompt.output_schema} if prompt.output_schema is not None else {}
        headers = self._secrets.bearer(model.api_key_environment)
        return outgoing(f"{base_url(model)}/api/chat", request, headers, body | function_tools(prompt) | form)

    def framing(self) -> JsonLines:
        """The last line is `done`."""
        return JsonLines()

    def read(self, document: dict[str, Any], draft: Draft) -> None:
        """A stream's lines are like a whole reply, each with a piece. Calls have no ids, and come whole."""
        if document.get("error"):
            raise Fault("server_error")
        message = mapping(document.get("message"))
        draft.text.append(words(message.get("content")))
        for call in mappings(message.get("tool_calls")):
            function = mapping(call.get("function"))
            draft.call(len(draft.calls)).named("", words(function.get("name"))).arguments.append(arguments(function.get("arguments")))
        if document.get("done") is True:
            draft.raw_usage = {name: document[name] for name in _COUNTS if name in document}
            draft.usage = ollama_usage(draft.raw_usage)
            draft.stop = "length" if document.get("done_reason") == "length" else "stop"
            draft.ended = True

    def take(self, frame: Frame, draft: Draft) -> None:
        """What comes after `done` is nothing."""
        if not draft.ended:
            self.read(document(frame.data), draft)
