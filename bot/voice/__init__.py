"""Datagrams <-> frames: RTP, AEAD, DAVE, jitter, Opus; playback, pacer and the link to Discord's voice servers."""
