"""The topics as an AsyncAPI document, made of the records and settings that the processes use."""
