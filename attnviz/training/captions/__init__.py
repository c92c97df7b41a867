"""Models that write about pictures: scenes, what can be said of them, and learning to say it."""
