"""What validation tells the outside."""
