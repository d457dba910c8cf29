"""Discord as people see it: the client, commands, panel, transcript."""
