"""`python -m chancery_witness`."""

from chancery_witness.main import main

main()
