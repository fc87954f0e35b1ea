"""The live page: what happens on the stream right now, for people. It asks nobody: feeds tell it."""
