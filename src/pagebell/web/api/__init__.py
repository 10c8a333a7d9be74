"""The JSON API: printers, jobs and subscriptions for programs that speak HTTP and not IPP, described by OpenAPI."""

from pagebell.web.api.application import routes

__all__ = ["routes"]
