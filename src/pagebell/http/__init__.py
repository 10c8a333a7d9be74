"""The HTTP server under the applications: one port for HTTP and TLS, with a limit on everything that a peer may do."""
