"""Price, reserve, settle, budgets."""
