"""A file that people send -> what it holds: the sound of a recording, the text of a document."""
