"""`python -m chancery_audit`."""

from chancery_audit.main import main

main()
