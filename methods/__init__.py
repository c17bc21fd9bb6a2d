"""The contestants: methods that fit to an engine and turn faces into avatar vectors."""
