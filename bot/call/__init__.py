"""One call: the bot in one voice channel, from hearing to what is remembered of it.

`call.py` directs; the map of the house, in `bot/__init__.py`, says what each of its parts does.
"""
