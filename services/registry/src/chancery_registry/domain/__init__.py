"""What the registry knows without asking anybody."""
