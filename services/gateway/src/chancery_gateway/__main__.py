"""`python -m chancery_gateway`."""

from chancery_gateway.main import main

main()
