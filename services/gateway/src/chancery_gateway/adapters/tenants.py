"""Which tenant an API key belongs to."""

import hashlib
import hmac
from datetime import datetime

from chancery_contracts.catalogue import Catalogue
from chancery_runtime.access import bearer_token
from chancery_runtime.problems import Problem
from fastapi import Request


def tenant_of(request: Request, catalogue: Catalogue, at: datetime) -> str:
    """By what is live at a moment. Raises Problem 401. Every key is compared, each in constant time."""
    token = bearer_token(request)
    digest = hashlib.sha256((token or "").encode()).hexdigest()
    found: str | None = None
    for tenant, body in catalogue.tenants(at):
        for known in body.api_key_sha256:
            if hmac.compare_digest(known, digest) and token:
                found = tenant
    if found is None:
        raise Problem(401, "Not authenticated", "Send your API key as `Authorization: Bearer …`.")
    return found
