"""Assignment gives each new ticket a team and shares tickets out among agents who are there.

Consumes: helpdesk.tickets, helpdesk.presence, helpdesk.accounts (the settings table).
Produces: helpdesk.commands (AssignTicket, RouteTicket, UnassignTicket).
Owns: in MongoDB `assignment_tickets` (what it follows of each ticket), `assignment_agents` (who is
online), `assignment_rotations` (whose turn it is, and the turns that are out); in
Redis the agents' heartbeats.
Implements ASG 1 to 9. Ticketing alone writes tickets: everything here is a command, and what
became of it is learnt from the ticket stream.
"""
