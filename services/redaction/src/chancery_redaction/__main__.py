"""`python -m chancery_redaction`."""

from chancery_redaction.main import main

main()
