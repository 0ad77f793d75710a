"""What `tickertape dead-letters` does: read letters, repair them, and send their inputs through the stream again."""
