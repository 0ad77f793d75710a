"""Tells people, through a webhook, of drift alarms that opened and closed."""
