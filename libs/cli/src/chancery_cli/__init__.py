"""The chancery command."""
