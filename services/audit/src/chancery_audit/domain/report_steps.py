"""What each event says to a reader: a title in words, and what matters of its payload."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from chancery_audit.domain.report_markup import Html, cut, facts, moment, mono, pill, safe, table, text

MOST_PASSAGE = 600
Members = Mapping[str, str | int]
Data = Mapping[str, Any]


def kind_of(members: Members) -> str:
    """`interaction.requested` of `chancery.interaction.requested.v1`."""
    return str(members["type"]).removeprefix("chancery.").removesuffix(".v1")


def step(members: Members, seq: int, state: str, data: Data) -> Html:
    """One event, with its place in the log."""
    kind = kind_of(members)
    title, teller = TELLERS.get(kind, (kind, _untold))
    told = teller(data) if state == "shown" else Html(f'<p class="quiet">{_STATES[state]}</p>')
    place = f"{moment(members['time'])} · entry {seq} · {mono(kind)} · by {safe(members['source'])}"
    return Html(f'<div class="step"><h3>{safe(title)}</h3><p class="at">{place}</p>{told}</div>')


_STATES = {
    "hidden": "HIDDEN. Raw text, which was not asked for. The entry proves that it is there.",
    "erased": "ERASED. The entry still proves that it was there.",
}


def version(ref: object) -> str:
    """`name v2`."""
    return f"{ref.get('name')} v{ref.get('version')}" if isinstance(ref, Mapping) else str(ref)


def source(one: Data) -> str:
    """A document, by title, id and version."""
    return f"{one['title']} ({one['document_id']} v{one['document_version']})"


def counted(many: Mapping[str, int]) -> str:
    """`2 × PERSON, 1 × IBAN_CODE`."""
    return ", ".join(f"{count} × {name}" for name, count in sorted(many.items()) if count)


def money(data: Data, amount: str = "amount_micros") -> str:
    """Units of the currency; the ledger holds millionths."""
    return f"{int(data.get(amount, 0)) / 1e6:.6f} {data.get('currency', '')}"


def _untold(data: Data) -> Html:
    return Html('<p class="quiet">Its payload is in the entries files.</p>')


def _messages(data: Data) -> Html:
    said = (f'<p class="label">{safe(one["role"])}</p>{text(one["content"])}' for one in data.get("messages", ()))
    return Html("".join(said))


def _requested(data: Data) -> Html:
    return Html(_messages(data) + facts({"Asked by": data.get("actor"), "Use case": data.get("use_case")}))


def _redacted(data: Data) -> Html:
    masked = Counter(str(one["entity_type"]) for one in data.get("findings", ()))
    tries = Counter(str(one["rule"]) for one in data.get("injections", ()))
    told = {
        "Use case": version(data.get("use_case")), "Policy": version(data.get("redaction_policy")),
        "Masked": counted(masked) or "nothing", "Instructions found": counted(tries),
    }  # fmt: skip
    return Html(_messages(data) + facts(told))


def _grounded(data: Data) -> Html:
    access = data.get("access", {})
    told = {
        "Who may see them": access.get("rule"), "Collections": ", ".join(access.get("collections", ())),
        "Corpus": data.get("corpus_snapshot"),
    }  # fmt: skip
    rows = [_passage(one) for one in data.get("passages", ())]
    return Html(table("Passages given to the model, best first", ("Document", "Text"), rows) + facts(told))


def _passage(one: Data) -> tuple[object, ...]:
    tries = len(one.get("injections", ()))
    warned = f"<p>{pill(f'{tries} instructions to the model found in it', False)}</p>" if tries else ""
    return source(one), Html(text(cut(one["text"], MOST_PASSAGE)) + warned)


def _authorised(data: Data) -> Html:
    held = data.get("reservation", {})
    amount = money({"amount_micros": held.get("amount_micros", 0), "currency": held.get("price", {}).get("currency", "")})
    return facts({"Model": version(data.get("model")), "Set aside": f"{amount} at most, of budget {held.get('budget')}"})


def _generated(data: Data) -> Html:
    calls = [f"{one['outcome']} by {version(one['model'])} in {one['latency_ms']} ms" for one in data.get("attempts", ())]
    told = {
        "Prompt": Html(f"{safe(version(data.get('prompt')))}, SHA-256 {mono(data.get('prompt_sha256'))}"),
        "Model": f"{version(data.get('model'))}: {data.get('provider')}/{data.get('provider_model')}",
        "Calls": "; ".join(calls), "Tokens": _tokens(data),
    }  # fmt: skip
    return Html(text(data.get("answer")) + facts(told))


def _tokens(data: Data) -> str:
    return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in data.get("usage", {}).items() if count)


def _used(data: Data) -> Html:
    return facts({"Model": version(data.get("model")), "Tokens": _tokens(data)})


def _validated(data: Data) -> Html:
    rows = [
        (one["name"], pill("passed" if one["passed"] else "FAILED", bool(one["passed"])),
         f"{one['score']:.2f} / {one['threshold']:.2f}", one["evidence"])
        for one in data.get("checks", ())
    ]  # fmt: skip
    return Html(
        table("Checks of the answer", ("Check", "Result", "Score / passes at", "Found"), rows) + facts({"Verdict": data.get("verdict")})
    )


def _refused(data: Data) -> Html:
    told = {"Refused by": data.get("stage"), "Code": data.get("code"), "Reason": data.get("reason"), "Told": data.get("requester_message")}
    return facts(told)


def _completed(data: Data) -> Html:
    cited = sorted({source(one) for one in data.get("citations", ())})
    told = {"Outcome": data.get("outcome"), "Code": data.get("code"), "Cites": "; ".join(cited) or "nothing"}
    return Html(text(data.get("answer") or data.get("message")) + facts(told))


def _posted(data: Data) -> Html:
    return facts({str(data.get("kind", "amount")).capitalize(): f"{money(data)} (price: {data.get('price_source')})"})


def _read(data: Data) -> Html:
    asked = ", ".join(f"{name} {value}" for name, value in sorted(data.get("query", {}).items()))
    return facts({"Read by": data.get("reader"), "Asked for": asked, "Entries shown": data.get("rows")})


def _decided(data: Data) -> Html:
    return facts({"Reviewer": data.get("reviewer"), "Decision": data.get("decision"), "Reason": data.get("reason")})


TELLERS: Mapping[str, tuple[str, Callable[[Data], Html]]] = {
    "interaction.requested": ("Request received, as it was written", _requested),
    "interaction.redacted": ("Personal data masked", _redacted),
    "interaction.grounded": ("Passages found", _grounded),
    "interaction.authorised": ("Cost authorised", _authorised),
    "interaction.generated": ("Answer of the model", _generated),
    "usage.reported": ("Usage reported", _used),
    "interaction.validated": ("Answer checked", _validated),
    "interaction.refused": ("Refused", _refused),
    "interaction.completed": ("Ended: what the requester was given", _completed),
    "cost.posted": ("Cost posted", _posted),
    "review.decided": ("A person decided", _decided),
    "audit.read": ("The trail was read", _read),
}
