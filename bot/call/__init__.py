"""One call: the bot in one voice channel, from hearing to books.

`call.py` directs; the map of the house, in `bot/__init__.py`, says what each of its parts does.
"""
