"""What puts events in: the simulator and the file and stdin publisher."""
