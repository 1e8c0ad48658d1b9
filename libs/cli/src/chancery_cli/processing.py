"""The register of processing activities (GDPR 30): what registry, topics and stores tell, and what only the controller knows."""

import asyncio
import csv
import io
import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from chancery_bus import KafkaAddress, TopicReader
from chancery_contracts.bodies import ModelBody, RedactionPolicyBody, TenantBody, UseCaseBody
from chancery_contracts.catalogue import SHARED, Catalogue
from chancery_contracts.failures import Poison
from chancery_contracts.stores import STORES
from chancery_contracts.topics import REGISTRY

from chancery_cli.connection import connect
from chancery_cli.errors import CommandFailed
from chancery_cli.processing_page import register_page

TO_FILL_IN = "to be filled in by the controller"
CONTROLLER = ("name", "address", "contact", "representative", "data_protection_officer")
PER_PURPOSE = ("purpose", "legal_basis", "data_subjects")
PER_RECIPIENT = ("country", "safeguards", "contract")
SECURITY = (
    "personal data in requests are replaced by pseudonyms before any model, index or log sees them; restored for the requester alone",
    "values sealed by AES-256-GCM under a key for each person and matter, wrapped by the tenant's key",
    "audit trail: payloads sealed, entries hash-linked, checkpoints signed and cosigned; every reading is on record",
    "tenants and matters kept apart by queries and by PostgreSQL's row-level security",
    "erasure by destruction of keys, with a signed report; legal holds go before it",
)


class Format(StrEnum):
    """How it is written."""

    JSON = "json"
    HTML = "html"
    CSV = "csv"


def register(
    tenant: Annotated[str, typer.Option(help="The tenant's id, like meridian-bank.")],
    form: Annotated[Format, typer.Option("--format", help="json, html or csv.")] = Format.JSON,
    controller: Annotated[
        Path | None, typer.Option(help="A YAML file with what only the controller knows (`--template` prints one).")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="A file; without it, the output.")] = None,
    template: Annotated[bool, typer.Option("--template", help="Print the YAML file to fill in, and nothing else.")] = False,
) -> None:
    """Write the register of processing activities (GDPR 30) as the system is configured now."""
    known = _known(controller)
    document = asyncio.run(_read(connect().kafka, tenant, known))
    text = _template(document) if template else _written(document, form)
    if out is None:
        typer.echo(text, nl=False)
        return
    try:
        out.write_text(text, "utf-8")
    except OSError as exc:
        raise CommandFailed(f"cannot write {out}: {exc.strerror}") from exc


def _known(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        found = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as exc:
        raise CommandFailed(f"{path} cannot be read as YAML") from exc
    if not isinstance(found, dict):
        raise CommandFailed(f"{path} is no mapping: see `--template`")
    return found


async def _read(address: KafkaAddress, tenant: str, known: Mapping[str, Any]) -> dict[str, Any]:
    catalogue = Catalogue()
    reader = await TopicReader.start(address, [REGISTRY.full_name()])
    try:
        async for received in reader.until(await reader.ends()):
            with suppress(Poison):  # what does not count, counts for nobody
                catalogue.apply(received.event)
    finally:
        await reader.close()
    if tenant not in dict(catalogue.tenants(datetime.now(UTC))):
        raise CommandFailed(f"the registry has no tenant {tenant}")
    names = sorted({*catalogue.named(tenant, "use_case"), *catalogue.named(SHARED, "use_case")})
    return register_of(tenant, catalogue, names, known, datetime.now(UTC))


def register_of(tenant: str, catalogue: Catalogue, use_cases: list[str], known: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """As a document."""
    bodies = dict(catalogue.tenants(now))
    found = [one for name in use_cases if (one := _activity(tenant, catalogue, name, known, now)) is not None]
    recipients = {one["recipient"]["provider"]: one.pop("recipient") for one in found}
    return {
        "version": 1, "tenant": tenant, "as_of": now.isoformat(),
        "controller": {"name": _name(bodies.get(tenant)), **_filled(known.get("controller"), CONTROLLER)},
        "processing_activities": found,
        "recipients": [{**one, **_filled(_of(known.get("recipients"), name), PER_RECIPIENT)} for name, one in sorted(recipients.items())],
        "stores": [{"store": one.name, "holds": one.holds, "what": one.what, "kept": one.kept} for one in STORES if one.holds != "none"],
        "security_measures": [*SECURITY, *_listed(known.get("security_measures"))],
    }  # fmt: skip


def _name(body: TenantBody | None) -> str:
    return body.display_name if body is not None else TO_FILL_IN


def _activity(tenant: str, catalogue: Catalogue, name: str, known: Mapping[str, Any], now: datetime) -> dict[str, Any] | None:
    live = catalogue.in_force(tenant, "use_case", name, now, UseCaseBody)
    if live is None:
        return None
    ref, body = live
    policy = catalogue.pinned(tenant, "redaction_policy", body.redaction_policy, RedactionPolicyBody)
    model = catalogue.pinned(tenant, "model", body.model, ModelBody)
    return {
        "use_case": f"{ref.name}@{ref.version}", "task": body.task, **_filled(_of(known.get("use_cases"), name), PER_PURPOSE),
        "categories_of_data": [*(policy.entity_types if policy else ()), "contents of requests and answers"],
        "sources": [f"collection {one}" for one in body.collections], "matters": body.matter_required,
        "retention": f"{body.retention_days} days in the audit trail from the end of the interaction; requests and answers in Kafka 1 day",
        "automated_decision": "answers are proposals: checked against their sources, withheld or escalated to a person where they fail",
        "recipient": _recipient(model, body),
    }  # fmt: skip


def _recipient(model: ModelBody | None, body: UseCaseBody) -> dict[str, Any]:
    if model is None:
        return {
            "provider": TO_FILL_IN,
            "model": f"{body.model.name}@{body.model.version}",
            "address": TO_FILL_IN,
            "receives": "pseudonymised",
        }
    inside = model.provider == "extractive"
    return {
        "provider": "in-house" if inside else model.provider_name, "model": model.provider_model,
        "address": "this deployment" if inside else (model.base_url or TO_FILL_IN),
        "receives": "nothing leaves" if inside else "requests with pseudonyms, and passages of documents as they were published",
    }  # fmt: skip


def _filled(known: Any, names: tuple[str, ...]) -> dict[str, Any]:
    given = known if isinstance(known, dict) else {}
    told = {name: given[name] for name in names if given.get(name, TO_FILL_IN) != TO_FILL_IN}
    return dict.fromkeys((name for name in names if name != "name"), TO_FILL_IN) | told


def _of(known: Any, name: str) -> Any:
    return known.get(name) if isinstance(known, dict) else None


def _listed(known: Any) -> list[str]:
    return [str(one) for one in known] if isinstance(known, list) else []


def _written(document: dict[str, Any], form: Format) -> str:
    if form is Format.HTML:
        return register_page(document)
    return _csv(document) if form is Format.CSV else json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _csv(document: dict[str, Any]) -> str:
    """A row an activity, with the controller in each: as authorities' forms have it."""
    target = io.StringIO()
    rows = [
        {**{f"controller_{name}": value for name, value in document["controller"].items()}, **one}
        for one in document["processing_activities"]
    ]
    writer = csv.DictWriter(target, list(rows[0]) if rows else ["use_case"])
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return target.getvalue()


def _cell(value: Any) -> str:
    """A spreadsheet runs what begins like a formula."""
    text = "; ".join(map(str, value)) if isinstance(value, list) else str(value)
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t"} else text


def _template(document: dict[str, Any]) -> str:
    names = [one["use_case"].partition("@")[0] for one in document["processing_activities"]]
    wanted = {
        "controller": dict.fromkeys(CONTROLLER, TO_FILL_IN),
        "use_cases": {name: dict.fromkeys(PER_PURPOSE, TO_FILL_IN) for name in names},
        "recipients": {one["provider"]: dict.fromkeys(PER_RECIPIENT, TO_FILL_IN) for one in document["recipients"]},
        "security_measures": [],
    }
    return yaml.safe_dump(wanted, sort_keys=False, allow_unicode=True)
