"""The face: command line, demo, doctor and the local broker. It imports the rooms; nothing imports it."""
