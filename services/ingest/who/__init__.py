"""Who: what a provider says of a person comes in; out goes a contact, with the profile it has."""
