"""Discord's main gateway, version 10."""
