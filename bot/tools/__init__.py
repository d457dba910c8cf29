"""What the model may look up or do within a turn: its own tools, those of MCP servers, and who may have them used."""
