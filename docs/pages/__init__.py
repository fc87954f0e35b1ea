"""One module per generated page; each has `page()`, its Markdown."""
