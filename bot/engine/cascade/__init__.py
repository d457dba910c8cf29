"""An engine of three models: what people said, as words -> an answer in text -> speech, clause by clause."""
