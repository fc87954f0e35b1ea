"""What routes need of the other rooms: declared here, given by whoever composes the program."""
