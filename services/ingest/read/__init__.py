"""Read: one provider's bytes come in; out go findings, the things that they say."""
