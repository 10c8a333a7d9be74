"""DCE/RPC: what calls another machine's procedures (C706, [MS-RPCE]); it knows nothing of printing."""
