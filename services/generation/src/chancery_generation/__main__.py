"""`python -m chancery_generation`."""

from chancery_generation.main import main

main()
