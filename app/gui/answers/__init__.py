"""The conversation: questions and answers as one text, written while they come."""
