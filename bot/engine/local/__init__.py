"""Speech recognition and a voice on the bot's own machine: no account, and no sound or word leaves it.

Each runs in a child process of its own (child.py), which process.py keeps alive; transcriber.py and synthesizer.py are
the ports in front of them. models.py knows where their models are and what is missing.
"""
