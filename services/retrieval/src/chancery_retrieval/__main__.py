"""`python -m chancery_retrieval`."""

from chancery_retrieval.main import main

main()
