"""What can go wrong with the database."""

from bot.errors.base import BotError


class StoreError(BotError):
    code = "store"
    default_hint = "My memory is out of order."


class StoreUnavailable(StoreError):
    code = "store_unavailable"
    default_hint = "My memory is off for now: I go on, but will not remember this."


class WrongKey(StoreError):
    code = "wrong_key"
    default_hint = "STORE_KEY does not open what is stored. Set the key it was written with."


class Damaged(StoreError):
    code = "damaged"
    default_hint = "A line in my memory is damaged."
