"""A loopback Discord and a loopback model server, with people in it: for the demo and for tests."""
