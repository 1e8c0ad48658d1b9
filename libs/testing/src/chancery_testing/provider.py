"""Simulated model providers as one process: deterministic answers, faults on demand, a journal of every call.

    python -m chancery_testing.provider --port 9000 --latency-ms 20 --fault-rate 0.1 --seed 1 --journal calls.jsonl

Speaks OpenAI's chat completions and responses (`/v1`), Azure's, Anthropic's (`/v1/messages`), Bedrock's, Cohere's, Ollama's, and chat
completions as Mistral, vLLM and llama.cpp have them (`/mistral/v1`, `/vllm/v1`, `/llama.cpp/v1`).
Faults come by rate (drawn from the seed), by the header `X-Fault: <kind>`, or by the words `[[fault:<kind>]]` in the prompt;
`[[fault:<kind>*<n>]]` (or `X-Fault: <kind>*<n>`) for the first n calls of one Idempotency-Key only. Kinds: `providers.state.KINDS`.
`[[call:NAME {…}]]` in the prompt makes the model call that tool.
"""

import argparse
from pathlib import Path

import uvicorn

from chancery_testing.providers.simulator import application
from chancery_testing.providers.state import DRAWN, HARMLESS, KINDS, Provider

__all__ = ["DRAWN", "HARMLESS", "KINDS", "Provider", "application", "main"]


def main() -> None:
    """Runs until it is killed."""
    parser = argparse.ArgumentParser(description="Simulated model providers.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--latency-ms", type=float, default=20.0)
    parser.add_argument("--fault-rate", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--journal", type=Path)
    arguments = parser.parse_args()
    provider = Provider(arguments.latency_ms / 1000, arguments.fault_rate, arguments.seed, arguments.journal)
    uvicorn.run(application(provider), host=arguments.host, port=arguments.port, log_level="critical", access_log=False)


if __name__ == "__main__":
    main()
