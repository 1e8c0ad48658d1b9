"""Pure rules of generation: prompts, citations, usage, retries, the extractive model. No I/O."""
