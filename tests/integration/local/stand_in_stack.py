"""The supervisor over stand-in services: `python stand_in_stack.py HOME NAME[=ARGUMENT] …`; `provision=…` runs first."""

import os
import sys
from pathlib import Path

from chancery_local import Home, LocalStackError, ServiceSpec, StackAddresses, StackDefinition
from chancery_local.supervisor import Supervisor

SCRIPT = str(Path(__file__).with_name("stand_in_service.py"))


def _services(addresses: StackAddresses, wanted: list[str]) -> list[ServiceSpec]:
    specs = []
    for one in wanted:
        name, _, argument = one.partition("=")
        port = addresses.port(name)
        extra = (argument, str(addresses.home / f"{name}.once")) if argument else ()
        specs.append(ServiceSpec(name, (sys.executable, SCRIPT, str(port), *extra), dict(os.environ), port))
    return specs


def _provision(_: StackAddresses, code: str) -> ServiceSpec:
    return ServiceSpec("provision", (sys.executable, "-c", code), dict(os.environ))


def main() -> None:
    home, arguments = Home(Path(sys.argv[1])), sys.argv[2:]
    home.prepare()
    codes = [one.partition("=")[2] for one in arguments if one.startswith("provision=")]
    wanted = [one for one in arguments if not one.startswith("provision=")]
    definition = StackDefinition(
        prepare=lambda say: say("prepared"),
        provision=lambda addresses: _provision(addresses, codes[0]) if codes else None,
        services=lambda addresses: _services(addresses, wanted),
    )
    try:
        Supervisor(home, definition).run()
    except LocalStackError as exc:
        sys.exit(str(exc))


if __name__ == "__main__":
    main()
