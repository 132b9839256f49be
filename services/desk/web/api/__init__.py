"""The API under `/api/v1`: JSON, problem documents, cursors, idempotency keys."""
