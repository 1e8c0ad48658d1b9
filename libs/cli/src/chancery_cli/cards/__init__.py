"""Model cards of elsewhere, as drafts of `model` entries: from Hugging Face's hub and MLflow's registry, from files or over their wire."""
