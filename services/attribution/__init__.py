"""Credits customers' SMS to the campaign or flow message that they answered.

Consumes sends (marketing SMS delivered or failed) and tickets (what SMS customers wrote, spam
marks); produces attributions (`MessageAttributed`). Owns the Mongo collection
`attribution_contacts`. Implements ATT 1 to 7.
"""
