"""What of the book and its sources is found for a text that is to be written."""
