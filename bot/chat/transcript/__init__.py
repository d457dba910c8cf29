"""The call's text chat: what is written, how lines are edited, the buttons below them."""
