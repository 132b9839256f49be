"""Structured log lines: JSON for machines, coloured text for people. Never a customer's text."""

import logging
import sys
import traceback

import structlog

from shared.running.settings import ServiceSettings
from shared.running.telling import told


def configure(service: str, settings: ServiceSettings) -> None:
    """Make every log line of this process one event on stderr, its service beside it."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _where_it_failed,
    ]
    if settings.log_format == "console":
        renderer: structlog.typing.Processor = structlog.dev.ConsoleRenderer()
    else:
        renderer = structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    structlog.contextvars.bind_contextvars(service=service)
    # The libraries' own lines are written the same way, from warnings upwards.
    logging.basicConfig(level=logging.WARNING, handlers=[_ToStructlog()], force=True)


def _where_it_failed(
    _: object, __: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Give an exception's frames and what may be told of it: neither its words nor variables."""
    given = event.pop("exc_info", None)
    error = sys.exc_info()[1] if given is True else given
    if isinstance(error, tuple):
        error = error[1]
    parts: list[str] = []
    seen: set[int] = set()
    while isinstance(error, BaseException) and id(error) not in seen:
        seen.add(id(error))
        frames = "".join(traceback.format_tb(error.__traceback__))
        parts.insert(0, f"{frames}{type(error).__qualname__}: {told(error)}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if parts:
        event["exception"] = "\n\n".join(parts)
    return event


class _ToStructlog(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        log = structlog.get_logger(library=record.name)
        log.log(record.levelno, record.getMessage(), exc_info=record.exc_info or None)
