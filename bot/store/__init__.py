"""The database, on SQLAlchemy: history, charges, consents and the calls that were open."""
