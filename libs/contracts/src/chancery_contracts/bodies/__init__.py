"""Bodies of registry entries, by kind. A field that comes later has a default under which older bodies mean what they meant."""

from chancery_contracts.bodies.approvals import ApprovalPolicyBody
from chancery_contracts.bodies.experiments import ExperimentBody, Variant
from chancery_contracts.bodies.models import AttestationPolicy, ModelBody, ModelCard
from chancery_contracts.bodies.policies import BudgetBody, PolicyPattern, RedactionPolicyBody
from chancery_contracts.bodies.prices import ModelPrice, PriceBody
from chancery_contracts.bodies.prompts import PromptBody, PromptExample, PromptInput, PromptTool
from chancery_contracts.bodies.tenants import TenantBody
from chancery_contracts.bodies.use_cases import (
    DEFAULT_RETENTION_DAYS,
    SHORTEST_RETENTION_DAYS,
    CachePolicy,
    Routing,
    UseCaseBody,
)
from chancery_contracts.governance import GovernedKind

Body = (
    TenantBody | PromptBody | ModelBody | BudgetBody | RedactionPolicyBody | UseCaseBody | PriceBody | ExperimentBody | ApprovalPolicyBody
)
BODIES: dict[GovernedKind, type[Body]] = {
    "tenant": TenantBody,
    "prompt": PromptBody,
    "model": ModelBody,
    "use_case": UseCaseBody,
    "budget": BudgetBody,
    "redaction_policy": RedactionPolicyBody,
    "price": PriceBody,
    "experiment": ExperimentBody,
    "approval_policy": ApprovalPolicyBody,
}

__all__ = [
    "BODIES",
    "DEFAULT_RETENTION_DAYS",
    "SHORTEST_RETENTION_DAYS",
    "ApprovalPolicyBody",
    "AttestationPolicy",
    "Body",
    "BudgetBody",
    "CachePolicy",
    "ExperimentBody",
    "ModelBody",
    "ModelCard",
    "ModelPrice",
    "PolicyPattern",
    "PriceBody",
    "PromptBody",
    "PromptExample",
    "PromptInput",
    "PromptTool",
    "RedactionPolicyBody",
    "Routing",
    "TenantBody",
    "UseCaseBody",
    "Variant",
]
