"""The state of a Discord: servers, channels, members, messages, and the events of a change."""
