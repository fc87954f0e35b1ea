"""From a table of anybody's to predictions: the one way of files and requests.

signature   what a model takes, column by column
taking      untrusted cells -> what the estimator takes; nothing is bent until it fits
predictor   that -> predictions and scores
"""
