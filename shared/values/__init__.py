"""Values that two services must write alike: ids, phone numbers, the tokens of mail threads."""
