"""`python -m chancery_validation`."""

from chancery_validation.main import main

main()
