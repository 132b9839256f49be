"""What changed, from whoever wrote it to every open page."""
