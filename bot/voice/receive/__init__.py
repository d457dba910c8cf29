"""Datagrams -> frames: sockets, RTP, SSRCs, end-to-end decryption, jitter buffer, decoder."""
