"""The state of a Discord: servers, channels, members, messages, and who is told of a change."""
