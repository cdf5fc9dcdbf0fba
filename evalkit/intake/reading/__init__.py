"""Reading delivered files, whatever their format, into columns of text."""
