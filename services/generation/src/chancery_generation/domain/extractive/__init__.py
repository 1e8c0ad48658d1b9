"""The extractive model: answers and summaries made of sentences that stand in the passages."""
