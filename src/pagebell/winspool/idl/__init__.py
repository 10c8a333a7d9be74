"""The interfaces' structures and calls, with the names, the order and the opnums of the specifications."""
