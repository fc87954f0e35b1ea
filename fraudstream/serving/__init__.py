"""Where the HTTP door meets the models, Kafka and Redis: the composition root of what is served."""
