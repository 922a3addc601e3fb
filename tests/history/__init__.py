"""What logs and histories are judged to say."""
