"""How conversations are handed over, decided by values alone. Pure."""
