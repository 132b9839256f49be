"""The whole policy of attribution, pure: what is known, what it means, what follows from news."""
