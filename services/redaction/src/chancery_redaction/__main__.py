"""`python -m chancery_redaction`."""

import os

# Read when numpy is loaded. The detector's threads are the parallelism.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from chancery_redaction.main import main

main()
