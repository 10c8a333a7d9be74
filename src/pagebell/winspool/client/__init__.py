"""Printing by way of Windows print servers: the client of [MS-PAR] and [MS-RPRN]."""
