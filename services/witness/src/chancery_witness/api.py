"""C2SP tlog-witness over HTTP."""

import time
from collections.abc import Callable, Sequence

from chancery_ledger import AddCheckpoint, CosignatureSigner, WitnessRefusal
from chancery_ledger.notes import Verifier
from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse

from chancery_witness.adapters import Memory

MAX_BODY = 65_536


def application(memory: Memory, signer: CosignatureSigner, logs: Sequence[Verifier], clock: Callable[[], float] = time.time) -> FastAPI:
    """The witness."""
    app = FastAPI(title="chancery-witness", docs_url=None, redoc_url=None, openapi_url=None)

    @app.post("/add-checkpoint")
    async def add_checkpoint(request: Request) -> PlainTextResponse:
        """Remembers, then cosigns."""
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY:
                return PlainTextResponse("the request is too long\n", 413)
        try:
            checkpoint = memory.take(AddCheckpoint.parse(body.decode()), logs)
        except UnicodeDecodeError:
            return PlainTextResponse("not UTF-8\n", 400)
        except WitnessRefusal as refused:
            if refused.status == 409 and refused.size is not None:
                return PlainTextResponse(f"{refused.size}\n", 409, media_type="text/x.tlog.size")
            return PlainTextResponse(f"{refused}\n", refused.status)
        return PlainTextResponse(signer.cosign(checkpoint.text(), int(clock())).line())

    @app.get("/key")
    async def key() -> PlainTextResponse:
        """The witness' verifier key."""
        return PlainTextResponse(f"{signer.verifier}\n")

    return app
