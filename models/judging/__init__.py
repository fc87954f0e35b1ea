"""How good a model is: figures an expert would believe, from scores and outcomes alone."""
