"""Logs: one JSON object a line; the event is a constant noun_verb, all else are fields. Never a payload, never a personal datum."""

import logging
import sys
import traceback
from pathlib import Path

import structlog
from structlog.typing import EventDict, Processor


def configure_logs(service: str, level: str) -> None:
    """Structured logs on standard output; libraries' own logs at WARNING, by their name and level alone where they may quote data."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_words,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stdout),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _without_words, structlog.processors.JSONRenderer()],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    # The client logs each reconnect as an error while a broker restarts; the stage reports what matters.
    logging.getLogger("aiokafka").setLevel(logging.ERROR)


def _without_words(_: object, __: str, event: EventDict) -> EventDict:
    """An exception is told by its type and place: a web server logs those that nobody caught, and what they say may be what was asked."""
    given = event.pop("exc_info", None)
    error = sys.exc_info()[1] if given is True else given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        event["exception"] = where(error)
    return event


def where(error: BaseException) -> list[str]:
    """Type and place of an exception and its causes. Its words are left out: a library's may quote data (style, §3)."""
    lines: list[str] = []
    current: BaseException | None = error
    while current is not None and len(lines) < 40:
        lines.append(type(current).__name__)
        frames = traceback.extract_tb(current.__traceback__)[-8:]
        lines += [f"  {Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
        current = current.__cause__ or current.__context__
    return lines
