"""The routes of the API itself."""
