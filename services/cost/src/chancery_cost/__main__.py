"""`python -m chancery_cost`."""

from chancery_cost.main import main

main()
