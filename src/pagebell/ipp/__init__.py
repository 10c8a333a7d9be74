"""The Internet Printing Protocol: its octets, its vocabulary and its operations, as values without I/O."""
