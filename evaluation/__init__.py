"""The judges: metrics over predicted and true avatars."""
