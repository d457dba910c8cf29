"""Documents of every kind, made by bytes."""
