"""Fill inventory and facts from the account."""
