"""Datagrams -> frames: sockets, RTP, who speaks, jitter, the decoder."""
