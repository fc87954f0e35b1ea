"""A model as a directory that MLflow reads too and that is believed only after every check.

write   parts -> directory, all of it or nothing
load    digests -> types -> structure -> golden vectors -> estimator
foreign a directory written by MLflow -> parts
"""
