"""`chancery registry …`: prompts, models, use cases and policies under governance, from files in git and by single decisions."""
