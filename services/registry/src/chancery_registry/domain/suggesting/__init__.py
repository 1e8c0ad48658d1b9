"""What a prompt could do without, or in another order: each suggestion with what it would have saved on past requests. Pure."""
