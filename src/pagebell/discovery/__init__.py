"""Printers that are found on the local network: DNS-SD (RFC 6763) by multicast DNS, as IPP Everywhere has it."""
