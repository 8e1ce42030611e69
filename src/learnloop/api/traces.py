"""Where did a request spend its time? Spans of a few requests, told to an OpenTelemetry collector.

Off unless `LEARNLOOP_TRACES` names a collector; only then is the extra `otel` needed, and imported.
Which requests are traced is drawn at their begin, so all others cost one draw; a caller's
`traceparent` goes before the draw. Spans wait in a bounded queue for a thread that sends them: with
a collector that is slow or gone they are dropped, and no request waits.

References: https://www.w3.org/TR/trace-context/#traceparent-header,
https://opentelemetry.io/docs/specs/semconv/http/http-spans/
"""

import random
import re
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final, Self

from learnloop import __version__
from learnloop.core.errors import InvalidInput
from learnloop.journeys.engine import Settings

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span

OFF: Final = "none"
QUEUE: Final = 2048
"""Spans that wait to be sent; more are dropped."""
TIMEOUT_S: Final = 2
"""A collector has so long to take a batch, and what is left at the end."""
INSTALL: Final = "LEARNLOOP_TRACES needs OpenTelemetry: pip install 'learnloop[otel]'"

_PARENT = re.compile(
    rb"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?"
)
_NOTHING: Final[AbstractContextManager[None]] = nullcontext()

Attribute = str | int


class Traces:
    """The traces of one process.

    Args:
        exporter: Takes the spans, in a thread of its own.
        share: Of the requests without a `traceparent` that are traced, [0, 1].
    """

    def __init__(self, exporter: "SpanExporter", share: float) -> None:
        from opentelemetry import trace  # noqa: PLC0415 -- an extra, and slow to import
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
        from opentelemetry.sdk.trace.sampling import ALWAYS_ON  # noqa: PLC0415

        about = Resource.create({"service.name": "learnloop", "service.version": __version__})
        self._provider = TracerProvider(ALWAYS_ON, about, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=QUEUE))
        self._api = trace
        self._tracer = self._provider.get_tracer("learnloop", __version__)
        self._share = share
        self._chance = random.Random().random

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        """As the settings say; None where nothing is to be traced.

        Raises:
            InvalidInput: The extra `otel` is not installed.
        """
        if settings.traces == OFF:
            return None
        return cls(exporter_to(settings.traces), settings.traces_share)

    def begin(self, headers: Iterable[tuple[bytes, bytes]]) -> "Trace | None":
        """The trace of a request that begins now; None where it is not traced."""
        parent = next((_PARENT.fullmatch(v) for name, v in headers if name == b"traceparent"), None)
        if parent is None:
            return self._start(None) if self._chance() < self._share else None
        if not int(parent[3], 16) & 1:
            return None
        api = self._api
        remote = api.SpanContext(
            int(parent[1], 16), int(parent[2], 16), is_remote=True, trace_flags=api.TraceFlags(1)
        )
        return self._start(api.set_span_in_context(api.NonRecordingSpan(remote)))

    def _start(self, parent: "Context | None") -> "Trace":
        span = self._tracer.start_span("request", parent, kind=self._api.SpanKind.SERVER)
        return Trace(self, span)

    def child(self, parent: "Span", name: str, start_ns: int | None = None) -> "Span":
        """A span inside another one.

        Args:
            start_ns: When it began, nanoseconds since 1970; None: now.
        """
        inside = self._api.set_span_in_context(parent)
        return self._tracer.start_span(name, inside, start_time=start_ns)

    def failed(self, span: "Span") -> None:
        """Mark what went wrong here."""
        span.set_status(self._api.StatusCode.ERROR)

    def close(self) -> None:
        """Send what waits, as far as the collector takes it within `TIMEOUT_S`."""
        last = threading.Thread(target=self._provider.shutdown, daemon=True)
        last.start()
        last.join(TIMEOUT_S)


class Trace:
    """One request that is traced."""

    def __init__(self, traces: Traces, span: "Span") -> None:
        self._traces, self._span = traces, span

    def set(self, **attributes: Attribute) -> None:
        """Say something about the request: `learnloop.NAME`."""
        for name, value in attributes.items():
            self._span.set_attribute(f"learnloop.{name}", value)

    @contextmanager
    def child(self, name: str) -> Iterator[None]:
        """What happens inside is a span of its own."""
        span = self._traces.child(self._span, name)
        try:
            yield
        except BaseException:
            self._traces.failed(span)
            raise
        finally:
            span.end()

    def took(self, name: str, microseconds: float, **attributes: Attribute) -> None:
        """Something that ends now took so long."""
        now = time.time_ns()
        span = self._traces.child(self._span, name, now - round(microseconds * 1000))
        for key, value in attributes.items():
            span.set_attribute(f"learnloop.{key}", value)
        span.end(now)

    def end(self, method: str, path: str, status: int) -> None:
        """The request is answered."""
        span = self._span
        span.update_name(f"{method} {path}")
        span.set_attribute("http.request.method", method)
        span.set_attribute("http.route", path)
        span.set_attribute("http.response.status_code", status)
        if status >= 500:
            self._traces.failed(span)
        span.end()


TRACE: Final[ContextVar[Trace | None]] = ContextVar("learnloop_trace", default=None)
"""Of the request that is being answered, if it is traced."""


def traced(name: str) -> AbstractContextManager[None]:
    """What happens inside is a span of the request, if that is traced."""
    trace = TRACE.get()
    return _NOTHING if trace is None else trace.child(name)


def exporter_to(url: str) -> "SpanExporter":
    """Who sends spans to a collector that takes OTLP over HTTP.

    Raises:
        InvalidInput: The extra `otel` is not installed.
    """
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
            OTLPSpanExporter,
        )
    except ImportError:
        raise InvalidInput(INSTALL, field="traces") from None
    exporter: SpanExporter = OTLPSpanExporter(url, timeout=TIMEOUT_S)
    return exporter
