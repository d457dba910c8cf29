"""What is remembered, on SQLAlchemy: history, charges, consents and the calls that were on."""
