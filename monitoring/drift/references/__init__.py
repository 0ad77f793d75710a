"""What a feed is compared with: made, written, found."""
