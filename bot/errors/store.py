"""What can go wrong with the database."""

from bot.errors.base import BotError


class StoreError(BotError):
    code = "store"
    default_hint = "My database is not working."


class StoreUnavailable(StoreError):
    code = "store_unavailable"
    default_hint = "My database is unavailable: I'll keep going but won't remember this."


class WrongKey(StoreError):
    code = "wrong_key"
    default_hint = "STORE_KEY can't decrypt what is stored. Set the key it was written with."


class BadBackup(StoreError):
    code = "bad_backup"
    default_hint = "That backup can't be restored. Nothing was changed."


class Damaged(StoreError):
    code = "damaged"
    default_hint = "One stored line is damaged and can't be read."
