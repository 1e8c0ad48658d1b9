"""`python -m chancery_registry`, and `python -m chancery_registry rebuild`."""

from chancery_registry.main import main

main()
