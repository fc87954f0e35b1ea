"""What running workers do, from what they say of themselves over HTTP: nothing else is asked, and nothing changed."""
