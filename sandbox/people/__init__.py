"""The people of the sandbox: they speak, listen, type, press buttons and moderate."""
