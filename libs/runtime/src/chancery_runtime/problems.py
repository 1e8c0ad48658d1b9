"""Errors over HTTP: problem documents (RFC 9457), and never the value that was wrong: it may be personal."""

from typing import Any

from chancery_contracts.failures import ChanceryError, Overloaded, Poison, Retry
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"


class Problem(ChanceryError):
    """What went wrong, for the caller. `members` become extension members of the document (RFC 9457 §3.2)."""

    def __init__(self, status: int, title: str, detail: str, type_: str = "about:blank", **members: Any) -> None:
        super().__init__(title)
        self.status = status
        self.document = {"type": type_, "title": title, "status": status, "detail": detail, **members}


def install_problems(app: FastAPI) -> None:
    """Every error of this application becomes a problem document."""

    async def problem(_: Request, exc: Exception) -> JSONResponse:
        assert isinstance(exc, Problem)
        headers = {"WWW-Authenticate": "Bearer"} if exc.status == 401 else None
        return JSONResponse(exc.document, exc.status, headers=headers, media_type=MEDIA_TYPE)

    async def invalid(_: Request, exc: Exception) -> JSONResponse:
        assert isinstance(exc, RequestValidationError)
        errors = [{"pointer": "/" + "/".join(str(step) for step in error["loc"]), "type": error["type"]} for error in exc.errors()[:20]]
        return _document(422, "The request does not fit its schema", "See `errors` for where.", errors=errors)

    async def http(_: Request, exc: Exception) -> JSONResponse:
        assert isinstance(exc, HTTPException)
        return _document(exc.status_code, str(exc.detail), str(exc.detail))

    async def later(_: Request, exc: Exception) -> JSONResponse:
        assert isinstance(exc, Retry | Overloaded)
        return _document(503, "Not available right now", "Try again in a moment.")

    async def poison(_: Request, exc: Exception) -> JSONResponse:
        assert isinstance(exc, Poison)
        return _document(422, "The request cannot be processed", exc.reason)

    app.add_exception_handler(Problem, problem)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Retry, later)
    app.add_exception_handler(Overloaded, later)
    app.add_exception_handler(Poison, poison)


def _document(status: int, title: str, detail: str, **members: Any) -> JSONResponse:
    content = {"type": "about:blank", "title": title, "status": status, "detail": detail, **members}
    return JSONResponse(content, status, media_type=MEDIA_TYPE)
