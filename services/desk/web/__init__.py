"""The desk's HTTP side: the API under `/api/v1`, and the page under `/desk`."""
