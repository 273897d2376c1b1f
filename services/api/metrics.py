"""What operators measure: how many requests, how long, how they ended; by route template, never by path."""

from collections.abc import Callable

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, Histogram, generate_latest
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

CONTENT_TYPE = CONTENT_TYPE_LATEST

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
CLASSES = ("", "1xx", "2xx", "3xx", "4xx", "5xx")


class Metrics:
    """The counters of one application in one process."""

    def __init__(self) -> None:
        """A registry of its own, so that two applications in one process do not mix."""
        self.registry = CollectorRegistry()
        self.in_flight = 0
        self._seconds = Histogram(
            "rapport_http_request_seconds",
            "Time from the request's arrival to the end of its answer.",
            ("method", "route", "status"),
            buckets=BUCKETS,
            registry=self.registry,
        )
        Gauge("rapport_http_requests_in_flight", "Requests being answered.", registry=self.registry).set_function(
            lambda: self.in_flight
        )
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        # Finding a labelled child costs more than observing it; the routes are few, so each is found once.
        self._observers: dict[tuple[str, str, int], Callable[[float], None]] = {}

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        key = (method, route, status // 100)
        observer = self._observers.get(key)
        if observer is None:
            observer = self._seconds.labels(method, route, CLASSES[status // 100]).observe
            self._observers[key] = observer
        observer(seconds)

    def text(self) -> bytes:
        """Everything in Prometheus's text format."""
        return generate_latest(self.registry)
