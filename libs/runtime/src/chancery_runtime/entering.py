"""Who may come in to an operators' interface, beside audit's own: by the operator token, a key that audit granted, a provider's token."""

from chancery_runtime.access import by_operator_token
from chancery_runtime.application import Application
from chancery_runtime.asking_audit import ByAudit
from chancery_runtime.principals import Way
from chancery_runtime.tokens import TokenSettings, by_token


def ways_in(app: Application, settings: TokenSettings, audit_url: str | None) -> list[Way]:
    """Without audit's address no key opens anything; without an issuer no provider's token does."""
    ways = [by_operator_token(settings)]
    if audit_url is not None:
        audit = ByAudit.at(audit_url)
        app.on_close(audit.close)
        ways.append(audit.principal)
    by_provider = by_token(settings)
    return ways if by_provider is None else [*ways, by_provider]
